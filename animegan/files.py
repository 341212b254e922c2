"""Writing files so that nothing is ever lost, and the one error that bad input raises."""

import contextlib
import os
import tempfile
from pathlib import Path

TEMPORARY = ".tmp-"  # how the names of unfinished files begin


class InputError(ValueError):
    """What the user gave cannot be used: the message says what must hold, then what came.

    The command line prints it as one line on stderr and exits with code 2.
    """


@contextlib.contextmanager
def replacing(path):
    """Yield a temporary path beside `path`; rename it onto `path` if the block succeeds.

    A reader sees the whole old file or the whole new one, never a part: the temporary file is
    flushed to disk first, and a failed block removes it and leaves the old file alone.

    Args:
        path: the file to write. Its folder is created where missing.

    Raises:
        InputError: the folder cannot be made or written to.
    """
    path = Path(path)
    try:
        if path.exists() and not path.is_file():
            raise OSError("it is a folder" if path.is_dir() else "it is no ordinary file")
        path.parent.mkdir(parents=True, exist_ok=True)
        # the name keeps its ending, since some writers choose their format by it
        handle, name = tempfile.mkstemp(prefix=TEMPORARY, suffix=path.name, dir=path.parent)
    except OSError as error:
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
    finally:
        temporary.unlink(missing_ok=True)


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
        reason = error.strerror or error
        raise InputError(f"the output must be a folder that can be written to. Received: {path} ({reason})") from error
    return path


def _umask():
    """The process's file mode mask (it can only be read by setting it)."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
