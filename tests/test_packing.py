import collections
import hashlib
import io
import json
import os
import subprocess
import sys
import tarfile
import warnings
import zipfile
from pathlib import Path

import cv2
import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from animegan.cli import main
from animegan.faces import drawing
from animegan.faces.drawn import pack_drawn, write_scenes
from animegan.faces.limits import Limits
from animegan.faces.packed import FaceSet, FaceWriter
from animegan.faces.packing import pack
from animegan.files import InputError
from animegan.pictures import decode, encode, resize, to_unit
from animegan.settings import SIZES, check_size


def packed(paths, out, **options):
    """Pack at 32 pixels; (result, {source: picture})."""
    result = pack(paths if isinstance(paths, list) else [paths], out, 32, progress=False, **options)
    with FaceSet(out) as faces:
        return result, dict(zip(faces.sources(), faces.images(), strict=True))


def tags_of(path):
    """Tags of a packed file as {source: {tag: value}}."""
    with FaceSet(path) as faces:
        codes = {tag: faces.codes(tag) for tag in faces.tags}
        return {
            source: {tag: faces.tags[tag][row[i]] for tag, row in codes.items() if row[i] >= 0}
            for i, source in enumerate(faces.sources())
        }


def write_faces(path, images, tags=None, size=32):
    """Write a packed file with the writer alone; the sources are 0, 1, 2, …."""
    with FaceWriter(path, size, {"command": "test"}) as writer:
        writer.add(images, [str(i) for i in range(len(images))], tags or [{}] * len(images))
    return path


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out" / "faces.h5"


@pytest.fixture
def earlier(out, picture):
    """An earlier output's bytes; no failure may change them or leave another file beside it."""
    write_faces(out, [picture(99)])
    data = out.read_bytes()
    yield data
    assert out.read_bytes() == data
    assert os.listdir(out.parent) == [out.name]


# --- what goes in


def test_sources_of_every_kind_merge_in_their_order(tmp_path, out, picture, write_pictures):
    folder = write_pictures(tmp_path / "folder", a=1)
    write_pictures(folder / "deeper", b=2)
    with zipfile.ZipFile(tmp_path / "some.zip", "w") as archive:
        archive.writestr("c.png", encode(picture(3)))
    with tarfile.open(tmp_path / "some.tar.gz", "w:gz") as archive:
        archive.add(write_pictures(tmp_path / "other", d=4) / "d.png", "d.png")
    old = write_faces(tmp_path / "old.h5", [picture(5)])
    result, found = packed([folder, tmp_path / "some.zip", str(tmp_path / "some.tar.gz"), old], out)
    assert (result["pictures"], result["duplicates"], result["skipped"]) == (5, 0, 0)
    assert list(found) == ["folder/a.png", "folder/deeper/b.png", "some.zip/c.png", "some.tar.gz/d.png", "0"]
    for seed, image in enumerate(found.values(), start=1):
        np.testing.assert_array_equal(image, picture(seed))


def test_more_pictures_than_a_block_are_packed_in_order(tmp_path, out, picture):
    with zipfile.ZipFile(tmp_path / "many.zip", "w") as archive:
        for seed in range(1100):  # two blocks and a bit
            archive.writestr(f"{seed}.png", encode(picture(seed)))
    _, found = packed(tmp_path / "many.zip", out)
    assert list(found) == [f"many.zip/{seed}.png" for seed in range(1100)]
    for seed in (0, 511, 512, 1023, 1024, 1099):
        np.testing.assert_array_equal(found[f"many.zip/{seed}.png"], picture(seed))


def test_duplicates_are_dropped_within_and_across_sources(tmp_path, out, write_pictures):
    first = write_pictures(tmp_path / "first", a=1, b=1, c=2)
    second = write_pictures(tmp_path / "second", d=2, e=3)
    result, found = packed([first, second], out)
    assert (result["pictures"], result["duplicates"]) == (3, 2)
    assert list(found) == ["first/a.png", "first/c.png", "second/e.png"]


def test_the_same_pixels_in_another_format_are_a_duplicate(tmp_path, out, picture, write_pictures):
    folder = write_pictures(tmp_path / "folder", a=1)
    _, data = cv2.imencode(".bmp", picture(1)[..., ::-1])
    (folder / "b.bmp").write_bytes(data)
    result, _ = packed(folder, out)
    assert (result["pictures"], result["duplicates"]) == (1, 1)


def test_duplicates_of_a_packed_file_are_dropped(tmp_path, out, picture, write_pictures):
    old = write_faces(tmp_path / "old.h5", [picture(1), picture(2)])
    result, _ = packed([write_pictures(tmp_path / "folder", a=2, b=3), old], out)
    assert (result["pictures"], result["duplicates"]) == (3, 1)


