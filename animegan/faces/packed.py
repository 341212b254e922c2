"""The packed file faces.h5: write it block by block, read it back fast.

Layout: `images` uint8 (N, S, S, 3) RGB; `source`, `sha256` and `held_out` a picture; `tags/<name>` int8 codes, -1
unknown, whose names stand in the attribute `names`. Version 1 had no `held_out`. Pictures are kept as bytes, a quarter
of float32's size, and not compressed: gzip saves little on such pictures and makes reading several times slower.
"""

import glob
import hashlib
import json
import sys
from pathlib import Path

import h5py
import numpy as np

from animegan.faces.near import NearDuplicates, groups
from animegan.faces.sealing import BROKEN, SEALED, check, opens_elsewhere, seal
from animegan.files import InputError, PatientFile, remove_unfinished, replacing
from animegan.pictures import to_unit
from animegan.settings import check_size

FORMAT = "animegan-faces"
VERSION = 2
VERSIONS = (1, 2)  # that are read
CHUNK_BYTES = 1 << 19  # whole pictures up to half a megabyte a chunk: few seeks in a scan, little waste in a pick
UNKNOWN = -1
UNKNOWN_BYTE = UNKNOWN % 256  # the same int8 in a bytearray
HELD_OUT = 10  # one picture in so many is never trained on, so that there is something to measure against
MOST_SIZE = 4096  # pixels: a side beyond that is a damaged number
MOST_VALUES = 127  # what an int8 code can tell apart


class FaceWriter:
    """Writes a packed file block by block, without duplicates unless they are wanted, in flat memory.

    Use it as a context manager: the file appears, whole, when the block ends without an error.

    Attributes:
        duplicates: how many pictures were left out since their pixels were there.
        copies: {source of a near duplicate: source of an earlier picture that it looks like}, complete when the block
            has ended; left out or not.
    """

    def __init__(self, path, size, provenance, drop_duplicates=True, drop_copies=False):
        """Prepare to write.

        Args:
            path: the file to write.
            size: side of the pictures in pixels, one of SIZES.
            provenance: JSON-serialisable dict: how the pictures came to be.
            drop_duplicates: whether a picture whose pixels were added before is left out.
            drop_copies: whether a near duplicate of a picture that was added before is left out.
        """
        self.drop_duplicates, self.drop_copies = drop_duplicates, drop_copies
        self.size = check_size(size)
        self.duplicates = 0
        self._path, self._provenance = Path(path), provenance
        self.copies = {}
        self._near, self._pairs = NearDuplicates(), []  # pairs (row, earlier row) that look alike
        self._count = 0  # rows
        self._row_of = {}  # digest (or running number) → row, so that a duplicate's tags can fill gaps
        self._digests = []  # by row
        self._tags = {}  # tag → list of values by row

    def __enter__(self):
        """Open a temporary file beside the path."""
        remove_unfinished(self._path.parent, glob.escape(self._path.name))  # what a killed run left
        self._replacing = replacing(self._path)
        self._temporary = self._replacing.__enter__()
        try:
            self._sink = PatientFile(self._temporary)
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
        return self._count

    @property
    def tagged(self):
        """Pictures with at least one tag so far."""
        known = np.zeros(len(self), bool)
        for codes in self._tags.values():
            known[: len(codes["codes"])] |= np.frombuffer(bytes(codes["codes"]), np.int8) != UNKNOWN
        return int(known.sum())

    def add(self, images, sources, tags, looks=None):
        """Add a block of pictures.

        Args:
            images: uint8 array (n, size, size, 3), RGB.
            sources: n strings, where each picture comes from.
            tags: n dicts from tag to value; what is missing is unknown.
            looks: n results of animegan.faces.near.look; without them near duplicates are not looked for.
        """
        fresh, digests = [], []
        for index, image in enumerate(images):
            digest = hashlib.sha256(np.ascontiguousarray(image)).digest()
            key = digest if self.drop_duplicates else self._count
            row = self._row_of.get(key)
            if row is not None:
                self.duplicates += 1
            elif looks is not None and (row := self._earlier(looks[index], sources[index])) is not None:
                self._row_of[key] = row
            else:
                row = self._row_of[key] = self._count
                self._count += 1
                fresh.append(index)
                digests.append(digest)
            self._note_tags(row, tags[index])
        if not fresh:
            return
        self._digests += digests
        block = {
            "images": np.asarray(images)[fresh],
            "source": [sources[i] for i in fresh],
            "sha256": [digest.hex() for digest in digests],
        }
        for name, values in block.items():
            dataset = self._file[name]
            dataset.resize(self._count, axis=0)
            dataset[self._count - len(fresh) :] = values
        self._sink.check()

    def _earlier(self, look, source):
        """The row of a picture that this one is a near duplicate of, if it is to be left out; else None."""
        rows = self._near.find(look)
        if len(rows):
            self.copies[source] = int(rows[0])
            if self.drop_copies:
                return int(rows[0])
            self._pairs += [(self._count, int(row)) for row in rows]
        self._near.add(look)
        return None

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
                regions = _stretches(self._file["images"]) if kind is None else []
                self._file.close()
                self._sink.close()
                self._sink.check()
                if kind is None:
                    seal(self._temporary, regions)
            except BaseException as failure:  # a full disk may show only now
                kind, error, trace = type(failure), failure, failure.__traceback__
                raise
            finally:
                self._replacing.__exit__(kind, error, trace)

    def _finish(self):
        leaders = groups(len(self), self._pairs)
        least = {}  # of each group the least digest, which decides for all: no order of the pictures changes it
        for digest, leader in zip(self._digests, leaders, strict=True):
            least[leader] = min(digest, least.get(leader, digest))
        held_out = [is_held_out(least[leader].hex()) for leader in leaders]
        self._file.create_dataset("held_out", data=np.array(held_out, np.uint8), track_times=False)
        sources = self._file["source"]
        self.copies = {copy: sources.asstr()[row] for copy, row in self.copies.items()}
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


