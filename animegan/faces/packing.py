"""Packing: sources of any kind merge into one faces.h5, without duplicates, in flat memory."""

import collections
import hashlib
import itertools
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath

import numpy as np
from tqdm.auto import tqdm

from animegan.faces import sources
from animegan.faces.layout import MOST_VALUES, datasets
from animegan.faces.limits import LIMITS
from animegan.faces.near import look
from animegan.faces.packed import FaceSet, FaceWriter
from animegan.faces.tagging import TagTable
from animegan.files import InputError
from animegan.pictures import decode, resize
from animegan.settings import DEFAULT_SIZE, check_size

BLOCK = 512  # pictures decoded at a time: 6 MB at 64 px
BLOCK_BYTES = 100_000_000  # of their files: no more large ones at a time


def pack(paths, out, size=DEFAULT_SIZE, tags=None, progress=True, limits=LIMITS, drop_copies=False):
    """Merge sources into one packed file.

    Args:
        paths: folders, zip or tar archives, packed .h5 files. A faces.csv or tags.csv inside a source is used, for
            the pictures in and below its own folder, and for those that no table stands beside or above.
        out: the .h5 file to write; what stood there stays whole until the new one is complete.
        size: side of the packed pictures in pixels, one of SIZES.
        tags: path of a CSV with a column `file` and a column a tag, for pictures of any source; it wins over a
            source's own table.
        progress: show a progress bar on stderr.
        limits: animegan.faces.limits.Limits: what is larger is skipped, or as a source refused.
        drop_copies: drop near duplicates, too: pictures that look like an earlier one, such as resized and re-encoded
            copies. Else they are kept on one side of the split.

    Returns:
        dict: pictures (packed), duplicates (dropped), near_duplicates (how many look like an earlier picture, dropped
        or not), near_pairs (list of their sources, each with that picture's), skipped (unreadable), skipped_files
        (their names, with reasons), other_files (how many were no pictures, by the endings of their names), tagged
        (pictures with at least one tag), tables (of each table of tags what TagTable.report says), bad_tables (tables
        of the sources that cannot be used, with reasons), same_but_for_case (values such as Blonde and blonde, by their
        tag), out.

    Raises:
        InputError: a source is none, or holds no readable picture; `tags` is not usable, or no row of it matches; a tag
            of it, or of the packed files, has more than 127 values.
    """
    check_size(size)
    given, values = TagTable.read(tags) if tags else None, {}
    if given:
        _note_values(given.values(), values)
    kinds = {str(path): sources.kind_of(path) for path in paths}
    if not kinds:
        raise InputError("there must be at least one source to pack. Received: none")
    for path in (path for path, kind in kinds.items() if kind == "h5"):
        with FaceSet(path, foreign=True) as faces:
            _note_values(faces.tags, values)
    skipped, bad_tables, others, tables = _Skipped(), {}, collections.Counter(), {str(tags): given} if given else {}
    provenance = {"command": "pack", "sources": [Path(path).name for path in kinds]}
    with FaceWriter(out, size, provenance, drop_copies=drop_copies) as writer:
        for path, kind in kinds.items():
            found = 0
            if kind == "h5":
                blocks = _h5_blocks(path, size, limits, skipped)
            else:
                carried = _read_tables(path, limits, values, bad_tables)
                tables |= {f"{path}: {name}": table for name, table in carried.items()}
                blocks = _picture_blocks(path, size, carried, skipped, others, limits)
            with tqdm(total=_count(path, kind), unit="picture", desc=Path(path).name, disable=not progress) as bar:
                for images, names, own_tags, looks in blocks:
                    if given:
                        own_tags = [own | given.of(name) for own, name in zip(own_tags, names, strict=True)]
                    writer.add(images, [_text(name) for name in names], own_tags, looks)
                    bar.update(len(images))
                    found += len(images)
            if not found:
                raise InputError(_nothing_in(path, skipped))
        if given and not given.used:
            raise InputError(
                f"the column 'file' of {tags} must name pictures of the sources. Received: no name of theirs"
            )
        pictures, duplicates, tagged, same = len(writer), writer.duplicates, writer.tagged, writer.same_but_for_case
    return {
        "pictures": pictures,
        "duplicates": duplicates,
        "near_duplicates": len(writer.copies),
        "near_pairs": writer.copies,
        "skipped": len(skipped),
        "skipped_files": skipped,
        "other_files": dict(others),
        "tagged": tagged,
        "tables": {_text(name): each.report() for name, each in tables.items()},
        "bad_tables": bad_tables,
        "same_but_for_case": same,
        "out": str(out),
    }