def test_packing_a_packed_file_again_changes_nothing(faces_file, out):
    result, _ = packed(faces_file, out)
    assert (result["pictures"], result["duplicates"], result["tagged"]) == (200, 0, 200)
    with FaceSet(faces_file) as before, FaceSet(out) as after:
        np.testing.assert_array_equal(after.images(), before.images())
        np.testing.assert_array_equal(after.digests(), before.digests())
        assert after.counts() == before.counts()


def test_a_source_may_be_the_output(tmp_path, out, picture, write_pictures):
    write_faces(out, [picture(1)], [{"hair": "red"}])
    result, found = packed([out, write_pictures(tmp_path / "new", a=1, b=2)], out)
    assert (result["pictures"], result["duplicates"]) == (2, 1)
    assert list(found) == ["0", "new/b.png"]
    assert tags_of(out)["0"] == {"hair": "red"}


def test_unreadable_pictures_are_skipped_counted_and_named(tmp_path, out, write_pictures):
    folder = write_pictures(tmp_path / "folder", good=1)
    (folder / "empty.jpg").write_bytes(b"")
    (folder / "letter.png").write_text("Dear reader")
    result, found = packed(folder, out)
    assert list(found) == ["folder/good.png"]
    assert result["skipped"] == 2
    assert result["skipped_files"] == {
        f"{folder}/{name}": f"a picture must be a readable JPEG, PNG, WebP, GIF, BMP or TIFF. Received: {size} bytes"
        for name, size in {"empty.jpg": 0, "letter.png": 11}.items()
    }


def test_unreadable_pictures_of_one_name_count_each(tmp_path, out, write_pictures):
    folders = [write_pictures(tmp_path / name / "faces", good=1) for name in "ab"]
    for folder in folders:
        (folder / "bad.jpg").write_bytes(b"")
    assert packed(folders, out)[0]["skipped"] == 2


def test_unreadable_pictures_of_one_name_in_an_archive_count_each(tmp_path, out, picture):
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # zipfile's, of the double name
        for data in (b"", b"x", encode(picture(1))):
            archive.writestr("a.png", data)
    result, _ = packed(tmp_path / "set.zip", out)
    assert (result["pictures"], result["skipped"]) == (1, 2)


def test_a_folder_as_people_have_them(tmp_path, out, picture):
    folder = tmp_path / "set"
    folder.mkdir()
    good = {"a" * 200 + ".png": 1, "顔 – ñandú 😀.png": 2, "deep/er/still/deeper/x.PNG": 3, "no,comma;here.png": 4}
    for name, seed in good.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(encode(picture(seed)))
    (folder / "really a PNG.jpg").write_bytes(encode(picture(5)))
    (folder / "saved by a browser.jfif").write_bytes(encode(picture(6)))
    (folder / "zero.jpg").touch()
    (folder / "page.jpg").write_text("<!DOCTYPE html>")
    (folder / ".DS_Store").write_bytes(b"\0\0\0\1Bud1")
    (folder / "Thumbs.db").write_bytes(b"old Windows")
    (folder / "read me").write_text("Dear reader")
    (folder / "__MACOSX").mkdir()
    (folder / "__MACOSX" / "._x.png").write_bytes(b"a companion")
    result, found = packed(folder, out)
    assert set(found) == {f"set/{name}" for name in [*good, "really a PNG.jpg", "saved by a browser.jfif"]}
    assert {Path(name).name for name in result["skipped_files"]} == {"zero.jpg", "page.jpg"}
    assert result["other_files"] == {".db": 1, "no ending": 1}


def test_tens_of_thousands_of_files_in_one_folder(tmp_path, out, picture):
    folder, count = tmp_path / "set", 20_000
    folder.mkdir()
    for number in range(count):
        if number < 10:
            cv2.imwrite(str(folder / f"{number:05}.png"), picture(number))
        else:
            os.link(folder / f"{number % 10:05}.png", folder / f"{number:05}.png")
    (folder / "99999.png").write_bytes(b"")
    result, faces = packed(folder, out)
    assert list(faces) == [f"set/{number:05}.png" for number in range(10)]
    assert (result["duplicates"], result["skipped"]) == (count - 10, 1)


def test_pictures_over_the_limits_are_skipped_and_named(tmp_path, out, picture, write_pictures):
    folder = write_pictures(tmp_path / "folder", a=1)
    (folder / "large.png").write_bytes(encode(picture(2, 64)))
    result, found = packed(folder, out, limits=Limits(pixels=4000))
    assert list(found) == ["folder/a.png"]
    assert "at most 4,000 pixels (--most-pixels). Received: 64 × 64" in result["skipped_files"][f"{folder}/large.png"]


