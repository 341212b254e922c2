"""A notebook of the series, or one control alone, in a real browser, for the tests of its widgets."""

import base64
import contextlib
import hashlib
import importlib
import json
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PATIENCE = 60  # seconds for a picture to change, on the busiest machine
SLOW_START = ("to activate", "is taking too long")  # JupyterLab's own remarks on a busy machine


def lab_module():
    """benchmarks/lab.py."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT / "benchmarks")
        return importlib.import_module("lab")


@contextlib.contextmanager
def opened(notebook, factory, screenshot, until=None):
    """The notebook, run from top to bottom on the profile tiny, in an open page.

    Args:
        notebook: its file's name.
        factory: pytest's tmp_path_factory.
        screenshot: name in build/ of a picture of the page at the end, which continuous integration keeps.
        until: end of the code cell after which the notebook is cut off; None for all of it.

    Yields:
        the Lab of benchmarks/lab.py; the test is skipped where there is no browser.
    """
    module = lab_module()
    if lacks := module.missing():
        pytest.skip(lacks)
    folder = factory.mktemp("served")
    (folder / "notebooks").mkdir()
    (folder / "data").mkdir()
    document = json.loads((ROOT / "notebooks" / notebook).read_text(encoding="utf-8"))
    ends = [until and "".join(cell["source"]).endswith(until) for cell in document["cells"]]
    cells = document["cells"][: ends.index(True) + 1 if until else None]
    (folder / "notebooks" / notebook).write_text(json.dumps(document | {"cells": cells}), encoding="utf-8")
    with module.Lab(folder, factory.mktemp("scratch"), ANIMEGAN_PROFILE="tiny") as lab:
        lab.open(f"notebooks/{notebook}")
        lab.run_all()
        lab.page.locator(".animegan-sliders").first.scroll_into_view_if_needed()
        yield lab
        (ROOT / "build").mkdir(exist_ok=True)
        lab.page.screenshot(path=ROOT / "build" / screenshot)


@contextlib.contextmanager
def bare_page():
    """An empty page in Chromium, for a control alone; the test is skipped where there is no browser.

    Yields:
        the page of Playwright, and a list of what goes wrong on it.
    """
    module = lab_module()
    if lacks := module.missing():
        pytest.skip(lacks)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path=module.chromium(), args=list(module.FLAGS))
        page, errors = browser.new_page(), []
        page.on("pageerror", lambda error: errors.append(str(error)))
        yield page, errors
        browser.close()


def shown(lab, which=0):
    """SHA-256 of the bytes of a picture on the page, by its number."""
    data = lab.page.evaluate(
        """async (which) => {
            const picture = document.querySelectorAll('img.animegan-picture')[which];
            const bytes = new Uint8Array(await (await fetch(picture.src)).arrayBuffer());
            return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
        }""",
        which,
    )
    return hashlib.sha256(base64.b64decode(data)).hexdigest()


def settled(lab, picture, old=None, which=0):
    """Wait until the page shows what the kernel has drawn, and that is not `old`; returns its hash.

    Args:
        lab: the Lab.
        picture: expression of a Picture in the kernel, such as "explorer.face".
        old: a hash, or None.
        which: number of the picture on the page.
    """
    expression = f"__import__('hashlib').sha256({picture}.value).hexdigest()"
    for _ in range(10 * PATIENCE):
        kernel, page = lab.ask(expression).strip("'"), shown(lab, which)
        if kernel == page != old:
            return page
        lab.page.wait_for_timeout(100)
    raise AssertionError(f"the page shows {page[:8]}, the kernel has {kernel[:8]}, before was {old and old[:8]}")


def assert_all_cells_ran(lab):
    """Each cell has its number, none has an error."""
    cells = lab.cells()
    assert [cell["error"] for cell in cells] == [None] * len(cells)
    assert [cell["count"] for cell in cells] == list(range(1, len(cells) + 1))


def assert_quiet(lab):
    """Nothing was wrong on the browser's console."""
    noise = [words for words in lab.messages if not any(part in words for part in SLOW_START)]
    assert not noise
