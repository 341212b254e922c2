"""Shapes as arrays of points: smooth curves, tapered strokes, ellipses. No drawing here."""

import functools

import numpy as np


@functools.lru_cache(maxsize=64)
def _bernstein(degree, steps):
    """Weights (steps, degree + 1) of the control points of a Bézier curve."""
    t = np.linspace(0, 1, steps)[:, None]
    k = np.arange(degree + 1)
    binomial = np.array([[1], [1, 1], [1, 2, 1], [1, 3, 3, 1]][degree])
    return binomial * t**k * (1 - t) ** (degree - k)


@functools.lru_cache(maxsize=64)
def _catmull_rom(steps):
    """Weights (steps, 4) of four neighbouring points of a Catmull-Rom spline."""
    t = np.linspace(0, 1, steps, endpoint=False)[:, None]
    powers = np.hstack([np.ones_like(t), t, t**2, t**3])
    return powers @ (np.array([[0, 2, 0, 0], [-1, 0, 1, 0], [2, -5, 4, -1], [-1, 3, -3, 1]]) / 2)


def points(x, y):
    """Points (..., 2) from an array of x and the y of each, or one for all."""
    joined = np.empty((*np.shape(x), 2))
    joined[..., 0] = x
    joined[..., 1] = y
    return joined


@functools.lru_cache(maxsize=256)
def spread(first, last, count):
    """Numbers at equal steps, as np.linspace gives them, but kept: not to be changed in place."""
    return np.linspace(first, last, count)


def bezier(*controls, steps=16):
    """Sample Bézier curves.

    Args:
        controls: two to four arrays (2,) or (n, 2), the control points.
        steps: points on each curve.

    Returns:
        float array (steps, 2) or (n, steps, 2).
    """
    return _bernstein(len(controls) - 1, steps) @ np.array(controls, float).swapaxes(0, -2)


def smooth(points, steps=6, closed=True):
    """Lay a smooth curve through points.

    Args:
        points: sequence of N (x, y).
        steps: samples between two points.
        closed: whether the last point joins the first.

    Returns:
        float array (N·steps, 2); if open, ((N - 1)·steps + 1, 2).
    """
    points = np.asarray(points, float)
    count = len(points)
    return _spline(count, steps, closed) @ points


@functools.lru_cache(maxsize=256)
def _spline(count, steps, closed):
    """Matrix from `count` points to the samples of the curve through them."""
    spans = count if closed else count - 1
    matrix = np.zeros((spans * steps + (not closed), count))
    for span in range(spans):
        for k, column in enumerate(range(span - 1, span + 3)):
            column = column % count if closed else min(max(column, 0), count - 1)
            matrix[span * steps : (span + 1) * steps, column] += _catmull_rom(steps)[:, k]
    if not closed:
        matrix[-1, -1] = 1
    return matrix


def normals(lines):
    """Unit normals (..., m, 2) of polylines (..., m, 2): to the right of the direction of travel, y pointing down."""
    return _from_complex(_complex_normals(_to_complex(lines)))


def _to_complex(points):
    """Points as complex numbers (...): turning and normals become one multiplication."""
    return np.ascontiguousarray(points, float).view(complex)[..., 0]


def _from_complex(numbers):
    """Complex numbers (...) as points (..., 2)."""
    return numbers.view(float).reshape(*numbers.shape, 2)


def _complex_normals(z):
    across = np.empty_like(z)
    np.subtract(z[..., 2:], z[..., :-2], across[..., 1:-1])
    last = z.shape[-1] - 1
    gap = max(last - 1, 1)  # the first and the last step at once
    np.subtract(z[..., 1::gap], z[..., :-1:gap], across[..., ::last])
    across *= 1j / (np.abs(across) + 1e-9)
    return across


def parallels(lines, across, distances):
    """Parallels (..., m, 2) of polylines.

    Args:
        lines: float array (n, m, 2).
        across: their `normals`.
        distances: float array (..., n, m), from the lines along the normals.
    """
    return _from_complex(_to_complex(across) * distances + _to_complex(lines))


def ribbon(lines, left, right):
    """Give polylines a width of their own on either side.

    Args:
        lines: float array (..., m, 2).
        left, right: widths, arrays that broadcast to (..., m).

    Returns:
        float array (..., 2m, 2), closed outlines.
    """
    z = _to_complex(lines)
    across = _complex_normals(z)
    steps = z.shape[-1]
    outline = np.empty((*z.shape[:-1], 2 * steps), complex)
    np.subtract(z, across * left, outline[..., :steps])
    np.add(z, across * right, outline[..., : steps - 1 : -1])
    return _from_complex(outline)


def brush(line, width, pressure=(0.15, 1.0, 0.15)):
    """Outline of a brush stroke: a polyline whose width follows the pressure along it.

    Args:
        line: float array (..., m, 2).
        width: greatest width.
        pressure: widths relative to `width` at equal steps along the line.

    Returns:
        float array (..., 2m, 2).
    """
    half = width / 2 * _pressure(tuple(pressure), line.shape[-2])
    return ribbon(line, half, half)


@functools.lru_cache(maxsize=512)
def _pressure(pressure, steps):
    """The pressure at each of `steps` points."""
    return np.interp(np.linspace(0, 1, steps), np.linspace(0, 1, len(pressure)), pressure)


def ellipse(centre, radii, steps=28, start=0.0, stop=2 * np.pi):
    """Points (steps, 2) on an ellipse or an arc of it; angles in radians, clockwise on the screen."""
    return _arc(steps, start, stop) * radii + centre


@functools.lru_cache(maxsize=256)
def _arc(steps, start, stop):
    """Points (steps, 2) on the unit circle."""
    angles = np.linspace(start, stop, steps, endpoint=stop - start < 2 * np.pi - 1e-6)
    return np.stack([np.cos(angles), np.sin(angles)], -1)


def mirrored(points):
    """The points with x negated."""
    return np.asarray(points, float) * [-1, 1]
