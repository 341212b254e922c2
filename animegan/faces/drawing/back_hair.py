"""Hair behind the face and the shoulders: the shapes that give a character its silhouette."""

import numpy as np

from animegan.faces.drawing.curves import brush, ellipse, normals, points, smooth, spread
from animegan.faces.drawing.locks import lock_lines, paint_locks, paint_mass
from animegan.faces.drawing.palette import BASE, DEEP, LINE, SHADE


def paint_back(layer, character, rng):
    """Paint the hair behind the head on a hair layer.

    Args:
        layer: Canvas of a hair layer.
        character: Character.
        rng: numpy.random.Generator.
    """
    _BACKS[character.back](layer, character, rng)


def _hang(layer, character, rng, low, wide, flare=0.1, wave=0.0, count=4, sharp=2.6):
    """A curtain of `count` locks on either side, from the crown down to `low`, `wide` at its ends."""
    wide = wide * (0.9 + 0.1 * character.volume)
    core = [
        (-1.05, -1.0),
        (1.05, -1.0),
        (wide * 0.95, 0.2),
        (wide * 0.6, low - 0.3),
        (-wide * 0.6, low - 0.3),
        (-wide * 0.95, 0.2),
    ]
    layer.fill(smooth(core, 6), (DEEP + 20, 255, 0))
    # outer locks lie over inner ones, in pairs; the head hides those in the middle
    t = np.repeat(spread(0.3, 1, count), 2) * np.tile([-1, 1], count)
    widths = 0.92 * wide / count * rng.uniform(0.8, 1.4, 2 * count)
    count = 2 * count
    reach = low + rng.uniform(-0.16, 0.12, count) - 0.1 * np.abs(t)
    tips = points(t * (wide + flare) + rng.uniform(-0.06, 0.06, count), reach)
    lines = lock_lines(points(t * 0.95, -1.0), points(t * (wide + 0.16), low * 0.2), tips)
    if wave:
        phase = rng.uniform(0, 0.8) + np.pi * (t[:, None] > 0)
        along = spread(0, 1, lines.shape[1])
        lines = lines + normals(lines) * (wave * along * np.sin(3.2 * np.pi * along + phase))[..., None]
    paint_locks(layer, lines, widths, character, rng, BASE - 26, root=0.4, sharp=sharp, edge_from=0.45)


def _short(layer, character, rng):
    _hang(layer, character, rng, 0.9, 1.26, flare=float(rng.uniform(-0.1, 0.12)), count=3, sharp=1.8)


def _bob(layer, character, rng):
    _hang(layer, character, rng, 1.25, 1.44, flare=float(rng.uniform(-0.18, -0.02)), count=4, sharp=4)


def _long(layer, character, rng):
    _hang(
        layer,
        character,
        rng,
        float(rng.uniform(2.6, 3.8)),
        float(rng.uniform(1.4, 1.66)),
        flare=float(rng.uniform(-0.05, 0.2)),
    )


def _wavy(layer, character, rng):
    _hang(layer, character, rng, float(rng.uniform(2.3, 3.2)), 1.62, flare=0.18, wave=float(rng.uniform(0.13, 0.21)))


def _spiky(layer, character, rng):
    _hang(layer, character, rng, 0.75, 1.26, flare=0.15, count=3, sharp=1.6)
    count = int(rng.integers(9, 14))
    angles = np.linspace(-1.14 * np.pi, 0.14 * np.pi, count) + rng.uniform(-0.09, 0.09, count)
    away = points(np.cos(angles), np.sin(angles))
    middle = np.array([0, -0.5])
    # the spikes bend downwards at the sides, and to one side of the crown
    along = points(-away[:, 1], away[:, 0]) * (np.sign(away[:, :1] + rng.uniform(-0.5, 0.5)))
    bow = rng.uniform(0.1, 0.55, (count, 1)) * along
    size = (rng.uniform(1.4, 1.72, (count, 1)) + 0.12 * np.abs(away[:, :1])) * character.volume
    lines = lock_lines(middle + 0.4 * away, middle + 1.3 * away - 0.3 * bow, middle + size * away * [1, 0.92] + bow)
    order = rng.permutation(count)
    paint_locks(layer, lines[order], 0.85, character, rng, BASE - 8, root=1.0, sharp=1.3, edge_from=0.35)


def _tail(layer, character, rng, start, bend, tip, width, count=5, wave=0.0):
    """A bundle of locks that starts at a tie."""
    t = spread(-1, 1, count)
    t = t[np.argsort(-np.abs(t))]
    roots = points(t * 0.08, 0) + start
    bends = points(t * width * 0.6, rng.uniform(-0.1, 0.1, count)) + bend
    tips = points(t * width * 0.5, -0.35 * np.abs(t) + rng.uniform(-0.1, 0.1, count)) + tip
    lines = lock_lines(roots, bends, tips)
    if wave:
        along = spread(0, 1, lines.shape[1])
        lines = lines + normals(lines) * (wave * along * np.sin(3 * np.pi * along))[:, None]
    paint_locks(layer, lines, width * 0.62, character, rng, BASE - 10, root=0.45, sharp=2.2, edge_from=0.1)


def _twin_tails(layer, character, rng):
    _short(layer, character, rng)
    height, out, low = rng.uniform(-1.0, -0.5), rng.uniform(1.65, 2.1), rng.uniform(1.6, 3.0)
    for side in (-1, 1):
        start = (side * 1.3, height)
        _tail(layer, character, rng, start, (side * (out + 0.35), height - 0.1), (side * out, low), 0.62, 5, 0.08)
        paint_tie(layer, start)


def _ponytail(layer, character, rng):
    _short(layer, character, rng)
    side = 1 if rng.random() < 0.5 else -1
    start = (side * 0.72, -1.42)
    _tail(
        layer,
        character,
        rng,
        start,
        (side * 1.9, -1.9),
        (side * rng.uniform(1.45, 1.75), rng.uniform(0.9, 2.2)),
        0.66,
        6,
    )
    paint_tie(layer, start)


def _buns(layer, character, rng):
    (_bob if rng.random() < 0.5 else _short)(layer, character, rng)
    x, y, size = rng.uniform(0.85, 1.0), rng.uniform(-1.62, -1.4), rng.uniform(0.36, 0.46)
    for side in (-1, 1):
        centre = np.array([side * x, y])
        paint_mass(layer, ellipse(centre, (size, size * 0.94)), BASE - 8)
        for inner in (0.7, 0.38):
            arc = ellipse(centre, (size * inner, size * inner), 14, 0.4 + inner, 4.6 + inner)
            layer.fill(brush(arc, 0.05, (0, 1, 0)), (SHADE - 20, 255, 0))


def paint_tie(layer, centre):
    """Mark the place where hair is gathered."""
    layer.fill(ellipse(centre, (0.14, 0.11), 14), (LINE + 20, 255, 0))


_BACKS = {
    "bob": _bob,
    "buns": _buns,
    "long": _long,
    "ponytail": _ponytail,
    "short": _short,
    "spiky": _spiky,
    "twin tails": _twin_tails,
    "wavy": _wavy,
}
