"""Rare pictures are shown twice."""

import numpy as np
import pytest

from animegan.faces.packed import FaceSet, FaceWriter
from animegan.gan import rarity, streaming
from animegan.gan.recipes import Recipe
from animegan.gan.runs import Run
from animegan.gan.training import train


@pytest.fixture
def odd(tmp_path):
    """A packed file of grey pictures, all alike but for four, whose greys are far from theirs and each other's."""
    greys = [*range(100, 160), 5, 50, 205, 250]
    pictures = np.stack([np.full((32, 32, 3), grey, np.uint8) for grey in greys])
    with FaceWriter(tmp_path / "odd.h5", 32, {}) as writer:
        writer.add(pictures, [str(grey) for grey in greys], [{}] * len(greys))
    return tmp_path / "odd.h5"


def test_pictures_far_from_all_others_stand_twice(odd, monkeypatch):
    monkeypatch.setattr(rarity, "BLOCK", 7)
    monkeypatch.setattr(rarity, "load_features", lambda name: lambda images: images.mean(axis=(1, 2)))
    with FaceSet(odd) as faces:
        rows = np.flatnonzero(np.arange(len(faces)) != 5)
        shown = rarity.repeat_rarest(faces, rows, 4 / 63)
        sources = faces.sources()
    assert sorted(shown) == list(shown) and len(shown) == 67
    values, counts = np.unique(shown, return_counts=True)
    assert np.array_equal(values, rows)
    assert {sources[row] for row in values[counts == 2]} == {"5", "50", "205", "250"}


@pytest.mark.parametrize("count", [1, 2, 6])
def test_few_pictures_are_no_obstacle(odd, monkeypatch, count):
    monkeypatch.setattr(rarity, "load_features", lambda name: lambda images: images.mean(axis=(1, 2)))
    with FaceSet(odd) as faces:
        rows = np.arange(len(faces))[-count:]
        shown = rarity.repeat_rarest(faces, rows, 0.5)
    assert len(shown) == count + round(count / 2) and set(shown) == set(rows)


def test_a_run_is_shown_what_its_recipe_says_and_goes_on_with_it(faces_file, tmp_path, monkeypatch):
    shown, open_batches = [], streaming.open_batches

    def opened(model, faces, rows, *settings):
        shown.append(rows)
        return open_batches(model, faces, rows, *settings)

    monkeypatch.setattr(streaming, "open_batches", opened)
    recipe = Recipe(width=4, batch=16, rare=0.5)
    for images in (32, 64):
        train(faces_file, tmp_path / "run", recipe, images=images, resume=True, progress=False)
    with FaceSet(faces_file) as faces:
        rows, _ = faces.split()
        expected = rarity.repeat_rarest(faces, rows, 0.5)
    assert len(expected) == len(rows) + round(len(rows) / 2)
    assert all(np.array_equal(each, expected) for each in shown) and len(shown) == 2
    assert Run(tmp_path / "run").config["data"]["pictures"] == len(rows)
