"""The packed file faces.h5 (animegan.faces.layout): read it fast, and only if it is whole."""

import hashlib
import json
import sys
from pathlib import Path

import h5py
import numpy as np

from animegan.faces.layout import FORMAT, UNKNOWN, VERSIONS, is_held_out
from animegan.faces.sealing import BROKEN, SEALED, check, opens_elsewhere
from animegan.faces.writing import FaceWriter
from animegan.files import InputError
from animegan.pictures import to_unit

__all__ = ["UNKNOWN", "FaceSet", "FaceWriter", "is_held_out"]  # the writer belongs to the reader

MOST_SIZE = 4096  # pixels: a side beyond that is a damaged number


class FaceSet:
    """A packed file opened for reading."""

    def __init__(self, path, look_first=True, foreign=False):
        """Open a file that `animegan pack` or `animegan draw` made.

        Args:
            path: the file.
            look_first: whether to open a file without a seal in another process first, which takes half a second: HDF5
                crashes on some damaged files.
            foreign: do so with a sealed file, too: whoever made it on purpose can have sealed it.

        Raises:
            InputError: it is missing, or no such file.
        """
        self.path = Path(path)
        self._file = None
        try:
            if not self.path.is_file():
                raise OSError("a folder" if self.path.is_dir() else "no such file")
            reason = self._distrust(foreign) if look_first else None
            if reason:
                raise OSError(reason)
            self._open()
        except (OSError, KeyError, ValueError, TypeError, AttributeError, RuntimeError) as error:
            self.close()
            reason = f"no packed face file, {error}" if self.path.is_file() else error
            raise InputError(f"faces must be a file made by `animegan pack`. Received: {path} ({reason})") from error

    def _distrust(self, foreign):
        """Why the file must not be opened here, or None: HDF5 crashes on some that are damaged."""
        state = check(self.path)
        if state == BROKEN:
            return "damaged: its checksum is another"
        return None if state == SEALED and not foreign else opens_elsewhere(self.path)

    def _open(self):
        """Open the file, and see that it is laid out as it must be."""
        self._file = h5py.File(self.path, "r", rdcc_nbytes=0)  # no cache of chunks: part of a chunk is read alone
        attributes = self._file.attrs
        if attributes.get("format") != FORMAT or attributes.get("version") not in VERSIONS:
            raise OSError(f"its format is {attributes.get('format', 'not stated')}")
        self._images = self._dataset("images", np.uint8)
        count, self.size, *_ = self._images.shape
        if self._images.shape != (count, self.size, self.size, 3) or not 0 < self.size <= MOST_SIZE:
            raise ValueError(f"its images have the shape {self._images.shape}")
        if self._images.id.get_storage_size() < self._images.nbytes:  # a few bytes can promise any number of pictures
            raise ValueError("it does not hold all its pictures")
        self.provenance = json.loads(attributes["provenance"])
        lists = ["source", "sha256", *(["held_out"] if attributes["version"] > 1 else [])]
        if any(self._dataset(name).shape != (count,) for name in lists):
            raise ValueError("its lists must be as long as its images")
        self.tags = {}
        for name in self._file["tags"]:
            codes = self._dataset(f"tags/{name}", np.int8)
            self.tags[name] = tuple(map(str, codes.attrs["names"]))
            if codes.shape != (count,) or (count and not -1 <= codes[:].min() <= codes[:].max() < len(self.tags[name])):
                raise ValueError(f"its tag {name} has codes without a name, or too few")

    def _dataset(self, name, dtype=None):
        """A dataset that lies in this very file: HDF5 could lead to others, of anybody's."""
        link, dataset = self._file.get(name, getlink=True), self._file[name]
        if not isinstance(link, h5py.HardLink) or dataset.is_virtual or dataset.external:
            raise ValueError(f"its {name} must lie in the file itself")
        if dtype is not None and dataset.dtype != dtype:
            raise ValueError(f"its {name} must be {np.dtype(dtype)}, not {dataset.dtype}")
        return dataset

    def __enter__(self):
        """Give the set itself."""
        return self

    def __exit__(self, *error):
        """Close the file."""
        self.close()

    def close(self):
        """Close the file; its pictures can no longer be read."""
        if self._file:
            self._file.close()

    def __len__(self):
        """Number of pictures."""
        return self._images.shape[0]

    def images(self, rows=None):
        """Pictures as they are stored.

        Args:
            rows: indices in any order, or None for all.

        Returns:
            uint8 array (n, size, size, 3), RGB. Of each chunk one stretch is read and picked from: HDF5's own picking
            of single rows is many times slower.
        """
        if rows is None:
            return self._images[:]
        rows = np.asarray(rows, np.int64)
        if rows.size and (rows.min() < 0 or rows.max() >= len(self)):
            raise InputError(f"rows must lie in 0 to {len(self) - 1}. Received: {rows.min()} to {rows.max()}")
        result = np.empty((len(rows), *self._images.shape[1:]), np.uint8)
        length = self._images.chunks[0] if self._images.chunks else 1
        order = np.argsort(rows, kind="stable")
        starts = np.flatnonzero(np.diff(rows[order] // length, prepend=-1))
        for group in np.split(order, starts[1:]):
            if len(group):
                first, last = rows[group[[0, -1]]]
                result[group] = self._images[first : last + 1][rows[group] - first]
        return result

    def unit_images(self, rows=None):
        """Pictures as the networks take them: float32 (n, size, size, 3) in [-1, 1]."""
        return to_unit(self.images(rows))

    def sources(self):
        """Where each picture comes from: a list of N strings."""
        return self._file["source"].asstr()[:].tolist()

    def digests(self):
        """SHA-256 of each picture's pixels in hexadecimal: bytes array (N,)."""
        return self._file["sha256"][:]

    def fingerprint(self, rows):
        """What tells sets of pictures apart: SHA-256, in hexadecimal, of the digests of these rows in their order."""
        return hashlib.sha256(self.digests()[rows].tobytes()).hexdigest()

    def split(self, *selections):
        """Which pictures are to train on and which to measure against.

        A picture's own pixels decide, whatever the order or the run, and in other files, too. Of pictures in a file
        that look alike, the pixels of one of them decide for all, so that they are never parted; a file without that
        one, such as one whose near duplicates were dropped, may decide otherwise for the rest: measure a run on the
        very file that it was trained on. The decision stands in the file; in one of version 1 it is made again, for
        each picture alone.

        Args:
            selections: as `select` takes them; only pictures that satisfy all are split.

        Returns:
            (rows to train on, held-out rows): int64 arrays, ascending; about one in ten is held out.
        """
        if "held_out" in self._file:
            held_out = self._file["held_out"][:] != 0
        else:
            held_out = np.array([is_held_out(digest) for digest in self.digests()], bool)
        chosen = self.select(*selections)
        return chosen[~held_out[chosen]], chosen[held_out[chosen]]

    def codes(self, tag):
        """Codes of a tag: int8 (N,), an index into `tags[tag]`, or -1 where unknown.

        Raises:
            InputError: the file has no such tag; the message lists those it has.
        """
        if tag not in self.tags:
            raise InputError(f"a tag must be one of {', '.join(self.tags) or '(the file has none)'}. Received: {tag}")
        return self._file["tags"][tag][:]

    def counts(self):
        """How often each value of each tag occurs: {tag: {value: count}}, most frequent first, unknown left out."""
        result = {}
        for tag, names in self.tags.items():
            codes = self.codes(tag)
            numbers = np.bincount(codes[codes >= 0], minlength=len(names))
            order = np.argsort(-numbers, kind="stable")
            result[tag] = {names[i]: int(numbers[i]) for i in order if numbers[i]}
        return result

    def select(self, *selections):
        """Rows that satisfy every selection.

        Args:
            selections: strings such as "hair=blonde".

        Returns:
            int64 array of rows, ascending; all of them without a selection.

        Raises:
            InputError: a selection is not of that form, or names a tag or value that the file does not have.
        """
        keep = np.ones(len(self), bool)
        for selection in selections:
            tag, equals, value = selection.partition("=")
            if not equals:
                raise InputError(f"a selection must be TAG=VALUE, such as hair=blonde. Received: {selection}")
            codes = self.codes(tag)
            if value not in self.tags[tag]:
                raise InputError(f"{tag} must be one of {', '.join(self.tags[tag])}. Received: {value}")
            keep &= codes == self.tags[tag].index(value)
        return np.flatnonzero(keep)

    def pick(self, rows, count, seed=0):
        """A random choice of rows.

        Args:
            rows: int array to choose from.
            count: how many; all of them, shuffled, where there are fewer.
            seed: the same seed picks the same.

        Returns:
            int array (min(count, len(rows)),), without repetition.
        """
        return np.random.default_rng(seed).permutation(rows)[:count]


if __name__ == "__main__":  # the process of sealing.opens_elsewhere
    try:
        with FaceSet(sys.argv[1], look_first=False) as opened:
            (
                opened.sources(),
                opened.digests(),
                opened.split(),
                opened.counts(),
                opened.images(range(min(1, len(opened)))),
            )
    except (InputError, OSError, ValueError, RuntimeError) as failure:
        sys.exit(print(failure.__cause__ or failure) or 1)