def test_a_packed_file_over_the_limits_is_refused(faces_file, out, earlier):
    for limits in (Limits(members=199), Limits(bytes=1000)):
        with pytest.raises(InputError, match="--most-"):
            packed(faces_file, out, limits=limits)


def test_rows_of_tables_that_do_not_fit_are_counted_and_named(tmp_path, out, write_pictures):
    folder = write_pictures(tmp_path / "crops", a=1, b=2)
    (folder / "tags.csv").write_text("\ufefffile;hair\r\na.png;red\r\na.png;blue\r\ngone.png;red\r\n")
    (tmp_path / "mine.csv").write_text("file\teyes\nb.png\tgreen\n")
    result, _ = packed(folder, out, tags=tmp_path / "mine.csv")
    assert tags_of(out) == {"crops/a.png": {"hair": "red"}, "crops/b.png": {"eyes": "green"}}
    assert result["tagged"] == 2
    carried, mine = result["tables"][f"{folder}: tags.csv"], result["tables"][str(tmp_path / "mine.csv")]
    assert (carried["rows"], carried["unused"], carried["doubled"]) == (3, 1, 1)
    assert carried["examples"] == {"unused": ["gone.png"], "doubled": ["a.png"], "too_long": []}
    assert (mine["rows"], mine["unused"], mine["doubled"]) == (1, 0, 0)


def test_names_that_are_no_utf_8_are_kept_readably(tmp_path, out, write_pictures):
    folder = write_pictures(tmp_path / "folder", a=1)
    os.rename(folder / "a.png", os.fsencode(folder) + b"/\x83e.png")  # Shift-JIS
    (folder / os.fsdecode(b"\x83x.png")).write_bytes(b"")
    result, found = packed(folder, out)
    assert list(found) == [r"folder/\udc83e.png"]
    assert list(result["skipped_files"]) == [rf"{folder}/\udc83x.png"]


def test_names_that_hold_zero_bytes_are_kept_readably(tmp_path, out, picture):
    with tarfile.open(tmp_path / "set.tar", "w", format=tarfile.PAX_FORMAT) as archive:
        for name, data in (("a\0é.png", encode(picture(1))), ("b\0é.png", b"")):
            member = tarfile.TarInfo("x")
            member.size, member.pax_headers = len(data), {"path": name}
            archive.addfile(member, io.BytesIO(data))
    result, found = packed(tmp_path / "set.tar", out)
    assert list(found) == [r"set.tar/a\x00é.png"]
    assert list(result["skipped_files"]) == [rf"{tmp_path}/set.tar/b\x00é.png"]


def test_pictures_are_resized(tmp_path, out, picture):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "a.png").write_bytes(encode(picture(1, size=64)))
    _, found = packed(tmp_path / "folder", out)
    np.testing.assert_allclose(found["folder/a.png"], picture(1, 64).reshape(32, 2, 32, 2, 3).mean((1, 3)), atol=1)


# --- tags


def test_a_table_that_a_source_carries_is_used(tmp_path, out, write_pictures):
    folder = write_pictures(tmp_path / "crops", a_0=1, b_0=2)
    (folder / "faces.csv").write_text("file,source,x0,hair,eyes\na_0.png,a.jpg,4,red,\nb_0.png,b.jpg,4,blue,green\n")
    result, _ = packed(folder, out)
    assert tags_of(out) == {"crops/a_0.png": {"hair": "red"}, "crops/b_0.png": {"hair": "blue", "eyes": "green"}}
    assert result["tagged"] == 2


@pytest.mark.parametrize("name", ["faces.csv", "tags.csv"])
def test_a_table_in_an_archive_is_used_wherever_it_stands(tmp_path, out, picture, name):
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
        archive.writestr("images/a.png", encode(picture(1)))
        archive.writestr(f"notes/{name}", "file,hair\na.png,red\n")
    result, _ = packed(tmp_path / "set.zip", out)
    assert not result["other_files"] and list(result["tables"]) == [f"{tmp_path / 'set.zip'}: notes/{name}"]
    assert tags_of(out) == {"set.zip/images/a.png": {"hair": "red"}}


def test_a_table_speaks_for_the_pictures_of_its_own_folder(tmp_path, out, write_pictures):
    for name, seed, hair in (("a", 1, "red"), ("b", 2, "blue")):  # two crops of two series, with the same names
        folder = write_pictures(tmp_path / "all" / name, scene_0=seed)
        (folder / "faces.csv").write_text(f"file,hair\nscene_0.png,{hair}\n")
    packed(tmp_path / "all", out)
    assert tags_of(out) == {"all/a/scene_0.png": {"hair": "red"}, "all/b/scene_0.png": {"hair": "blue"}}


