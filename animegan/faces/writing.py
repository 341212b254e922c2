"""Writing a packed file block by block."""

import glob
import hashlib
import json
from pathlib import Path

import h5py
import numpy as np

from animegan.faces.layout import FORMAT, MOST_VALUES, UNKNOWN, VERSION, datasets, is_held_out
from animegan.faces.near import Groups, NearDuplicates
from animegan.faces.sealing import seal
from animegan.files import InputError, PatientFile, remove_unfinished, replacing
from animegan.settings import check_size

CHUNK_BYTES = 1 << 19  # whole pictures up to half a megabyte a chunk: few seeks in a scan, little waste in a pick
UNKNOWN_BYTE = UNKNOWN % 256  # the same int8 in a bytearray


class FaceWriter:
    """Writes a packed file block by block, without duplicates unless they are wanted, in flat memory.

    Use it as a context manager: the file appears, whole, when the block ends without an error.

    Attributes:
        duplicates: how many pictures were left out since their pixels were there.
        copies: list of (source of a near duplicate, source of the first picture that it looks like), complete when the
            block has ended; left out or not.
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
        self.copies = []  # (source, row) until the end
        self._near, self._groups = NearDuplicates(), Groups()  # groups of rows that look alike
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

    @property
    def same_but_for_case(self):
        """Values of a tag that differ in upper and lower case only: {tag: list of their names}."""
        found = {}
        for tag, codes in self._tags.items():
            words = [name.casefold() for name in codes["names"]]
            same = [name for name, word in zip(codes["names"], words, strict=True) if words.count(word) > 1]
            found |= {tag: same} if same else {}
        return found

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
            else:
                row = self._row_of[key] = self._place(None if looks is None else looks[index], sources[index])
                if row == self._count:
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

    def _place(self, look, source):
        """The row of a picture whose pixels are new: the next one, or, if it is left out, of one that it looks like."""
        alike = () if look is None else self._near.find(look)
        if len(alike):
            self.copies.append((source, int(alike[0])))
            if self.drop_copies:
                return int(alike[0])
        self._groups.add(alike)
        if look is not None:
            self._near.add(look)
        return self._count

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
        leaders = self._groups.leaders()
        least = {}  # of each group the least digest, which decides for all: no order of the pictures changes it
        for digest, leader in zip(self._digests, leaders, strict=True):
            least[leader] = min(digest, least.get(leader, digest))
        held_out = [is_held_out(least[leader].hex()) for leader in leaders]
        self._file.create_dataset("held_out", data=np.array(held_out, np.uint8), track_times=False)
        sources = self._file["source"].asstr()[:] if self.copies else ()
        self.copies = [(copy, sources[row]) for copy, row in self.copies]
        group = self._file.create_group("tags")
        for name, tag in datasets(sorted(self._tags)).items():
            codes = self._tags[tag]
            _pad(codes["codes"], len(self))
            raw = np.frombuffer(bytes(codes["codes"]), np.int8)
            order = np.argsort(codes["names"])  # values in alphabetical order, whatever came first
            rank = np.append(np.argsort(order), UNKNOWN)  # the last entry answers code -1
            dataset = group.create_dataset(name, data=rank[raw].astype(np.int8), track_times=False)
            dataset.attrs["names"] = [codes["names"][i] for i in order]
        self._file.attrs.update(format=FORMAT, version=VERSION, provenance=json.dumps(self._provenance))


def _stretches(dataset):
    """Where the bytes of a dataset's chunks lie in the file: list of (start, length)."""
    chunks = map(dataset.id.get_chunk_info, range(dataset.id.get_num_chunks()))
    return [(chunk.byte_offset, chunk.size) for chunk in chunks]


def _pad(codes, length):
    """Grow a bytearray of int8 codes to `length` with 'unknown'."""
    codes.extend(bytes([UNKNOWN_BYTE]) * (length - len(codes)))
