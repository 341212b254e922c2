"""Which pictures are rare: to be shown more often than others, so that a generator learns to make their like, too."""

import numpy as np

from animegan.gan.distances import reach
from animegan.gan.features import load_features

NEIGHBOURS = 6  # the farthest of so many others says how rare a picture is: several of one character may be rare
BLOCK = 4096  # pictures in memory at a time: 50 MB at 64 pixels


def repeat_rarest(faces, rows, share):
    """Rows to train on, in which the pictures that are far from their nearest others stand twice.

    How far, the face network tells. DeVries et al. 2020 (arXiv:2007.15255) leave such pictures out, for precision;
    shown more often, they are to serve recall.

    Args:
        faces: animegan.faces.packed.FaceSet.
        rows: int array (N,) of its rows. It takes seconds for 10,000, and grows with the square of N.
        share: float in [0, 1], of the pictures, that are rare.

    Returns:
        int array (N + share · N,) of rows, ascending.
    """
    network = load_features("faces")
    features = [network(faces.images(rows[start : start + BLOCK])) for start in range(0, len(rows), BLOCK)]
    apart = reach(np.concatenate(features), min(NEIGHBOURS, len(rows) - 1))  # of few pictures, all are neighbours
    order = np.argsort(-apart, kind="stable")
    return np.sort(np.concatenate([rows, rows[order[: round(share * len(rows))]]]))
