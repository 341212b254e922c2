"""Counting what a generator of points learned, against a distribution whose clusters are known."""

from typing import NamedTuple

import numpy as np

from animegan.points.shapes import SPREAD, ring_centres

NEAR = 3.0  # standard deviations: 98.9 % of a round normal distribution in the plane lie as near to its centre
LEAST = 0.02  # share of all points that a cluster must have to count as covered


class Count(NamedTuple):
    """What was counted: of the clusters, and of the points."""

    covered: int  # clusters with at least the share LEAST of the points
    good: float  # share of the points that lie near some centre
    shares: np.ndarray  # float (K,): share of the points near each centre


def count_clusters(points, centres=None, spread=SPREAD, least=LEAST):
    """Count the clusters that some points cover, and the points that belong to one.

    A point belongs to the centre that is nearest, if it is no farther from it than NEAR standard deviations.

    Args:
        points: float array (N, 2).
        centres: float array (K, 2); those of the ring if None.
        spread: standard deviation of a cluster.
        least: share of all points that a covered cluster has at least.

    Returns:
        Count.
    """
    centres = ring_centres() if centres is None else np.asarray(centres)
    distances = np.linalg.norm(np.asarray(points)[:, None] - centres, axis=2)
    near = distances.min(axis=1) <= NEAR * spread
    shares = np.bincount(distances.argmin(axis=1)[near], minlength=len(centres)) / len(points)
    return Count(int((shares >= least).sum()), float(near.mean()), shares)