def test_of_two_tables_above_a_picture_the_nearest_wins(tmp_path, out, write_pictures):
    folder = write_pictures(tmp_path / "all" / "a", one=1)
    (folder / "tags.csv").write_text("file,hair\none.png,red\n")
    (tmp_path / "all" / "tags.csv").write_text("file,hair,eyes\none.png,blue,green\n")
    packed(tmp_path / "all", out)
    assert tags_of(out) == {"all/a/one.png": {"hair": "red", "eyes": "green"}}


def test_the_table_that_is_given_wins(tmp_path, out, picture, write_pictures):
    folder = write_pictures(tmp_path / "crops", a=1, b=2)
    (folder / "faces.csv").write_text("file,hair\na.png,red\nb.png,red\n")
    old = write_faces(tmp_path / "old.h5", [picture(3)], [{"hair": "red"}])
    (tmp_path / "mine.csv").write_text("file,hair,eyes\na.png,blue,green\n0,black,\n")
    packed([folder, old], out, tags=tmp_path / "mine.csv")
    assert tags_of(out) == {
        "crops/a.png": {"hair": "blue", "eyes": "green"},
        "crops/b.png": {"hair": "red"},
        "0": {"hair": "black"},
    }


def test_tags_of_duplicates_fill_gaps_only(tmp_path, out, write_pictures):
    first = write_pictures(tmp_path / "first", a=1)
    (first / "tags.csv").write_text("file,hair\na.png,red\n")
    second = write_pictures(tmp_path / "second", b=1)
    (second / "tags.csv").write_text("file,hair,eyes\nb.png,blue,green\n")
    result, _ = packed([first, second], out)
    assert tags_of(out) == {"first/a.png": {"hair": "red", "eyes": "green"}}
    assert result["tagged"] == 1


@pytest.mark.parametrize("carried", [False, True])
def test_a_table_that_names_no_picture_is_bad_input(tmp_path, out, earlier, write_pictures, carried):
    folder = write_pictures(tmp_path / "folder", a=1)
    if carried:  # tags of another table must not hide that this one fits nothing
        (folder / "tags.csv").write_text("file,hair\na.png,red\n")
    (tmp_path / "mine.csv").write_text("file,hair\nother.png,red\n")
    with pytest.raises(InputError, match=r"mine\.csv must name pictures of the sources"):
        packed(folder, out, tags=tmp_path / "mine.csv")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"name,hair\na.png,red\n", "must have a column 'file'"),
        (b"file,title\na.png,x\n" + b"".join(b"%d.png,%d\n" % (n, n) for n in range(128)), "at most 127 values"),
        (b"file,a/b,a_b\na.png,x,y\n", "must have names that differ"),
        (b"\0", "it holds zero bytes"),
        (None, "it is no ordinary file"),
    ],
)
def test_a_carried_table_that_cannot_be_used_is_named(tmp_path, out, write_pictures, capsys, data, reason):
    folder = write_pictures(tmp_path / "folder", a=1)
    os.mkfifo(folder / "tags.csv") if data is None else (folder / "tags.csv").write_bytes(data)
    assert main(["pack", str(folder), "--out", str(out), "--size", "32", "--json"]) == 0
    stdout, stderr = capsys.readouterr()
    result = json.loads(stdout)
    assert (result["pictures"], result["tagged"]) == (1, 0)
    assert (
        list(result["bad_tables"]) == [f"{folder}: tags.csv"] and reason in result["bad_tables"][f"{folder}: tags.csv"]
    )
    assert f"the table of tags {folder}: tags.csv cannot be used: " in stderr


def titles(*numbers):
    """A table with a title for each number."""
    return "file,title\n" + "".join(f"{number}.png,{number}\n" for number in numbers)


@pytest.mark.parametrize("before", ["carried", "given", "packed"])
def test_of_tables_that_only_together_have_too_many_values_the_later_is_named(
    tmp_path, out, picture, write_pictures, before
):
    first, second = write_pictures(tmp_path / "first", a=1), write_pictures(tmp_path / "second", b=2, c=3)
    (second / "tags.csv").write_text(titles(*range(100, 200), "b"))
    paths, settings = [first, second], {}
    if before == "packed":
        names = [{"title": str(number)} for number in range(100)]
        paths += [write_faces(tmp_path / "old.h5", [picture(number) for number in range(4, 104)], names)]
    else:
        settings = {"tags": tmp_path / "mine.csv"} if before == "given" else {}
        (settings.get("tags") or first / "tags.csv").write_text(titles(*range(100), "a"))
    result, _ = packed(paths, out, **settings)
    assert list(result["bad_tables"]) == [f"{second}: tags.csv"]
    assert "at most 127 values. Received: 20" in result["bad_tables"][f"{second}: tags.csv"]
    assert result["tagged"] == (100 if before == "packed" else 1)


