"""A seal at the end of a packed file: whether it is as it was written is known before HDF5 reads it.

HDF5 crashes or runs for ever on some damaged files. The seal is a checksum over all but the pictures, which HDF5 only
copies. A file without one, of version 1 or of another program, is first opened by a process that may crash.
"""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

MAGIC = b"ANIMEGAN-SEAL-1\n"
LENGTH = 16  # decimal digits of the seal's length, between seal and magic
LONGEST = 100_000_000  # bytes of a seal: some million pictures
PART = 1 << 20  # bytes that are read at a time
SECONDS = 60  # that opening may take elsewhere
SEALED, BROKEN, MISSING = "sealed", "broken", "missing"


def seal(path, regions):
    """Append a seal to a file.

    Args:
        path: a file without one.
        regions: list of (start, length) in bytes that the checksum leaves out.
    """
    with open(path, "rb+") as file:
        size = file.seek(0, os.SEEK_END)
        merged = _merge(regions)
        words = {"size": size, "left_out": merged, "sha256": _digest(file, size, merged)}
        text = json.dumps(words, separators=(",", ":")).encode()
        file.seek(size)
        file.write(text + f"{len(text):{LENGTH}}".encode() + MAGIC)


def check(path):
    """Whether a file is as it was sealed: SEALED, BROKEN, or MISSING where it bears no seal.

    Raises:
        OSError: it cannot be read.
    """
    with open(path, "rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - LENGTH - len(MAGIC)))
        tail = file.read()
        if not tail.endswith(MAGIC):
            return MISSING
        try:
            length = int(tail[:LENGTH])
            if not 0 < length <= min(LONGEST, size - LENGTH - len(MAGIC)):
                return BROKEN
            file.seek(size - LENGTH - len(MAGIC) - length)
            words = json.loads(file.read(length))
            whole = words["size"] == size - LENGTH - len(MAGIC) - length
            return SEALED if whole and words["sha256"] == _digest(file, words["size"], words["left_out"]) else BROKEN
        except (ValueError, KeyError, TypeError):
            return BROKEN


def _merge(regions):
    """Regions in ascending order, neighbours as one."""
    merged = []
    for start, length in sorted(regions):
        if merged and merged[-1][0] + merged[-1][1] == start:
            merged[-1][1] += length
        else:
            merged.append([start, length])
    return merged


def _digest(file, size, left_out):
    """SHA-256 in hexadecimal of the first `size` bytes of a file without some regions, and of where these are."""
    found = hashlib.sha256(json.dumps([size, left_out]).encode())
    place = 0
    for start, length in [*left_out, [size, 0]]:
        if not place <= start <= size or length < 0:
            raise ValueError("the regions must be in order")
        file.seek(place)
        while place < start:
            data = file.read(min(PART, start - place))
            if not data:
                raise ValueError("the file must be as long as it was")
            found.update(data)
            place += len(data)
        place = start + length
    return found.hexdigest()


def opens_elsewhere(path):
    """Let another process open a packed file and read all of it but the pictures.

    Returns:
        None if it could, else the reason why not in words.
    """
    paths = [str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")]
    try:
        done = subprocess.run(
            [sys.executable, "-m", "animegan.faces.packed", str(path)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=SECONDS,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths))},
        )
    except subprocess.TimeoutExpired:
        return f"HDF5 reads it for more than {SECONDS} s"
    if done.returncode == 0:
        return None
    return done.stdout.strip() or f"HDF5 crashed on it, with exit code {done.returncode}"
