import os
import stat
import subprocess
import sys

import pytest

from animegan.files import TEMPORARY, InputError, output_folder, replacing


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