def test_too_many_values_are_refused_before_anything_is_read(tmp_path, out, earlier, picture, write_pictures, capfd):
    (tmp_path / "mine.csv").write_text(titles(*range(128)))
    with pytest.raises(InputError, match=r"at most 127 values\. Received: 128 of 'title'"):
        pack([write_pictures(tmp_path / "folder", a=1)], out, 32, tags=tmp_path / "mine.csv")
    for name, first in (("one", 0), ("other", 100)):
        names = [{"title": str(number)} for number in range(first, first + 100)]
        write_faces(tmp_path / f"{name}.h5", [picture(number) for number in range(first, first + 100)], names)
    with pytest.raises(InputError, match=r"at most 127 values\. Received: 200 of 'title'"):
        pack([tmp_path / "one.h5", tmp_path / "other.h5"], out, 32)
    assert capfd.readouterr().err == ""  # no bar


def test_what_hints_at_a_mistake_in_the_tags_is_said(tmp_path, out, write_pictures, capsys):
    folder = write_pictures(tmp_path / "folder", a=1, b=2)
    rows = "a.png,Blonde,x\nb.png,blonde,x,y\n" + "".join(f"gone{n}.png,red,x\n" for n in range(4))
    (tmp_path / "mine.csv").write_text("file,hair,source\n" + rows)
    words = ["pack", str(folder), "--out", str(out), "--size", "32", "--tags", str(tmp_path / "mine.csv")]
    assert main(words) == 0
    said = [line for line in capsys.readouterr().err.replace("\r", "\n").split("\n") if line.startswith("animegan: ")]
    assert said == [
        f"animegan: 4 of 6 rows of {tmp_path}/mine.csv match no picture, such as gone0.png, gone1.png, gone2.png",
        f"animegan: 1 of 6 rows of {tmp_path}/mine.csv hold more values than there are columns, such as b.png",
        f"animegan: columns of {tmp_path}/mine.csv are no tags, by their names: source",
        "animegan: values of hair differ in upper and lower case only, such as Blonde, blonde",
    ]


# --- what cannot be packed


def broken_folder(path, _):
    path.mkdir()
    (path / "a.jpg").write_bytes(b"")


def truncated_h5(path, picture):
    write_faces(path, [picture(1)])
    path.write_bytes(path.read_bytes()[:5000])


BAD_SOURCES = {
    "missing": (lambda path, _: None, "a source must be a folder, a zip"),
    "empty folder": (lambda path, _: path.mkdir(), r"must hold pictures \(jpg.*which holds none"),
    "only unreadable pictures": (broken_folder, r"must hold readable pictures.*none can be read .*a\.jpg"),
    "no archive": (lambda path, _: path.write_bytes(b"PK"), "bytes that are none of these"),
    "foreign HDF5": (lambda path, _: h5py.File(path, "w").close(), "its format is not stated"),
    "truncated HDF5": (truncated_h5, "truncated file"),
}


@pytest.mark.parametrize("case", BAD_SOURCES)
def test_a_bad_source_leaves_the_earlier_output(tmp_path, out, earlier, picture, write_pictures, case):
    make, message = BAD_SOURCES[case]
    make(tmp_path / "bad", picture)
    with pytest.raises(InputError, match=message):
        packed([write_pictures(tmp_path / "good", a=1), tmp_path / "bad"], out)


def test_a_packed_file_of_another_size_is_resized(tmp_path, out, picture):
    large = picture(1, 64)
    write_faces(tmp_path / "large.h5", [large], size=64)
    packed([tmp_path / "large.h5"], out)
    with FaceSet(out) as faces:
        assert np.array_equal(faces.images()[0], resize(large, 32))


def test_no_source_at_all_is_bad_input(out, earlier):
    with pytest.raises(InputError, match="at least one source"):
        packed([], out)


@pytest.mark.parametrize("size", [0, 16, 33, 256, -64])
def test_other_sizes_are_bad_input(tmp_path, out, earlier, write_pictures, size):
    with pytest.raises(InputError, match=f"size must be 32, 64, 96 or 128 pixels. Received: {size}"):
        pack([write_pictures(tmp_path / "folder", a=1)], out, size)


@pytest.mark.parametrize("size", SIZES)
def test_supported_sizes_pass(size):
    assert check_size(size) == size


def test_a_full_disk_leaves_the_earlier_output(tmp_path, out, earlier, write_pictures):
    folder = write_pictures(tmp_path / "folder", **{f"p{seed}": seed for seed in range(60)})
    code = (
        "import resource, sys; from animegan.cli import main\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
        "sys.exit(main(['pack', sys.argv[1], '--out', sys.argv[2], '--size', '32']))"
    )
    assert subprocess.run([sys.executable, "-c", code, folder, out], capture_output=True).returncode != 0


# --- the file


