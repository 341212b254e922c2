"""Where pictures come from: a folder, a zip or tar archive. Each is walked once, in a stable order."""

import contextlib
import functools
import os
import stat
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import h5py

from animegan.faces.limits import LIMITS
from animegan.files import InputError

SUFFIXES = (".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff")
TAR_HEADERS = (
    tarfile.XGLTYPE,
    tarfile.XHDTYPE,
    tarfile.SOLARIS_XHDTYPE,
    tarfile.GNUTYPE_LONGNAME,
    tarfile.GNUTYPE_LONGLINK,
)
MOST_HEADER_BYTES = 1_000_000  # of a tar, about one member: a long name takes 300
TAG_FILES = ("faces.csv", "tags.csv")  # a table of tags that a source may carry along


class ArchiveError(InputError):
    """An archive is damaged as a whole."""


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
    try:
        open_tar(path).close()
        return "tar"
    except Exception as error:  # TarError, EOFError, zlib.error, ValueError, …: whatever odd headers lead tarfile to
        if getattr(error, "errno", None):
            raise  # the disk's fault
    raise InputError(
        f"a source must be a folder, a zip or tar archive, or a packed .h5 file. "
        f"Received: {path} ({path.stat().st_size} bytes that are none of these)"
    )


def is_picture(name):
    """Whether a name in a source is that of a picture, and `is_shown`."""
    return PurePosixPath(name).suffix.lower() in SUFFIXES and is_shown(name)


def is_shown(name):
    """Whether a name is neither an archive's folder's nor hidden, in a hidden folder or an operating system's own."""
    parts = PurePosixPath(name).parts
    hidden = "__MACOSX" in parts or any(part.startswith(".") and part != ".." for part in parts)
    return not (hidden or name.endswith("/"))


def is_other(name):
    """Whether a name in a source is that of a file that is neither a picture nor a table of tags, and `is_shown`."""
    return is_shown(name) and not is_picture(name) and PurePosixPath(name).name not in TAG_FILES


def ending(name):
    """By what a file that is no picture is counted: the ending of its name, in small letters."""
    return PurePosixPath(name).suffix.lower() or "no ending"


def count_pictures(path):
    """How many pictures a source names, or None for a tar, which would have to be read through."""
    kind = kind_of(path)
    if kind in ("folder", "zip"):
        return sum(is_picture(name) for name, _, _ in MEMBERS[kind](path))
    return None


def pictures(path, limits=LIMITS, others=None) -> Iterator[tuple[str, bytes | OSError]]:
    """Walk the pictures of a folder or archive.

    Args:
        path: a folder (walked with its subfolders; a link to a picture is read, one to a folder is not followed) or a
            zip or tar archive (whose links are not followed).
        limits: animegan.faces.limits.Limits.
        others: a collections.Counter, which counts files that are neither pictures nor tables of tags by their endings,
            hidden ones left out.

    Yields:
        (name, data): the name inside the source with / between its parts, and the file's bytes,
        or the exception where this one member could not be read.

    Raises:
        InputError: it is an archive so damaged that its other members cannot be reached, or it holds more than allowed.
    """
    for name, size, read in _members(path, limits):
        if is_picture(name) or isinstance(read, OSError):
            yield name, _read(read, size, limits)
        elif others is not None and is_other(name):
            others[ending(name)] += 1


def carried_tables(path, limits=LIMITS) -> Iterator[tuple[str, bytes | OSError]]:
    """The tag tables (faces.csv or tags.csv at any depth) that a folder or archive brings along.

    Args, pairs and errors: those of `pictures`.
    """
    for name, size, read in _members(path, limits):
        if PurePosixPath(name).name in TAG_FILES:
            yield name, _read(read, size, limits, "table_bytes")


def _members(path, limits):
    """The files of a source that are not hidden, as (name, bytes, what reads it or an OSError), within the limits."""
    total = 0
    for number, (name, size, read) in enumerate(MEMBERS[kind_of(path)](path), start=1):
        total += size
        limits.check(path, "members", number)
        limits.check(path, "bytes", total)
        if is_shown(name):
            yield name, size, read


