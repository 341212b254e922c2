"""Tags that the face network gives to faces without any."""

import csv

import pytest

from animegan.faces.drawn import pack_drawn
from animegan.faces.packed import FaceSet
from animegan.faces.packing import pack
from animegan.files import InputError
from animegan.gan.naming import name_faces


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    path = tmp_path_factory.mktemp("drawn") / "faces.h5"
    pack_drawn(path, count=120, size=64, seed=9, progress=False)
    return path


def read(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_the_names_are_mostly_right_and_make_a_table_for_pack(drawn, tmp_path):
    result = name_faces(drawn, tmp_path / "tags.csv", ("gender", "hair"))
    with FaceSet(drawn) as faces:
        sources = faces.sources()
        wanted = {tag: [faces.tags[tag][code] for code in faces.codes(tag)] for tag in ("gender", "hair")}
    rows = read(tmp_path / "tags.csv")
    assert [row["file"] for row in rows] == sources
    assert result["pictures"] == 120
    for tag, values in wanted.items():
        named = [(row[tag], value) for row, value in zip(rows, values, strict=True) if row[tag]]
        assert result["named"][tag] == len(named) > 60
        right = sum(name == value for name, value in named) / len(named)
        assert result["agreement"][tag] == pytest.approx(right, abs=1e-4)
        assert right > 0.8
    pack([drawn], tmp_path / "tagged.h5", 64, tags=tmp_path / "tags.csv", progress=False)
    with FaceSet(tmp_path / "tagged.h5") as faces:
        value = rows[0]["gender"] or "girl"
        assert len(faces.select(f"gender={value}")) >= sum(row["gender"] == value for row in rows)


def test_only_what_the_network_is_sure_of_is_named(drawn, tmp_path):
    none, some, all_ = (name_faces(drawn, tmp_path / "t.csv", ("brows",), sure) for sure in (1, 0.5, 0))
    assert 0 == none["named"]["brows"] < some["named"]["brows"] < all_["named"]["brows"] == 120
    assert none["agreement"]["brows"] is None


def test_faces_without_tags_have_nothing_to_agree_with(drawn, tmp_path, write_pictures):
    write_pictures(tmp_path / "pictures", a=1, b=2)
    pack([tmp_path / "pictures"], tmp_path / "bare.h5", 32, progress=False)
    result = name_faces(tmp_path / "bare.h5", tmp_path / "tags.csv", sure=0)
    assert result["named"] == {"hair": 2, "eyes": 2} and result["agreement"] == {}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"tags": ("hare",)}, "tags must be some of .*hair.* Received: hare"),
        ({"tags": ()}, "Received: none"),
        ({"sure": 80}, r"sure must be from 0 to 1\. Received: 80"),
    ],
)
def test_what_cannot_be_is_refused(drawn, tmp_path, words, message):
    with pytest.raises(InputError, match=message):
        name_faces(drawn, tmp_path / "tags.csv", **words)
    assert not (tmp_path / "tags.csv").exists()
