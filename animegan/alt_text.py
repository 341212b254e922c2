"""Alt texts: what a picture in a notebook shows, in words, for those who do not see it."""

import base64
from html import escape


def in_words(kind, parts=(), more=None):
    """An alt text.

    Args:
        kind: what is shown, such as "2 pictures".
        parts: a str or None for each part of it, such as titles.
        more: str to add, or None.

    Returns:
        str, such as "2 pictures: before; after. Both of the run of notebook 3".
    """
    parts = "; ".join(part for part in parts if part)
    return ". ".join(filter(None, [f"{kind}: {parts}" if parts else kind, more]))


def to_html(png, alt):
    """A picture with words as HTML that needs no file beside it.

    Args:
        png: str, a PNG in Base64.
        alt: its words.

    Returns:
        str.
    """
    return f'<img alt="{escape(alt)}" src="data:image/png;base64,{png}">'


def to_bundle(png, alt):
    """A picture with words as Jupyter takes it.

    JupyterLab has no words for a PNG, but for HTML it has. What shows no HTML shows the PNG, whose metadata hold the
    words where IPython's own `Image` has them. A notebook is stored with the second alone: see animegan.pages.

    Args:
        png: bytes of a PNG.
        alt: its words.

    Returns:
        (data, metadata), dicts by MIME type.
    """
    data = {"text/plain": alt, "text/html": to_html(base64.b64encode(png).decode(), alt), "image/png": png}
    return data, {"image/png": {"alt": alt}}
