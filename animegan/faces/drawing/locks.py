"""Locks of hair: tapered strands with a shadow side, edges and strand lines, in tones.

Hair is painted on a layer of its own whose channels are (tone, cover, unused); `lay` colours it
through the ramp of tones and puts it on the picture. So every hair colour has the same shading.
"""

import functools

import cv2
import numpy as np

from animegan.faces.drawing.curves import bezier, normals, strip
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
    half = np.broadcast_to(np.asarray(widths, float) / 2, (count,))[:, None] * taper(steps, root, sharp)
    across = normals(lines)
    start, early = int(edge_from * steps), int(0.2 * steps)
    # the normal points to the right of the direction of travel; on a lock that hangs down that is screen left
    away = np.where(across[:, steps // 2, 0] * character.light > 0, -1.0, 1.0)[:, None]
    shady = half * away  # distance from the middle to the edge that lies in shadow

    def band(middle, width, first=0, last=None):
        part = slice(first, last)
        return strip(lines[:, part], across[:, part], (middle - width)[:, part], (middle + width)[:, part])

    # what a wider lock in ink leaves to be seen around the lock is its outline, swelling towards the tip
    place = np.arange(steps)
    ink = 0.026 * character.line * np.interp(place, (start - 1, steps - 3, steps - 1), (0, 1, 0.7))
    shade = 0.4 * half * np.clip((place - early) / 3, 0, 1)  # fades in
    shine = 0.048 * np.interp(place, (early, steps // 2, steps - 4), (0, 1, 0))
    thread = 0.015 * np.interp(place, (early + 1, steps // 2, steps - 3), (0, 1, 0.2))
    tones = np.clip(tone + rng.integers(-10, 11, count), 60, 230).tolist()
    aside = rng.uniform(-0.35, 0.3, (count, 1))
    depth = 46 * character.contrast
    layer.fill_stacked(
        [
            (band(0 * half, half + ink, start - 1), [(_INK, 255, 0)] * count),
            (band(0 * half, half), [(t, 255, 0) for t in tones]),
            (band(0.6 * shady, shade, early), [(t - depth, 255, 0) for t in tones]),
            (band(-0.45 * shady, shine, early, -3), [(t + 38, 255, 0) for t in tones]),
            (band(aside * shady, thread, early + 1, -2), [(t - 62, 255, 0) for t in tones]),
        ]
    )


def paint_mass(layer, points, tone=SHADE, line=0.04):
    """Paint a closed mass of hair with an outline."""
    layer.fill(points, (tone, 255, 0))
    layer.line(points, line, (LINE, 255, 0), closed=True)


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
    x = np.linspace(-span, span, count)
    ring = np.stack([x, height + 0.34 * (x / 1.1) ** 2], -1)
    along = np.stack([(x - centre) * 0.9, ring[:, 1] + 2.3], -1)
    along /= np.sqrt((along**2).sum(1, keepdims=True))
    cuts = rng.uniform(-span, span, rng.integers(2, 6))
    gaps = np.abs(x[:, None] - cuts).min(1)
    swell = np.clip(gaps / 0.2, 0, 1) * (1 - (x / span) ** 4) * (0.6 + 0.4 * np.cos(2 * (x - 0.5 * character.light)))
    size = (0.06 + 0.12 * character.gloss) * swell
    # teeth: the light ends in points that follow the strands
    above = size * np.where(np.arange(count) % 2, 1.0, rng.uniform(0.2, 0.7, count))
    below = size * np.where(np.arange(count) % 3, rng.uniform(0.3, 0.8, count), 1.5)
    parts = np.split(np.arange(count), np.flatnonzero(np.diff((size > 0.02).astype(int))) + 1)
    for reach, tone in ((1.0, LIGHT + 5), (0.45, LIGHT + round(44 * character.gloss))):
        top, low = ring - along * (reach * above)[:, None], ring + along * (reach * below)[:, None]
        for part in parts:
            if size[part[0]] > 0.02 and len(part) > 2:
                layer.fill(np.concatenate([top[part], low[part[::-1]]]), (tone, 255, 0))


def lay(canvas, layer, character, ramp, top=0, bottom=-15):
    """Colour a hair layer and put it on the picture.

    Args:
        canvas: Canvas of the picture.
        layer: Canvas of the hair layer, same coordinates.
        character: Character, for its light and the fading of its hair.
        ramp: uint8 array (256, 3), the colour of each tone.
        top, bottom: change of tone at the crown (y = -1.8) and at y = 1, head units.
    """
    height, width = layer.image.shape[:2]
    x = (np.arange(width) - layer.matrix[0, 2]) / layer.unit
    y = (np.arange(height) - layer.matrix[1, 2]) / layer.unit
    down = np.interp(y, (-1.8, -0.9, 0.1, 1.0), (top, 12, 0, bottom + 24 * character.fade))
    across = 12 * character.light * x - np.minimum(14 * x**2, 34)  # hair turns away from the light at its sides
    change = down.astype(np.int16)[:, None] + across.astype(np.int16)
    change += layer.image[..., 0]
    tones = np.clip(change, 0, 255, out=change).astype(np.uint8)
    canvas.blend(cv2.applyColorMap(tones, ramp[:, None]), np.ascontiguousarray(layer.image[..., 1]))
