"""Pictures as arrays: decode, resize, encode, put on a sheet. uint8 RGB everywhere outside the networks."""

import io
import os

import cv2
import numpy as np
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from animegan.files import InputError, replacing
from animegan.headers import dimensions

if "OPENCV_LOG_LEVEL" not in os.environ:  # a damaged picture is reported once, by an InputError
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)

KINDS = (".png", ".jpg", ".webp")  # that are written
ORIENTATION = 0x112  # EXIF's tag; TIFF 6.0, page 36
MOST_PIXELS = 100_000_000  # of a picture that is read: 300 MB decoded


def decode(data, most_pixels=MOST_PIXELS):
    """Decode the bytes of a picture file.

    Args:
        data: bytes of a JPEG, PNG, WebP, BMP, GIF (first frame) or TIFF file; turned as its EXIF data say.
        most_pixels: what states more is not decoded.

    Returns:
        uint8 array (height, width, 3), RGB; transparent parts of a PNG, WebP or GIF lie on white.

    Raises:
        InputError: the bytes are no picture that can be decoded, or it is larger.
    """
    image, stated = None, dimensions(data)
    if stated and stated[0] * stated[1] > most_pixels:
        raise InputError(
            f"a picture must have at most {most_pixels:,} pixels (--most-pixels). "
            f"Received: {stated[0]:,} × {stated[1]:,}"
        )
    if stated:
        with_alpha = data[:4] in (b"\x89PNG", b"GIF8") or data[8:12] == b"WEBP"
        flags = cv2.IMREAD_UNCHANGED if with_alpha else cv2.IMREAD_COLOR
        try:
            image = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
            if image is not None and image.ndim == 2 and b"tRNS" in data:
                image = _cleared(image, PngImageFile(io.BytesIO(data)))
            if with_alpha and image is not None and (b"eXIf" in data or b"EXIF" in data):  # OpenCV turns no RGBA
                reader = PngImageFile if data[:4] == b"\x89PNG" else WebPImageFile  # Image.open has a limit of its own
                image = _turn(image, reader(io.BytesIO(data)).getexif().get(ORIENTATION))
        except Exception:  # OSError, SyntaxError, struct.error, …: readers raise whatever a damaged part leads to
            image = None
    if image is None:
        raise InputError(f"a picture must be a readable JPEG, PNG, WebP, GIF, BMP or TIFF. Received: {len(data)} bytes")
    return _as_rgb(image)


def _cleared(image, png):
    """A picture in greys, on white where it has the one that its PNG calls transparent: OpenCV overlooks it."""
    if image.dtype == np.uint16:  # in which Pillow finds, but does not clear it
        return np.where(image == png.info.get("transparency"), np.uint16(0xFFFF), image)
    return cv2.cvtColor(np.array(png.convert("RGBA")), cv2.COLOR_RGBA2BGRA)


def _turn(image, orientation):
    """A picture (height, width, …) as EXIF's orientation, 1 to 8, wants it seen."""
    if orientation in (5, 6, 7, 8):
        image = image.swapaxes(0, 1)
    flips = {2: (1, -1), 3: (-1, -1), 4: (-1, 1), 6: (1, -1), 7: (-1, -1), 8: (-1, 1)}.get(orientation, (1, 1))
    return np.ascontiguousarray(image[:: flips[0], :: flips[1]])


def _as_rgb(image):
    """uint8 RGB from what OpenCV decodes: grey, BGR or BGRA, 8 or 16 bits."""
    if image.dtype == np.uint16:
        image = (image >> 8).astype(np.uint8)
    if image.ndim == 2:
        return cv2.cvtColor(image, cv2.COLOR_GRAY2RGB)
    if image.shape[2] == 4:
        alpha = image[..., 3:].astype(np.uint16)
        image = ((image[..., :3] * alpha + 255 * (255 - alpha) + 127) // 255).astype(np.uint8)
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)


def resize(image, size):
    """Resize a picture to a square.

    Args:
        image: uint8 array (height, width, 3).
        size: side of the result in pixels.

    Returns:
        uint8 array (size, size, 3). Shrinking averages over areas, enlarging is bicubic.
    """
    height, width = image.shape[:2]
    if (height, width) == (size, size):
        return image
    shrinks = min(height, width) >= size
    return cv2.resize(image, (size, size), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC)


def encode(image, kind=".png", quality=95):
    """Encode a picture.

    Args:
        image: uint8 array (height, width, 3), RGB.
        kind: ".png", ".jpg" or ".webp".
        quality: 0 to 100, for JPEG and WebP.

    Returns:
        bytes of the encoded file.

    Raises:
        InputError: it is another kind.
    """
    settings = {".jpg": [cv2.IMWRITE_JPEG_QUALITY, quality], ".webp": [cv2.IMWRITE_WEBP_QUALITY, quality]}
    if kind not in KINDS:
        raise InputError(f"a picture must be encoded as .png, .jpg or .webp. Received: {kind}")
    _, data = cv2.imencode(kind, cv2.cvtColor(image, cv2.COLOR_RGB2BGR), settings.get(kind, []))
    return data.tobytes()


def save(image, path):
    """Write a picture (uint8 RGB array) to `path` in the format that its ending names, whole or not at all."""
    kind = str(path)[str(path).rfind(".") :].lower() if "." in str(path) else ""
    if kind not in KINDS:
        raise InputError(f"a picture's name must end in .png, .jpg or .webp. Received: {path}")
    data = encode(image, kind)
    with replacing(path) as temporary:
        temporary.write_bytes(data)


def sheet(images, columns=10, gap=2):
    """Lay pictures out on a white sheet, row by row.

    Args:
        images: uint8 array (N, height, width, 3), N ≥ 1.
        columns: pictures a row.
        gap: white pixels between pictures and around the sheet.

    Returns:
        uint8 array (rows·(height + gap) + gap, columns·(width + gap) + gap, 3).
    """
    images = np.asarray(images)
    count, height, width, _ = images.shape
    columns = min(columns, count)
    rows = -(-count // columns)
    canvas = np.full((rows * (height + gap) + gap, columns * (width + gap) + gap, 3), 255, np.uint8)
    for index, image in enumerate(images):
        y = gap + (index // columns) * (height + gap)
        x = gap + (index % columns) * (width + gap)
        canvas[y : y + height, x : x + width] = image
    return canvas


def to_unit(images):
    """uint8 [0, 255] to float32 [-1, 1], the range of the generator's tanh."""
    return np.asarray(images, np.float32) / 127.5 - 1.0


def to_uint8(images):
    """float [-1, 1] to uint8 [0, 255], rounded; what lies outside is clipped."""
    return np.clip(np.rint((np.asarray(images, np.float32) + 1.0) * 127.5), 0, 255).astype(np.uint8)