def remarks(result):
    """What in a result of `pack` hints at a mistake in the tags: list of sentences, of one line each."""
    lines = [f"the table of tags {name} cannot be used: {reason}" for name, reason in result["bad_tables"].items()]
    for name, report in result["tables"].items():
        for kind, words in (("unused", "match no picture"), ("too_long", "hold more values than there are columns")):
            if report[kind]:
                examples = ", ".join(report["examples"][kind][:3])
                lines.append(f"{report[kind]} of {report['rows']} rows of {name} {words}, such as {_text(examples)}")
        if report["measures"]:
            lines.append(f"columns of {name} are no tags, by their names: {', '.join(report['measures'])}")
    for tag, values in result["same_but_for_case"].items():
        lines.append(f"values of {tag} differ in upper and lower case only, such as {', '.join(values[:3])}")
    return lines


def _count(path, kind):
    if kind == "h5":
        with FaceSet(path, look_first=False) as faces:
            return len(faces)
    return sources.count_pictures(path)


def _h5_blocks(path, size, limits, skipped) -> Iterator[tuple]:
    """Blocks (images, names, tags, looks) of a packed file, resized where it has another size.

    Its seal leaves out the pictures: those that are not as they were written are noted in `skipped`.
    """
    with FaceSet(path, look_first=False) as faces, ThreadPoolExecutor(os.cpu_count()) as pool:
        limits.check(path, "members", len(faces))
        limits.check(path, "bytes", len(faces) * faces.size**2 * 3)
        try:
            names, digests = faces.sources(), faces.digests()
            known = {tag: (faces.tags[tag], faces.codes(tag)) for tag in faces.tags}
            for start in range(0, len(faces), BLOCK):
                stored = faces.images(range(start, min(start + BLOCK, len(faces))))
                rows = []
                for row, image in enumerate(stored, start):
                    if hashlib.sha256(image).hexdigest().encode() == digests[row]:
                        rows.append(row)
                    else:
                        skipped.note(_text(f"{path}/{names[row]}"), "damaged: its checksum is another")
                if rows:
                    images = np.stack([resize(stored[row - start], size) for row in rows])
                    tags = [{tag: each[at[row]] for tag, (each, at) in known.items() if at[row] >= 0} for row in rows]
                    yield images, [names[row] for row in rows], tags, list(pool.map(look, images))
        except OSError as error:  # HDF5's, who does not say which file it is about
            raise InputError(f"a packed file must be readable to its end. Received: {path} ({error})") from error


def _read_tables(path, limits, values, bad):
    """The tag tables that a source carries, {name: TagTable}, the nearest to the pictures last: it wins.

    Those that cannot be used, since they are perhaps about something else, are noted in `bad` with the reason, and the
    values of the others in `values`.
    """
    tables = {}
    for name, data in sources.carried_tables(path, limits):
        try:
            if isinstance(data, OSError):
                raise InputError(str(data))
            table = TagTable.parse(data, f"{path}: {name}")
            _note_values(table.values(), values)
            tables[name] = table
        except InputError as error:
            bad[_text(f"{path}: {name}")] = _text(str(error))
    return dict(sorted(tables.items(), key=lambda table: len(PurePosixPath(table[0]).parts)))


