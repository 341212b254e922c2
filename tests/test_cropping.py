import csv
import errno
import os
import zipfile
from pathlib import Path

import animeface
import numpy as np
import pytest

from animegan import pictures
from animegan.faces import colours, cropping, detecting
from animegan.faces.crop_folder import COLUMNS, STAGING
from animegan.faces.cropping import crop, cut
from animegan.faces.drawing import draw_face, random_character
from animegan.faces.limits import Limits
from animegan.files import InputError

SHARED = Path(__file__).parents[2] / "shared" / "data" / "scenes-with-face-boxes.zip"


def scene(*seeds, size=96, gap=48):
    """A plain picture with one drawn face a seed, side by side."""
    image = np.full((size + 2 * gap, gap + max(1, len(seeds)) * (size + gap), 3), 235, np.uint8)
    for index, seed in enumerate(seeds):
        x = gap + index * (size + gap)
        image[gap : gap + size, x : x + size] = draw_face(random_character(np.random.default_rng(seed)), size)
    return image


@pytest.fixture(scope="module")
def scenes(tmp_path_factory):
    """Three scenes with 2, 1 and 0 faces, two of one stem, and two files that are no pictures."""
    folder = tmp_path_factory.mktemp("scenes")
    pictures.save(scene(0, 1), folder / "park.png")
    pictures.save(scene(2), folder / "night" / "park.jpg")
    pictures.save(scene(), folder / "sky.webp")
    (folder / "empty.jpg").write_bytes(b"")
    (folder / "letter.jpg").write_text("not a picture")
    (folder / "notes.txt").write_text("not named like a picture")
    return folder


def read(out):
    with open(out / "faces.csv", newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def files(out):
    return sorted(path.name for path in out.iterdir())


def test_every_face_is_cropped_and_listed(scenes, tmp_path):
    result = crop(scenes, tmp_path, workers=1, progress=False)
    assert (result["scenes"], result["faces"], result["out"]) == (3, 3, str(tmp_path))
    no_picture = "a picture must be a readable JPEG, PNG, WebP, GIF, BMP or TIFF. Received: {} bytes"
    unreadable = {"empty.jpg": no_picture.format(0), "letter.jpg": no_picture.format(13)}
    assert result["skipped"] == {"unreadable": unreadable, "no face": 1, "too small": 0}
    assert result["other_files"] == {".txt": 1}
    rows = read(tmp_path)
    assert tuple(rows[0]) == COLUMNS
    assert [row["source"] for row in rows] == ["night/park.jpg", "park.png", "park.png"]
    assert files(tmp_path) == sorted([row["file"] for row in rows] + ["faces.csv"]) and len(set(files(tmp_path))) == 4
    for row in rows:
        assert pictures.decode((tmp_path / row["file"]).read_bytes()).shape == (96, 96, 3)
        assert 0 <= int(row["x0"]) < int(row["x1"]) and 0 <= int(row["y0"]) < int(row["y1"]) <= 192
        assert 0.85 <= float(row["likelihood"]) <= 1
        assert row["hair"] in colours.HAIR and row["eyes"] in colours.EYES
    assert int(rows[1]["x1"]) < int(rows[2]["x0"])  # from left to right


def test_workers_do_not_change_the_result(scenes, tmp_path, capsys):
    alone = crop(scenes, tmp_path / "1", size=32, workers=1, progress=False)
    assert capsys.readouterr().err == ""
    several = crop(str(scenes), tmp_path / "2", size=32, workers=2)
    assert "crop: 100%" in capsys.readouterr().err
    assert alone | {"out": ""} == several | {"out": ""}
    assert files(tmp_path / "1") == files(tmp_path / "2")
    for name in files(tmp_path / "1"):
        assert (tmp_path / "1" / name).read_bytes() == (tmp_path / "2" / name).read_bytes()


class Finds:
    """A detector that finds the same boxes in every picture, at once."""

    def __init__(self, *boxes):
        self.boxes = boxes

    def detect(self, image):
        return [detecting.Detection(box, 1.0) for box in self.boxes]


@pytest.fixture
def quick(monkeypatch):
    """Let `crop` use a detector that always finds the given boxes."""

    def use(*boxes):
        monkeypatch.setattr(cropping, "make_detector", lambda *arguments: Finds(*boxes))

    use((10, 10, 50, 50))
    return use


def shades(folder, *names):
    for index, name in enumerate(names):
        pictures.save(np.full((60, 80, 3), 20 * index, np.uint8), folder / name)
    return folder


def test_a_second_run_leaves_no_stale_crops(quick, tmp_path):
    source, out = shades(tmp_path / "in", "a.png", "b.png"), tmp_path / "out"
    quick((0, 0, 30, 30), (30, 20, 60, 50))
    crop(source, out, workers=1, progress=False)
    (out / "own.png").write_bytes(b"the user's")
    (out / STAGING).mkdir()  # what a killed run leaves
    quick((0, 0, 30, 30))
    crop(source, out, workers=1, progress=False)
    assert files(out) == ["a_0.png", "b_0.png", "faces.csv", "own.png"]
    assert [row["file"] for row in read(out)] == ["a_0.png", "b_0.png"]


def test_a_failed_run_leaves_the_earlier_crops(quick, tmp_path):
    source, out = shades(tmp_path / "in", "a.png"), tmp_path / "out"
    crop(source, out, workers=1, progress=False)
    before = {name: (out / name).read_bytes() for name in files(out)}
    quick()
    with pytest.raises(InputError, match="no face was found in 1 pictures"):
        crop(source, out, workers=1, progress=False)
    assert {name: (out / name).read_bytes() for name in files(out)} == before


def test_crops_never_overwrite_other_files(quick, tmp_path):
    source, out = shades(tmp_path / "in", "a.png", "A.jpg", "a-2.png"), shades(tmp_path / "out", "a_0.png")
    own = (out / "a_0.png").read_bytes()
    crop(source, out, workers=1, progress=False)
    assert (out / "a_0.png").read_bytes() == own
    names = [row["file"] for row in read(out)]
    assert len({name.casefold() for name in names}) == 3 and "a_0.png" not in names
    crop(source, out, workers=1, progress=False)
    assert [row["file"] for row in read(out)] == names


def test_a_foreign_table_is_not_replaced(quick, tmp_path):
    source = shades(tmp_path, "a.png")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "faces.csv").write_text("file,hair\na.png,red\n")
    with pytest.raises(InputError, match=r"faces\.csv in the output folder"):
        crop(source, tmp_path / "out", progress=False)
    assert (tmp_path / "out" / "faces.csv").read_text() == "file,hair\na.png,red\n"


