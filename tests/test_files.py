import errno
import os
import stat
import subprocess
import sys
import tempfile

import pytest

from animegan.files import TEMPORARY, InputError, output_folder, remove_unfinished, replacing


@pytest.fixture
def file(tmp_path):
    """A file that stood there before."""
    path = tmp_path / "old.txt"
    path.write_text("old")
    return path


def test_the_new_content_replaces_the_old(file):
    with replacing(file) as temporary:
        temporary.write_text("new")
        assert file.read_text() == "old"
    assert file.read_text() == "new"


@pytest.mark.parametrize("failure", [ValueError, KeyboardInterrupt])
def test_a_failed_block_leaves_the_old_file_and_nothing_else(file, failure):
    with pytest.raises(failure), replacing(file) as temporary:
        temporary.write_text("half")
        raise failure
    assert file.read_text() == "old"
    assert os.listdir(file.parent) == ["old.txt"]


def test_a_block_that_succeeds_leaves_no_temporary_file(file):
    with replacing(file) as temporary:
        temporary.write_text("new")
    assert os.listdir(file.parent) == ["old.txt"]


def test_a_killed_process_leaves_the_old_file_whole(file):
    code = (
        "import os, signal, sys; from animegan.files import replacing\n"
        "with replacing(sys.argv[1]) as temporary:\n"
        "    temporary.write_text('half'); os.kill(os.getpid(), signal.SIGKILL)"
    )
    assert subprocess.run([sys.executable, "-c", code, file]).returncode < 0
    assert file.read_text() == "old"


def test_a_power_cut_finds_the_old_content_or_the_new_on_the_disk(file, monkeypatch):
    """The order that file systems ask for: the content is on the disk before its name, and then the name, too."""
    calls = []
    flush, rename = os.fsync, os.replace

    def note_flush(handle):
        calls.append(("flush", os.fstat(handle).st_ino))
        flush(handle)

    def note_rename(old, new):
        calls.append(("rename", os.stat(old).st_ino))
        rename(old, new)

    monkeypatch.setattr(os, "fsync", note_flush)
    monkeypatch.setattr(os, "replace", note_rename)
    with replacing(file) as temporary:
        temporary.write_text("new")
    new, folder = (path.stat().st_ino for path in (file, file.parent))
    assert calls == [("flush", new), ("rename", new), ("flush", folder)]


def test_a_folder_that_cannot_be_flushed_is_no_failure(file, monkeypatch):
    flush = os.fsync

    def refuse_folders(handle):
        if stat.S_ISDIR(os.fstat(handle).st_mode):
            raise OSError(errno.EINVAL, "Invalid argument")
        flush(handle)

    monkeypatch.setattr(os, "fsync", refuse_folders)
    with replacing(file) as temporary:
        temporary.write_text("new")
    assert file.read_text() == "new"


@pytest.mark.parametrize("moment", ["writing", "flushing", "naming"])
def test_a_full_disk_is_named_with_its_file_and_nothing_is_lost(file, monkeypatch, moment):
    def fail(*_, **__):
        raise OSError(errno.ENOSPC, "HDF5 said this in many words")

    if moment == "flushing":
        monkeypatch.setattr(os, "fsync", fail)
    if moment == "naming":
        monkeypatch.setattr(tempfile, "mkstemp", fail)
    with pytest.raises(OSError, match=r"No space left on device: .*old\.txt") as caught, replacing(file) as temporary:
        temporary.write_text("half")
        if moment == "writing":
            fail()
    assert caught.value.errno == errno.ENOSPC
    assert file.read_text() == "old"
    assert os.listdir(file.parent) == ["old.txt"]


def test_only_what_was_to_be_replaced_is_swept_away(tmp_path):
    tempfile.mkstemp(prefix=TEMPORARY, suffix="step_00000004.h5", dir=tmp_path)
    kept = ["grid.png", "step_00000004.h5", TEMPORARY + "abcdefghgrid.png"]
    for name in kept:
        (tmp_path / name).touch()
    remove_unfinished(tmp_path, "step_*.h5", "generator.keras")
    remove_unfinished(tmp_path / "missing", "step_*.h5")
    assert sorted(os.listdir(tmp_path)) == sorted(kept)


def test_the_temporary_file_lies_beside_the_path_and_keeps_its_ending(tmp_path):
    with replacing(tmp_path / "faces.h5") as temporary:
        assert temporary.parent == tmp_path
        assert temporary.name.startswith(TEMPORARY) and temporary.suffix == ".h5"


def test_missing_folders_are_made(tmp_path):
    path = tmp_path / "a" / "b" / "new.txt"
    with replacing(str(path)) as temporary:
        temporary.write_text("new")
    assert path.read_text() == "new"


@pytest.mark.parametrize(("mask", "mode"), [(0o022, 0o644), (0o027, 0o640)])
def test_the_mode_follows_the_umask(tmp_path, mask, mode):
    before = os.umask(mask)
    try:
        with replacing(tmp_path / "new.txt") as temporary:
            temporary.write_text("new")
        assert os.umask(mask) == mask  # reading it has not changed it
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "new.txt").stat().st_mode) == mode


def folder(path):
    path.mkdir()


@pytest.mark.parametrize("make", [folder, os.mkfifo])
def test_only_a_file_is_replaced(tmp_path, make):
    make(tmp_path / "there")
    with pytest.raises(InputError, match=r"must be a file.*Received: .*there"), replacing(tmp_path / "there"):
        pytest.fail("the block must not run")
    assert os.listdir(tmp_path) == ["there"]
    assert not (tmp_path / "there").is_file()


@pytest.mark.parametrize("name", ["below", "far/below"])
@pytest.mark.parametrize("write", [lambda path: replacing(path).__enter__(), output_folder])
def test_a_file_cannot_hold_files(file, write, name):
    with pytest.raises(InputError, match=r"the output must be .* Received: .*old\.txt"):
        write(file / name)
    assert file.read_text() == "old"


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="needs /proc, where nobody can make files")
@pytest.mark.parametrize("write", [lambda path: replacing(path / "x").__enter__(), output_folder])
def test_a_folder_that_cannot_be_written_to_is_bad_input(write, tmp_path):
    (tmp_path / "locked").symlink_to("/proc/self")
    with pytest.raises(InputError, match=r"the output must be .* Received: .*locked"):
        write(tmp_path / "locked")


def test_an_output_folder_is_made_and_left_empty(tmp_path):
    assert output_folder(str(tmp_path / "a" / "b")) == tmp_path / "a" / "b"
    assert os.listdir(tmp_path / "a" / "b") == []


def test_an_output_folder_keeps_what_it_holds(file):
    assert output_folder(file.parent) == file.parent
    assert file.read_text() == "old"


def test_an_output_folder_must_not_be_a_file(file):
    with pytest.raises(InputError, match=r"must be a folder that can be written to\. Received: .*old\.txt"):
        output_folder(file)
