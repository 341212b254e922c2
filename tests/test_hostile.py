"""Damaged and hostile files: each is read, or refused in words; no crash, no hang, nothing outside the output.

In all some 2,300 damaged pictures, archives and packed files, made from whole ones by chance, always the same.
"""

import collections
import contextlib
import io
import os
import random
import subprocess
import sys
import tarfile
import zipfile
import zlib
from pathlib import Path

import cv2
import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from animegan.cli import main
from animegan.faces import packed, sealing, sources
from animegan.faces.drawing import draw_faces
from animegan.faces.limits import Limits
from animegan.faces.packed import FaceSet
from animegan.faces.packing import pack
from animegan.faces.tagging import TagTable
from animegan.faces.unpacking import BadArchive, unpack
from animegan.files import InputError
from animegan.gan.runs import Run
from animegan.headers import dimensions
from animegan.pictures import decode, encode

SMALL = Limits(pixels=1_000_000, file_bytes=1_000_000, bytes=20_000_000, members=1_000)
KINDS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")


def damaged(data, rng):
    """The bytes with a part changed, cut off, repeated, or filled with zeros."""
    data = bytearray(data)
    kind = rng.random()
    place = rng.choice((rng.randrange(len(data)), rng.randrange(min(200, len(data)))))  # headers as often as all else
    if kind < 0.6:
        for _ in range(rng.choice((1, 1, 2, 8))):
            data[place] = rng.choice((0, 1, 127, 128, 255, data[place] ^ 1 << rng.randrange(8)))
            place = min(len(data) - 1, place + rng.randrange(9))
    elif kind < 0.75:
        data = data[:place]
    elif kind < 0.85:
        data[place : place + rng.randrange(64)] = bytes(rng.randrange(64))
    else:
        data[place:place] = data[rng.randrange(len(data)) :][: rng.randrange(500)]
    return bytes(data)


@pytest.fixture(scope="module")
def pictures():
    """A picture file of each kind."""
    (image, _), *_ = draw_faces(1, 32, seed=0)
    files = {}
    for kind in KINDS:
        stream = io.BytesIO()
        Image.fromarray(image).save(stream, kind)
        files[kind] = stream.getvalue()
    return files


# --- pictures


@pytest.mark.timeout(120)
@pytest.mark.parametrize("kind", KINDS)
def test_damaged_pictures_decode_or_are_refused(pictures, kind, capfd):
    rng, outcomes = random.Random(kind), collections.Counter()
    for _ in range(200):
        try:
            image = decode(damaged(pictures[kind], rng), SMALL.pixels)
            outcomes["decoded"] += 1
            assert image.dtype == np.uint8 and image.shape[2] == 3 and image.size <= 3 * SMALL.pixels
        except InputError as error:
            outcomes["refused"] += 1
            assert str(error).startswith("a picture must ")
    assert outcomes["refused"] > 20 and sum(outcomes.values()) == 200
    assert capfd.readouterr().err.count("animegan") == 0


def png(before=b"", after=b""):
    """A grey picture of 32 × 32 with parts (name and data) before and after its pixels."""

    def part(data):
        return (len(data) - 4).to_bytes(4, "big") + data + zlib.crc32(data).to_bytes(4, "big") if data else b""

    header = b"IHDR" + (32).to_bytes(4, "big") * 2 + b"\x08\0\0\0\0"
    parts = header, before, b"IDAT" + zlib.compress(bytes(33 * 32)), after, b"IEND"
    return b"\x89PNG\r\n\x1a\n" + b"".join(map(part, parts))


@pytest.mark.parametrize("parts", [{"after": b"tRNS\x01"}, {"before": b"eXIfII*\0"}], ids=str)
def test_a_damaged_part_of_a_png_costs_only_this_picture(tmp_path, pictures, parts):
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "good.png").write_bytes(pictures["PNG"])
    (tmp_path / "set" / "whole.png").write_bytes(png())
    (tmp_path / "set" / "odd.png").write_bytes(png(**parts))
    result = pack([tmp_path / "set"], tmp_path / "faces.h5", 32, progress=False)
    assert result["pictures"] == 2
    assert [Path(name).name for name in result["skipped_files"]] == ["odd.png"]


