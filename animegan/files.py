"""Writing files so that nothing is ever lost, and the one error that bad input raises."""

import contextlib
import errno
import io
import os
import tempfile
from pathlib import Path

TEMPORARY = ".tmp-"  # how the names of unfinished files begin
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)  # no room: on the disk, in the user's share, or in a file so large


class InputError(ValueError):
    """What the user gave cannot be used: the message says what must hold, then what came.

    The command line prints it as one line on stderr and exits with code 2.
    """


@contextlib.contextmanager
def replacing(path):
    """Yield a temporary path beside `path`; rename it onto `path` if the block succeeds.

    A reader sees the whole old file or the whole new one, never a part: the temporary file is
    flushed to disk first, and a failed block removes it and leaves the old file alone. Only a killed
    process leaves a temporary file behind; `remove_unfinished` finds it.

    Args:
        path: the file to write. Its folder is created where missing.

    Raises:
        InputError: the folder cannot be made or written to.
        OSError: there is no room (errno in FULL); it names `path`.
    """
    path = Path(path)
    try:
        if path.exists() and not path.is_file():
            raise OSError("it is a folder" if path.is_dir() else "it is no ordinary file")
        path.parent.mkdir(parents=True, exist_ok=True)
        # the name keeps its ending, since some writers choose their format by it
        handle, name = tempfile.mkstemp(prefix=TEMPORARY, suffix=path.name, dir=path.parent)
    except OSError as error:
        _raise_if_full(error, path)
        reason = error.strerror or error
        raise InputError(f"the output must be a file that can be written. Received: {path} ({reason})") from error
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o666 & ~_umask())  # mkstemp makes files that only their owner can read
        with open(temporary, "rb+") as file:
            os.fsync(file.fileno())
        os.replace(temporary, path)
        _flush_folder(path.parent)
    except OSError as error:
        _raise_if_full(error, path)
        raise
    finally:
        temporary.unlink(missing_ok=True)


class PatientFile(io.FileIO):
    """A file to write HDF5 through: a write that fails, as on a full disk, is remembered instead of raised.

    HDF5 itself cannot lose a write: it fails again in each later call, and crashes the process at its end.
    """

    def __init__(self, path):
        """Open `path`, a new or empty file, to be written and read."""
        super().__init__(path, "r+")
        self.failure = None

    def write(self, data):
        """Write, or remember why not; returns the number of bytes that were to be written."""
        view = memoryview(data).cast("B")
        try:
            done = 0
            while done < len(view) and not self.failure:  # a disk that is nearly full takes a part
                done += super().write(view[done:])
        except OSError as error:
            self.failure = error
        return len(view)

    def truncate(self, size=None):
        """Set the length, or remember why not."""
        try:
            return super().truncate(size)
        except OSError as error:
            self.failure = self.failure or error
            return size

    def readinto(self, buffer):
        """Read; what could not be written is zeros, since a part less would be an error to HDF5."""
        count = super().readinto(buffer)
        if self.failure:
            memoryview(buffer).cast("B")[count:] = bytes(len(buffer) - count)
            count = len(buffer)
        return count

    def check(self):
        """Raise the OSError of the first write that failed, if one did."""
        if self.failure:
            raise self.failure


def _raise_if_full(error, path):
    """Raise an OSError that names `path` if there was no room: a write knows neither, HDF5 answers in many words."""
    if error.errno in FULL:
        raise OSError(error.errno, os.strerror(error.errno), str(path)) from error


def _flush_folder(folder):
    """Put the names in a folder on the disk: until then a power cut may bring the old file back under its name.

    Windows cannot open a folder, and some network file systems cannot flush one; there the system does it in its time.
    """
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def remove_unfinished(folder, *names):
    """Remove the temporary files that killed processes left in `folder`.

    Args:
        folder: path, which need not exist.
        names: patterns of the files that were to be replaced, such as "step_*.h5". What else is being written into
            the folder just now, by another process, stays.
    """
    for name in names:
        for path in Path(folder).glob(f"{TEMPORARY}????????{name}"):  # mkstemp puts eight letters in between
            path.unlink(missing_ok=True)


def output_folder(path):
    """Return `path` as a Path to a folder that exists and can be written to.

    Raises:
        InputError: it is a file, or cannot be made or written to.
    """
    path = Path(path)
    try:
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            pass
    except OSError as error:
        _raise_if_full(error, path)
        reason = error.strerror or error
        raise InputError(f"the output must be a folder that can be written to. Received: {path} ({reason})") from error
    return path


def _umask():
    """The process's file mode mask (it can only be read by setting it)."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