def test_the_layout_is_the_documented_one(faces_file):
    with h5py.File(faces_file) as file:
        images = file["images"]
        assert images.dtype == np.uint8 and images.shape == (200, 32, 32, 3)
        assert images.chunks[0] > 1 and images.chunks[1:] == (32, 32, 3)
        assert images.compression is None
        assert h5py.check_string_dtype(file["source"].dtype).encoding == "utf-8"
        assert file["source"].shape == file["sha256"].shape == (200,) and file["sha256"].dtype == "S64"
        assert set(file["tags"]) == set(drawing.TAGS)
        for codes in file["tags"].values():
            assert codes.dtype == np.int8 and codes.shape == (200,)
            assert list(codes.attrs["names"]) == sorted(codes.attrs["names"])
        assert (file.attrs["format"], file.attrs["version"]) == ("animegan-faces", 2)
        assert json.loads(file.attrs["provenance"])["command"] == "draw"


def test_sha256_is_that_of_the_pixels(faces_file):
    with FaceSet(faces_file) as faces:
        assert faces.digests().tolist() == [hashlib.sha256(i.tobytes()).hexdigest().encode() for i in faces.images()]


def test_codes_are_places_in_the_sorted_names_and_unknown_is_minus_one(out, picture):
    tags = [{"hair": "red"}, {}, {"hair": "blue"}, {"eyes": "grün"}, {"hair": "red"}]
    write_faces(out, [picture(seed) for seed in range(5)], tags)
    with FaceSet(out) as faces:
        assert faces.tags == {"eyes": ("grün",), "hair": ("blue", "red")}
        assert faces.codes("hair").tolist() == [1, -1, 0, -1, 1]
        assert faces.codes("eyes").tolist() == [-1, -1, -1, 0, -1]
        assert faces.counts() == {"eyes": {"grün": 1}, "hair": {"red": 2, "blue": 1}}
        assert list(faces.counts()["hair"]) == ["red", "blue"]  # most frequent first


def test_a_tag_can_have_127_values(out, picture):
    with FaceWriter(out, 32, {}) as writer:
        for value in range(127):
            writer.add([picture(value)], ["x"], [{"name": f"{value:03}"}])
    with FaceSet(out) as faces:
        assert faces.codes("name").tolist() == list(range(127))


def test_a_tag_cannot_have_more_values(out, earlier, picture):
    with (
        pytest.raises(InputError, match=r"at most 127 values\. Received: more for 'name'"),
        FaceWriter(out, 32, {}) as writer,
    ):
        for value in range(128):
            writer.add([picture(value)], ["x"], [{"name": str(value)}])


@pytest.mark.parametrize("names", [("a/b", "a_b"), (".",)])
def test_tags_that_would_share_a_name_are_bad_input(out, earlier, picture, names):
    with pytest.raises(InputError, match="tags must have names that differ"):
        write_faces(out, [picture(1)], [dict.fromkeys(names, "x")])


def test_a_file_of_no_pictures_can_be_read(out):
    write_faces(out, np.empty((0, 32, 32, 3), np.uint8))
    with FaceSet(out) as faces:
        assert len(faces) == 0 and faces.images([]).shape == (0, 32, 32, 3)
        assert faces.counts() == {}


def images_are_no_dataset(file):
    file.create_group("images")


def images_are_one_number(file):
    file["images"] = 3


def images_are_grey(file):
    file["images"] = np.zeros((2, 32, 32), np.uint8)


def without_tags(file):
    file["images"] = np.zeros((2, 32, 32, 3), np.uint8)
    del file["tags"]


def without_names(file):
    file["images"] = np.zeros((2, 32, 32, 3), np.uint8)
    file["tags/hair"] = np.zeros(2, np.int8)


def strange_provenance(file):
    file["images"] = np.zeros((2, 32, 32, 3), np.uint8)
    file.attrs["provenance"] = 5


def of_the_future(file):
    file.attrs["version"] = 99


@pytest.mark.parametrize(
    "change",
    [
        images_are_no_dataset,
        images_are_one_number,
        images_are_grey,
        without_tags,
        without_names,
        strange_provenance,
        of_the_future,
    ],
)
def test_a_file_that_is_not_ours_is_bad_input_and_is_closed(tmp_path, change):
    path = tmp_path / "foreign.h5"
    with h5py.File(path, "w") as file:
        file.attrs.update(format="animegan-faces", version=1, provenance="{}")
        file.create_group("tags")
        change(file)
    with pytest.raises(InputError, match=r"made by `animegan pack`\. Received: .*foreign\.h5 \(no packed") as caught:
        FaceSet(path)
    assert caught.value  # kept alive with all the frames that saw the file
    h5py.File(path, "a").close()  # would raise if it were still open for reading


