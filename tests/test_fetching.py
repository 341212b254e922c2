"""`animegan fetch` with the real kagglehub against a small server that makes every kind of trouble."""

import io
import json
import os
import random
import re
import signal
import subprocess
import sys
import tarfile
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest
from kaggle_server import API, BLOB, KaggleServer

from animegan.cli import main
from animegan.faces import fetching, kaggle
from animegan.faces.drawing import draw_faces
from animegan.faces.fetching import PINNED, RECORD, fetch
from animegan.faces.limits import Limits
from animegan.faces.packed import FaceSet
from animegan.faces.packing import pack
from animegan.files import InputError
from animegan.pictures import encode
from animegan.settings import PROFILES

SET = "splcher/animefacedataset"
MEGABYTE = 1 << 20  # what kagglehub reads at a time
CREDENTIALS = ("KAGGLE_API_TOKEN", "KAGGLE_USERNAME", "KAGGLE_KEY", "KAGGLE_CONFIG_DIR", "KAGGLE_KERNEL_RUN_TYPE")


@pytest.fixture(scope="session")
def archive():
    """A zip of 20 drawn faces in a folder, with 5 MB that do not shrink, so that it comes in parts."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as file:
        for number, (image, _) in enumerate(draw_faces(20, 32, seed=0)):
            file.writestr(f"images/{number}.png", encode(image))
        file.writestr("images/notes.bin", np.random.default_rng(0).bytes(5 * MEGABYTE))
    return stream.getvalue()


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A home without credentials, with a cache of its own, in which no server can be reached."""
    for name in CREDENTIALS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("KAGGLEHUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(fetching, "WAITS", (0.01, 0.01))
    for name, value in {"KAGGLE_API_ENVIRONMENT": "LOCALHOST", "NO_PROXY": "", "no_proxy": ""}.items():
        monkeypatch.setenv(name, value)
    for name in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")  # nobody listens there
    return tmp_path


@pytest.fixture
def serve(home, monkeypatch):
    """Function that starts a KaggleServer, until the test ends or the next is started."""
    running = []

    def stop():
        while running:
            running.pop().__exit__(None, None, None)

    def start(archive, fault=lambda path, number: None):
        stop()
        server = KaggleServer(archive, fault)
        running.append(server.running())
        for name, value in running[-1].__enter__().items():
            monkeypatch.setenv(name, value)
        return server

    start.stop = stop
    yield start
    stop()


def at(path, *faults):
    """A fault for each request to a path; the last one stays."""
    return lambda asked, number: faults[min(number, len(faults) - 1)] if asked == path else None


def fetched(home, handle=SET, **options):
    return fetch(handle, home / "out", progress=False, **{"patience": 20} | options)


def cache_of(home, handle=SET):
    return home / "cache" / "datasets" / handle


def check_whole(home, result, archive):
    """The output holds the archive's files, and nothing else but the record."""
    with zipfile.ZipFile(io.BytesIO(archive)) as file:
        expected = {name: file.read(name) for name in file.namelist()}
    found = {path.relative_to(home / "out").as_posix(): path for path in (home / "out").rglob("*") if path.is_file()}
    assert set(found) == {*expected, RECORD}
    assert all(found[name].read_bytes() == data for name, data in expected.items())
    assert (result["files"], result["pictures"]) == (len(expected), len(expected) - 1)
    assert not list(cache_of(home).glob("*.archive"))


# --- what goes well


def test_a_named_set_comes_in_its_pinned_version_without_asking_for_the_newest(home, serve, archive):
    server = serve(archive)
    result = fetched(home)
    check_whole(home, result, archive)
    assert result["handle"] == f"{SET}/versions/{PINNED[SET]}" and not result["cached"]
    assert [path for path, _ in server.seen] == [API + "DownloadDataset", BLOB]


@pytest.mark.parametrize(
    ("handle", "version"),
    [
        ("aadilmalik94/animecharacterfaces", 1),
        ("someone/else", 3),  # the newest, by the server
        ("someone/else/versions/7", 7),
        ("https://www.kaggle.com/datasets/someone/else/", 3),
    ],
)
def test_any_handle_is_fetched_and_packed(home, serve, archive, handle, version):
    serve(archive)
    result = fetched(home, handle)
    name = handle.removeprefix("https://www.kaggle.com/datasets/").rstrip("/").partition("/versions")[0]
    assert result["handle"] == f"{name}/versions/{version}"
    packed = pack([home / "out"], home / "faces.h5", 32, progress=False)
    assert (packed["pictures"], packed["skipped"]) == (20, 0)


def test_a_tar_is_unpacked_too(home, serve):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as file:
        member = tarfile.TarInfo("images/a.png")
        member.size = 5
        file.addfile(member, io.BytesIO(b"whole"))
    serve(stream.getvalue())
    assert fetched(home)["files"] == 1
    assert (home / "out" / "images" / "a.png").read_bytes() == b"whole"


def test_what_is_cached_needs_no_network(home, serve, archive):
    serve(archive)
    fetched(home)
    fetch("someone/else", home / "other", progress=False)
    serve.stop()
    result = fetched(home)
    check_whole(home, result, archive)
    assert result["cached"]
    again = fetch("someone/else", home / "other", progress=False)
    assert again["cached"] and again["handle"] == "someone/else/versions/3"


def test_the_command_prints_one_object_and_a_bar(home, serve, archive):
    serve(archive, at(BLOB, ("slow", 0.1)))
    line = [sys.executable, "-m", "animegan", "fetch", SET, "--out", home / "out", "--json"]
    shown = {"TQDM_DELAY": "0", "TQDM_MININTERVAL": "0"}  # as if it took long
    run = subprocess.run(line, capture_output=True, text=True, env=os.environ | shown)
    assert json.loads(run.stdout)["files"] == 21
    assert SET in run.stderr and "MB" in run.stderr.replace("M/", "MB/") and "B/s" in run.stderr


def test_own_files_in_the_folder_stay(home, serve, archive):
    serve(archive)
    fetched(home)
    (home / "out" / "faces.h5").write_bytes(b"mine")
    (home / "out" / "images" / "3.png").unlink()
    fetched(home)
    assert (home / "out" / "faces.h5").read_bytes() == b"mine"
    assert (home / "out" / "images" / "3.png").exists()


def test_another_version_takes_the_place_of_the_earlier_one(home, serve):
    def version(number, files):
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w") as file:
            for name, data in files.items():
                file.writestr(name, data)
        serve(stream.getvalue())
        return fetched(home, f"{SET}/versions/{number}")

    version(1, {"1.png": "first", "same.png": "same", "old.png": "old", "deep/old.png": "old"})
    (home / "out" / "own.png").write_bytes(b"mine")
    (home / "secret.png").write_bytes(b"secret")
    record = json.loads((home / "out" / RECORD).read_text())
    assert record["files"] == ["1.png", "deep/old.png", "old.png", "same.png"]
    (home / "out" / RECORD).write_text(json.dumps(record | {"files": [*record["files"], "../secret.png"]}))
    result = version(2, {"1.png": "other", "same.png": "same"})
    assert (result["files"], result["handle"]) == (2, f"{SET}/versions/2")
    found = {path.name: path.read_text() for path in (home / "out").rglob("*.png")}
    assert found == {"1.png": "other", "same.png": "same", "own.png": "mine"}
    assert (home / "secret.png").exists()


def test_notebook_2_fetches_and_packs_on_the_full_profile(home, serve, archive, capsys):
    serve(archive)
    notebook = json.loads((Path(__file__).parents[1] / "notebooks" / "02_pack_h5.ipynb").read_text(encoding="utf-8"))
    (cell,) = [text for each in notebook["cells"] if "fetched = fetch(" in (text := "".join(each["source"]))]
    exec(cell, {"data": home, "settings": PROFILES["full"], "fetch": fetch, "pack": pack, "InputError": InputError})
    assert capsys.readouterr().out.startswith("20 pictures: ")
    with FaceSet(home / "real.h5") as faces:
        assert len(faces) <= 20 and faces.size == PROFILES["full"].size


# --- trouble that heals


@pytest.mark.parametrize("sent", [3 * MEGABYTE + 5])
def test_a_truncated_download_is_gone_on_with(home, serve, archive, sent):
    server = serve(archive, at(BLOB, ("cut", sent), None))
    check_whole(home, fetched(home), archive)
    ranges = [asked for path, asked in server.seen if path == BLOB]
    assert ranges[0] is None and any(asked and int(asked[6:-1]) >= MEGABYTE for asked in ranges)


def test_a_wrong_checksum_is_tried_again(home, serve, archive):
    server = serve(archive)
    right, server.md5 = server.md5, "AAAAAAAAAAAAAAAAAAAAAA=="
    server.fault = lambda path, number: setattr(server, "md5", right) if number and path == BLOB else None
    check_whole(home, fetched(home), archive)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_busy_server_is_asked_again(home, serve, archive, status):
    server = serve(archive, at(API + "DownloadDataset", (status, {"Retry-After": "1"}), status, None))
    check_whole(home, fetched(home), archive)
    assert len(server.seen) == 4


@pytest.mark.parametrize("unpacked", [True, False])
def test_a_corrupt_archive_that_sticks_in_the_cache_is_healed(home, serve, archive, unpacked):
    serve(archive)
    stuck = cache_of(home) / "3.archive"
    stuck.parent.mkdir(parents=True)
    stuck.write_bytes(bytes(len(archive)))
    if unpacked:
        (cache_of(home) / "versions" / "3").mkdir(parents=True)
        (cache_of(home) / "versions" / "3" / "half.png").write_bytes(b"half")
    check_whole(home, fetched(home), archive)


def test_an_archive_with_one_damaged_member_is_healed(home, serve, archive):
    serve(archive)
    damaged = bytearray(archive)
    damaged[len(archive) // 2] ^= 255
    stuck = cache_of(home) / "3.archive"
    stuck.parent.mkdir(parents=True)
    stuck.write_bytes(damaged)
    check_whole(home, fetched(home), archive)


def test_files_that_were_deleted_from_the_cache_are_noticed_by_their_number(home, serve, archive):
    serve(archive)
    fetched(home)
    (cache_of(home) / "versions" / "3" / "images" / "7.png").unlink()
    (home / "out" / "images" / "7.png").unlink()
    result = fetched(home)
    check_whole(home, result, archive)
    assert not result["cached"]


def test_kills_in_mid_download_lose_nothing(home, serve, archive):
    server = serve(archive, at(BLOB, ("slow", 0.05)))
    line = [sys.executable, "-m", "animegan", "fetch", SET, "--out", str(home / "out")]
    rng = random.Random(0)
    for _ in range(4):
        run = subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        stuck = cache_of(home) / "3.archive"
        before = stuck.stat().st_size if stuck.exists() else 0
        deadline = time.monotonic() + 30
        while not (stuck.exists() and stuck.stat().st_size > before) and run.poll() is None:
            assert time.monotonic() < deadline
            time.sleep(0.005)
        time.sleep(rng.uniform(0, 0.05))
        run.send_signal(signal.SIGKILL)
        run.wait()
    time.sleep(0.5)  # the child ends with its parent
    check_whole(home, fetched(home), archive)
    assert any(asked for _, asked in server.seen)


# --- trouble that is told

HTML = "a network that asks for a login first"
UNPINNED = "someone/else"  # its newest version has to be asked for
REFUSALS = {  # status: what the message says, whatever was asked for
    401: "must know the credentials in KAGGLE_API_TOKEN",
    403: "log in at https://www.kaggle.com/datasets/{}, accept its licence",
    404: "there must be such a data set on Kaggle: https://www.kaggle.com/datasets/{}",
    429: "asked less often",
    500: "Received: 500",
}
HANGS = r"sign of life within 3 seconds"
TROUBLE = {  # (path, fault): what the message says
    (path, fault): words
    for path in (API + "GetDataset", API + "DownloadDataset", BLOB)
    for fault, words in {**REFUSALS, "html": f"{HTML}.*<!DOCTYPE html>", "hang": HANGS}.items()
} | {(API + "GetDataset", "html"): f"must answer in JSON; {HTML}", (BLOB, ("cut", 0)): "the connection must last"}


@pytest.mark.parametrize("path_and_fault", TROUBLE, ids=str)
def test_what_does_not_heal_is_one_line_and_leaves_no_trap(home, serve, archive, capsys, path_and_fault):
    path, fault = path_and_fault
    handle = UNPINNED if path.endswith("GetDataset") else SET
    serve(archive, at(path, fault))
    code = main(["fetch", handle, "--out", str(home / "out"), "--patience", "3", "--json"])
    stdout, stderr = capsys.readouterr()
    stderr = stderr.rpartition("\r")[2]  # after the bar, which only goes away by itself
    assert (code, stdout) == (2, "")
    assert stderr.startswith("animegan: ") and stderr.count("\n") == 1
    assert re.search(TROUBLE[path_and_fault].format(handle), stderr), stderr
    serve(archive)
    check_whole(home, fetched(home, handle), archive)


def test_a_checksum_that_stays_wrong_is_told_and_nothing_of_it_kept(home, serve, archive):
    server = serve(archive)
    server.md5 = "AAAAAAAAAAAAAAAAAAAAAA=="
    with pytest.raises(InputError, match="must have the checksum that Kaggle states, twice it had another"):
        fetched(home)
    assert sum(path == BLOB for path, _ in server.seen) == 2
    assert not list(cache_of(home).glob("*.archive")) and not list((home / "out").iterdir())
    serve(archive)
    check_whole(home, fetched(home), archive)


def test_a_server_that_cannot_resume_is_asked_for_the_whole_again(home, serve, archive):
    server = serve(archive, at(BLOB, ("cut", 3 * MEGABYTE + 5), None))
    server.resumable = False
    check_whole(home, fetched(home), archive)


def test_a_hung_server_in_mid_download_is_given_up_and_gone_on_with(home, serve, archive):
    server = serve(archive)

    def fault(path, number):
        return ("slow", 60) if path == BLOB and number == 0 else None

    server.fault = fault
    began = time.monotonic()
    check_whole(home, fetched(home, patience=4), archive)
    assert time.monotonic() - began < 30


def test_a_process_that_computes_gives_signs_of_life(monkeypatch):
    spent, told = iter([0.0, 0.5, 0.501, 0.502, 1.3]), []
    monkeypatch.setattr(kaggle.time, "process_time", lambda: next(spent))
    monkeypatch.setattr(kaggle.time, "sleep", lambda seconds: None)
    with pytest.raises(StopIteration):
        kaggle._tell_when_busy(lambda **words: told.append(words))
    assert told == [{"busy": True}] * 2


def test_signs_of_life_are_no_answers(monkeypatch):
    lines = '{"ready": true}', '{"busy": true}', '{"files": 3}', '{"busy": true}'
    command = [sys.executable, "-c", "import sys; print(*sys.argv[1:], sep=chr(10))", *lines]
    start = subprocess.Popen
    monkeypatch.setattr(subprocess, "Popen", lambda _, **words: start(command, **words))
    assert list(fetching._answers(SET, 20, Limits())) == [{"files": 3}]


def test_an_older_version_in_the_cache_is_no_answer_once_the_server_has_named_the_newest(home, serve, archive):
    server = serve(archive)
    server.version = 2
    assert fetched(home, "someone/else")["handle"] == "someone/else/versions/2"
    serve(archive, at(BLOB, "drop"))
    with pytest.raises(InputError, match="Kaggle must be reached"):
        fetched(home, "someone/else")
    serve(archive)
    assert fetched(home, "someone/else")["handle"] == "someone/else/versions/3"


def test_no_network_is_told_at_once(home):
    began = time.monotonic()
    with pytest.raises(InputError, match="Kaggle must be reached over the network, or the set be in kagglehub's cache"):
        fetched(home)
    assert time.monotonic() - began < 10


def test_a_damaged_file_of_credentials_is_told(home, serve, archive, monkeypatch):
    serve(archive)
    (home / "kaggle").mkdir()
    (home / "kaggle" / "kaggle.json").write_text("{")
    monkeypatch.setenv("KAGGLE_CONFIG_DIR", str(home / "kaggle"))
    with pytest.raises(InputError, match=r"credentials must be readable.*kaggle\.json"):
        fetched(home)


def test_credentials_reach_the_server_and_no_message(home, serve, archive, monkeypatch, capsys):
    server = serve(archive, at(API + "DownloadDataset", 401))
    monkeypatch.setenv("KAGGLE_USERNAME", "learner")
    monkeypatch.setenv("KAGGLE_KEY", "0123456789secret")
    assert main(["fetch", SET, "--out", str(home / "out")]) == 2
    assert server.authorization[0].startswith("Basic ")
    assert "secret" not in capsys.readouterr().err


@pytest.mark.parametrize("handle", ["", "faces", "a/b/c", "a/b/versions/0", "../b", "a/..", "a/b/versions/x", "a b/c"])
def test_other_words_are_no_handle(home, handle):
    with pytest.raises(InputError, match="a handle must be OWNER/NAME"):
        fetched(home, handle)


def test_a_folder_with_other_things_is_not_filled(home, serve, archive):
    serve(archive)
    (home / "out").mkdir()
    (home / "out" / "thesis.txt").write_text("mine")
    with pytest.raises(InputError, match=r"must be a new or empty folder\. Received: .*thesis\.txt"):
        fetched(home)
    assert os.listdir(home / "out") == ["thesis.txt"]


def test_a_folder_of_another_set_is_not_filled(home, serve, archive):
    serve(archive)
    fetched(home)
    with pytest.raises(InputError, match=f"a folder for someone/else alone.*holds {SET}"):
        fetched(home, "someone/else")


# --- hostile archives


def test_a_bomb_is_refused_before_it_is_unpacked(home, serve):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("a.png", bytes(3 * MEGABYTE))
        file.writestr("b.png", bytes(3 * MEGABYTE))
    serve(stream.getvalue())
    for limits in (Limits(bytes=5 * MEGABYTE), Limits(file_bytes=2 * MEGABYTE), Limits(members=1)):
        with pytest.raises(InputError, match=r"must keep to the limits\. Received: .* must hold at most .*--most-"):
            fetched(home, limits=limits)
        assert not list(home.rglob("*.png")) and not list(home.rglob("*.archive"))
    assert fetched(home)["files"] == 2


def test_nothing_lands_outside_the_folder(home, serve):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as file:
        for name in ("../../../../evil.png", "/evil.png", "images/good.png", "x" * 300 + ".png"):
            file.writestr(name, name)
    serve(stream.getvalue())
    result = fetched(home)
    assert result["pictures"] == 2  # the two evil ones have the same name, inside
    assert (result["left_out"], result["left_out_names"]) == (1, ["x" * 300 + ".png"])
    assert fetched(home)["left_out"] == 1, "it is remembered with what the cache holds"
    assert all(path.is_relative_to(home / "cache") or path.is_relative_to(home / "out") for path in home.rglob("*.png"))


def test_links_of_a_tar_are_left_out(home, serve):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as file:
        for name, kind, target in (
            ("link.png", tarfile.SYMTYPE, "/etc/passwd"),
            ("hard.png", tarfile.LNKTYPE, "../../secret.png"),
            ("pipe.png", tarfile.FIFOTYPE, ""),
            ("../evil.png", tarfile.REGTYPE, ""),
            ("/evil.png", tarfile.REGTYPE, ""),
            ("good.png", tarfile.REGTYPE, ""),
        ):
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, target
            file.addfile(member)
    serve(stream.getvalue())
    result = fetched(home)
    names = sorted(path.name for path in (home / "out").rglob("*.png"))
    assert names in (["good.png"], ["evil.png", "good.png"])  # an absolute name is made relative
    assert result["left_out"] == 6 - len(names)
    assert {"link.png", "hard.png", "pipe.png", "../evil.png"} <= set(result["left_out_names"])
    assert not list(home.glob("*.png")) and not os.path.exists("/evil.png")


def test_the_real_faces_come_whole(home, serve, shared_data):
    payload = (shared_data / "getchu-faces-64.zip").read_bytes()
    serve(payload, at(BLOB, ("cut", 20 * MEGABYTE), None))
    result = fetched(home)
    assert result["pictures"] == 16_000
    assert sum(1 for _ in (home / "out").rglob("*.jpg")) == 16_000
