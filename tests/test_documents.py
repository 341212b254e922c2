"""The notes beside the notebooks: that their links lead somewhere, and the glossary is in order."""

import re
import unicodedata
from pathlib import Path

import pytest
from test_notebooks import LINK, PLANNED

ROOT = Path(__file__).parents[1]
NOTES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("data/**/*.md")])
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
        assert Path(name).name in PLANNED or found.exists(), target
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