@settings(deadline=None, max_examples=200)
@given(
    start=st.sampled_from([b"\x89PNG\r\n\x1a\n", b"\xff\xd8", b"RIFF", b"GIF89a", b"BM", b"II*\0", b"MM\0*", b""]),
    rest=st.binary(max_size=300),
)
def test_what_only_begins_like_a_picture_is_refused(start, rest):
    dimensions(start + rest)
    with contextlib.suppress(InputError):
        decode(start + rest, 10_000)


BOMBS = {
    "PNG": (16, (60_000).to_bytes(4, "big") * 2),
    "GIF": (6, b"\xff\xff\xff\xff"),
    "BMP": (18, (60_000).to_bytes(4, "little") * 2),
}


@pytest.mark.parametrize("kind", BOMBS)
def test_pictures_that_state_too_many_pixels_are_skipped_and_named(tmp_path, pictures, kind):
    place, size = BOMBS[kind]
    bomb = bytearray(pictures[kind])
    bomb[place : place + len(size)] = size
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "bomb.png").write_bytes(bomb)
    (tmp_path / "set" / "good.png").write_bytes(pictures["PNG"])
    result = pack([tmp_path / "set"], tmp_path / "faces.h5", 32, progress=False)
    assert (result["pictures"], result["skipped"]) == (1, 1)
    assert "(--most-pixels). Received: 6" in next(iter(result["skipped_files"].values()))


def test_a_picture_that_is_a_real_bomb_is_refused():
    data = cv2.imencode(".png", np.zeros((11_000, 11_000), np.uint8))[1].tobytes()
    assert len(data) < 500_000
    with pytest.raises(InputError, match=r"at most 100,000,000 pixels .* Received: 11,000 × 11,000"):
        decode(data)


def test_a_folder_of_damaged_pictures_is_packed_without_them(tmp_path, pictures):
    rng = random.Random(1)
    (tmp_path / "set").mkdir()
    for number in range(240):
        kind = KINDS[number % len(KINDS)]
        (tmp_path / "set" / f"{number}.{kind.lower()}").write_bytes(damaged(pictures[kind], rng))
    (tmp_path / "set" / "good.png").write_bytes(pictures["PNG"])
    result = pack([tmp_path / "set"], tmp_path / "out" / "faces.h5", 32, progress=False, limits=SMALL)
    assert result["pictures"] + result["duplicates"] + result["skipped"] == 241
    assert result["skipped"] == len(result["skipped_files"]) > 20
    assert os.listdir(tmp_path / "out") == ["faces.h5"]


# --- archives


def archive_of(form, pictures):
    stream = io.BytesIO()
    files = {f"set/{kind}.{kind.lower()}": data for kind, data in pictures.items()} | {
        "tags.csv": b"file,hair\nPNG.png,red\n"
    }
    if form.startswith("zip"):
        with zipfile.ZipFile(
            stream, "w", zipfile.ZIP_DEFLATED if form == "zip deflated" else zipfile.ZIP_STORED
        ) as file:
            for name, data in files.items():
                file.writestr(name, data)
        return stream.getvalue()
    with tarfile.open(fileobj=stream, mode=form) as file:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            file.addfile(member, io.BytesIO(data))
    return stream.getvalue()


