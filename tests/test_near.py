import tracemalloc

import cv2
import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from animegan.cli import main
from animegan.faces.drawing import draw_faces
from animegan.faces.near import Groups, NearDuplicates, look
from animegan.faces.packed import FaceSet, FaceWriter, is_held_out
from animegan.faces.packing import pack
from animegan.pictures import decode, encode, resize

SIZE = 64


@pytest.fixture(scope="module")
def drawn():
    """Drawn faces: uint8 (60, 64, 64, 3), and so alike that only their pixels tell some of them apart."""
    return np.stack([image for image, _ in draw_faces(60, SIZE, seed=3)])


def copy_of(image, side=SIZE, kind=".jpg", quality=75):
    """What somebody else's copy of a picture looks like once it is packed."""
    return resize(decode(encode(resize(image, side), kind, quality)), SIZE)


COPIES = [(64, ".jpg", 60), (64, ".webp", 60), (48, ".jpg", 85), (96, ".jpg", 70), (128, ".webp", 80), (40, ".png", 0)]


@pytest.mark.parametrize("how", COPIES, ids=str)
def test_resized_and_re_encoded_copies_are_found(drawn, how):
    known = NearDuplicates()
    for image in drawn:
        known.add(look(image))
    found = [row in known.find(look(copy_of(image, *how))) for row, image in enumerate(drawn)]
    assert np.mean(found) >= 0.95


def test_other_faces_are_no_copies(drawn):
    known = NearDuplicates()
    for image in drawn:
        assert not len(known.find(look(image)))
        known.add(look(image))


def changed(image, box, colour):
    image = image.copy()
    cv2.rectangle(image, box[:2], box[2:], colour, -1)
    return image


def test_a_picture_that_differs_in_a_place_or_in_its_colours_is_no_copy(drawn):
    known = NearDuplicates()
    known.add(look(drawn[0]))
    assert known.find(look(drawn[0])).tolist() == [0]
    assert not len(known.find(look(changed(drawn[0], (26, 44, 38, 52), (90, 0, 30)))))  # another mouth
    assert not len(known.find(look(drawn[0][..., [1, 2, 0]])))


def test_many_looks_are_kept():
    known, rng = NearDuplicates(), np.random.default_rng(0)
    looks = [look(rng.integers(0, 256, (32, 32, 3), np.uint8)) for _ in range(3000)]
    for one in looks:
        known.add(one)
    assert all(known.find(looks[number]).tolist() == [number] for number in (0, 1023, 1024, 2999))


@given(st.lists(st.sets(st.integers(0, 9)), max_size=12))
def test_groups_are_what_others_join(joined):
    groups = Groups()
    expected = list(range(len(joined)))
    for number, others in enumerate(joined):
        others = {other % number for other in others} if number else set()
        groups.add(np.array(sorted(others), np.int64))
        same = {number, *(expected[other] for other in others)}
        expected = [min(same) if leader in same else leader for leader in expected]
    assert groups.leaders() == expected


# --- packing


@pytest.fixture
def folder(tmp_path, drawn):
    """Thirty faces, then copies of the first ten of them."""
    (tmp_path / "set").mkdir()
    for number, image in enumerate(drawn[:30]):
        (tmp_path / "set" / f"{number:02}.png").write_bytes(encode(image))
    for number, image in enumerate(drawn[:10]):
        (tmp_path / "set" / f"copy_{number:02}.jpg").write_bytes(encode(resize(image, 96), ".jpg", 80))
    return tmp_path / "set"


def test_near_duplicates_are_dropped_and_named(tmp_path, folder, capsys):
    (folder / "tags.csv").write_text("file,hair\ncopy_00.jpg,red\n")
    result = pack([folder], tmp_path / "faces.h5", SIZE, progress=False, drop_copies=True)
    assert (result["pictures"], result["near_duplicates"], result["duplicates"]) == (30, 10, 0)
    assert result["near_pairs"] == [(f"set/copy_{n:02}.jpg", f"set/{n:02}.png") for n in range(10)]
    with FaceSet(tmp_path / "faces.h5") as faces:
        assert faces.sources() == [f"set/{n:02}.png" for n in range(30)]
        assert faces.codes("hair").tolist() == [0] + 29 * [-1]  # as with duplicates, tags fill gaps
    assert main(["pack", str(folder), "--out", str(tmp_path / "again.h5"), "--near-duplicates"]) == 0
    stdout = capsys.readouterr().out
    assert "near_duplicates        10" in stdout
    assert "near_pairs             set/copy_00.jpg set/00.png, set/copy_01.jpg set/01.png, " in stdout


