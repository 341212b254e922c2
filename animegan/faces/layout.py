"""The layout of the packed file faces.h5, which writer and reader share.

`images` uint8 (N, S, S, 3) RGB; `source`, `sha256` and `held_out` a picture; `tags/<name>` int8 codes, -1 unknown,
whose names stand in the attribute `names`. Version 1 had no `held_out`. Pictures are kept as bytes, a quarter of
float32's size, and not compressed: gzip saves little on such pictures and makes reading several times slower.
"""

from animegan.files import InputError

FORMAT = "animegan-faces"
VERSION = 2
VERSIONS = (1, 2)  # that are read
UNKNOWN = -1
HELD_OUT = 10  # one picture in so many is never trained on, so that there is something to measure against
MOST_VALUES = 127  # what an int8 code can tell apart


def is_held_out(digest):
    """Whether a picture with this SHA-256 in hexadecimal (str or bytes), alone of its looks, is never trained on."""
    return int(digest[:8], 16) % HELD_OUT == 0


def datasets(tags):
    """{name of a dataset under tags/: tag} for names of tags. HDF5 takes a / for a folder, so it becomes _.

    Raises:
        InputError: two would have the same, or one that no dataset can have.
    """
    found = {}
    for tag in tags:
        name = tag.replace("/", "_")
        if name in {".", "..", *found}:
            raise InputError(f"tags must have names that differ, also with _ in place of /. Received: '{tag}'")
        found[name] = tag
    return found
