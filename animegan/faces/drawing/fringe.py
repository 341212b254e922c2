"""Hair in front of the face: crown, fringe and side locks."""

import cv2
import numpy as np

from animegan.faces.drawing.curves import brush, ellipse, mirrored, points, smooth, spread
from animegan.faces.drawing.head import turn
from animegan.faces.drawing.locks import lock_lines, paint_gloss, paint_locks
from animegan.faces.drawing.palette import BASE, LINE

_STRANDS = (-48, -32, 20)  # tones of the strands on the crown, against the hair around them
_NUMBERS = np.arange(40)  # of the points of the crown's upper edge
_RIGHT = np.array([(0.3, -1.08), (0.68, -0.9), (0.93, -0.5), (1.02, -0.16)])
_HAIRLINE = np.concatenate([_RIGHT[::-1], [(0, -1.12)], mirrored(_RIGHT)])


def paint_front(layer, character, rng):
    """Paint all hair that lies before the face on a hair layer.

    Args:
        layer: Canvas of a hair layer.
        character: Character.
        rng: numpy.random.Generator.
    """
    part = _PARTS[character.fringe] if character.fringe in _PARTS else float(rng.uniform(-0.15, 0.15))
    outer = _paint_crown(layer, character, rng, part)
    _paint_sides(layer, character, rng)
    roots, bends, tips, widths, sharp = _FRINGES[character.fringe](character, rng)
    tips[:, 1] += character.fringe_length + 0.15
    order = np.argsort(-np.abs(tips[:, 0] - part) + rng.uniform(-0.2, 0.2, len(tips)))
    lines = turn(lock_lines(roots, bends, tips)[order], character.yaw)
    paint_locks(layer, lines, widths[order] * rng.uniform(0.9, 1.12, len(tips)), character, rng, root=0.3, sharp=sharp)
    height = -1.28 - 0.1 * character.volume + float(rng.uniform(-0.06, 0.1))
    paint_gloss(layer, character, rng, part, height)
    _trim(layer, outer, character)
    if rng.random() < 0.65:
        _paint_strays(layer, outer, character, rng)


def _trim(layer, outer, character):
    """Cut off what stands out above the skull's silhouette, and draw that silhouette."""
    keep = layer.layer(0, 1)
    keep.fill(np.concatenate([[(-3, 9), (-3, outer[0, 1])], outer, [(3, outer[-1, 1]), (3, 9)]]), 255)
    cv2.insertChannel(cv2.min(cv2.extractChannel(layer.image, 1), keep.image), layer.image, 1)
    layer.line(outer, 0.036 * character.line, (LINE, 255, 0))


def _paint_strays(layer, outer, character, rng):
    """Strands that stand off the silhouette, and sometimes a tuft on the crown."""
    count = int(rng.integers(1, 5))
    left = rng.random(count) < 0.5
    reach = rng.uniform(3, 7, count)
    place = rng.uniform(8, 17, count)  # points of the silhouette, counted from its left end
    places = np.stack([place, place - 0.5 * reach, place - reach])
    places = np.where(left, places, 39 - places)
    away = np.repeat([[0.98], [1.05], [1.0]], count, 1)
    away[2] += rng.uniform(0.07, 0.15, count)
    x, y = (np.interp(places, _NUMBERS, outer[:, axis]) for axis in (0, 1))
    controls = points(x * away, y * away)
    widths = np.full(count, 0.1)
    if rng.random() < 0.2:
        way = -1 if rng.random() < 0.5 else 1
        tuft = [(0, 0.14), (-0.12 * way, -0.5), (way * rng.uniform(0.25, 0.5), rng.uniform(-0.45, -0.15))]
        tuft = outer[20] + np.array(tuft) + [way * rng.uniform(-0.2, 0.2), 0]
        controls = np.concatenate([controls, tuft[:, None]], 1)
        widths = np.append(widths, 0.18)
    paint_locks(layer, lock_lines(*controls), widths, character, rng, root=0.5, sharp=1.4, edge_from=0.15)


def crown_top(character):
    """y of the top of the hair, head units."""
    return -1.45 - 0.4 * character.volume


def _paint_crown(layer, character, rng, part):
    """The cap of hair over the skull, with strands that leave the parting; returns its upper edge."""
    top, wide = crown_top(character), 1.22 + 0.16 * character.volume
    outer = ellipse((0, -0.3), (wide, -0.3 - top), 40, np.pi, 2 * np.pi)
    outer[:, 1] += np.interp(_NUMBERS, _NUMBERS[::3], rng.uniform(-0.03, 0.03, 14))
    hairline = turn(_HAIRLINE, character.yaw, 0.2)
    layer.fill(np.concatenate([outer, smooth(hairline, 4, closed=False)]), (BASE, 255, 0))
    count = int(10 + 8 * character.strands)
    ends = spread(-1.3, 1.3, count) + rng.uniform(-0.05, 0.05, count)
    roots = points(part + 0.15 * ends, top + 0.12)
    bends = points(ends * 0.8 + part * 0.2, top + 0.15)
    tips = points(ends, -1.15 + 0.6 * ends**2 + rng.uniform(-0.3, 0.0, count))
    strokes = brush(turn(lock_lines(roots, bends, tips), 0.5 * character.yaw), 0.045, (0, 1, 0))
    layer.fill_each(strokes, [(BASE + _STRANDS[k], 255, 0) for k in rng.integers(3, size=count).tolist()])
    return outer