def test_crops_inside_the_pictures_are_not_read(quick, tmp_path):
    source = shades(tmp_path, "a.png")
    for _ in range(2):
        assert crop(source, source / "crops", workers=1, progress=False)["faces"] == 1


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege on Windows")
def test_crops_behind_a_link_are_not_read(quick, tmp_path):
    source = shades(tmp_path / "in", "a.png")
    (source / "crops").mkdir()
    (tmp_path / "link").symlink_to(source / "crops")
    for _ in range(2):
        assert crop(source, tmp_path / "link", workers=1, progress=False)["faces"] == 1


@pytest.mark.skipif(os.name == "nt", reason="file names are text on Windows")
def test_a_name_may_be_any_bytes(quick, tmp_path):
    source = shades(tmp_path / "in", "a.png")
    (source / "a.png").rename(source / os.fsdecode(b"a\xff.png"))
    for _ in range(2):
        assert crop(source, tmp_path / "out", workers=1, progress=False)["faces"] == 1
    assert files(tmp_path / "out") == [os.fsdecode(b"a\xff_0.png"), "faces.csv"]


@pytest.mark.parametrize("stem", ["a" * 250, "顔" * 82, "😀" * 62], ids=["ASCII", "Japanese", "emoji"])
def test_long_names_are_cut(quick, tmp_path, stem):
    source = shades(tmp_path / "in", "a.png", "a.jpg", "b.png")
    for kind in ("png", "jpg"):
        (source / f"a.{kind}").rename(source / f"{stem}.{kind}")
    for _ in range(2):
        assert crop(source, tmp_path / "out", workers=1, progress=False)["faces"] == 3
        first, *_ = [row["file"] for row in read(tmp_path / "out") if row["source"] != "b.png"]
        assert first.partition("_")[0].startswith(stem[:40]) and len(os.fsencode(first)) < 220
    assert len(files(tmp_path / "out")) == 4


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
def test_a_name_with_a_line_break_costs_no_other_file(quick, tmp_path, monkeypatch):
    source, out = shades(tmp_path / "in", "a\nown.png"), shades(tmp_path / "out", "own_0.png")
    replace = os.replace

    def fail(old, new):
        if Path(new).name == "faces.csv":
            raise KeyboardInterrupt
        replace(old, new)

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(KeyboardInterrupt):
        crop(source, out, workers=1, progress=False)
    assert files(out) == ["own_0.png"]


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()], ids=repr)
@pytest.mark.parametrize("step", range(6))
def test_a_publishing_that_fails_at_any_step_leaves_the_earlier_crops_alone(quick, tmp_path, monkeypatch, error, step):
    source, out = shades(tmp_path / "in", "a.png", "b.png", "c.png"), tmp_path / "out"
    crop(source, out, size=32, workers=1, progress=False)
    before = {name: (out / name).read_bytes() for name in files(out)}
    steps, replace = iter(range(9)), os.replace

    def fail(*names):
        if next(steps) == step:
            raise error
        replace(*names)

    monkeypatch.setattr(os, "replace", fail)
    try:
        crop(source, out, size=16, workers=1, progress=False)
    except (OSError, KeyboardInterrupt):
        assert {name: (out / name).read_bytes() for name in files(out)} == before
    else:
        assert step == 5  # the journal, three crops, the table
        assert len(files(out)) == 4 and set(files(out)) & set(before) == {"faces.csv"}


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege on Windows")
@pytest.mark.timeout(60)
def test_a_folder_is_walked_as_pack_walks_it(quick, tmp_path):
    source = shades(tmp_path / ".in", "a.png", ".thumbnails/a.png", "__MACOSX/b.png", "deep/er/c.png")
    (source / "lost.png").symlink_to(source / "gone.png")
    os.mkfifo(source / "pipe.png")
    (source / "linked").symlink_to(source / "deep")
    (source / ".linked").symlink_to(source / "deep")
    result = crop(source, tmp_path / "out", workers=1, progress=False)
    assert [row["source"] for row in read(tmp_path / "out")] == ["a.png", "deep/er/c.png"]
    unreadable = {"lost.png": "No such file or directory", "pipe.png": "it is no ordinary file"}
    unreadable["linked"] = "a link to a folder is not followed"
    assert (result["scenes"], result["skipped"]["unreadable"]) == (2, unreadable)


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege on Windows")
def test_a_folder_with_nothing_but_links_to_folders(quick, tmp_path):
    shades(tmp_path / "set", "a.png")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "linked").symlink_to(tmp_path / "set")
    with pytest.raises(InputError, match=r"there must be a picture .*linked: a link to a folder is not followed\)"):
        crop(tmp_path / "in", tmp_path / "out", progress=False)


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="only a user can be kept out of a folder")
def test_a_folder_that_cannot_be_read_is_named(quick, tmp_path):
    source = shades(tmp_path / "in", "a.png", "b/c.png")
    (source / "b").chmod(0)
    result = crop(source, tmp_path / "out", workers=1, progress=False)
    (source / "b").chmod(0o700)
    assert (result["scenes"], result["skipped"]["unreadable"]) == (1, {"b": "Permission denied"})


