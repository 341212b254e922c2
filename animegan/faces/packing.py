"""Packing: sources of any kind merge into one faces.h5, without duplicates, in flat memory."""

import itertools
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath

import numpy as np
from tqdm.auto import tqdm

from animegan.faces import sources
from animegan.faces.packed import FaceSet, FaceWriter
from animegan.faces.tagging import TagTable
from animegan.files import InputError
from animegan.pictures import decode, resize
from animegan.settings import DEFAULT_SIZE, check_size

BLOCK = 512  # pictures decoded at a time: 6 MB at 64 px, a few hundred MB if all were large photographs


def pack(paths, out, size=DEFAULT_SIZE, tags=None, progress=True):
    """Merge sources into one packed file.

    Args:
        paths: folders, zip or tar archives, packed .h5 files. A faces.csv or tags.csv inside a source is used, for
            the pictures in and below its own folder, and for those that no table stands beside or above.
        out: the .h5 file to write; what stood there stays whole until the new one is complete.
        size: side of the packed pictures in pixels, one of SIZES.
        tags: path of a CSV with a column `file` and a column a tag, for pictures of any source; it wins over a
            source's own table.
        progress: show a progress bar on stderr.

    Returns:
        dict: pictures (packed), duplicates (dropped), skipped (unreadable), skipped_files (their names), tagged
        (pictures with at least one tag), out.

    Raises:
        InputError: a source is none, or holds no readable picture; a table is not usable; no row of `tags` matches.
    """
    check_size(size)
    table = TagTable.read(tags) if tags else None
    kinds = {str(path): sources.kind_of(path) for path in paths}
    if not kinds:
        raise InputError("there must be at least one source to pack. Received: none")
    skipped, matched = {}, 0
    with FaceWriter(out, size, {"command": "pack", "sources": [Path(path).name for path in kinds]}) as writer:
        for path, kind in kinds.items():
            before = len(writer) + writer.duplicates
            blocks = _h5_blocks(path, size) if kind == "h5" else _picture_blocks(path, size, skipped)
            with tqdm(total=_count(path, kind), unit="picture", desc=Path(path).name, disable=not progress) as bar:
                for images, names, own_tags in blocks:
                    if table:
                        found = [table.of(name) for name in names]
                        matched += sum(map(bool, found))
                        own_tags = [own | more for own, more in zip(own_tags, found, strict=True)]
                    writer.add(images, [_text(name) for name in names], own_tags)
                    bar.update(len(images))
            if len(writer) + writer.duplicates == before:
                raise InputError(_nothing_in(path, skipped))
        if table and not matched:
            raise InputError(
                f"the column 'file' of {tags} must name pictures of the sources. Received: no name of theirs"
            )
        pictures, duplicates, tagged = len(writer), writer.duplicates, writer.tagged
    return {
        "pictures": pictures,
        "duplicates": duplicates,
        "skipped": len(skipped),
        "skipped_files": skipped,
        "tagged": tagged,
        "out": str(out),
    }


def _count(path, kind):
    if kind == "h5":
        with FaceSet(path) as faces:
            return len(faces)
    return sources.count_pictures(path)


def _h5_blocks(path, size) -> Iterator[tuple]:
    """Blocks (images, names, tags) of a packed file, resized where it has another size."""
    with FaceSet(path) as faces:
        names = faces.sources()
        codes = {tag: faces.codes(tag) for tag in faces.tags}
        for start in range(0, len(faces), BLOCK):
            rows = range(start, min(start + BLOCK, len(faces)))
            tags = [{tag: faces.tags[tag][code[row]] for tag, code in codes.items() if code[row] >= 0} for row in rows]
            images = np.stack([resize(image, size) for image in faces.images(rows)])
            yield images, names[rows.start : rows.stop], tags


def _picture_blocks(path, size, skipped) -> Iterator[tuple]:
    """Blocks (images, names, tags) of a folder or archive; unreadable pictures are noted in `skipped`."""
    tables = [
        (PurePosixPath(name).parent.parts, TagTable.parse(data, f"{path}: {name}"))
        for name, data in sources.carried_tables(path)
    ]
    tables.sort(key=lambda table: len(table[0]))  # the nearest last: it wins
    with ThreadPoolExecutor(os.cpu_count()) as pool:  # OpenCV decodes outside Python's lock
        for batch, decoded in _one_ahead(_decoding(sources.pictures(path), size, pool)):
            images, names, tags = [], [], []
            for (name, _), image in zip(batch, decoded, strict=True):
                if isinstance(image, str):
                    skipped[_text(f"{path}/{name}")] = image
                    continue
                images.append(image)
                names.append(f"{Path(path).name}/{name}")
                tags.append(_carried_tags(tables, name))
            if images:
                yield images, names, tags


def _carried_tags(tables, name):
    """A picture's tags from the tables in its folder and those above; where there are none there, from all tables."""
    parts = PurePosixPath(name).parts
    above = [table for folder, table in tables if parts[: len(folder)] == folder]
    return {tag: value for table in above or [table for _, table in tables] for tag, value in table.of(name).items()}


def _text(name):
    """A file's name as text that can be stored and printed: bytes of it that are no UTF-8 become \\udc83 or so."""
    return name.encode("utf-8", "backslashreplace").decode()


def _decoding(members, size, pool):
    """Blocks of (name, data) with the pictures that the pool has begun to decode from them."""
    while batch := list(itertools.islice(members, BLOCK)):
        yield batch, pool.map(lambda member: _read(member, size), batch)


def _one_ahead(blocks):
    """The same blocks, each taken when the next has been started: decoding goes on while a block is written."""
    ahead = next(blocks, None)
    while ahead is not None:
        block, ahead = ahead, next(blocks, None)
        yield block


def _read(member, size):
    """Picture (size, size, 3) of a (name, data) pair, or the reason why there is none."""
    _, data = member
    if isinstance(data, OSError):
        return str(data)
    try:
        return resize(decode(data), size)
    except InputError as error:
        return str(error)


def _nothing_in(path, skipped):
    kinds = ", ".join(suffix.lstrip(".") for suffix in sources.SUFFIXES)
    if skipped:
        name, reason = next(iter(skipped.items()))
        return f"a source must hold readable pictures. Received: {path}, where none can be read ({name}: {reason})"
    return f"a source must hold pictures ({kinds}). Received: {path}, which holds none"
