"""Notebook 5 in JupyterLab in a real browser: cells run, controls steer, pictures are the kernel's."""

import hashlib
import time

import browsing
import imageio_ffmpeg
import pytest
from browsing import PATIENCE, assert_all_cells_ran, assert_quiet, opened, shown

from animegan.pictures import decode

pytestmark = pytest.mark.timeout(900)
STATE = "__import__('importlib').import_module('animegan.latent.state')"  # in the kernel


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    with opened("05_explore_latent_space.ipynb", tmp_path_factory, "explorer.png") as lab:
        yield lab


def settled(lab, old=None, name="face", which=0):
    """The hash of the explorer's picture, once the page shows it: 0 the face, 1 the strip."""
    return browsing.settled(lab, f"explorer.{name}", old, which)


def stands(lab, name, value):
    """Wait until a slider stands at a value: the controls follow the face."""
    found = "([name, value]) => document.querySelector(`input[aria-label='${name}']`).value === value"
    lab.page.wait_for_function(found, arg=[name, value])


def words(lab):
    return lab.ask("explorer.history.place.words()").strip("'")


def test_all_cells_run(lab):
    assert_all_cells_ran(lab)


def test_the_face_is_the_kernel_s(lab):
    settled(lab)
    settled(lab, name="strip", which=1)


def test_a_slider_steers_with_the_keyboard(lab):
    before, name = settled(lab), lab.ask("explorer.sliders.names[0]").strip("'")
    lab.page.get_by_role("slider", name=name, exact=True).focus()
    for _ in range(5):
        lab.page.keyboard.press("ArrowRight")
    settled(lab, before)
    stands(lab, name, "0.5")
    assert f"{name} +0.5" in words(lab)
    lab.page.get_by_text(words(lab)).wait_for()


def test_the_page_answers_when_the_kernel_says_that_it_is_busy(lab):
    """Without that answer the notebook server holds the face back: see common.js."""
    lab.ask("setattr(explorer, 'heard', [])")
    lab.ask("setattr(explorer, 'hear', lambda widget, content, buffers: explorer.heard.append(content))")
    lab.ask("explorer.sliders.on_msg(explorer.hear)")
    before = settled(lab)
    lab.page.get_by_role("slider", name=lab.ask("explorer.sliders.names[0]").strip("'"), exact=True).focus()
    lab.page.keyboard.press("ArrowRight")
    settled(lab, before)
    assert lab.ask("explorer.heard") == "[{}]"
    lab.ask("explorer.sliders.on_msg(explorer.hear, remove=True)")


def test_undo_brings_the_old_face_back(lab):
    lab.page.get_by_role("button", name="Reset").click()
    lab.page.wait_for_timeout(500)
    before = settled(lab)
    name = lab.ask("explorer.sliders.names[1]").strip("'")
    slider = lab.page.get_by_role("slider", name=name, exact=True)
    slider.focus()
    lab.page.keyboard.press("End")
    settled(lab, before)
    lab.page.get_by_role("button", name="Undo").click()
    for _ in range(10 * PATIENCE):
        if shown(lab) == before:
            break
        lab.page.wait_for_timeout(100)
    assert shown(lab) == before
    stands(lab, name, "0")


def test_the_pad_moves_by_key_and_by_hand(lab):
    before, pad = settled(lab), lab.page.locator(".animegan-pad")
    pad.focus()
    lab.page.keyboard.press("Shift+ArrowUp")
    after = settled(lab, before)
    box = pad.bounding_box()
    lab.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    lab.page.mouse.down()
    lab.page.mouse.move(box["x"] + box["width"] * 0.8, box["y"] + box["height"] * 0.3, steps=5)
    lab.page.mouse.up()
    settled(lab, after)
    assert "Pad of two directions" in pad.get_attribute("aria-label")


def test_a_face_is_picked_with_keys_alone(lab):
    before = settled(lab)
    lab.page.get_by_role("button", name="Face 1 of 20").focus()
    for key in ("ArrowRight", "ArrowDown", "Enter"):
        lab.page.keyboard.press(key)
    settled(lab, before)
    assert words(lab) == "face 12 of seed 0: as it was"


