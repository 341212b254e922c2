"""Notebook 5 in JupyterLab in a real browser: cells run, controls steer, pictures are the kernel's."""

import base64
import hashlib
import importlib
import shutil
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
NOTEBOOK = "05_explore_latent_space.ipynb"
SCREENSHOT = ROOT / "build" / "explorer.png"  # kept by continuous integration
PATIENCE = 60  # seconds for a picture to change, on the busiest machine

pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """The notebook, run from top to bottom on the profile tiny, in an open page."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT / "benchmarks")
        module = importlib.import_module("lab")
    if lacks := module.missing():
        pytest.skip(lacks)
    folder = tmp_path_factory.mktemp("served")
    (folder / "notebooks").mkdir()
    (folder / "data").mkdir()
    shutil.copy(ROOT / "notebooks" / NOTEBOOK, folder / "notebooks")
    with module.Lab(folder, tmp_path_factory.mktemp("scratch"), ANIMEGAN_PROFILE="tiny") as lab:
        lab.open(f"notebooks/{NOTEBOOK}")
        lab.run_all()
        lab.page.locator(".animegan-sliders").scroll_into_view_if_needed()
        yield lab
        SCREENSHOT.parent.mkdir(exist_ok=True)
        lab.page.screenshot(path=SCREENSHOT)


def shown(lab, which=0):
    """SHA-256 of the bytes of a picture on the page: 0 the face, 1 the strip."""
    data = lab.page.evaluate(
        """async (which) => {
            const picture = document.querySelectorAll('img.animegan-picture')[which];
            const bytes = new Uint8Array(await (await fetch(picture.src)).arrayBuffer());
            return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
        }""",
        which,
    )
    return hashlib.sha256(base64.b64decode(data)).hexdigest()


def settled(lab, old=None, name="face", which=0):
    """Wait until the page shows what the kernel has drawn, and that is not `old`; returns its hash."""
    expression = f"__import__('hashlib').sha256(explorer.{name}.value).hexdigest()"
    for _ in range(10 * PATIENCE):
        kernel, page = lab.ask(expression).strip("'"), shown(lab, which)
        if kernel == page != old:
            return page
        lab.page.wait_for_timeout(100)
    raise AssertionError(f"the page shows {page[:8]}, the kernel has {kernel[:8]}, before was {old and old[:8]}")


def words(lab):
    return lab.ask("explorer.history.place.words()").strip("'")


def test_all_cells_run(lab):
    cells = lab.cells()
    assert [cell["error"] for cell in cells] == [None] * len(cells)
    assert [cell["count"] for cell in cells] == list(range(1, len(cells) + 1))


def test_the_face_is_the_kernel_s(lab):
    settled(lab)
    settled(lab, name="strip", which=1)


def test_a_slider_steers_with_the_keyboard(lab):
    before, name = settled(lab), lab.ask("explorer.sliders.names[0]").strip("'")
    lab.page.get_by_role("slider", name=name, exact=True).focus()
    for _ in range(5):
        lab.page.keyboard.press("ArrowRight")
    settled(lab, before)
    lab.page.wait_for_function(
        "(name) => document.querySelector(`input[aria-label='${name}']`).value === '0.5'", arg=name
    )
    assert f"{name} +0.5" in words(lab)
    lab.page.get_by_text(words(lab)).wait_for()


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
    assert slider.input_value() == "0"


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


def test_files_are_saved(lab):
    for button, ending in (("Save face (PNG)", ".png"), ("Save blend (MP4)", ".mp4")):
        lab.page.get_by_role("button", name=button).click()
        deadline = time.monotonic() + PATIENCE
        while not list((lab.folder / "build" / "explored").glob(f"[!.]*{ending}")):
            assert time.monotonic() < deadline, ending
            lab.page.wait_for_timeout(100)


def test_an_error_shows_in_the_widget(lab):
    lab.page.get_by_label("Latent", exact=True).fill("nonsense")
    lab.page.keyboard.press("Enter")
    lab.page.get_by_role("alert").get_by_text("must be a text of 100 numbers").wait_for()


def test_nothing_was_wrong_on_the_console(lab):
    slow_start = ("to activate", "is taking too long")  # JupyterLab's own remarks on a busy machine
    assert not [words for words in lab.messages if not any(part in words for part in slow_start)]
