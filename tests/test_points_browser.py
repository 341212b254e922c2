"""Notebook 0 in JupyterLab in a real browser: the player plays, pauses, hears its controls and takes drawings."""

import pytest
from browsing import PATIENCE, assert_all_cells_ran, assert_quiet, opened, settled

pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    with opened("00_what_is_a_gan.ipynb", tmp_path_factory, "player.png") as lab:
        yield lab


def press(lab, name):
    lab.page.get_by_role("button", name=name, exact=True).click()


def rounds(lab):
    return int(lab.ask("player.game.round"))


def wait_for(lab, expression, wanted="True"):
    """Wait until an expression in the kernel has a value."""
    for _ in range(10 * PATIENCE):
        if (answer := lab.ask(expression)) == wanted:
            return
        lab.page.wait_for_timeout(100)
    raise AssertionError(f"{expression} is {answer}, not {wanted}")


def test_all_cells_run(lab):
    assert_all_cells_ran(lab)


def test_the_pictures_are_the_kernel_s(lab):
    for which, name in enumerate(("plane", "sheet", "latents")):
        settled(lab, f"player.{name}", which=which)
    assert lab.page.get_by_role("img", name="Real and generated points").count() == 1


def test_a_screen_reader_hears_what_a_figure_shows(lab):
    assert lab.page.get_by_role("img", name="2 pictures of points: a star; round", include_hidden=True).count() == 1


def test_a_step_is_one_round(lab):
    before, picture = rounds(lab), settled(lab, "player.plane")
    press(lab, "Step")
    wait_for(lab, f"player.game.round == {before + 1}")
    settled(lab, "player.plane", picture)
    lab.page.get_by_role("status").get_by_text(f"Round {before + 1:,}").wait_for()


def test_it_plays_and_the_kernel_stays_free(lab):
    """Cells are answered while it plays; after Pause, nothing moves."""
    before = rounds(lab)
    press(lab, "Play")
    wait_for(lab, f"player.game.round > {before + 20}")
    assert lab.ask("6 * 7") == "42" and lab.ask("player.playing") == "True"
    press(lab, "Pause")
    wait_for(lab, "player.playing", "False")
    still = rounds(lab)
    lab.page.wait_for_timeout(1000)
    assert rounds(lab) == still
    settled(lab, "player.plane")


def test_a_slider_changes_the_rules_with_the_keyboard(lab):
    slider = lab.page.get_by_role("slider", name="discriminator's rate", exact=True)
    slider.focus()
    lab.page.keyboard.press("Home")
    wait_for(lab, "round(player.game.rules.discriminator_rate, 6)", "0.0001")
    assert slider.get_attribute("aria-valuetext") == "0.0001"


def test_reset_begins_anew_and_keeps_the_rules(lab):
    press(lab, "Reset")
    wait_for(lab, "player.game.round", "0")
    assert lab.ask("round(player.game.rules.discriminator_rate, 6)") == "0.0001"


def test_a_drawing_by_keys_and_by_hand_becomes_the_points(lab):
    pad = lab.page.get_by_role("application", name="Drawing pad")
    pad.focus()
    for key in (" ", *["ArrowRight"] * 6, " "):
        lab.page.keyboard.press(key)
    wait_for(lab, "player.points.value", "'my drawing'")
    wait_for(lab, "player.pad.strokes[0][-1]", "[0.3, 0]")
    box = pad.bounding_box()
    lab.page.mouse.move(box["x"] + 0.2 * box["width"], box["y"] + 0.2 * box["height"])
    lab.page.mouse.down()
    lab.page.mouse.move(box["x"] + 0.2 * box["width"], box["y"] + 0.8 * box["height"], steps=5)
    lab.page.mouse.up()
    wait_for(lab, "len(player.pad.strokes)", "2")
    wait_for(lab, "bool((player.game.real[:, 0] < -0.4).mean() > 0.5)")
    settled(lab, "player.plane")


def test_an_error_shows_in_the_widget(lab):
    press(lab, "Clear drawing")
    wait_for(lab, "player.pad.strokes", "[]")
    press(lab, "Reset")
    lab.page.get_by_role("alert").get_by_text("at least one line or dot").wait_for()
    lab.page.get_by_label("Points", exact=True).select_option("ring of eight")
    wait_for(lab, "player.message.value", "''")


def test_nothing_was_wrong_on_the_console(lab):
    assert_quiet(lab)