def test_the_blend_ends_at_face_b(lab):
    before = settled(lab)
    lab.page.get_by_role("slider", name="blend A to B").focus()
    lab.page.keyboard.press("End")
    settled(lab, before)
    assert words(lab).endswith("blended 100% of the way to face B")
    assert lab.ask("bool(abs(explorer.latent - explorer.history.place.other).max() < 1e-5)") == "True"


def test_a_menu_obeys_the_keys(lab):
    """They are JupyterLab's commands otherwise: b adds a cell, x cuts the one with the explorer."""
    cells, before = lab.page.locator(".jp-Notebook .jp-Cell").count(), lab.ask("len(explorer.sliders.names)")
    menu = lab.page.get_by_label("Add slider")
    menu.focus()
    for key in ("b", "x", "ArrowDown"):
        lab.page.keyboard.press(key)
    name = menu.locator("option:checked").inner_text()
    lab.page.get_by_role("slider", name=name, exact=True).wait_for()
    assert int(lab.ask("len(explorer.sliders.names)")) > int(before)
    assert lab.page.locator(".jp-Notebook .jp-Cell").count() == cells
    assert menu.evaluate("menu => menu === document.activeElement")


def test_keys_of_the_controls_reach_no_one_else(lab):
    """VS Code acts on keys that bubble up to the page: Enter on a button took the focus to the first face."""
    lab.page.evaluate("window.heard = []; document.addEventListener('keydown', ({ key }) => window.heard.push(key))")
    presses = {"Face 2 of 20": "Enter", "Undo": "Enter", "Add slider": "b", "Pad up": "Home", "truncation": "ArrowUp"}
    for name, key in presses.items():
        lab.page.get_by_label(name, exact=True).or_(lab.page.get_by_role("button", name=name, exact=True)).first.focus()
        lab.page.keyboard.press(key)
    lab.page.keyboard.press("Escape")
    assert lab.page.evaluate("window.heard") == ["Escape"]
    settled(lab)


def test_a_face_is_pasted_with_keys_alone(lab):
    before, text = settled(lab), lab.ask(f"{STATE}.to_text(explorer.latents[5])").strip("'")
    lab.page.get_by_label("Latent", exact=True).focus()
    lab.page.keyboard.press("Control+A")
    lab.page.keyboard.insert_text(text)
    lab.page.keyboard.press("Enter")
    pasted = settled(lab, before)
    assert words(lab) == "pasted latent: as it was"
    lab.page.get_by_role("button", name="Undo").focus()
    lab.page.keyboard.press("Enter")
    assert settled(lab, pasted) == before


def test_files_are_saved(lab):
    settled(lab)
    for kind, (stem, ending) in {
        "Save face (PNG)": ("face", "png"),
        "Save strip (PNG)": ("strip", "png"),
        "Save blend (GIF)": ("blend", "gif"),
        "Save blend (MP4)": ("blend", "mp4"),
    }.items():
        before = set((lab.folder / "build" / "explored").glob("*"))
        lab.page.get_by_role("button", name=kind).click()
        deadline = time.monotonic() + PATIENCE
        while not (new := set((lab.folder / "build" / "explored").glob(f"{stem}_*.{ending}")) - before):
            assert time.monotonic() < deadline, kind
            lab.page.wait_for_timeout(100)
        (path,) = new
        lab.page.get_by_text(path.name).first.wait_for()
        if stem == "blend":
            assert imageio_ffmpeg.count_frames_and_secs(str(path))[0] > 10
        else:
            assert decode(path.read_bytes()).any()
    face = lab.ask("__import__('hashlib').sha256(explorer.generate(explorer.latent).tobytes()).hexdigest()").strip("'")
    (saved,) = (lab.folder / "build" / "explored").glob("face_*.png")
    assert hashlib.sha256(decode(saved.read_bytes()).tobytes()).hexdigest() == face


def test_an_error_shows_in_the_widget(lab):
    lab.page.get_by_label("Latent", exact=True).fill("nonsense")
    lab.page.keyboard.press("Enter")
    lab.page.get_by_role("alert").get_by_text("must be a text of 100 numbers").wait_for()


def test_nothing_was_wrong_on_the_console(lab):
    assert_quiet(lab)