def _read(read, size, limits, kind="file_bytes"):
    """The bytes of one file, or the OSError that says why not."""
    try:
        if isinstance(read, OSError):
            raise read
        limits.check("a file", kind, size)
        return read()
    except OSError as error:
        return error
    except ArchiveError:
        raise
    except Exception as error:  # TooLarge, BadZipFile, zlib.error, LZMAError, EOFError, RuntimeError (encrypted), …
        return OSError(str(error))  # a damaged, encrypted or oddly packed member costs only itself


def folder_names(path):
    """The files below a folder in the order of their names: {name: None, or an OSError where it cannot be followed}.

    Links to folders are not followed.
    """
    found = {}
    closed = []
    for folder, folders, files in os.walk(path, onerror=closed.append):
        inside = "" if folder == str(path) else PurePosixPath(os.path.relpath(folder, path)).as_posix() + "/"
        found |= {inside + name: None for name in files}
        links = (name for name in folders if os.path.islink(os.path.join(folder, name)))
        found |= {inside + name: OSError("a link to a folder is not followed") for name in links}
    found |= {os.path.relpath(error.filename, path): error for error in closed}
    return {name: found[name] for name in sorted(found, key=lambda name: name.split("/"))}


def read_file(file, most):
    """The bytes of a file, but no more than `most`: it may grow without end.

    Raises:
        OSError: it cannot be read, or is a pipe or a device.
    """
    if not stat.S_ISREG(os.stat(file).st_mode):
        raise OSError("it is no ordinary file")
    with open(file, "rb") as opened:
        return opened.read(most)


def _folder_members(path):
    for name, error in folder_names(path).items():
        file = Path(path, name)
        try:
            size = file.stat().st_size
            yield name, size, error or functools.partial(read_file, file, size)
        except OSError as error:  # a link that leads nowhere
            yield name, 0, error


def _zip_members(path):
    """The members of a zip in its own order. zipfile never unpacks more bytes than are stated."""
    with _reading(path), zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            yield member.filename, member.file_size, functools.partial(archive.read, member)


def _tar_members(path):
    """The members of a tar in its own order. Each must be read before the next is asked for."""

    def read(member):
        with _reading(path):
            return archive.extractfile(member).read()

    with _reading(path), open_tar(path) as archive:
        for member in tar_members(archive):
            if member.isfile():
                yield member.name, member.size, functools.partial(read, member)
            elif not member.isdir() and is_picture(member.name):
                yield member.name, 0, OSError("a link is not followed")


def open_tar(path):
    """Open a tar archive to read, compressed or not: a tarfile.TarFile.

    Raises:
        tarfile.TarError: it is none, or states so much about one member that this alone would fill memory: tarfile
            reads it whole, before the member's size is known. A sparse member could, and is refused.
        EOFError, zlib.error, lzma.LZMAError: it only begins like a compressed one.
        ValueError, RecursionError: its headers are odd.
    """

    class Header(tarfile.TarInfo):
        lasting = passing = 0  # bytes of headers about all members that follow, and about the next one

        @classmethod
        def frombuf(cls, buf, encoding, errors):
            header = super().frombuf(buf, encoding, errors)
            if header.type == tarfile.XGLTYPE:
                cls.lasting += header.size
            cls.passing = cls.passing + header.size if header.type in TAR_HEADERS else 0
            if cls.lasting + cls.passing > MOST_HEADER_BYTES:
                raise tarfile.ReadError(f"a member's headers hold more than {MOST_HEADER_BYTES:,} bytes")
            return header

        def _refuse(self, *_):
            raise tarfile.ReadError("a member is sparse")  # its map may be of any length, in no header

        _proc_sparse = _proc_gnusparse_00 = _proc_gnusparse_01 = _proc_gnusparse_10 = _refuse

    return tarfile.open(path, tarinfo=Header)


def tar_members(archive):
    """The members of an open tar. tarfile itself would keep each of them in memory."""
    while member := archive.next():
        archive.members.clear()
        yield member


MEMBERS = {"folder": _folder_members, "zip": _zip_members, "tar": _tar_members, "h5": lambda path: ()}


@contextlib.contextmanager
def _reading(path):
    """Turn what a damaged archive makes the standard library raise into an InputError."""
    try:
        yield
    except Exception as error:  # BadZipFile, TarError, zlib.error, LZMAError, EOFError, OSError without a number, …
        if getattr(error, "errno", None) or isinstance(error, InputError):
            raise  # the disk's fault, not the archive's; or it was said already
        raise ArchiveError(f"an archive must be whole and readable. Received: {path} ({error})") from error
