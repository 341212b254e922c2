"""Answers to the exercises: a check says what is wrong with each, however it is written, and never ends in an error."""

import json

import numpy as np
import pytest
from test_notebooks import PATHS, exercises

from animegan.answers import are_numbers, is_number
from animegan.faces.drawing import draw_faces
from animegan.faces.drawn import pack_drawn
from animegan.faces.packed import FaceSet
from animegan.faces.packing import pack
from animegan.files import InputError
from animegan.pictures import decode, save

CHECKS = {
    f"{path.stem}: {name}": (name, check)
    for path in PATHS
    for name, (_, check, _) in exercises(json.loads(path.read_text(encoding="utf-8"))).items()
}
WRONG = {
    "a wrong word": "mode collapse of the curve",
    "one of the choices of notebook 0": "an area",
    "one of the choices of notebook 2": "duplicate",
    "one of the choices of notebook 5": "d - h",
    "an empty word": "",
    "a wrong number": 7.5,
    "a number below 0": -3,
    "not a number": float("nan"),
    "a wrong pair": (1, 2.5),
    "half of a pair": (5,),
    "a pair with a word": (5, "0.954"),
    "a pair without numbers": (float("nan"), float("nan")),
    "words": ["hair=pink", "glasses"],
    "tuples of words": [("hair=red", "mouth=smile")],
    "a wrong list": [4, 8],
    "an empty list": [],
    "lists of several lengths": [[1], [2, 3]],
    "a dict": {"a": 1},
    "a function": len,
}


@pytest.fixture(scope="module")
def made_before(tmp_path_factory):
    """What the checks take from the cells before them, by name."""
    data = tmp_path_factory.mktemp("data")
    crops = data / "crops"
    save(next(draw_faces(1, size=64, seed=0))[0], crops / "face.png")
    pack_drawn(data / "faces.h5", 600, size=32, seed=0, progress=False)
    finds = [(0.97, True), (0.9, False), (0.95, True), (0.5, True), (0.4, False)]
    names = {"np": np, "are_numbers": are_numbers, "is_number": is_number, "FaceSet": FaceSet, "InputError": InputError}
    return names | {"data": data, "crops": crops, "finds": finds, "decode": decode, "save": save, "pack": pack}


@pytest.mark.parametrize(("name", "check"), CHECKS.values(), ids=CHECKS)
def test_a_wrong_answer_is_told_what_is_wrong(name, check, made_before, capsys):
    for kind, answer in WRONG.items():
        exec(check, {**made_before, name: answer})
        assert capsys.readouterr().out.startswith("not yet: "), kind
    exec(check, {**made_before, name: None})
    assert capsys.readouterr().out.startswith("not answered yet")


@pytest.mark.parametrize("one", [5, 0.5, np.float32(2), np.int64(3), np.array(4.0)])
def test_a_number_is_one_whatever_it_is_written_as(one):
    assert is_number(one) and not are_numbers(one)
    assert are_numbers([one, one], 2) and are_numbers((one,)) and not are_numbers([one], 2)


@pytest.mark.parametrize("other", [None, "5", True, [], [5], 1j, float("inf"), {5}, {"a": 5}, [[1], [2, 3]], object()])
def test_what_is_no_number(other):
    assert not is_number(other)


def test_numbers_are_a_row():
    assert are_numbers(range(3), 3) and are_numbers(np.arange(3))
    assert not any(map(are_numbers, [[], [[1, 2]], ["1", "2"], {1, 2}, [1, None], [1, float("nan")], "12"]))