def _stretches(dataset):
    """Where the bytes of a dataset's chunks lie in the file: list of (start, length)."""
    chunks = map(dataset.id.get_chunk_info, range(dataset.id.get_num_chunks()))
    return [(chunk.byte_offset, chunk.size) for chunk in chunks]


def is_held_out(digest):
    """Whether a picture with this SHA-256 in hexadecimal (str or bytes), alone of its looks, is never trained on."""
    return int(digest[:8], 16) % HELD_OUT == 0


def _pad(codes, length):
    """Grow a bytearray of int8 codes to `length` with 'unknown'."""
    codes.extend(bytes([UNKNOWN_BYTE]) * (length - len(codes)))


class FaceSet:
    """A packed file opened for reading."""

    def __init__(self, path, look_first=True):
        """Open a file that `animegan pack` or `animegan draw` made.

        Args:
            path: the file.
            look_first: whether to open a file without a seal in another process first, which takes half a second: HDF5
                crashes on some damaged files.

        Raises:
            InputError: it is missing, or no such file.
        """
        self.path = Path(path)
        self._file = None
        try:
            if not self.path.is_file():
                raise OSError("a folder" if self.path.is_dir() else "no such file")
            reason = self._distrust() if look_first else None
            if reason:
                raise OSError(reason)
            self._open()
        except (OSError, KeyError, ValueError, TypeError, AttributeError, RuntimeError) as error:
            self.close()
            reason = f"no packed face file, {error}" if self.path.is_file() else error
            raise InputError(f"faces must be a file made by `animegan pack`. Received: {path} ({reason})") from error

    def _distrust(self):
        """Why the file must not be opened here, or None: HDF5 crashes on some that are damaged."""
        state = check(self.path)
        if state == BROKEN:
            return "damaged: its checksum is another"
        return None if state == SEALED else opens_elsewhere(self.path)

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

    def split(self):
        """Which pictures are to train on and which to measure against.

        A picture's own pixels decide, so that no file, order or run ever trains on one that another holds out; of
        pictures that look alike, the pixels of one of them decide for all. The decision stands in the file; in one of
        version 1 it is made again, for each picture alone.

        Returns:
            (rows to train on, held-out rows): int64 arrays, ascending; about one in ten is held out.
        """
        if "held_out" in self._file:
            held_out = self._file["held_out"][:] != 0
        else:
            held_out = np.array([is_held_out(digest) for digest in self.digests()], bool)
        return np.flatnonzero(~held_out), np.flatnonzero(held_out)

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
