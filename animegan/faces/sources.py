"""Where pictures come from: a folder, a zip or tar archive. Each is walked once, in a stable order."""

import contextlib
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import h5py

from animegan.files import InputError

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff")
TAG_FILES = ("faces.csv", "tags.csv")  # a table of tags that a source may carry along


def kind_of(path):
    """Tell by its content what a source is.

    Args:
        path: a folder or file.

    Returns:
        "folder", "zip", "tar" or "h5".

    Raises:
        InputError: there is nothing, or it is none of these.
    """
    path = Path(path)
    if path.is_dir():
        return "folder"
    if not path.is_file():
        raise InputError(f"a source must be a folder, a zip or tar archive, or a packed .h5 file. Received: {path}")
    if h5py.is_hdf5(path):
        return "h5"
    if zipfile.is_zipfile(path):
        return "zip"
    if tarfile.is_tarfile(path):
        return "tar"
    raise InputError(
        f"a source must be a folder, a zip or tar archive, or a packed .h5 file. "
        f"Received: {path} ({path.stat().st_size} bytes that are none of these)"
    )


def is_picture(name):
    """Whether a name in a source is that of a picture, and neither hidden, in a hidden folder, nor a folder's."""
    return PurePosixPath(name).suffix.lower() in SUFFIXES and not _is_hidden(name)


def count_pictures(path):
    """How many pictures a source names, or None for a tar, which would have to be read through."""
    kind = kind_of(path)
    if kind == "folder":
        return sum(1 for _ in _folder_names(Path(path), is_picture))
    if kind == "zip":
        with _reading(path), zipfile.ZipFile(path) as archive:
            return sum(is_picture(name) for name in archive.namelist())
    return None


def pictures(path) -> Iterator[tuple[str, bytes | OSError]]:
    """Walk the pictures of a folder or archive.

    Args:
        path: a folder (walked with its subfolders) or a zip or tar archive.

    Yields:
        (name, data): the name inside the source with / between its parts, and the file's bytes,
        or the exception where this one member could not be read.

    Raises:
        InputError: it is an archive so damaged that its other members cannot be reached.
    """
    kind = kind_of(path)
    if kind == "folder":
        for name in _folder_names(Path(path), is_picture):
            try:
                yield name, (Path(path) / name).read_bytes()
            except OSError as error:
                yield name, error
    elif kind == "zip":
        with _reading(path), zipfile.ZipFile(path) as archive:
            for member in archive.infolist():
                if is_picture(member.filename):
                    yield member.filename, _read_zip_member(archive, member)
    else:
        yield from _tar_members(path, is_picture)


def carried_tables(path) -> Iterator[tuple[str, bytes]]:
    """The tag tables (faces.csv or tags.csv at any depth) that a folder or archive brings along, as (name, bytes)."""
    kind = kind_of(path)
    if kind == "folder":
        for name in _folder_names(Path(path), _is_table):
            yield name, (Path(path) / name).read_bytes()
    elif kind == "zip":
        with _reading(path), zipfile.ZipFile(path) as archive:
            for member in archive.infolist():
                if _is_table(member.filename):
                    yield member.filename, archive.read(member)
    elif kind == "tar":
        yield from _tar_members(path, _is_table)


def _is_table(name):
    return PurePosixPath(name).name in TAG_FILES and not _is_hidden(name)


def _is_hidden(name):
    """Whether a name is that of an operating system's companion, lies in a hidden folder, or is an archive's folder."""
    parts = PurePosixPath(name).parts
    return name.endswith("/") or "__MACOSX" in parts or any(part.startswith(".") for part in parts)


def _folder_names(folder, wanted):
    """Names below `folder` in sorted order, with / between the parts."""
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if wanted(name) and path.is_file():
            yield name


def _read_zip_member(archive, member):
    try:
        return archive.read(member)
    except Exception as error:  # BadZipFile, zlib.error, LZMAError, EOFError, RuntimeError (encrypted), …
        return OSError(str(error))  # a damaged, encrypted or oddly packed member costs only itself


def _tar_members(path, wanted):
    with _reading(path), tarfile.open(path) as archive:
        for member in archive:
            if member.isfile() and wanted(member.name):
                yield member.name, archive.extractfile(member).read()


@contextlib.contextmanager
def _reading(path):
    """Turn what a damaged archive makes the standard library raise into an InputError."""
    try:
        yield
    except Exception as error:  # BadZipFile, TarError, zlib.error, LZMAError, EOFError, OSError without a number, …
        if getattr(error, "errno", None):
            raise  # the disk's fault, not the archive's
        raise InputError(f"an archive must be whole and readable. Received: {path} ({error})") from error
