import dataclasses

import numpy as np
import pytest

from animegan.gan.recipes import Recipe
from animegan.gan.replay import Replay
from animegan.gan.runs import COLUMNS, Run
from animegan.pictures import decode, save, sheet


@pytest.fixture
def runs(tmp_path):
    """A long run and a short one, whose sheets are of one grey: the step's number."""
    made = {}
    for name, steps in (("long", (0, 40, 80, 120)), ("short & sharp", (0, 30, 60))):
        config = {"size": 32, "recipe": dataclasses.asdict(Recipe()), "seed": 0, "report_images": 64, "data": {}}
        run = made[name] = Run.create(tmp_path / name, config)
        for step in steps:
            save(sheet(np.full((64, 32, 32, 3), step, np.uint8), columns=8), run.sample_path(step))
        run.write_metrics([dict.fromkeys(COLUMNS, 0.25) | {"step": step, "images": 64 * step} for step in steps[1:]])
    return made


def greys(replay):
    return [int(decode(picture.value)[16, 16, 0]) for picture in replay.pictures.values()]


def test_the_slider_goes_through_what_the_runs_left(runs):
    replay = Replay(runs)
    low, high, step = replay.slider.ranges["step"]
    assert (low, high, step) == (0, 120, 5)
    assert greys(replay) == [120, 60]  # how they ended
    for place, shown in ((0, [0, 0]), (35, [0, 30]), (40, [40, 30]), (100, [80, 60])):
        replay.slider.values = {"step": place}
        assert greys(replay) == shown
    assert decode(next(iter(replay.pictures.values())).value).shape == (70, 274, 3)  # two rows of eight


def test_only_what_is_shown_is_read(runs):
    for run in runs.values():
        run.samples()[1].write_bytes(b"")
    replay = Replay(runs)
    replay.slider.values = {"step": 0}
    assert greys(replay) == [0, 0]


def test_what_goes_wrong_is_said(runs):
    replay = Replay(runs)
    runs["long"].sample_path(40).unlink()
    replay.slider.values = {"step": 40}
    assert "FileNotFoundError" in replay.message.value and 'role="alert"' in replay.message.value
    replay.slider.values = {"step": 0}
    assert replay.message.value == "" and greys(replay) == [0, 0]


def test_the_words_say_how_each_run_stood(runs):
    replay = Replay(runs)
    replay.slider.values = {"step": 35}
    assert "<p>long, untrained.</p>" in replay.words.value
    assert (
        "<p>short &amp; sharp, after 30 steps: discriminator's loss 0.25, generator's loss 0.25.</p>"
        in replay.words.value.replace("&#x27;", "'")
    )


def test_a_page_without_widgets_shows_the_end(runs):
    data, metadata = Replay(runs)._repr_mimebundle_()
    assert decode(data["image/png"]).shape[2] == 3
    assert "long, after 120 steps" in metadata["image/png"]["alt"]
    assert "application/vnd.jupyter.widget-view+json" in data
