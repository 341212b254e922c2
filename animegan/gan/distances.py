"""Distances between two sets of pictures, from the features that a network sees in them. Plain NumPy, no network.

Every function takes features as float arrays (N, F), a row a picture. A distance depends on the feature network, on N
and on the real pictures it is measured against: only numbers with all three the same can be compared.
"""

import numpy as np

from animegan.files import InputError

NEIGHBOURS = 3  # k of precision and recall, as in their paper
BLOCK = 1024  # rows compared at once: the whole table of 50,000 × 50,000 distances would take 10 GB


def frechet_distance(real, fake):
    """Fréchet distance of two normal distributions fitted to the features (Heusel et al. 2017, arXiv:1706.08500).

    |μ₁ - μ₂|² + tr(Σ₁ + Σ₂ - 2·(Σ₁Σ₂)^½). With few pictures it comes out too large, so its floor, real against real
    pictures at the same N, belongs beside it.

    Args:
        real: float array (N, F).
        fake: float array (N, F), as many.

    Returns:
        float ≥ 0.

    Raises:
        InputError: the sets differ in size, or are too small.
    """
    real, fake = _pair(real, fake)
    one, other = np.cov(real, rowvar=False), np.cov(fake, rowvar=False)
    # The eigenvalues of Σ₁Σ₂ are those of the symmetric Σ₁^½·Σ₂·Σ₁^½, which round-off leaves real.
    values, vectors = np.linalg.eigh(np.atleast_2d(one))
    root = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    shared = np.sqrt(np.maximum(np.linalg.eigvalsh(root @ np.atleast_2d(other) @ root), 0)).sum()
    apart = ((real.mean(axis=0) - fake.mean(axis=0)) ** 2).sum()
    return max(0.0, float(apart + np.trace(np.atleast_2d(one)) + np.trace(np.atleast_2d(other)) - 2 * shared))


def kernel_distance(real, fake, subsets=50, size=500, seed=0):
    """Kernel distance, KID: squared maximum mean discrepancy (Bińkowski et al. 2018, arXiv:1801.01401).

    With the kernel (x·y / F + 1)³, over random subsets, each without bias: its expected value does not depend on N,
    and it may come out a little below 0.

    Args:
        real: float array (N, F).
        fake: float array (N, F), as many.
        subsets: how many.
        size: pictures in each; half of N where that is less: subsets that are all the same tell of no error.
        seed: of the choice.

    Returns:
        (mean over the subsets, its standard error), floats.

    Raises:
        InputError: the sets differ in size, or are too small.
    """
    real, fake = _pair(real, fake)
    rng = np.random.default_rng(seed)
    size = min(size, max(2, len(real) // 2))  # of one picture there is no pair
    values = [
        _discrepancy(*(features[rng.choice(len(features), size, replace=False)] for features in (real, fake)))
        for _ in range(subsets)
    ]
    return float(np.mean(values)), float(np.std(values) / np.sqrt(subsets))


def _discrepancy(real, fake):
    count, width = real.shape

    def kernel(one, other):
        return (one @ other.T / width + 1) ** 3

    def within(features):
        table = kernel(features, features)
        return (table.sum() - np.trace(table)) / (count * (count - 1))

    return within(real) + within(fake) - 2 * kernel(real, fake).mean()


def precision_recall(real, fake, neighbours=NEIGHBOURS):
    """How many fakes lie among the real pictures, and how many real ones among the fakes.

    Each set's region is the union of balls around its pictures that reach to the k-th nearest of the same set
    (Kynkäänniemi et al. 2019, arXiv:1904.06991). Low precision: faces that are none. Low recall: too few kinds of face.

    Args:
        real: float array (N, F).
        fake: float array (N, F), as many.
        neighbours: k.

    Returns:
        (precision, recall), floats in [0, 1].

    Raises:
        InputError: the sets differ in size, or are too small.
    """
    real, fake = _pair(real, fake, least=neighbours + 1)
    return _share_within(real, fake, neighbours), _share_within(fake, real, neighbours)


def _share_within(region, points, neighbours):
    """Share of points that lie in the region of the others."""
    # A hair more than the distance itself, for the round-off of equal points.
    squares = reach(region, neighbours) ** 2 * (1 + 1e-9)
    return float(np.mean(np.concatenate([(table <= squares).any(axis=1) for table in _tables(points, region)])))


def reach(points, neighbours=NEIGHBOURS):
    """How far it is from each point to the k-th nearest of the others.

    Args:
        points: float array (N, F), N > k.
        neighbours: k.

    Returns:
        float64 array (N,).
    """
    points = np.asarray(points, np.float64)
    # The nearest of all is the point itself, at distance 0.
    squares = [np.partition(table, neighbours, axis=1)[:, neighbours] for table in _tables(points, points)]
    return np.sqrt(np.concatenate(squares))


def nearest(points, others):
    """For each point the nearest of the others.

    Args:
        points: float array (N, F).
        others: float array (M, F).

    Returns:
        (indices int64 (N,), distances float64 (N,)).
    """
    points, others = np.asarray(points, np.float64), np.asarray(others, np.float64)
    found = [(table.argmin(axis=1), table.min(axis=1)) for table in _tables(points, others)]
    return np.concatenate([index for index, _ in found]), np.sqrt(np.concatenate([square for _, square in found]))


def _tables(points, others):
    """Squared distances of all points to all others, block of rows by block of rows."""
    squares = (others**2).sum(axis=1)
    for start in range(0, len(points), BLOCK):
        block = points[start : start + BLOCK]
        table = (block**2).sum(axis=1)[:, None] + squares - 2 * block @ others.T
        yield np.maximum(table, 0)


def _pair(real, fake, least=2):
    real, fake = np.asarray(real, np.float64), np.asarray(fake, np.float64)
    if real.shape != fake.shape or real.ndim != 2 or len(real) < least:
        raise InputError(
            f"two sets must have as many pictures and features each, at least {least} pictures. "
            f"Received: shapes {real.shape} and {fake.shape}"
        )
    return real, fake
