"""Unpacking an archive of somebody else's into a folder: nothing lands outside, no links, and no more than allowed."""

import errno
import functools
import shutil
import tarfile
import zipfile
from pathlib import Path

from animegan.faces.sources import open_tar, tar_members
from animegan.files import InputError

# What a name can be to a file system: too long, not its kind of text, or both a file and a folder.
UNNAMEABLE = (errno.ENAMETOOLONG, errno.EILSEQ, errno.EINVAL, errno.EISDIR, errno.ENOTDIR, errno.EEXIST)

EXAMPLES = 5  # names of members that were left out


class BadArchive(ValueError):
    """A file is no zip or tar archive, or a damaged one."""


def unpack(archive, folder, limits, tell=lambda done, total: None):
    """Write the files of a zip or tar archive into a folder, in place of what it held.

    Links and devices are left out; names that point outside are made to point inside (zip) or left out (tar), as the
    standard library does. What cannot have its name here, such as one of 300 characters, is left out, too.

    Args:
        archive: path.
        folder: path, of no other use.
        limits: animegan.faces.limits.Limits.
        tell: called with (members done, members in all) after each.

    Returns:
        (how many files were written, how many members were left out, the names of the first five of those).

    Raises:
        BadArchive: it is no archive, or damaged.
        TooLarge: it holds more than the limits allow; nothing was written then.
        OSError: the disk is full, or the folder cannot be written to.
    """
    try:
        members = _zip_members if zipfile.is_zipfile(archive) else _tar_members
        return _write(members, archive, Path(folder), limits, tell)
    except InputError:
        raise
    except OSError as error:
        if error.errno:  # the disk's fault, not the archive's
            raise
        raise BadArchive(str(error)) from error
    except Exception as error:  # BadZipFile, TarError, zlib.error, LZMAError, EOFError, RuntimeError (encrypted), …
        raise BadArchive(str(error) or type(error).__name__) from error


def _zip_members(path):
    """The members of a zip: (name, whether it is a file, or a folder, bytes, what writes it into a folder).

    zipfile unpacks no more bytes than are stated, and writes a link as a file that holds its target's name.
    """
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            write = functools.partial(archive.extract, member)
            yield member.filename, not member.is_dir(), member.is_dir(), member.file_size, write


def _tar_members(path):
    """The same of a tar; each must be written before the next is asked for."""
    with open_tar(path) as archive:
        for member in tar_members(archive):
            write = functools.partial(archive.extract, member, filter="data")
            yield member.name, member.isfile(), member.isdir(), member.size, write


def _write(members, archive, folder, limits, tell):
    """Check all members, then write the files among them."""
    files = left_out = total = 0
    examples = []

    def leave(name):
        nonlocal left_out
        left_out += 1
        if len(examples) < EXAMPLES:
            examples.append(name.encode("utf-8", "backslashreplace").decode())

    for number, (name, is_file, is_folder, size, _) in enumerate(members(archive), start=1):
        total += size
        limits.check("an archive", "members", number)
        limits.check("an archive", "bytes", total)
        limits.check("a file of an archive", "file_bytes", size)
        files += is_file
        if not is_file and not is_folder:
            leave(name)
    if not files:  # also what is nothing but zeros: tarfile takes that for an empty tar
        raise BadArchive("it holds no file")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    writes = ((name, write) for name, is_file, _, _, write in members(archive) if is_file)
    for number, (name, write) in enumerate(writes, start=1):
        try:
            write(folder)
        except tarfile.FilterError:  # it points outside
            leave(name)
        except OSError as error:
            if error.errno not in UNNAMEABLE:
                raise
            leave(name)
        tell(number, files)
    return sum(path.is_file() for path in folder.rglob("*")), left_out, examples
