"""Unpacking an archive of somebody else's into a folder: nothing lands outside, no links, and no more than allowed."""

import errno
import shutil
import tarfile
import zipfile
from pathlib import Path

from animegan.files import InputError

# What a name can be to a file system: too long, not its kind of text, or both a file and a folder.
UNNAMEABLE = (errno.ENAMETOOLONG, errno.EILSEQ, errno.EINVAL, errno.EISDIR, errno.ENOTDIR, errno.EEXIST)


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
        (how many files were written, how many members were left out).

    Raises:
        BadArchive: it is no archive, or damaged.
        TooLarge: it holds more than the limits allow; nothing was written then.
        OSError: the disk is full, or the folder cannot be written to.
    """
    try:
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as opened:
                return _write(opened.infolist(), _Zip(opened), Path(folder), limits, tell)
        with tarfile.open(archive) as opened:
            return _write(opened, _Tar(opened), Path(folder), limits, tell)
    except InputError:
        raise
    except OSError as error:
        if error.errno:  # the disk's fault, not the archive's
            raise
        raise BadArchive(str(error)) from error
    except Exception as error:  # BadZipFile, TarError, zlib.error, LZMAError, EOFError, RuntimeError (encrypted), …
        raise BadArchive(str(error) or type(error).__name__) from error


class _Zip:
    """How members of a zip are told apart and written. A link is written as a file that holds its target's name."""

    def __init__(self, opened):
        self.extract = opened.extract

    def kind(self, member):
        """(whether it is a file, whether it is a folder, bytes): zipfile unpacks no more bytes than are stated."""
        return not member.is_dir(), member.is_dir(), member.file_size


class _Tar:
    """The same of a tar."""

    def __init__(self, opened):
        self._opened = opened

    def kind(self, member):
        return member.isfile(), member.isdir(), member.size

    def extract(self, member, folder):
        self._opened.extract(member, folder, filter="data")


def _write(members, form, folder, limits, tell):
    """Check all members, then write the files among them."""
    files, left_out, total = [], 0, 0
    for number, member in enumerate(members, start=1):  # one by one: a small compressed tar may hold any number
        is_file, is_folder, size = form.kind(member)
        total += size
        limits.check("an archive", "members", number)
        limits.check("an archive", "bytes", total)
        limits.check("a file of an archive", "file_bytes", size)
        if is_file:
            files.append(member)
        else:
            left_out += not is_folder
    if not files:  # also what is nothing but zeros: tarfile takes that for an empty tar
        raise BadArchive("it holds no file")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for number, member in enumerate(files, start=1):
        try:
            form.extract(member, folder)
        except tarfile.FilterError:  # it points outside
            left_out += 1
        except OSError as error:
            if error.errno not in UNNAMEABLE:
                raise
            left_out += 1
        tell(number, len(files))
    return sum(path.is_file() for path in folder.rglob("*")), left_out
