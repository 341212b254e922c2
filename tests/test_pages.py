"""Notebooks as files and as pages: pictures stay, have words, and nothing asks for a kernel or the network."""

import base64
import json
import re
import shlex
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import numpy as np
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from animegan.alt_text import in_words, to_bundle
from animegan.pages import WIDGET, Page, Stored
from animegan.pictures import encode

MAKEFILE = (Path(__file__).parents[1] / "Makefile").read_text(encoding="utf-8").replace("\\\n", " ")
PNG = encode(np.full((4, 4, 3), 200, np.uint8))
WORDS = '2 pictures: "before" & <after>'


class Pictures(HTMLParser):
    """The pictures of a page: [(alt text, source)]."""

    def __init__(self, page):
        super().__init__()
        self.found = []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        if tag == "img":
            self.found.append((dict(attributes).get("alt"), dict(attributes)["src"]))


@pytest.fixture
def notebook():
    """As an execution leaves it: a figure, a widget with its still picture, a table, and the widget's state."""
    data, metadata = to_bundle(PNG, WORDS)
    text = data | {"image/png": base64.b64encode(PNG).decode() + "\n"}
    view = {WIDGET: {"model_id": "ab", "version_major": 2, "version_minor": 0}}
    still = {kind: text[kind] for kind in ("text/plain", "image/png")}
    outputs = [
        new_output("execute_result", text, metadata=metadata, execution_count=1),
        new_output("display_data", view | still, metadata=metadata),
        new_output("display_data", {"text/html": "<b>a table</b>", "text/plain": "a table"}),
        new_output("stream", text="printed"),
    ]
    state = {"application/vnd.jupyter.widget-state+json": {"state": {}, "version_major": 2, "version_minor": 0}}
    made = new_notebook(cells=[new_code_cell("figure", outputs=outputs, execution_count=1)])
    made.metadata["widgets"] = state
    return made


def command(mark):
    """Options of nbconvert in the Makefile's line that has a mark, without those that name files: list of str."""
    (line,) = [line for line in MAKEFILE.splitlines() if mark in line and "nbconvert" in line]
    options = shlex.split(re.search(r"nbconvert(.*?)--output-dir", line)[1])
    return [option for option in options if option != "--execute"]


def convert(notebook, folder, mark):
    """Do what `make tutorial` does with an executed notebook; returns the path of what it made."""
    nbformat.write(notebook, folder / "made.ipynb")
    words = [*command(mark), "--output-dir", str(folder / "out"), str(folder / "made.ipynb")]
    subprocess.run([sys.executable, "-m", "nbconvert", *words], check=True, timeout=120)
    (path,) = (folder / "out").iterdir()
    return path


def test_the_tutorial_s_pages_hold_the_pictures_and_their_words(notebook, tmp_path):
    page = convert(notebook, tmp_path, "--to html").read_text(encoding="utf-8")
    pictures = Pictures(page).found
    assert [alt for alt, _ in pictures] == [WORDS, WORDS]
    for _, source in pictures:
        assert base64.b64decode(source.removeprefix("data:image/png;base64,")) == PNG
    assert "<b>a table</b>" in page and "printed" in page
    assert "widget" not in re.sub(r"<style.*?</style>", "", page, flags=re.DOTALL), "it would be fetched"


def test_the_tutorial_s_notebooks_are_as_stored_ones(notebook, tmp_path):
    made = json.loads(convert(notebook, tmp_path, "--to notebook").read_text(encoding="utf-8"))
    figure, still, table, printed = made["cells"][0]["outputs"]
    assert "widgets" not in made["metadata"]
    for output in (figure, still):
        assert set(output["data"]) == {"text/plain", "image/png"}
        assert output["metadata"]["image/png"]["alt"] == WORDS
    assert set(table["data"]) == {"text/plain", "text/html"} and printed["text"] == ["printed"]


def test_a_picture_without_words_is_left_as_it_is(notebook):
    for output in notebook.cells[0].outputs[:2]:
        output.metadata = {}
    for way in (Stored(), Page()):
        made, _ = way.preprocess(notebook, {})
        assert "image/png" in made.cells[0].outputs[0].data and "text/html" in made.cells[0].outputs[0].data


def test_words_are_made_of_parts():
    assert in_words("2 pictures", ["a", None, "b"]) == "2 pictures: a; b"
    assert in_words("1 picture", [None]) == "1 picture"
    assert in_words("1 picture", ["a"], "More") == "1 picture: a. More"
