"""What lies behind a single face: white, a colour, a pattern."""

import numpy as np

from animegan.faces.drawing import palette


def draw_backdrop(canvas, character):
    """Fill the canvas, whose units are picture widths, with the character's background."""
    kind, image = character.background, canvas.image
    if kind == "white":
        canvas.flood((255, 255, 255))
        return
    base = palette.rgb(character.background_colour)
    pale = palette.mix(base, (255, 255, 255), 0.65)
    if kind in ("gradient", "sky"):
        first, last = ((120, 180, 240), (235, 246, 255)) if kind == "sky" else (base, pale)
        rows = np.linspace(0, 1, len(image))[:, None]
        image[:] = (np.array(first) * (1 - rows) + np.array(last) * rows).astype(np.uint8)[:, None]
    else:
        canvas.flood(base if kind in ("plain", "bokeh") else pale)
    if kind in _PATTERNS:
        _PATTERNS[kind](canvas, base, pale, character.random(9))


def _dots(canvas, base, pale, rng):
    step = rng.uniform(0.14, 0.24)
    for row, y in enumerate(np.arange(0, 1.2, step)):
        for x in np.arange(step / 2 * (row % 2), 1.2, step):
            canvas.disc((x, y), step * 0.24, base)


def _stripes(canvas, base, pale, rng):
    step, slope = rng.uniform(0.14, 0.3), rng.uniform(-0.6, 0.6)
    for x in np.arange(-1, 2, step):
        canvas.fill([(x, 0), (x + step / 2, 0), (x + step / 2 + slope, 1), (x + slope, 1)], base)


def _bokeh(canvas, base, pale, rng):
    for _ in range(9):
        x, y, size = rng.uniform((0, 0, 0.05), (1, 1, 0.16))
        canvas.disc((x, y), size, palette.mix(base, (255, 255, 255), rng.uniform(0.2, 0.6)))


def _sky(canvas, base, pale, rng):
    for _ in range(3):
        x, y = rng.uniform(0, 1), rng.uniform(0.05, 0.7)
        for _ in range(5):
            canvas.disc(
                (x + rng.uniform(-0.16, 0.16), y + rng.uniform(-0.03, 0.03)), rng.uniform(0.05, 0.1), (250, 252, 255)
            )


_PATTERNS = {"dots": _dots, "stripes": _stripes, "bokeh": _bokeh, "sky": _sky}
