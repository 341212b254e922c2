"""What explorer, player and replay share: errors said on the page, and a still picture where no widget can stand."""

import contextlib
import functools
import io
from html import escape

from PIL import Image


def guarded(handle):
    """A handler of a `Telling`'s controls whose errors are said, and which does not hear what itself has set."""

    @functools.wraps(handle)
    def handled(self, *change):
        if self._settling:
            return
        self._say("")
        with self._telling():
            handle(self, *change)

    return handled


class Telling:
    """Says in its own widget `message`, an ipywidgets.HTML, what Jupyter would put into a log that nobody sees."""

    _settling = False  # whether it sets its controls itself

    @contextlib.contextmanager
    def _telling(self):
        """What goes wrong in the block, of whatever kind, is said on the page: there is nobody further up to tell."""
        try:
            yield
        except Exception as error:
            self._say(f"{type(error).__name__}: {error}")

    def _say(self, words):
        self.message.value = f'<p role="alert">{escape(words)}</p>' if words else ""


def with_still(box, png, text, alt, **settings):
    """What Jupyter shows of widgets, and a still picture for pages that show none.

    Args:
        box: ipywidgets widget that holds them.
        png: bytes of the picture.
        text: words for where no picture can be shown either.
        alt: words for those who do not see it.
        settings: what Jupyter gives to `_repr_mimebundle_`.

    Returns:
        (data, metadata), each a dict by MIME type.
    """
    bundle = box._repr_mimebundle_(**settings)
    data, metadata = bundle if isinstance(bundle, tuple) else (bundle, {})
    return data | {"text/plain": text, "image/png": png}, metadata | {"image/png": {"alt": alt}}


def encode_small(image, colours):
    """Encode a picture with a palette, a third of the bytes: a notebook stores it.

    Args:
        image: uint8 array (height, width, 3), RGB.
        colours: how many the palette has, at most 256.

    Returns:
        bytes of a PNG.
    """
    stream = io.BytesIO()
    palette = Image.fromarray(image).quantize(colours, method=Image.Quantize.FASTOCTREE)
    palette.save(stream, format="PNG", optimize=True)
    return stream.getvalue()