@pytest.mark.timeout(120)
@pytest.mark.parametrize("form", ["zip", "zip deflated", "w", "w:gz", "w:xz"])
def test_damaged_archives_are_read_or_refused_and_write_nowhere_else(tmp_path, pictures, form):
    whole, rng, outcomes = archive_of(form, pictures), random.Random(form), collections.Counter()
    path = tmp_path / "in" / "archive"
    path.parent.mkdir()
    for number in range(100):
        path.write_bytes(damaged(whole, rng))
        try:
            kind = sources.kind_of(path)
            members = list(sources.pictures(path, SMALL))
            assert all(isinstance(data, bytes | OSError) for _, data in members)
            lost = [name for name, data in members if isinstance(data, OSError)]
            dict(sources.carried_tables(path, SMALL))
            outcomes[kind] += 1
        except InputError as error:
            members, lost = [], []
            outcomes["refused"] += 1
            assert "Received: " in str(error)
        with contextlib.suppress(InputError):  # no table of tags, no picture, or no archive any more
            result = pack([path], tmp_path / "packed" / "faces.h5", 32, progress=False, limits=SMALL)
            assert result["pictures"] + result["duplicates"] + result["skipped"] == len(members), number
            skipped = " ".join(map(str, result["skipped_files"]))
            assert all(name in skipped for name in lost), number
            outcomes["packed"] += 1
        try:
            unpack(path, tmp_path / "out" / "folder", SMALL)
        except (BadArchive, InputError):
            outcomes["not unpacked"] += 1
        assert set(os.listdir(tmp_path)) <= {"in", "out", "packed"} and set(os.listdir(tmp_path / "in")) == {
            "archive"
        }, number
        if (tmp_path / "out").exists():
            assert os.listdir(tmp_path / "out") in ([], ["folder"])
    assert outcomes["refused"] + outcomes["not unpacked"] > 5
    assert outcomes["packed"] > 5 or form == "w:xz"  # whose checksum covers everything


def test_members_that_point_outside_are_packed_without_being_written(tmp_path, pictures, monkeypatch):
    (tmp_path / "deep" / "er").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "deep" / "er")
    with zipfile.ZipFile("evil.zip", "w") as file:
        file.writestr("../../up.png", pictures["PNG"])
        file.writestr("/root.png", encode(decode(pictures["PNG"])[::-1]))
    result = pack(["evil.zip"], "faces.h5", 32, progress=False)
    assert result["pictures"] == 2
    assert sorted(path.name for path in tmp_path.rglob("*") if path.is_file()) == ["evil.zip", "faces.h5"]


def test_an_archive_in_an_archive_is_not_opened(tmp_path, pictures):
    with zipfile.ZipFile(tmp_path / "outer.zip", "w") as file:
        file.writestr("inner.zip", archive_of("zip", pictures))
        file.writestr("good.png", pictures["PNG"])
    result = pack([tmp_path / "outer.zip"], tmp_path / "faces.h5", 32, progress=False)
    assert (result["pictures"], result["other_files"]) == (1, {".zip": 1})


# --- packed files


def pixel_regions(path):
    """(start, length) in bytes of each chunk of pictures in a packed file."""
    with h5py.File(path) as file:
        images = file["images"].id
        chunks = [images.get_chunk_info(number) for number in range(images.get_num_chunks())]
    return [(chunk.byte_offset, chunk.size) for chunk in chunks]


@pytest.mark.timeout(120)
def test_damaged_packed_files_are_refused_before_hdf5_reads_them(tmp_path, faces_file):
    whole, rng, outcomes = faces_file.read_bytes(), random.Random(0), collections.Counter()
    pixels = {place for start, length in pixel_regions(faces_file) for place in range(start, start + length)}
    path, others = tmp_path / "faces.h5", sorted(set(range(len(whole))) - pixels)
    for _ in range(400):
        data = bytearray(whole)
        place = rng.choice((rng.randrange(len(data)), rng.choice(others)))
        for _ in range(rng.choice((1, 1, 4))):
            data[place] ^= 1 << rng.randrange(8)
            place = min(len(data) - 1, place + rng.randrange(99))
        path.write_bytes(data)
        state = sealing.check(path)
        if state == sealing.MISSING:  # the magic itself was hit: another process would open it
            outcomes["missing"] += 1
            continue
        try:
            with FaceSet(path) as faces:
                assert faces.images().shape == (200, 32, 32, 3)
            outcomes["read"] += 1
            assert set(np.flatnonzero(np.frombuffer(data, np.uint8) != np.frombuffer(whole, np.uint8))) <= pixels
        except InputError as error:
            outcomes["refused"] += 1
            assert "damaged: its checksum is another" in str(error)
    assert outcomes["refused"] > 100


