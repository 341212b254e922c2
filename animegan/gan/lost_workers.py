"""The loss of a worker in words. JAX notices it, but says so in pages, and in ways that Python cannot catch."""

import atexit
import contextlib
import ctypes
import os
import re
import signal
import sys

from animegan.files import InputError

LOST = (
    "another worker has ended, so this one cannot go on; if it has not said what is wrong, --resume goes on from the "
    "run's last checkpoint"
)
LOST_WORDS = r"Gloo|NCCL|coordination service|Connection (closed|reset)|heartbeat|UNAVAILABLE"  # of JAX's errors


@contextlib.contextmanager
def missed():
    """While the block runs, the loss of another worker ends this one, with exit code 1 and one line on stderr.

    Raises:
        ConnectionError: another worker is lost. Where JAX notices it first, the process ends without an exception.
    """
    with _native_output_off():
        try:
            yield
        except BaseException as error:
            code = 2 if isinstance(error, InputError) else 130 if isinstance(error, KeyboardInterrupt) else 1
            atexit.register(_leave, code)
            if not isinstance(error, InputError | ConnectionError) and re.search(LOST_WORDS, str(error)):
                raise ConnectionError(LOST) from error
            raise


def _leave(code):
    """End without JAX's farewell, for which it would wait for workers that do not come."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


@contextlib.contextmanager
def _native_output_off():
    """While the block runs, only what Python writes is seen: JAX's libraries write to stdout and stderr, too."""
    kept = []
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        stream.flush()
        copy = os.fdopen(os.dup(stream.fileno()), "w", buffering=1, encoding=stream.encoding, errors=stream.errors)
        kept.append((name, stream, copy))
        setattr(sys, name, copy)
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), stream.fileno())
    try:
        yield
    finally:
        for name, stream, copy in kept:
            copy.flush()
            os.dup2(copy.fileno(), stream.fileno())
            setattr(sys, name, stream)


def say_before_abort(words):
    """Have the process write `words` to stderr and end with exit code 1 where JAX would abort it.

    JAX does so from a thread of its own when it misses a worker: no exception comes to Python, and no handler of
    Python's signal module to its turn.
    """
    stderr = os.dup(sys.stderr.fileno())

    @ctypes.CFUNCTYPE(None, ctypes.c_int)
    def end(number):
        os.write(stderr, f"\nanimegan: {words}\n".encode())
        os._exit(1)

    library = ctypes.CDLL(None)
    library.signal.argtypes = (ctypes.c_int, ctypes.c_void_p)
    library.signal(signal.SIGABRT, ctypes.cast(end, ctypes.c_void_p))
    _handlers.append(end)


_handlers = []  # C knows them as addresses: they must live as long as the process