@pytest.mark.parametrize(("name", "reason"), [("gone.h5", "no such file"), (".", "a folder")])
def test_no_file_is_bad_input(tmp_path, name, reason):
    with pytest.raises(InputError, match=rf"Received: .* \({reason}\)"):
        FaceSet(tmp_path / name)


# --- reading


@pytest.fixture(scope="module")
def faces(faces_file):
    with FaceSet(faces_file) as opened:
        yield opened


@settings(deadline=None)
@given(rows=st.lists(st.integers(0, 199), max_size=60))
def test_any_rows_are_read_in_any_order(faces, rows):
    np.testing.assert_array_equal(faces.images(rows), faces.images()[np.array(rows, int)])


@pytest.mark.parametrize("rows", [[-1], [0, 200], [10**6]])
def test_rows_outside_the_file_are_bad_input(faces, rows):
    with pytest.raises(InputError, match=r"rows must lie in 0 to 199\. Received"):
        faces.images(rows)


def test_unit_images_are_those_of_the_networks(faces):
    unit = faces.unit_images([3, 1])
    assert unit.dtype == np.float32 and unit.min() >= -1 and unit.max() <= 1
    np.testing.assert_array_equal(unit, to_unit(faces.images([3, 1])))


def test_select_without_a_selection_gives_all_rows(faces):
    assert faces.select().tolist() == list(range(200))


def test_select_gives_the_rows_that_satisfy_every_selection(faces, faces_file):
    tags = list(tags_of(faces_file).values())
    pairs = collections.Counter((own["hair"], own["eyes"]) for own in tags)
    (hair, eyes), count = pairs.most_common(1)[0]
    expected = [row for row, own in enumerate(tags) if (own["hair"], own["eyes"]) == (hair, eyes)]
    assert faces.select(f"hair={hair}", f"eyes={eyes}").tolist() == expected
    assert 0 < count < len(faces.select(f"hair={hair}"))


@pytest.mark.parametrize(
    ("selection", "message"),
    [
        ("hair", r"must be TAG=VALUE, such as hair=blonde\. Received: hair"),
        ("hiar=red", r"a tag must be one of .*eyes, .*hair.*\. Received: hiar"),
        ("hair=rde", r"hair must be one of .*black, .*red.*\. Received: rde"),
    ],
)
def test_a_misspelt_selection_lists_what_there_is(faces, selection, message):
    with pytest.raises(InputError, match=message):
        faces.select(selection)


def test_pick_chooses_without_repetition(faces):
    rows = np.arange(50, 90)
    chosen = faces.pick(rows, 30, seed=1)
    assert len(set(chosen.tolist())) == 30 and set(chosen.tolist()) <= set(rows.tolist())
    np.testing.assert_array_equal(chosen, faces.pick(rows, 30, seed=1))
    assert chosen.tolist() != faces.pick(rows, 30, seed=2).tolist()
    assert sorted(faces.pick(rows, 99).tolist()) == rows.tolist()


# --- what the project draws


def test_drawn_faces_are_the_artists_with_their_tags(faces_file, out):
    result = pack_drawn(out, 5, 32, seed=0, progress=False)
    assert (result["pictures"], result["duplicates"], result["out"]) == (5, 0, str(out))
    drawn = list(drawing.draw_faces(5, 32, seed=0))
    with FaceSet(out) as few, FaceSet(faces_file) as many:
        np.testing.assert_array_equal(few.images(), [image for image, _ in drawn])
        np.testing.assert_array_equal(few.images(), many.images(range(5)))
        assert few.provenance == {"command": "draw", "count": 5, "seed": 0}
    assert list(tags_of(out).values()) == [tags for _, tags in drawn]


def test_drawing_again_gives_the_same_bytes_and_another_seed_others(tmp_path):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        pack_drawn(tmp_path / name, 3, 32, seed, progress=False)
    first, again, other = ((tmp_path / name).read_bytes() for name in "abc")
    assert first == again != other


@pytest.mark.parametrize("count", [0, -1])
@pytest.mark.parametrize("draw", [pack_drawn, write_scenes])
def test_drawing_nothing_is_bad_input(tmp_path, draw, count):
    with pytest.raises(InputError, match=f"count must be 1 or more. Received: {count}"):
        draw(tmp_path / "out", count)
    assert not any(tmp_path.iterdir())


def test_scenes_come_with_their_true_boxes(tmp_path):
    result = write_scenes(tmp_path, 2, seed=11, progress=False)
    truth = json.loads((tmp_path / "faces.json").read_text())
    drawn = dict(zip(["scenes/scene_0000.jpg", "scenes/scene_0001.jpg"], drawing.draw_scenes(2, seed=11), strict=True))
    assert truth == {name: boxes for name, (_, boxes) in drawn.items()}
    assert result == {"scenes": 2, "faces": sum(map(len, truth.values())), "out": str(tmp_path)}
    for name, (image, _) in drawn.items():
        written = decode((tmp_path / name).read_bytes())
        assert written.shape == image.shape and np.abs(written.astype(int) - image).mean() < 4  # JPEG


