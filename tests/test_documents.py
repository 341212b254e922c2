"""The notes beside the notebooks: that their links lead somewhere, and the glossary is in order."""

import importlib
import re
import unicodedata
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from test_notebooks import LINK, PATHS

from animegan.gan.finding import pretrained_names
from animegan.pictures import decode

ROOT = Path(__file__).parents[1]
NOTES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("data/**/*.md")])
IMAGE = re.compile(r"""!\[([^\]]+)\]\(([^)]+)\)|<img src="([^"]+)" width="\d+" alt="([^"]+)">""")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def anchors(text):
    """What a link can name after a #: the headings as GitHub writes them."""
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in HEADING.findall(text)}


@pytest.mark.parametrize("note", NOTES, ids=lambda note: str(note.relative_to(ROOT)))
def test_links_lead_somewhere(note):
    text = note.read_text(encoding="utf-8")
    for target in LINK.findall(text):
        if target.startswith(("http://", "https://")):
            continue
        name, _, anchor = target.partition("#")
        found = note.parent / name if name else note
        assert found.exists(), target
        if anchor and found.suffix == ".md":
            assert anchor in anchors(found.read_text(encoding="utf-8")), target


def test_the_glossary_is_in_order():
    words = re.findall(
        r"^\| \*\*(.+?)\*\* \|", (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert len(words) > 40
    assert words == sorted(
        words, key=lambda word: unicodedata.normalize("NFKD", word.lower()).encode("ascii", "ignore")
    )


def test_the_readme_shows_a_piece_of_each_notebook_as_it_is_stored(monkeypatch):
    shown = {source or other for _, source, other, _ in IMAGE.findall((ROOT / "README.md").read_text(encoding="utf-8"))}
    folder = ROOT / "docs" / "pictures"
    assert shown == {str(path.relative_to(ROOT)) for path in folder.iterdir()}
    monkeypatch.syspath_prepend(ROOT / "docs")
    made = importlib.import_module("pictures").pieces()
    assert list(made) == [path.stem for path in PATHS]
    for name, piece in made.items():
        assert np.array_equal(piece, decode((folder / f"{name}.png").read_bytes())), "run docs/pictures.py"


def test_the_hundred_faces_are_those_of_the_generator(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "docs")
    pictures = importlib.import_module("pictures")
    stored, made = decode((pictures.FOLDER / "faces.webp").read_bytes()).astype(int), pictures.hundred()
    assert stored.shape == made.shape
    assert np.abs(stored - made).mean() < 5, "run docs/pictures.py"  # WebP loses a little


def test_each_pretrained_generator_has_a_card():
    headings = HEADING.findall((ROOT / "data" / "pretrained" / "README.md").read_text(encoding="utf-8"))
    assert set(pretrained_names()) <= set(headings)


def test_the_pictures_of_the_readme_have_words():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(IMAGE.findall(text)) == text.count("docs/pictures/")


def test_the_walk_is_small_and_loops(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "docs")
    pictures = importlib.import_module("pictures")
    stored = Image.open(pictures.FOLDER / "walk.webp")
    assert (stored.n_frames, stored.info["loop"]) == (pictures.FRAMES, 0)
    assert (pictures.FOLDER / "walk.webp").stat().st_size < 250_000