def _note_values(new, values):
    """Add to `values`, {tag: set of values}, those of another table or packed file.

    InputError if the file could not hold them together, which would show when most of the work is done.
    """
    both = {tag: values.get(tag, set()).union(names) for tag, names in new.items()}
    datasets(sorted(values | both))
    for tag, names in both.items():
        if len(names) > MOST_VALUES:
            raise InputError(f"a tag can have at most {MOST_VALUES} values. Received: {len(names)} of '{tag}'")
    values |= both


def _picture_blocks(path, size, tables, skipped, others, limits) -> Iterator[tuple]:
    """Blocks (images, names, tags, looks) of a folder or archive; unreadable pictures are noted in `skipped`."""
    tables = [(PurePosixPath(name).parent.parts, table) for name, table in tables.items()]
    members = sources.pictures(path, limits, others)
    with ThreadPoolExecutor(os.cpu_count()) as pool:  # OpenCV decodes outside Python's lock
        for batch, decoded in _one_ahead(_decoding(members, size, limits.pixels, pool)):
            images, names, tags, looks = [], [], [], []
            for (name, _), read in zip(batch, decoded, strict=True):
                if isinstance(read, str):
                    skipped.note(_text(f"{path}/{name}"), read)
                    continue
                images.append(read[0])
                looks.append(read[1])
                names.append(f"{Path(path).name}/{name}")
                tags.append(_carried_tags(tables, name))
            if images:
                yield images, names, tags, looks


def _carried_tags(tables, name):
    """A picture's tags from the tables in its folder and those above; where there are none there, from all tables."""
    parts = PurePosixPath(name).parts
    above = [table for folder, table in tables if parts[: len(folder)] == folder]
    return {tag: value for table in above or [table for _, table in tables] for tag, value in table.of(name).items()}


class _Skipped(dict):
    """{name: reason}; a name that an archive holds more than once is numbered."""

    def __init__(self):
        super().__init__()
        self._repeats = collections.Counter()

    def note(self, name, reason):
        """Add one."""
        numbered = name
        while numbered in self:
            self._repeats[name] += 1
            numbered = f"{name} ({self._repeats[name] + 1})"
        self[numbered] = reason


def _text(name):
    """A file's name as text that can be stored and printed: bytes of it that are no UTF-8 become \\udc83 or so."""
    return name.encode("utf-8", "backslashreplace").decode().replace("\0", "\\x00")  # HDF5 ends a text there


def _decoding(members, size, most_pixels, pool):
    """Blocks of (name, data) with the pictures that the pool has begun to decode from them."""
    while batch := list(_block(members)):
        yield batch, pool.map(lambda member: _read(member, size, most_pixels), batch)


def _block(members):
    """As many members as are decoded at a time."""
    length = 0
    for name, data in itertools.islice(members, BLOCK):
        yield name, data
        length += 0 if isinstance(data, OSError) else len(data)
        if length > BLOCK_BYTES:
            return


def _one_ahead(blocks):
    """The same blocks, each taken when the next has been started: decoding goes on while a block is written."""
    ahead = next(blocks, None)
    while ahead is not None:
        block, ahead = ahead, next(blocks, None)
        yield block


def _read(member, size, most_pixels):
    """Picture (size, size, 3) of a (name, data) pair, with its look, or the reason why there is none."""
    _, data = member
    if isinstance(data, OSError):
        return str(data)
    try:
        image = resize(decode(data, most_pixels), size)
        return image, look(image)
    except InputError as error:
        return str(error)


def _nothing_in(path, skipped):
    kinds = ", ".join(suffix.lstrip(".") for suffix in sources.SUFFIXES)
    if skipped:
        name, reason = next(iter(skipped.items()))
        return f"a source must hold readable pictures. Received: {path}, where none can be read ({name}: {reason})"
    return f"a source must hold pictures ({kinds}). Received: {path}, which holds none"