def test_damaged_packed_files_without_a_seal_crash_another_process_at_worst(tmp_path, faces_file):
    rng, path = random.Random(5), tmp_path / "old.h5"
    with h5py.File(faces_file) as source, h5py.File(path, "w") as file:
        for name in ("images", "source", "sha256", "held_out", "tags"):
            source.copy(name, file)
        file.attrs.update(source.attrs)
    whole = path.read_bytes()
    with FaceSet(path) as faces:
        assert len(faces) == 200
    for _ in range(8):
        data = bytearray(whole)
        for _ in range(20):
            data[rng.randrange(4096)] = rng.choice((0, 255, rng.randrange(256)))
        path.write_bytes(data)
        try:
            with FaceSet(path) as faces:
                faces.images()
        except InputError as error:
            assert "made by `animegan pack`" in str(error)


@pytest.mark.timeout(120)
def test_damaged_packed_files_that_were_sealed_anew_are_packed_or_refused(tmp_path, faces_file):
    whole, rng, outcomes = faces_file.read_bytes(), random.Random(6), collections.Counter()
    whole = whole[: len(whole) - sealing.LENGTH - len(sealing.MAGIC)]
    whole = whole[: whole.rindex(b'{"size":')]
    path, out = tmp_path / "in" / "faces.h5", tmp_path / "out"
    path.parent.mkdir()
    out.mkdir()
    for _ in range(25):
        data = bytearray(whole)
        for _ in range(rng.choice((1, 4, 20))):
            place = rng.choice((rng.randrange(4096), rng.randrange(len(data))))
            data[place] = rng.choice((0, 255, rng.randrange(256)))
        path.write_bytes(data)
        sealing.seal(path, pixel_regions(faces_file))
        assert sealing.check(path) == sealing.SEALED
        try:
            result = pack([path], out / "faces.h5", 32, progress=False)
            outcomes["packed"] += 1
            assert result["pictures"] + result["duplicates"] + result["skipped"] == 200
        except InputError as error:
            outcomes["refused"] += 1
            assert str(path) in str(error)
        assert os.listdir(path.parent) == ["faces.h5"] and set(os.listdir(out)) <= {"faces.h5"}
    assert outcomes["packed"] > 2 and outcomes["refused"] > 2, outcomes


def test_the_words_of_a_crash_elsewhere(monkeypatch, tmp_path):
    crash = subprocess.CompletedProcess([], -11, "", "")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: crash)
    assert sealing.opens_elsewhere(tmp_path) == "HDF5 crashed on it, with exit code -11"

    def hang(*_, **__):
        raise subprocess.TimeoutExpired("python", 60)

    monkeypatch.setattr(subprocess, "run", hang)
    assert sealing.opens_elsewhere(tmp_path) == "HDF5 reads it for more than 60 s"


@pytest.mark.parametrize("tail", [b"", b"x" * 16, b"9" * 16, b"-1".rjust(16), b"2".rjust(16)])
def test_a_strange_seal_is_a_broken_one(tmp_path, tail):
    (tmp_path / "file").write_bytes(b"HDF" + b"{}" + tail + sealing.MAGIC)
    assert sealing.check(tmp_path / "file") == sealing.BROKEN


def a_file_elsewhere(file, tmp_path):
    with h5py.File(tmp_path / "other.h5", "w") as other:
        other["images"] = np.zeros((200, 32, 32, 3), np.uint8)
    file["images"] = h5py.ExternalLink(str(tmp_path / "other.h5"), "images")


def bytes_of_any_file(file, tmp_path):
    (tmp_path / "secret").write_bytes(bytes(200 * 32 * 32 * 3))
    file.create_dataset(
        "images", (200, 32, 32, 3), np.uint8, external=[(str(tmp_path / "secret"), 0, h5py.h5f.UNLIMITED)]
    )