def test_near_duplicates_of_one_name_count_each(tmp_path, drawn):
    folders = [tmp_path / name / "faces" for name in "abc"]
    for folder, side in zip(folders, (64, 96, 128), strict=True):
        folder.mkdir(parents=True)
        (folder / "x.png").write_bytes(encode(resize(drawn[0], side)))
    result = pack(folders, tmp_path / "faces.h5", SIZE, progress=False, drop_copies=True)
    assert (result["pictures"], result["near_duplicates"] + result["duplicates"]) == (1, 2)
    assert result["near_pairs"] == [("faces/x.png", "faces/x.png")] * result["near_duplicates"]


def test_many_pictures_that_look_alike_take_no_memory_for_their_pairs(tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (401, 32, 32, 3), np.uint8)
    looks = [look(images[0])] * 401
    with FaceWriter(tmp_path / "faces.h5", 32, {}) as writer:
        writer.add(images[:1], ["0"], [{}], looks[:1])
        tracemalloc.start()
        writer.add(images[1:], list(map(str, range(1, 401))), [{}] * 400, looks[1:])
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert len(writer.copies) == 400 and peak < 4e6  # 80,000 pairs would take 8 MB


def test_near_duplicates_that_are_kept_are_on_one_side_of_the_split(tmp_path, folder):
    result = pack([folder], tmp_path / "faces.h5", SIZE, progress=False)
    assert (result["pictures"], result["near_duplicates"]) == (40, 10)
    with FaceSet(tmp_path / "faces.h5") as faces:
        sources, digests, (_, held_out) = faces.sources(), faces.digests(), faces.split()
        row = {source: number for number, source in enumerate(sources)}
        for copy, earlier in result["near_pairs"]:
            assert (row[copy] in held_out) == (row[earlier] in held_out)
            least = min(digests[row[copy]], digests[row[earlier]])
            assert (row[copy] in held_out) == is_held_out(least)
        alone = set(range(40)) - {row[name] for pair in result["near_pairs"] for name in pair}
        assert all((number in held_out) == is_held_out(digests[number]) for number in alone)


def test_the_order_of_the_pictures_does_not_change_the_split(tmp_path, folder):
    pack([folder], tmp_path / "a.h5", SIZE, progress=False)
    with FaceSet(tmp_path / "a.h5") as faces, FaceWriter(tmp_path / "b.h5", SIZE, {}) as writer:
        images, digests, (_, held_out) = faces.images()[::-1], faces.digests(), faces.split()
        writer.add(images, faces.sources()[::-1], [{}] * len(images), [look(image) for image in images])
    with FaceSet(tmp_path / "b.h5") as other:
        assert set(other.digests()[other.split()[1]]) == set(digests[held_out])


# --- the split in the file


def test_the_split_that_stands_in_the_file_counts(tmp_path, faces_file):
    path = tmp_path / "faces.h5"
    path.write_bytes(faces_file.read_bytes())
    with h5py.File(path, "a") as file:
        assert file["held_out"].dtype == np.uint8 and file["held_out"].shape == (200,)
        file["held_out"][:] = np.arange(200) < 50
    with FaceSet(path) as faces:
        known, held_out = faces.split()
    assert held_out.tolist() == list(range(50)) and known.tolist() == list(range(50, 200))


def test_a_file_of_version_1_is_split_by_the_pictures_own_digests(tmp_path, faces_file):
    path = tmp_path / "faces.h5"
    path.write_bytes(faces_file.read_bytes())
    with h5py.File(path, "a") as file:
        del file["held_out"]
        file.attrs["version"] = 1
    with FaceSet(path) as old, FaceSet(faces_file) as new:
        for ours, theirs in zip(old.split(), new.split(), strict=True):
            np.testing.assert_array_equal(ours, theirs)
        assert old.split()[1].tolist() == [row for row, digest in enumerate(old.digests()) if is_held_out(digest)]
