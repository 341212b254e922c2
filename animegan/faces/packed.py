"""The packed file faces.h5: write it block by block, read it back fast.

Layout: `images` uint8 (N, S, S, 3) RGB; `source` and `sha256` a picture; `tags/<name>` int8 codes, -1 unknown, whose
names stand in the attribute `names`. Pictures are kept as bytes, a quarter of float32's size, and not compressed:
gzip saves little on such pictures and makes reading several times slower.
"""

import hashlib
import json
from pathlib import Path

import h5py
import numpy as np

from animegan.files import InputError, PatientFile, replacing
from animegan.pictures import to_unit
from animegan.settings import check_size

FORMAT = "animegan-faces"
VERSION = 1
CHUNK_BYTES = 1 << 19  # whole pictures up to half a megabyte a chunk: few seeks in a scan, little waste in a pick
UNKNOWN = -1
UNKNOWN_BYTE = UNKNOWN % 256  # the same int8 in a bytearray
HELD_OUT = 10  # one picture in so many is never trained on, so that there is something to measure against
MOST_VALUES = 127  # what an int8 code can tell apart


class FaceWriter:
    """Writes a packed file block by block, without duplicates unless they are wanted, in flat memory.

    Use it as a context manager: the file appears, whole, when the block ends without an error.
    """

    def __init__(self, path, size, provenance, drop_duplicates=True):
        """Prepare to write.

        Args:
            path: the file to write.
            size: side of the pictures in pixels, one of SIZES.
            provenance: JSON-serialisable dict: how the pictures came to be.
            drop_duplicates: whether a picture whose pixels were added before is left out.
        """
        self.drop_duplicates = drop_duplicates
        self.size = check_size(size)
        self.duplicates = 0
        self._path, self._provenance = Path(path), provenance
        self._row_of = {}  # digest (or running number) → row, so that a duplicate's tags can fill gaps
        self._tags = {}  # tag → list of values by row

    def __enter__(self):
        """Open a temporary file beside the path."""
        self._replacing = replacing(self._path)
        temporary = self._replacing.__enter__()
        try:
            self._sink = PatientFile(temporary)
            self._file = h5py.File(self._sink, "w")
            picture = (self.size, self.size, 3)
            chunk = max(1, CHUNK_BYTES // int(np.prod(picture)))
            kinds = {"images": (picture, np.uint8), "source": ((), h5py.string_dtype()), "sha256": ((), "S64")}
            for name, (shape, kind) in kinds.items():
                rows = chunk if name == "images" else 4096
                self._file.create_dataset(
                    name, (0, *shape), kind, maxshape=(None, *shape), chunks=(rows, *shape), track_times=False
                )
        except BaseException as error:
            self._replacing.__exit__(type(error), error, error.__traceback__)
            raise
        return self

    def __len__(self):
        """Pictures written so far."""
        return len(self._row_of)

    @property
    def tagged(self):
        """Pictures with at least one tag so far."""
        known = np.zeros(len(self), bool)
        for codes in self._tags.values():
            known[: len(codes["codes"])] |= np.frombuffer(bytes(codes["codes"]), np.int8) != UNKNOWN
        return int(known.sum())

    def add(self, images, sources, tags):
        """Add a block of pictures.

        Args:
            images: uint8 array (n, size, size, 3), RGB.
            sources: n strings, where each picture comes from.
            tags: n dicts from tag to value; what is missing is unknown.
        """
        fresh, digests = [], []
        for index, image in enumerate(images):
            digest = hashlib.sha256(np.ascontiguousarray(image)).digest()
            key = digest if self.drop_duplicates else len(self)
            if key in self._row_of:
                self.duplicates += 1
            else:
                self._row_of[key] = len(self)
                fresh.append(index)
                digests.append(digest.hex())
            self._note_tags(self._row_of[key], tags[index])
        if not fresh:
            return
        end = len(self._row_of)
        block = {"images": np.asarray(images)[fresh], "source": [sources[i] for i in fresh], "sha256": digests}
        for name, values in block.items():
            dataset = self._file[name]
            dataset.resize(end, axis=0)
            dataset[end - len(fresh) :] = values
        self._sink.check()

    def _note_tags(self, row, tags):
        """Note a picture's tags where none is known yet."""
        for tag, value in tags.items():
            codes = self._tags.setdefault(tag, {"names": [], "codes": bytearray()})
            _pad(codes["codes"], row + 1)
            if codes["codes"][row] == UNKNOWN_BYTE:
                codes["codes"][row] = self._code(tag, codes["names"], value)

    def _code(self, tag, names, value):
        if value not in names:
            if len(names) == MOST_VALUES:
                raise InputError(
                    f"a tag can have at most {MOST_VALUES} values. Received: more for '{tag}' ({value}, …)"
                )
            names.append(value)
        return names.index(value)

    def __exit__(self, kind, error, trace):
        """Write the tags and put the file in its place, or, after an error, leave no trace."""
        try:
            if kind is None:
                self._finish()
        except BaseException as failure:
            kind, error, trace = type(failure), failure, failure.__traceback__
            raise
        finally:
            try:
                self._file.close()
                self._sink.close()
                self._sink.check()
            except BaseException as failure:  # a full disk may show only now
                kind, error, trace = type(failure), failure, failure.__traceback__
                raise
            finally:
                self._replacing.__exit__(kind, error, trace)

    def _finish(self):
        group = self._file.create_group("tags")
        for tag, codes in sorted(self._tags.items()):
            _pad(codes["codes"], len(self))
            raw = np.frombuffer(bytes(codes["codes"]), np.int8)
            order = np.argsort(codes["names"])  # values in alphabetical order, whatever came first
            rank = np.append(np.argsort(order), UNKNOWN)  # the last entry answers code -1
            name = tag.replace("/", "_")  # HDF5 takes it for a folder
            if name in group:  # also ".", the group itself
                raise InputError(f"tags must have names that differ, also with _ in place of /. Received: '{tag}'")
            dataset = group.create_dataset(name, data=rank[raw].astype(np.int8), track_times=False)
            dataset.attrs["names"] = [codes["names"][i] for i in order]
        self._file.attrs.update(format=FORMAT, version=VERSION, provenance=json.dumps(self._provenance))


def _pad(codes, length):
    """Grow a bytearray of int8 codes to `length` with 'unknown'."""
    codes.extend(bytes([UNKNOWN_BYTE]) * (length - len(codes)))


class FaceSet:
    """A packed file opened for reading."""

    def __init__(self, path):
        """Open a file that `animegan pack` or `animegan draw` made.

        Raises:
            InputError: it is missing, or no such file.
        """
        self.path = Path(path)
        self._file = None
        try:
            self._file = h5py.File(self.path, "r", rdcc_nbytes=0)  # no cache of chunks: part of a chunk is read alone
            attributes = self._file.attrs
            if attributes.get("format") != FORMAT or attributes.get("version") != VERSION:
                raise OSError(f"its format is {attributes.get('format', 'not stated')}")
            self._images = self._file["images"]
            count, self.size, *_ = self._images.shape
            if self._images.shape != (count, self.size, self.size, 3):
                raise ValueError(f"its images have the shape {self._images.shape}")
            self.provenance = json.loads(attributes["provenance"])
            self.tags = {name: tuple(codes.attrs["names"]) for name, codes in self._file["tags"].items()}
        except (OSError, KeyError, ValueError, TypeError, AttributeError) as error:
            if self._file:
                self._file.close()
            reason = "a folder" if self.path.is_dir() else f"no packed face file, {error}"
            reason = reason if self.path.exists() else "no such file"
            raise InputError(f"faces must be a file made by `animegan pack`. Received: {path} ({reason})") from error

    def __enter__(self):
        """Give the set itself."""
        return self

    def __exit__(self, *error):
        """Close the file."""
        self.close()

    def close(self):
        """Close the file; its pictures can no longer be read."""
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

    def split(self, *selections):
        """Which pictures are to train on and which to measure against.

        A picture's own pixels decide, so that no file, order or run ever trains on one that another holds out.

        Args:
            selections: as `select` takes them; only pictures that satisfy all are split.

        Returns:
            (rows to train on, held-out rows): int64 arrays, ascending; about one in ten is held out.
        """
        held_out = np.array([int(digest[:8], 16) % HELD_OUT == 0 for digest in self.digests()], bool)
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