def _paint_sides(layer, character, rng):
    """Locks that hang before the ears."""
    count = int(rng.integers(2, 4))
    low = {"none": 0.12, "short": 0.75, "long": 1.75}[character.sides]
    if character.sides == "long" and character.back in ("long", "wavy"):
        low = 2.6  # over the shoulders
    side = np.repeat([-1, 1], count)
    reach = low + rng.uniform(-0.2, 0.25, 2 * count) - 0.22 * np.tile(np.arange(count)[::-1], 2)
    x = np.tile(spread(1.28, 1.0, count), 2)
    roots = points(side * 0.95, -1.0)
    bends = points(side * (x + 0.22), reach * 0.3)
    tips = points(side * (x - 0.1 + rng.uniform(-0.08, 0.08, 2 * count)), reach)
    lines = turn(lock_lines(roots, bends, tips), character.yaw, 0.2)
    paint_locks(layer, lines, 0.42 - 0.05 * count, character, rng, root=0.1)


def _fan(character, rng, fewest, most, span=1.0):
    """Places t in [-span, span] of the locks of a fringe, unevenly spread, and their spacing."""
    count = round(fewest + (most - fewest) * character.strands)
    t = spread(-span, span, count)
    spacing = 2 * span / (count - 1)
    return t + rng.uniform(-0.25, 0.25, count) * spacing, spacing


def _assemble(rng, roots_x, root_y, bends_x, bends_y, tips_x, tips_y, width, sharp):
    """Arrays of a fringe from coordinates, of which y may be single numbers."""
    widths = width * rng.uniform(0.85, 1.2, len(tips_x))
    return points(roots_x, root_y), points(bends_x, bends_y), points(tips_x, tips_y), widths, sharp


def _blunt(character, rng):
    """A straight edge over the brows."""
    t, gap = _fan(character, rng, 8, 14, 0.98)
    low = -0.36 + 0.16 * t**2 + rng.uniform(-0.05, 0.05, len(t))
    return _assemble(rng, t * 0.55, -1.75, t * 1.05, -1.1, t * 0.98, low, gap * 1.5, 6)


def _between_eyes(character, rng):
    """The longest lock falls between the eyes, the others away from it."""
    t, gap = _fan(character, rng, 6, 9, 1.0)
    low = -0.12 - 0.42 * np.exp(-(((np.abs(t) - 0.45) / 0.25) ** 2)) + 0.22 * np.exp(-((t / 0.15) ** 2))
    low += rng.uniform(-0.08, 0.08, len(t)) + 0.25 * (np.abs(t) > 0.85)
    return _assemble(
        rng, t * 0.4, -1.75, t * 1.15, -0.95, t * 1.02 + rng.uniform(-0.08, 0.08, len(t)), low, gap * 1.45, 2.2
    )


def _parted(character, rng):
    """Parted in the middle, with a triangle of forehead."""
    t, gap = _fan(character, rng, 6, 10, 1.0)
    t = t + 0.12 * np.sign(t)
    low = -0.62 + 0.75 * np.abs(t) ** 1.4 + rng.uniform(-0.08, 0.08, len(t))
    return _assemble(rng, t * 0.12, -1.62, t * 0.75 + 0.22 * np.sign(t), -1.2, t * 1.05, low, gap * 1.5, 2.4)


def _curtain(character, rng):
    """Parted wide, framing the face."""
    t, gap = _fan(character, rng, 6, 8, 1.0)
    t = np.sign(t) * (0.55 + 0.5 * np.abs(t))
    low = -0.45 + 0.95 * (np.abs(t) - 0.55) / 0.5 + rng.uniform(-0.1, 0.1, len(t))
    return _assemble(rng, t * 0.1, -1.6, np.sign(t) * 0.72, -1.2, t * 1.05, low, gap * 1.25, 2.6)


def _swept(character, rng, side):
    """Combed across the forehead to the side given by the sign."""
    t, gap = _fan(character, rng, 6, 9, 1.0)
    low = -0.48 + 0.30 * np.clip(t, -0.6, 1) + 0.5 * (t < -0.7) + rng.uniform(-0.07, 0.07, len(t))
    roots_x = np.where(t < -0.62, -0.5, -0.42 + 0.3 * t)
    bends_x = np.where(t < -0.62, -0.95, t * 0.75 - 0.15)
    tips_x = np.where(t < -0.62, t * 1.05, t * 0.95 + 0.16)
    roots, bends, tips, widths, sharp = _assemble(rng, roots_x, -1.68, bends_x, -0.95, tips_x, low, gap * 1.55, 2.2)
    return roots * [side, 1], bends * [side, 1], tips * [side, 1], widths, sharp


def _spiky(character, rng):
    """Broad jagged points."""
    t, gap = _fan(character, rng, 5, 8, 0.98)
    low = -0.32 + 0.2 * (np.arange(len(t)) % 2) + rng.uniform(-0.16, 0.16, len(t)) + 0.2 * (np.abs(t) > 0.8)
    sway = rng.uniform(-0.22, 0.22, len(t))
    return _assemble(rng, t * 0.6, -1.7, t * 1.1 - sway, -0.9, t + sway, low, gap * 1.6, 1.6)


def _wispy(character, rng):
    """Many fine strands with skin between them."""
    t, gap = _fan(character, rng, 11, 16, 1.0)
    low = -0.28 + 0.22 * t**2 + rng.uniform(-0.16, 0.14, len(t))
    return _assemble(
        rng, t * 0.5, -1.75, t * 1.08, -0.95, t * 0.97 + rng.uniform(-0.1, 0.1, len(t)), low, gap * 1.5, 1.7
    )


_PARTS = {"swept left": 0.5, "swept right": -0.5, "parted": 0.0, "curtain": 0.0}
_FRINGES = {
    "between eyes": _between_eyes,
    "blunt": _blunt,
    "curtain": _curtain,
    "parted": _parted,
    "spiky": _spiky,
    "swept left": lambda character, rng: _swept(character, rng, -1),
    "swept right": lambda character, rng: _swept(character, rng, 1),
    "wispy": _wispy,
}