# --- much at once


@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="the peak memory is read from /proc")
def test_memory_does_not_grow_with_the_pictures(tmp_path):
    bytes_each = 64 * 64 * 3
    code = f"""
import io, re, sys, zipfile
import numpy as np
from animegan.faces.packing import pack
def peak():
    return int(re.search(r"VmHWM:\\s*(\\d+)", open("/proc/self/status").read())[1]) * 1024
header = b"BM" + (54 + {bytes_each}).to_bytes(4, "little") + bytes(4) + (54).to_bytes(4, "little")
header += np.array([40, 64, 64, 24 << 16 | 1, 0, {bytes_each}, 0, 0, 0, 0], "<u4").tobytes()
random = np.random.default_rng(0)
for count in (1_000, 8_000):
    with zipfile.ZipFile(sys.argv[1], "w") as archive:
        for index in range(count):
            archive.writestr(f"{{index}}.bmp", header + random.bytes({bytes_each}))
    del archive
    assert pack([sys.argv[1]], sys.argv[2], 64, progress=False)["pictures"] == count
    print(peak())
"""
    run = subprocess.run(
        [sys.executable, "-c", code, tmp_path / "many.zip", tmp_path / "many.h5"],
        capture_output=True,
        text=True,
        check=True,
    )
    few, many = map(int, run.stdout.split())
    # 34 MB: names, digests and looks may stay, two fifths of the pixels may not
    assert many - few < 7_000 * bytes_each / 2.5


def test_real_faces_pack_without_loss(shared_data, out):
    result = pack([shared_data / "getchu-faces-64.zip"], out, 64, progress=False)
    assert (result["pictures"], result["duplicates"], result["skipped"]) == (16_000, 0, 0)
    with FaceSet(out) as real, zipfile.ZipFile(shared_data / "getchu-faces-64.zip") as archive:
        name = real.sources()[12_345].removeprefix("getchu-faces-64.zip/")
        np.testing.assert_array_equal(real.images([12_345])[0], decode(archive.read(name)))


def test_real_tags_are_found(shared_data, tmp_path, out):
    with zipfile.ZipFile(shared_data / "booru-tagged-faces-96.zip") as archive:
        for name in [*archive.namelist()[:200], "tags.csv"]:
            archive.extract(name, tmp_path / "booru")
    result, _ = packed(tmp_path / "booru", out)
    assert result["pictures"] == result["tagged"] == 200
    with FaceSet(out) as faces:
        assert set(faces.tags) == {"hair", "eyes"}


def test_about_one_picture_in_ten_is_held_out(faces_file):
    with FaceSet(faces_file) as faces:
        known, held_out = faces.split()
        assert sorted([*known, *held_out]) == list(range(200))
        assert 8 < len(held_out) < 35


def test_a_picture_is_held_out_in_every_file(faces_file, tmp_path):
    with FaceSet(faces_file) as faces, FaceWriter(tmp_path / "some.h5", 32, {}) as writer:
        known, held_out = faces.split()
        some = [*held_out[:5], *known[:5], *held_out[5:8]]
        writer.add(faces.images(some), [str(row) for row in some], [{}] * len(some))
    with FaceSet(tmp_path / "some.h5") as some:
        assert some.split()[1].tolist() == [0, 1, 2, 3, 4, 10, 11, 12]


def test_a_table_larger_than_allowed_is_left_unread(tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "a.png").write_bytes(encode(np.zeros((40, 40, 3), np.uint8)))
    (folder / "tags.csv").write_text("file,hair\na.png,red\n")
    result = pack([folder], tmp_path / "faces.h5", 32, progress=False, limits=Limits(table_bytes=10))
    assert "at most 10 table bytes (--most-table-bytes). Received: 20" in result["bad_tables"][f"{folder}: tags.csv"]
    assert (result["tagged"], result["pictures"]) == (0, 1)


def test_damaged_pictures_of_a_packed_file_are_named(faces_file, tmp_path):
    path, rng = tmp_path / "faces.h5", np.random.default_rng(0)
    with FaceSet(faces_file) as faces:
        image = faces.images([7]).tobytes()
    data = bytearray(faces_file.read_bytes())
    data[data.index(image) + int(rng.integers(len(image)))] ^= 4
    path.write_bytes(data)
    result, found = packed(path, tmp_path / "again.h5")
    with FaceSet(faces_file) as faces:
        name = faces.sources()[7]
        assert list(found) == [each for each in faces.sources() if each != name]
    assert result["skipped_files"] == {f"{path}/{name}": "damaged: its checksum is another"}
