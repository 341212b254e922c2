"""Real points in the plane: known distributions, small enough to draw. All lie within [-1, 1], as pictures' pixels do.

A data set is a float32 array (N, 2). Here, unlike with faces, the distribution is known, so that what a generator
learned can be counted.
"""

import numpy as np

from animegan.files import InputError

RADIUS = 0.8  # of the ring
SPREAD = 0.06  # standard deviation around each of its centres: ten of them to the next centre
WIDTH = 0.03  # standard deviation around a line
POINTS = 4000  # of a data set, unless told otherwise
UNEVEN = (0.30, 0.20, 0.15, 0.12, 0.10, 0.07, 0.04, 0.02)  # shares of the clusters, from common to rare


def ring_centres(count=8):
    """Centres of the ring's clusters: float array (count, 2), anticlockwise from the right."""
    angles = 2 * np.pi * np.arange(count) / count
    return RADIUS * np.stack([np.cos(angles), np.sin(angles)], axis=1)


def ring(count=POINTS, seed=0, shares=None):
    """Eight round clusters on a ring, each a normal distribution.

    Args:
        count: points.
        seed: of the draw.
        shares: of the points in each cluster, eight floats that add up to 1; equal if None.

    Returns:
        float32 array (count, 2).
    """
    rng = np.random.default_rng(seed)
    centres = ring_centres()[rng.choice(8, count, p=shares)]
    return (centres + SPREAD * rng.standard_normal((count, 2))).astype(np.float32)


def uneven_ring(count=POINTS, seed=0):
    """The ring with clusters from common to rare, with shares UNEVEN."""
    return ring(count, seed, UNEVEN)


def two_moons(count=POINTS, seed=0):
    """Two half circles, one caught in the other."""
    half = np.linspace(0, np.pi, 60)
    upper = np.stack([0.55 * np.cos(half) - 0.28, 0.55 * np.sin(half) - 0.12], axis=1)
    return along([upper, -upper], count, seed)


def heart(count=POINTS, seed=0):
    """A line in the shape of a heart."""
    t = np.linspace(0, 2 * np.pi, 120)
    x, y = 16 * np.sin(t) ** 3, 13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t)
    return along([np.stack([x, y + 2.5], axis=1) / 19], count, seed)


def spiral(count=POINTS, seed=0):
    """A line that winds outwards."""
    t = np.linspace(0, 1, 120)
    angle, radius = 3.5 * np.pi * t, 0.12 + 0.75 * t
    return along([np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)], count, seed)


SHAPES = {
    "ring of eight": ring,
    "uneven ring": uneven_ring,
    "two moons": two_moons,
    "heart": heart,
    "spiral": spiral,
}


def along(strokes, count=POINTS, seed=0):
    """Points along drawn lines, each stretch of a line with as many as its length deserves.

    Args:
        strokes: list of float arrays (M, 2), the corners of a line each; one corner alone is a dot.
        count: points.
        seed: of the draw.

    Returns:
        float32 array (count, 2), scattered around the lines with standard deviation WIDTH.

    Raises:
        InputError: nothing is drawn.
    """
    strokes = [np.asarray(stroke, np.float64).reshape(-1, 2) for stroke in strokes]
    starts = np.concatenate([stroke[: max(1, len(stroke) - 1)] for stroke in strokes] or [np.empty((0, 2))])
    ends = np.concatenate([stroke[min(1, len(stroke) - 1) :] for stroke in strokes] or [np.empty((0, 2))])
    if not len(starts):
        raise InputError("there must be at least one line or dot to take points from. Received: nothing drawn")
    lengths = np.linalg.norm(ends - starts, axis=1) + WIDTH  # so that a dot has points, too
    rng = np.random.default_rng(seed)
    piece = rng.choice(len(starts), count, p=lengths / lengths.sum())
    place = rng.random((count, 1))
    points = (1 - place) * starts[piece] + place * ends[piece] + WIDTH * rng.standard_normal((count, 2))
    return points.astype(np.float32)
