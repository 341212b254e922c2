"""What a diagnosis needs to know of the pictures that a run was trained on."""

from dataclasses import dataclass

import numpy as np

from animegan.faces.packed import FaceSet
from animegan.files import InputError
from animegan.gan.signs import copies

KNOWN = 500  # training pictures, chosen at random, that are looked at one by one
OTHERS = 256  # likewise of those held out


@dataclass(frozen=True)
class Pictures:
    """Some of the pictures of a run, uint8 (·, S, S, 3) without copies of the very pixels, and what all are like."""

    count: int  # pictures to train on, copies among them
    repeated: float  # share of them that are copies: of the very pixels, or, of those looked at, near ones
    known: np.ndarray  # at most KNOWN to train on
    held_out: np.ndarray  # at most OTHERS that were not trained on, and are no copies of those
    leaked: np.ndarray  # bool (at most OTHERS,): which of the held-out pictures are trained on

    @classmethod
    def read(cls, faces, held_out=None, size=None, tags=(), seed=0):
        """Look at packed files.

        Args:
            faces: packed file with the pictures to train on.
            held_out: packed file with those that were held out by hand; those that `faces` holds out if None.
            size: side in pixels that they must have.
            tags: only pictures that have all of these, strings such as "hair=blonde".
            seed: of the choice.

        Raises:
            InputError: a file cannot be used, or its pictures are of another size.
        """
        with FaceSet(faces) as data:
            rows, apart = data.split(*tags)
            if held_out:
                rows = data.select(*tags)
            _check(data, size, rows)
            digests, distinct = np.unique(data.digests()[rows], return_index=True)
            known = data.images(data.pick(rows[distinct], KNOWN, seed))
            if not held_out:
                leaked, others = _compared(data, apart, digests, known, seed)
        if held_out:
            with FaceSet(held_out) as data:
                rows_apart = data.select()
                _check(data, size, rows_apart)
                leaked, others = _compared(data, rows_apart, digests, known, seed)
        repeated = max(1 - len(distinct) / len(rows), float(copies(known).mean()))
        return cls(len(rows), repeated, known, others, leaked)


def _compared(data, rows, digests, known, seed):
    """(bool array: which of some held-out pictures are among those trained on, uint8 array of the others)."""
    rows = data.pick(rows, OTHERS, seed)
    images, own = data.images(rows), data.digests()[rows]
    leaked = np.isin(own, digests) | copies(images, known)
    _, distinct = np.unique(own, return_index=True)
    return leaked, images[distinct[~leaked[distinct]]]


def _check(data, size, rows):
    if size and data.size != size:
        raise InputError(f"faces must have the generator's size, {size} pixels. Received: {data.size} in {data.path}")
    if not len(rows):
        raise InputError(f"there must be pictures to look at. Received: none in {data.path}")
