"""Checkpoints as bytes: HDF5 that knows whether it is whole.

HDF5 loads a flipped bit without a word. So the first 512 bytes, which HDF5 leaves to its users, hold the SHA-256 of
all that follows; any reader of HDF5 opens the file all the same.
"""

import hashlib
import io

import h5py

BLOCK = 512  # bytes in front of the HDF5 part, the least that HDF5 allows
WITHOUT = b"\x89HDF"  # how a checkpoint begins that was written before there was a checksum


def pack(variables, seconds):
    """The bytes of a checkpoint.

    They are put together in memory (three times the weights, as much as the model itself holds), since HDF5 can crash
    the process when it closes a file that a full disk has cut short.

    Args:
        variables: pairs (name, array), in the order in which `unpack` gives the arrays back.
        seconds: time spent training so far.

    Returns:
        writable memoryview of bytes.
    """
    memory = io.BytesIO()
    with h5py.File(memory, "w", userblock_size=BLOCK) as file:
        file.attrs["seconds"] = seconds
        for index, (name, value) in enumerate(variables):
            file.create_dataset(f"{index:04d}", data=value).attrs["path"] = name
    data = memory.getbuffer()
    checksum = _checksum(data)
    data[: len(checksum)] = checksum
    return data


def unpack(data):
    """The contents of a checkpoint.

    Args:
        data: bytes, from `pack`.

    Returns:
        (seconds, list of arrays).

    Raises:
        ValueError: a bit of it has changed, or a part is missing.
        OSError, KeyError: it is no checkpoint.
    """
    if not data.startswith(WITHOUT) and not data.startswith(_checksum(data)):
        raise ValueError("its checksum does not match")
    with h5py.File(io.BytesIO(data)) as file:
        return float(file.attrs["seconds"]), [file[name][()] for name in sorted(file)]


def _checksum(data):
    return hashlib.sha256(memoryview(data)[BLOCK:]).hexdigest().encode()
