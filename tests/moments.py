"""What the processes share that are killed, or that find the disk full: fragile_runs.py and fragile_data.py.

A child tells through a pipe what it is about to do; who listens kills it just then.
"""

import os
import select
import signal
import sys
import tempfile
import time
from pathlib import Path

from animegan.cli import main


def begin(line, log, before=lambda: None):
    """Fork a child that runs a command line.

    Args:
        line: list of str.
        log: path; the child's stdout and stderr go to log.out and log.err.
        before: called in the child first.
    """
    child = os.fork()
    if child:
        return child
    for number, ending in ((1, ".out"), (2, ".err")):
        os.dup2(os.open(f"{log}{ending}", os.O_CREAT | os.O_WRONLY | os.O_TRUNC), number)
    before()
    sys.exit(main(line))  # through the interpreter's own end, where HDF5 could crash


def finish(child, log):
    """(exit code, stderr) of a child; a signal's code is negative."""
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return code, Path(f"{log}.err").read_text()


def kill(line, log, tell, work, until):
    """Let a child run a command line, and kill it.

    Args:
        line, log: as `begin` takes them.
        tell: function of a pipe, called in the child: what it is to tell.
        work: what to call the place of a child that has told a "step".
        until: function of its Moments: returns when the child is to be killed.

    Returns:
        (place where it was hit, exit code, stderr).
    """
    ours, theirs = os.pipe()
    child = begin(line, log, lambda: tell(theirs))
    os.close(theirs)
    moments = Moments(ours, "step", work)
    until(moments)
    os.kill(child, signal.SIGKILL)
    while not moments.ended:
        moments.read()
    os.close(ours)
    return moments.place, *finish(child, log)


def telling(pipe, function, name_of):
    """A function that writes a line into a pipe and then does what another one does.

    Args:
        pipe: file descriptor.
        function: the other one.
        name_of: function from its arguments to the line.
    """

    def told(*words, **named):
        os.write(pipe, f"{name_of(*words, **named)}\n".encode())
        return function(*words, **named)

    return told


def tell_files(pipe):
    """In a child: write each part of a file's writing into the pipe, just before it happens."""

    def write_slowly(path, data):
        with open(path, "wb") as file:
            file.write(data[: len(data) // 2])
            file.flush()
            os.write(pipe, f"halfway {path.suffix}\n".encode())
            time.sleep(0.01)  # a bad disk; a good one is hardly ever caught in the middle
            file.write(data[len(data) // 2 :])

    Path.write_bytes = write_slowly
    tempfile.mkstemp = telling(pipe, tempfile.mkstemp, lambda prefix, suffix, dir: f"writing {Path(suffix).suffix}")
    os.fsync = telling(pipe, os.fsync, lambda handle: "flushing")
    os.replace = telling(pipe, os.replace, lambda old, new: f"naming {Path(new).suffix}")


class Moments:
    """The moments that a child tells, as they come."""

    def __init__(self, pipe, first, work):
        """Listen to a pipe.

        Args:
            pipe: file descriptor.
            first: what is told once the work has begun.
            work: what to call the place after `first`.
        """
        self.pipe, self.first, self.work = pipe, first, work
        self.told, self.ended = [], False

    def read(self, seconds=None):
        """Wait for the next ones, but no longer than this."""
        if select.select([self.pipe], [], [], seconds)[0]:
            text = os.read(self.pipe, 65536).decode()
            self.told += text.split("\n")[:-1]  # a line is written at once, and so read at once
            self.ended = not text

    def wait(self, seconds, most=None):
        """Wait so long, or until so many moments were told, or the child has ended."""
        until = time.monotonic() + seconds
        while time.monotonic() < until and not self.ended and not (most and len(self.told) >= most):
            self.read(max(0, until - time.monotonic()))

    def wait_for(self, moment):
        """Wait until it comes, after what was told before."""
        seen = len(self.told)
        while moment not in self.told[seen:] and not self.ended:
            self.read()

    @property
    def place(self):
        """Where the child was last: "starting", the work, "writing .h5", "halfway .h5", "naming .h5"."""
        places = [moment for moment in self.told if moment != "flushing"]
        return places[-1].replace(self.first, self.work) if self.first in self.told else "starting"


def fill(disk, room):
    """Fill a file system but for so many bytes."""
    (disk / "filler").unlink(missing_ok=True)
    state = os.statvfs(disk)
    (disk / "filler").write_bytes(bytes(state.f_bavail * state.f_frsize - room))
