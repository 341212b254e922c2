"""What the first bytes of a picture file say, read without decoding it: a few bytes can ask for gigabytes."""

import struct

STANDALONE = {0x01, *range(0xD0, 0xD9)}  # markers of a JPEG that have no length
FRAMES = set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # markers of a JPEG that state its size
IMAGE_SCAN, IMAGE_END = 0xDA, 0xD9
WIDTHS, HEIGHTS = (256, 322), (257, 323)  # tags of a TIFF: of the picture, of its tiles

WHOLE = {
    1: "B",
    3: "H",
    4: "I",
    6: "b",
    8: "h",
    9: "i",
    16: "Q",
    17: "q",
}  # a TIFF's kinds of numbers that libtiff takes


def dimensions(data):
    """Width and height that a picture file states.

    Args:
        data: bytes of the file.

    Returns:
        (width, height) in pixels; None if it is no JPEG, PNG, GIF, WebP, BMP or TIFF, or has no such statement, or is
        a PNG with a part that states to be longer than the file. Of a TIFF whichever is larger, picture or tile.
    """
    for beginning, read in READERS:
        if data.startswith(beginning):
            try:
                size = read(data)
            except (struct.error, IndexError):  # too short
                return None
            return size if size and min(size) > 0 else None
    return None


def _png(data):
    place, kind = 8, b""
    while place < len(data) and kind != b"IEND":  # what follows the end is no chunk
        length, kind = struct.unpack_from(">I4s", data, place)
        if length > len(data) - place - 8:  # OpenCV would take as much memory as is stated, before it reads
            return None
        place += 12 + length
    return struct.unpack_from(">II", data, 16) if data[12:16] == b"IHDR" else None


def _gif(data):
    return struct.unpack_from("<HH", data, 6)


def _bmp(data):
    (length,) = struct.unpack_from("<I", data, 14)
    width, height = struct.unpack_from("<HH" if length == 12 else "<ii", data, 18)
    return abs(width), abs(height)  # a negative height: the rows stand from the top down


def _webp(data):
    kind = data[8:16]
    if kind == b"WEBPVP8 ":
        width, height = struct.unpack_from("<HH", data, 26)
        return width & 0x3FFF, height & 0x3FFF
    if kind == b"WEBPVP8L":
        (bits,) = struct.unpack_from("<I", data, 21)
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"WEBPVP8X":
        width, height = data[24:27], data[27:30]
        return int.from_bytes(width, "little") + 1, int.from_bytes(height, "little") + 1
    return None


def _jpeg(data):
    place = 2
    while True:
        place = data.find(b"\xff", place)
        if place < 0:
            return None
        while data[place] == 0xFF:  # any number of them may fill the room before a marker
            place += 1
        marker, place = data[place], place + 1
        if marker in FRAMES:
            height, width = struct.unpack_from(">HH", data, place + 3)
            return width, height
        if marker in (IMAGE_SCAN, IMAGE_END):
            return None
        if marker and marker not in STANDALONE:
            place += max(2, struct.unpack_from(">H", data, place)[0])


def _tiff(data):
    order = "<" if data.startswith(b"II") else ">"
    (place,) = struct.unpack_from(order + "I", data, 4)
    (count,) = struct.unpack_from(order + "H", data, place)
    width = height = 0
    for entry in range(place + 2, place + 2 + 12 * count, 12):
        tag, kind = struct.unpack_from(order + "HH", data, entry)
        if tag in WIDTHS + HEIGHTS and kind in WHOLE:
            in_place = entry + 8
            if kind in (16, 17):  # eight bytes have no room there
                (in_place,) = struct.unpack_from(order + "I", data, in_place)
            (value,) = struct.unpack_from(order + WHOLE[kind], data, in_place)
            width, height = (max(width, value), height) if tag in WIDTHS else (width, max(height, value))
    return width, height


READERS = (
    (b"\x89PNG\r\n\x1a\n", _png),
    (b"\xff\xd8", _jpeg),
    (b"RIFF", _webp),
    (b"GIF8", _gif),
    (b"BM", _bmp),
    (b"II*\0", _tiff),
    (b"MM\0*", _tiff),
)
