"""Convolutions of kernel 4 and stride 2 by fewer products (Winograd 1980; Lavin & Gray 2015, arXiv:1509.09308).

Two neighbouring results of a filter (g, h) on (x, y, z) are g·x + h·y and g·y + h·z: four products. With

    a = -g·(y - x)     b = (g + h)·y     c = h·(z - y)

they are a + b and b + c: three products. Both ways at once, nine products do the work of sixteen, and the sums around
them cost little where there are many channels. A kernel of 4 whose stride is 2 is such a filter, on pairs of pixels.
Everything is a product of matrices, the sums too, by matrices of 0, 1 and -1: that is what processors do best.
"""

import functools

import numpy as np

from animegan.gan.engine import keras, ops

OF_PIXELS = np.array([[-1, 1, 0], [0, 1, 0], [0, -1, 1]], np.float32)  # (x, y, z) → (y - x, y, z - y)
OF_FILTER = np.array([[-1, 0], [1, 1], [0, 1]], np.float32)  # (g, h) → (-g, g + h, h)
OF_PRODUCTS = np.array([[1, 1, 0], [0, 1, 1]], np.float32)  # (a, b, c) → (a + b, b + c)


def convolve(maps, kernel):
    """What a Conv2D of stride 2 and padding "same" computes, without bias and activation.

    Args:
        maps: float tensor (N, H, W, C), H and W multiples of 4.
        kernel: float tensor (4, 4, C, F).

    Returns:
        float tensor (N, H/2, W/2, F).
    """
    _, height, width, channels = maps.shape
    down, across = height // 4, width // 4
    rows = _sums(_windows(height), ops.reshape(maps, (-1, height, width * channels)))
    both = _sums(_windows(width), ops.reshape(rows, (-1, width, channels)))
    both = ops.transpose(ops.reshape(both, (-1, 3, down, 2, 3, across, 2 * channels)), (1, 4, 0, 2, 5, 3, 6))
    products = ops.matmul(ops.reshape(both, (9, -1, 4 * channels)), _filters(kernel))
    results = _sums(np.kron(OF_PRODUCTS, OF_PRODUCTS), ops.reshape(products, (9, -1)))
    results = ops.transpose(ops.reshape(results, (2, 2, -1, down, across, kernel.shape[3])), (2, 3, 0, 4, 1, 5))
    return ops.reshape(results, (-1, height // 2, width // 2, kernel.shape[3]))


def convolve_transposed(maps, kernel):
    """What a Conv2DTranspose of stride 2 and padding "same" computes: each step of `convolve` transposed, backwards.

    Args:
        maps: float tensor (N, H, W, F), H and W even.
        kernel: float tensor (4, 4, C, F).

    Returns:
        float tensor (N, 2·H, 2·W, C).
    """
    _, height, width, filters = maps.shape
    down, across, channels = height // 2, width // 2, kernel.shape[2]
    results = ops.transpose(ops.reshape(maps, (-1, down, 2, across, 2, filters)), (2, 4, 0, 1, 3, 5))
    products = _sums(np.kron(OF_PRODUCTS, OF_PRODUCTS).T, ops.reshape(results, (4, -1)))
    both = ops.matmul(ops.reshape(products, (9, -1, filters)), ops.transpose(_filters(kernel), (0, 2, 1)))
    both = ops.transpose(ops.reshape(both, (3, 3, -1, down, across, 2, 2 * channels)), (2, 0, 3, 5, 1, 4, 6))
    rows = _sums(_windows(2 * width).T, ops.reshape(both, (-1, 6 * across, channels)))
    pictures = _sums(_windows(2 * height).T, ops.reshape(rows, (-1, 6 * down, 2 * width * channels)))
    return ops.reshape(pictures, (-1, 2 * height, 2 * width, channels))


def _sums(matrix, values):
    """Sums that a matrix of 0, 1 and -1 picks, under a name of their own for benchmarks/step_profile.py."""
    with keras.name_scope("sums"):
        return ops.matmul(matrix, values)


@functools.cache
def _windows(side):
    """The sums along one side of a map, as a matrix (3·side/4·2, side): of each window of three pairs of pixels."""
    windows = np.zeros((3, side // 4, 2, side + 2), np.float32)  # with the zero beyond either end
    for window in range(side // 4):
        for pixel in range(2):
            windows[:, window, pixel, 4 * window + pixel : 4 * window + pixel + 6 : 2] = OF_PIXELS
    return windows[..., 1:-1].reshape(-1, side)


def _filters(kernel):
    """The factors that a kernel gives: (9, 4·C, F)."""
    *_, channels, filters = kernel.shape
    taps = ops.transpose(ops.reshape(kernel, (2, 2, 2, 2, channels * filters)), (0, 2, 1, 3, 4))
    both = _sums(np.kron(OF_FILTER, OF_FILTER), ops.reshape(taps, (4, -1)))
    return ops.reshape(both, (9, 4 * channels, filters))