def test_a_file_over_the_limit_is_named(quick, tmp_path):
    source = shades(tmp_path / "in", "a.png")
    data = (source / "a.png").read_bytes()
    (source / "b.png").write_bytes(data + b"more")  # decodes, as far as it goes
    result = crop(source, tmp_path / "out", workers=1, progress=False, limits=Limits(file_bytes=len(data)))
    reason = f"a file must hold at most {len(data)} file bytes (--most-file-bytes). Received: {len(data) + 4}"
    assert (result["scenes"], result["skipped"]["unreadable"]) == (1, {"b.png": reason})


def test_one_file_or_a_list(quick, tmp_path):
    source = shades(tmp_path / "in", "a.png", "more/b.png", "c.png")
    assert crop(source / "a.png", tmp_path / "1", progress=False)["scenes"] == 1
    assert [row["source"] for row in read(tmp_path / "1")] == ["a.png"]
    crop([source / "more", str(source / "c.png"), source / "more" / "b.png"], tmp_path / "2", workers=1, progress=False)
    assert [row["source"] for row in read(tmp_path / "2")] == ["c.png", "more/b.png"]


def test_too_small_faces_are_counted(quick, tmp_path):
    quick((0, 0, 23, 23), (0, 0, 24, 24))
    result = crop(shades(tmp_path / "in", "a.png"), tmp_path / "out", progress=False)
    assert (result["faces"], result["skipped"]["too small"]) == (1, 1)