def a_view_of_another_file(file, tmp_path):
    layout = h5py.VirtualLayout((200, 32, 32, 3), np.uint8)
    layout[:] = h5py.VirtualSource(str(tmp_path / "other.h5"), "images", (200, 32, 32, 3))
    file.create_virtual_dataset("images", layout)


def pictures_without_end(file, _):
    file.create_dataset("images", (10**9, 32, 32, 3), np.uint8, chunks=(1, 32, 32, 3))


def floats(file, _):
    file["images"] = np.zeros((200, 32, 32, 3), np.float32)


def too_few_sources(file, _):
    images = file["images_before"][:]
    file["images"] = images[:100]


@pytest.mark.parametrize(
    "change",
    [a_file_elsewhere, bytes_of_any_file, a_view_of_another_file, pictures_without_end, floats, too_few_sources],
)
def test_a_packed_file_that_is_a_trap_is_refused(tmp_path, faces_file, change):
    path = tmp_path / "trap.h5"
    path.write_bytes(faces_file.read_bytes())
    with h5py.File(path, "a") as file:
        file.move("images", "images_before")
        change(file, tmp_path)
    with pytest.raises(InputError, match=r"made by `animegan pack`\. Received: .*trap\.h5"):
        FaceSet(path)


def test_codes_without_a_name_are_refused(tmp_path, faces_file):
    path = tmp_path / "trap.h5"
    path.write_bytes(faces_file.read_bytes())
    with h5py.File(path, "a") as file:
        file["tags/hair"][3] = 120
    with pytest.raises(InputError, match="its tag hair has codes without a name"):
        FaceSet(path)


# --- tables and networks


@settings(deadline=None, max_examples=200)
@given(st.binary(max_size=200) | st.text(alphabet='file,;\t|"\n\rhair\0é', max_size=60).map(str.encode))
def test_any_bytes_are_a_table_or_refused(data):
    try:
        TagTable.parse(data, "tags.csv").of("faces/1.jpg")
    except InputError as error:
        assert "tags.csv" in str(error)


def test_a_network_that_wants_to_run_code_is_refused(tmp_path, capsys):
    """A .keras file with a Lambda layer, whose code Keras would run."""
    code = (
        "import sys, keras\n"
        "inputs = keras.Input((4,))\n"
        "outputs = keras.layers.Lambda(lambda x: (open(TARGET, 'w').close(), x)[1])(inputs)\n"
        "keras.Model(inputs, outputs).save(sys.argv[1])"
    ).replace("TARGET", repr(str(tmp_path / "it ran")))
    run = Run.create(tmp_path / "run", {"size": 32, "recipe": {}, "seed": 0, "report_images": 1, "data": {}})
    subprocess.run([sys.executable, "-c", code, run.generator_path], check=True, capture_output=True)
    (tmp_path / "it ran").unlink(missing_ok=True)  # building the model calls it once
    assert main(["sample", str(run.folder), "--out", str(tmp_path / "grid.png")]) == 2
    assert "a run must hold a readable generator.keras" in capsys.readouterr().err
    assert not (tmp_path / "it ran").exists() and not (tmp_path / "grid.png").exists()


def test_there_is_no_pickle_anywhere():
    for path in (Path(__file__).parents[1] / "animegan").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        for word in (
            "import pickle",
            "allow_pickle=True",
            "import joblib",
            "import dill",
            "safe_mode=False",
        ):
            assert word not in text, path
        assert text.count("torch.load(") == text.count("weights_only=True"), path


def test_a_packed_file_of_others_is_distrusted_though_it_is_sealed(faces_file, tmp_path, monkeypatch):
    looked = []
    monkeypatch.setattr(packed, "opens_elsewhere", lambda path: looked.append(path) or "HDF5 crashed on it")
    with FaceSet(faces_file):
        assert not looked, "the seal is enough for what was packed here"
    with pytest.raises(InputError, match="HDF5 crashed on it"):
        pack([faces_file], tmp_path / "again.h5", 32, progress=False)
    assert looked == [faces_file] and not (tmp_path / "again.h5").exists()
