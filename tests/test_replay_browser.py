"""Notebook 6, as far as its replay, in JupyterLab in a real browser: the replay goes through the runs by key."""

import pytest
from browsing import assert_all_cells_ran, assert_quiet, opened, settled

pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    with opened("06_when_training_fails.ipynb", tmp_path_factory, "replay.png", until="\nreplay") as lab:
        yield lab


def test_all_cells_run(lab):
    assert_all_cells_ran(lab)


def test_a_key_goes_back_to_the_beginning_and_to_the_end(lab):
    title = "list(replay.pictures)[0]"
    end = settled(lab, f"replay.pictures[{title}]", which=1)
    slider = lab.page.get_by_role("slider", name="step", exact=True)
    slider.focus()
    lab.page.keyboard.press("Home")
    begin = settled(lab, f"replay.pictures[{title}]", end, which=1)
    lab.page.get_by_text("untrained").first.wait_for()
    lab.page.keyboard.press("End")
    assert settled(lab, f"replay.pictures[{title}]", begin, which=1) == end
    assert lab.page.get_by_role("img", name="Faces of the run healthy").count() == 1


def test_nothing_was_wrong_on_the_console(lab):
    assert_quiet(lab)
