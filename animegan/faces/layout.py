"""The layout of the packed file faces.h5, which writer and reader share.

`images` uint8 (N, S, S, 3) RGB; `source`, `sha256` and `held_out` a picture; `tags/<name>` int8 codes, -1 unknown,
whose names stand in the attribute `names`. Version 1 had no `held_out`. Pictures are kept as bytes, a quarter of
float32's size, and not compressed: gzip saves little on such pictures and makes reading several times slower.
"""

FORMAT = "animegan-faces"
VERSION = 2
VERSIONS = (1, 2)  # that are read
UNKNOWN = -1
HELD_OUT = 10  # one picture in so many is never trained on, so that there is something to measure against
MOST_VALUES = 127  # what an int8 code can tell apart


def is_held_out(digest):
    """Whether a picture with this SHA-256 in hexadecimal (str or bytes), alone of its looks, is never trained on."""
    return int(digest[:8], 16) % HELD_OUT == 0
