"""Locks of hair: tapered strands with a shadow side, edges and strand lines, in tones.

Hair is painted on a layer of its own whose channels are (tone, cover, unused); `lay` colours it
through the ramp of tones and puts it on the picture. So every hair colour has the same shading.
"""

import functools

import cv2
import numpy as np

from animegan.faces.drawing.curves import bezier, normals, parallels, points, spread
from animegan.faces.drawing.palette import BASE, LIGHT, LINE, SHADE

_STEPS = 11  # points along a lock
_INK = LINE + 26  # tone of the lines between locks: softer than the outline's


def lock_lines(roots, bends, tips):
    """Centre lines (n, m, 2) of locks that leave `roots`, are drawn to `bends` and end in `tips`, each (n, 2)."""
    return bezier(roots, bends, tips, steps=_STEPS)


@functools.lru_cache(maxsize=64)
def taper(steps=_STEPS, root=0.8, sharp=2.4):
    """Relative widths (steps,) along a lock: `root` at its root, 1 in its belly, 0 at its tip."""
    t = np.linspace(0, 1, steps)
    return (root + (1 - root) * np.sin(np.pi / 2 * np.minimum(t * 1.8, 1))) * (1 - t**sharp) ** 0.9


def paint_locks(layer, lines, widths, character, rng, tone=BASE, root=0.8, sharp=2.4, edge_from=0.42):
    """Paint locks one over the other.

    Args:
        layer: Canvas of a hair layer.
        lines: float array (n, m, 2), centre lines from root to tip.
        widths: greatest width of each, (n,) or one number.
        character: Character, for its light and line weight.
        rng: numpy.random.Generator, for strand lines and small differences of tone.
        tone: tone of the lit part.
        root: relative width at the root.
        sharp: how late the lock begins to narrow.
        edge_from: part of the length from which the edges are drawn in.
    """
    count, steps = lines.shape[:2]
    start, early = int(edge_from * steps), int(0.2 * steps)
    tones = np.clip(tone + rng.integers(-10, 11, count), 60, 230).tolist()
    strands = rng.uniform(-0.35, 0.3, count)
    half = np.full(count, widths)[:, None] * (0.5 * taper(steps, root, sharp))
    across = normals(lines)
    # the normal points to the right of the direction of travel; on a lock that hangs down that is screen left
    away = np.where(across[:, steps // 2, 0] * character.light > 0, -1.0, 1.0)
    edges = parallels(lines, across, _strips(half, away, strands, character.line, start, early))
    parts = slice(start - 1, None), slice(None), slice(early, None), slice(early, -3), slice(early + 1, -2)
    depth = 46 * character.contrast
    layer.fill_strips(edges, parts, [[(t, 255, 0) for t in (_INK, t, t - depth, t + 38, t - 62)] for t in tones])


def _strips(half, away, strands, line, start, early):
    """Distances (2, 5, n, m) of both edges of a lock's strips from its middle: outline, lock, shadow, shine, strand.

    Args:
        half: half the locks' widths (n, m).
        away: side (n,) that lies in shadow, -1 or 1.
        strands: place (n,) of the strand line, from -1 (lit edge) to 1 (shady edge).
        line: line weight.
        start, early: points where the outline and where the shadow begin.
    """
    ink, fade, shine, thread = _profiles(half.shape[1], start, early)
    none = 0 * away
    middle = np.array([none, none, 0.6 * away, -0.45 * away, strands * away])[..., None] * half
    width = np.empty_like(middle)
    # what a wider lock in ink leaves to be seen around the lock is its outline, swelling towards the tip
    width[0] = half + line * ink
    width[1] = half
    width[2] = fade * half
    width[3] = shine
    width[4] = thread
    return np.array([middle - width, middle + width])


@functools.lru_cache(maxsize=64)
def _profiles(steps, start, early):
    """How four strips swell along a lock: width (steps,) of outline, shine and strand, share of the shadow."""
    place = np.arange(steps)
    ink = 0.026 * np.interp(place, (start - 1, steps - 3, steps - 1), (0, 1, 0.7))
    fade = 0.4 * np.clip((place - early) / 3, 0, 1)
    shine = 0.048 * np.interp(place, (early, steps // 2, steps - 4), (0, 1, 0))
    thread = 0.015 * np.interp(place, (early + 1, steps // 2, steps - 3), (0, 1, 0.2))
    return ink, fade, shine, thread


def paint_mass(layer, shape, tone=SHADE, line=0.04):
    """Paint a closed mass of hair with an outline."""
    layer.fill(shape, (tone, 255, 0))
    layer.line(shape, line, (LINE, 255, 0), closed=True)


def paint_gloss(layer, character, rng, centre, height, span=1.02):
    """Paint the ring of light on the crown: an arc broken along the strands.

    Args:
        layer: Canvas of a hair layer.
        character: Character.
        rng: numpy.random.Generator.
        centre: x of the crown, where the strands start.
        height: y of the arc's middle.
        span: half the arc's width.
    """
    count = 49
    x = spread(-span, span, count)
    ring = points(x, height + 0.34 * (x / 1.1) ** 2)
    along = points((x - centre) * 0.9, ring[:, 1] + 2.3)
    along /= np.hypot(along[:, :1], along[:, 1:])
    cuts = rng.uniform(-span, span, rng.integers(2, 6))
    gaps = np.abs(x - cuts[:, None]).min(0)
    swell = np.minimum(gaps / 0.2, 1) * (1 - (x / span) ** 4) * (0.6 + 0.4 * np.cos(2 * (x - 0.5 * character.light)))
    size = (0.06 + 0.12 * character.gloss) * swell
    # teeth: the light ends in points that follow the strands
    above, below = rng.uniform(0.2, 0.7, count), rng.uniform(0.3, 0.8, count)
    above[1::2], below[::3] = 1.0, 1.5
    above, below = along * (size * above)[:, None], along * (size * below)[:, None]
    # the ring is dark at both ends, so that each stretch of light begins and ends with a change
    lit = size > 0.02
    stretches = (np.flatnonzero(lit[1:] != lit[:-1]) + 1).reshape(-1, 2).tolist()
    for reach, tone in ((1.0, LIGHT + 5), (0.45, LIGHT + round(44 * character.gloss))):
        top, low = ring - reach * above, ring + reach * below
        for first, last in stretches:
            if last - first > 2:
                layer.fill(np.concatenate([top[first:last], low[first:last][::-1]]), (tone, 255, 0))


def lay(canvas, layer, character, ramp, top=0, bottom=-15):
    """Colour a hair layer and put it on the picture.

    Args:
        canvas: Canvas of the picture.
        layer: Canvas of the hair layer, same coordinates.
        character: Character, for its light and the fading of its hair.
        ramp: uint8 array (256, 3), the colour of each tone.
        top, bottom: change of tone at the crown (y = -1.8) and at y = 1, head units.
    """
    cover = cv2.extractChannel(layer.image, 1)
    x0, y0, width, height = cv2.boundingRect(cover)
    if not width:
        return
    window = canvas.crop(x0, y0, x0 + width, y0 + height)
    x = (np.arange(width) - window.matrix[0, 2]) / window.unit
    y = (np.arange(height) - window.matrix[1, 2]) / window.unit
    down = np.interp(y, (-1.8, -0.9, 0.1, 1.0), (top, 12, 0, bottom + 24 * character.fade))
    across = 12 * character.light * x - np.minimum(14 * x**2, 34)  # hair turns away from the light at its sides
    change = down.astype(np.int16)[:, None] + across.astype(np.int16)
    tones = cv2.add(layer.image[window.part][..., 0], change, dtype=cv2.CV_8U)
    window.blend(cv2.applyColorMap(tones, ramp[:, None]), cover[window.part])
