from types import SimpleNamespace

import numpy as np
import pytest

from animegan.gan.live import show_progress
from animegan.pictures import save, sheet


@pytest.fixture
def run(tmp_path):
    """A run with sheets of 64 faces, each sheet of one grey: 0, 20, 40, … 180."""
    paths = [tmp_path / f"{index}.png" for index in range(10)]
    for index, path in enumerate(paths):
        save(sheet(np.full((64, 32, 32, 3), 20 * index, np.uint8), columns=8), path)
    return SimpleNamespace(samples=lambda: paths, config={"size": 32})


def greys(made):
    """Of the middle of each row of faces."""
    picture = made.axes[0].images[0].get_array()
    return picture[16::34, 16, 0].tolist()


def columns(made):
    """How many faces wide the picture is, with 2 pixels between faces."""
    return (made.axes[0].images[0].get_array().shape[1] + 2) // 34


def test_progress_is_shown_closer_together_at_the_beginning(run):
    assert greys(show_progress(run)) == [0, 20, 40, 100, 180]
    assert greys(show_progress(run, stages=2)) == [0, 180]
    assert greys(show_progress(run, stages=50)) == [20 * index for index in range(10)]
    assert columns(show_progress(run, faces=4)) == 4
