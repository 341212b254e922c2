from types import SimpleNamespace

import numpy as np
import pytest

from animegan.gan.live import LiveView, show_progress, show_runs, show_training
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


def test_runs_have_words(run):
    assert show_progress(run).alt == "Faces of the same latents at 5 stages of training, a row each"
    losses = {"images": 64000, "step": 1000, "discriminator_loss": 0.5, "generator_loss": 2.0}
    run.metrics = lambda: [losses]
    assert show_training(run, alt="Early").alt == "Losses and sample faces of the run after 64,000 pictures. Early"
    wanted = "Losses and sample faces of each run: one, after 1,000 steps; two, after 1,000 steps"
    assert show_runs({"one": run, "two": run}).alt == wanted


def test_the_live_view_has_words(run, monkeypatch):
    run.metrics = lambda: [{"images": 64, "step": 1, "discriminator_loss": 0.5, "generator_loss": 2.0}]
    shown = []
    monkeypatch.setattr("animegan.gan.live.display", lambda made, display_id: shown.append(made))
    LiveView()(run)
    assert [made.alt for made in shown] == ["Losses and sample faces of the run after 64 pictures"]