@pytest.mark.parametrize(
    ("box", "margin", "expected"),
    [
        ((20, 10, 40, 30), 0.0, (20, 10, 40, 30)),
        ((20, 10, 40, 30), 0.5, (10, 0, 50, 40)),
        ((0, 0, 20, 20), 0.5, (0, 0, 40, 40)),  # moved inwards at the edge
        ((60, 40, 80, 60), 0.5, (40, 20, 80, 60)),
        ((20, 10, 40, 26), 0.5, (10, -2, 50, 38)),  # a square around a box that is none
    ],
)
def test_the_cut_is_a_square_around_the_box(box, margin, expected):
    rows, columns = np.mgrid[0:60, 0:80]
    image = np.stack([rows * 4, columns * 3, rows * 0], axis=-1).astype(np.uint8)
    x0, y0, x1, y1 = expected
    y0, y1 = max(0, y0), y1 - min(0, y0)
    assert np.array_equal(cut(image, box, x1 - x0, margin), image[y0:y1, x0:x1])


def test_a_square_larger_than_the_picture_repeats_its_edge():
    image = np.full((30, 60, 3), 7, np.uint8)
    image[0], image[-1] = 1, 9
    square = cut(image, (20, 5, 40, 25), 60, 1.0)
    assert (square[:16] == 1).all() and (square[16:44] == 7).all() and (square[44:] == 9).all()


@pytest.mark.parametrize("margin", [0, 0.3, 2])
@pytest.mark.parametrize("shape", [(1, 300, 3), (300, 1, 3), (25, 25, 3), (200, 300, 3)])
def test_any_cut_has_its_size(shape, margin):
    height, width = shape[:2]
    assert cut(np.zeros(shape, np.uint8), (width // 2, 0, width, height), 16, margin).shape == (16, 16, 3)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"size": 8}, "size must lie in 16 to 512"),
        ({"size": 1024}, "size must lie in 16 to 512"),
        ({"margin": -0.1}, "margin must lie in 0 to 2"),
        ({"margin": float("nan")}, "margin must lie in 0 to 2"),
        ({"workers": 0}, "at least one worker"),
        ({"likelihood": 2}, "likelihood must lie in 0 to 1"),
        ({"detector": "lbp"}, "lbp needs a cascade"),
        ({"pictures": "gone"}, "gone, which is missing"),
        ({"pictures": []}, "an empty list"),
        ({"out": "file"}, "output must be a folder"),
    ],
)
def test_bad_input(tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    shades(tmp_path / "in", "a.png")
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=message):
        crop(**{"pictures": "in", "out": "out", "progress": False} | arguments)
    assert not (tmp_path / "out").exists()


def test_a_folder_without_pictures(tmp_path):
    (tmp_path / "notes.txt").write_text("no picture")
    (tmp_path / ".hidden.png").write_bytes(b"")
    with pytest.raises(InputError, match="there must be a picture"):
        crop(tmp_path, tmp_path / "out", progress=False)


def test_only_unreadable_pictures(quick, tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"")
    with pytest.raises(InputError, match=r"no face was found in 1 pictures \(1 unreadable, such as a\.jpg"):
        crop(tmp_path, tmp_path / "out", progress=False)


def test_a_silent_animeface_stops_the_run(scenes, tmp_path, monkeypatch):
    detecting.check_animeface.cache_clear()
    monkeypatch.setattr(animeface, "detect", lambda image: [])
    with pytest.raises(InputError, match="pillow<12"):
        crop(scenes, tmp_path / "out", progress=False)
    assert not (tmp_path / "out").exists()


def end_the_process(job):
    os._exit(1)


def test_a_dying_worker_is_told(scenes, tmp_path, monkeypatch):
    monkeypatch.setattr(cropping, "_crop_in_worker", end_the_process)
    with pytest.raises(InputError, match="one ended early"):
        crop(scenes, tmp_path, workers=2, progress=False)
    assert files(tmp_path) == []


@pytest.mark.skipif(not SHARED.exists(), reason=f"the real scenes are not here: {SHARED}")
def test_real_scenes(tmp_path):
    with zipfile.ZipFile(SHARED) as archive:
        for name in [name for name in archive.namelist() if name.endswith(".jpg")][:2]:
            archive.extract(name, tmp_path / "in")
    result = crop(tmp_path / "in", tmp_path / "out", workers=1, progress=False)
    assert result["scenes"] == 2 and result["faces"] >= 2 and result["skipped"]["unreadable"] == {}
