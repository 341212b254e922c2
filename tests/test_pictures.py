import io
import struct
import tracemalloc
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image, ImageOps

from animegan.files import InputError
from animegan.headers import dimensions
from animegan.pictures import decode, encode, resize, save, sheet, to_uint8, to_unit

RED, BLUE = (250, 20, 10), (10, 30, 240)


@pytest.fixture
def flag():
    """A picture 24 pixels high and 40 wide, red on the left and blue on the right."""
    image = np.empty((24, 40, 3), np.uint8)
    image[:, :20], image[:, 20:] = RED, BLUE
    return image


def bytes_of(image, kind, **settings):
    """A file of Pillow's making, an encoder apart from the package's own."""
    image = image if isinstance(image, Image.Image) else Image.fromarray(image)
    stream = io.BytesIO()
    image.save(stream, kind, **settings)
    return stream.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF", "GIF", "JPEG", "WEBP"])
def test_every_kind_of_file_decodes_to_rgb(flag, kind):
    image = decode(bytes_of(flag, kind))
    assert image.dtype == np.uint8 and image.shape == flag.shape
    away_from_the_edge = [slice(None), [0, 10, 29, 39]]
    np.testing.assert_allclose(image[*away_from_the_edge], flag[*away_from_the_edge], atol=8)


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF", "GIF"])
def test_lossless_kinds_decode_exactly(flag, kind):
    np.testing.assert_array_equal(decode(bytes_of(flag, kind)), flag)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "BMP"])
def test_grey_pictures_get_three_equal_channels(kind):
    image = decode(bytes_of(np.full((8, 8), 90, np.uint8), kind))
    np.testing.assert_array_equal(image, np.full((8, 8, 3), 90))


@pytest.mark.parametrize("shape", [(8, 8), (8, 8, 3), (8, 8, 4)])
def test_pictures_of_16_bits_are_scaled_to_8(shape):
    _, data = cv2.imencode(".png", np.full(shape, 0xC8FF, np.uint16))
    expected = 0xC8 if shape[-1] != 4 else round((0xC8 * 0xC8 + 255 * 0x37) / 255)
    np.testing.assert_array_equal(decode(data.tobytes()), np.full((8, 8, 3), expected))


@pytest.mark.parametrize(
    ("kind", "settings"), [("PNG", {}), ("WEBP", {"lossless": True, "exact": True}), ("GIF", {})], ids=str
)
def test_transparent_parts_lie_on_white(flag, kind, settings):
    alpha = np.full((24, 40, 1), 255, np.uint8)
    alpha[:, :20] = 0
    image = decode(bytes_of(np.dstack([flag, alpha]), kind, **settings))
    np.testing.assert_array_equal(image[:, :20], np.full((24, 20, 3), 255))
    np.testing.assert_array_equal(image[:, 20:], flag[:, 20:])


@pytest.mark.parametrize("mode", ["L", "1"])
def test_a_grey_that_is_transparent_lies_on_white(mode):
    greys = Image.fromarray(np.array([[0, 255, 90, 0]], np.uint8)).convert(mode, dither=Image.Dither.NONE)
    image = decode(bytes_of(greys, "PNG", transparency=0))
    assert image[0, :, 0].tolist() == ([255, 255, 90, 255] if mode == "L" else [255] * 4)


def test_a_grey_of_16_bits_that_is_transparent_lies_on_white():
    _, data = cv2.imencode(".png", np.array([[0, 1000, 1001, 65535]], np.uint16))
    transparent = b"tRNS" + (1000).to_bytes(2, "big")
    part = (2).to_bytes(4, "big") + transparent + zlib.crc32(transparent).to_bytes(4, "big")
    data = data.tobytes()
    pixels = data.index(b"IDAT") - 4
    assert decode(data[:pixels] + part + data[pixels:])[0, :, 0].tolist() == [0, 255, 3, 255]


def test_half_transparent_parts_mix_with_white():
    image = decode(bytes_of(np.full((4, 4, 4), [200, 100, 0, 51], np.uint8), "PNG"))
    np.testing.assert_array_equal(image[0, 0], [244, 224, 204])  # a fifth of the colour, four fifths of white


@pytest.mark.parametrize("mode", ["1", "P", "LA"])
def test_rare_modes_of_png_decode(mode):
    image = decode(bytes_of(Image.new("RGBA", (8, 6), "white").convert(mode), "PNG"))
    np.testing.assert_array_equal(image, np.full((6, 8, 3), 255))


def test_an_animation_gives_its_first_frame(flag):
    data = bytes_of(flag, "GIF", save_all=True, append_images=[Image.new("RGB", (40, 24))])
    np.testing.assert_array_equal(decode(data), flag)


@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
def test_printers_colours_are_turned_into_screens(flag, kind):
    image = decode(bytes_of(Image.fromarray(flag).convert("CMYK"), kind))
    np.testing.assert_allclose(image[:, [5, 35]], flag[:, [5, 35]], atol=8)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize(("kind", "settings"), [("JPEG", {"quality": 100}), ("PNG", {}), ("WEBP", {"lossless": True})])
def test_a_picture_of_a_camera_that_was_turned_is_turned_back(kind, settings, orientation):
    image = np.full((24, 40, 3), 255, np.uint8)
    image[:8, :8], image[-8:, :8] = RED, BLUE  # no two of the eight turns look alike
    exif = Image.Exif()
    exif[0x112] = orientation
    data = bytes_of(image, kind, exif=exif, **settings)
    upright = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
    assert upright.size == ((24, 40) if orientation > 4 else (40, 24))
    np.testing.assert_allclose(decode(data), np.array(upright.convert("RGB")), atol=8)


FORMS = {
    "PNG": {},
    "JPEG": {},
    "JPEG progressive": {"progressive": True},
    "GIF": {},
    "BMP": {},
    "TIFF": {},
    "WEBP": {},
    "WEBP lossless": {"lossless": True},
    "WEBP animated": {"save_all": True, "append_images": [Image.new("RGB", (40, 24))]},
}


@pytest.mark.parametrize("form", FORMS)
def test_the_size_is_read_from_the_header(flag, form):
    data = bytes_of(flag, form.split()[0], **FORMS[form])
    assert dimensions(data) == (40, 24)
    assert decode(data, most_pixels=960).shape == flag.shape
    with pytest.raises(InputError, match=r"at most 959 pixels \(--most-pixels\)\. Received: 40 × 24"):
        decode(data, most_pixels=959)


def test_headers_of_other_programs_are_read(flag):
    assert dimensions(cv2.imencode(".tiff", flag)[1].tobytes()) == (40, 24)
    top_down = bytearray(cv2.imencode(".bmp", flag)[1].tobytes())
    top_down[22:26] = (-24).to_bytes(4, "little", signed=True)
    assert dimensions(bytes(top_down)) == (40, 24)


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("kind", [1, 3, 4, 6, 8, 9, 16, 17])
def test_a_tiff_may_state_its_size_in_any_whole_number(order, kind):
    pixels = np.arange(20 * 12, dtype=np.uint8).reshape(12, 20)
    letter = {1: "B", 3: "H", 4: "I", 6: "b", 8: "h", 9: "i", 16: "Q", 17: "q"}[kind]
    values = [(256, kind, 20), (257, kind, 12), (258, 3, 8), (259, 3, 1), (262, 3, 1), (273, 4, 300), (279, 4, 240)]
    entries, outside = b"", b""
    for tag, own, value in values:
        data = struct.pack(order + (letter if own == kind else {3: "H", 4: "I"}[own]), value)
        if len(data) > 4:
            data, outside = struct.pack(order + "I", 200 + len(outside)), outside + data
        entries += struct.pack(order + "HHI", tag, own, 1) + data.ljust(4, b"\0")
    start = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "IH", 8, len(values)) + entries + bytes(4)
    tiff = (start.ljust(200, b"\0") + outside).ljust(300, b"\0") + pixels.tobytes()
    assert dimensions(tiff) == (20, 12)
    np.testing.assert_array_equal(decode(tiff)[..., 0], pixels)
    with pytest.raises(InputError, match="Received: 20 × 12"):
        decode(tiff, most_pixels=10)


def test_a_picture_without_area_has_no_size(flag):
    flat = bytearray(cv2.imencode(".bmp", flag)[1].tobytes())
    flat[22:26] = bytes(4)
    assert dimensions(bytes(flat)) is None


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_a_large_picture_is_turned_without_a_limit_of_another_library(flag, kind, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)  # a tenth of the picture
    exif = Image.Exif()
    exif[0x112] = 6
    assert decode(bytes_of(flag, kind, exif=exif)).shape == (40, 24, 3)


@pytest.mark.parametrize(
    "data", [b"", b"letter", b"BM", b"\xff\xd8\xff", b"\xff\xd8\xff\xda", b"RIFF----WAVE", b"II*\0"]
)
def test_what_states_no_size_has_none(data):
    assert dimensions(data) is None


def test_a_bomb_is_refused_before_it_takes_memory(flag):
    bomb = bytearray(bytes_of(flag, "PNG"))
    bomb[16:24] = (60_000).to_bytes(4, "big") * 2
    tracemalloc.start()
    with pytest.raises(InputError, match=r"Received: 60,000 × 60,000"):
        decode(bytes(bomb))
    assert tracemalloc.get_traced_memory()[1] < 10e6
    tracemalloc.stop()


@pytest.mark.parametrize("before", [b"", b"\0\0\0\x04teXtIEND----"])  # a part whose words are those of the end
def test_a_part_of_a_png_that_states_to_be_longer_than_the_file_is_not_read(flag, before, monkeypatch):
    data = bytes_of(flag, "PNG")
    start = data.index(b"IDAT") - 4
    assert dimensions(data[:start] + before + data[start:] + b"what follows the end") == (40, 24)
    bomb = data[:start] + before + (0x67000519).to_bytes(4, "big") + data[start + 4 :]
    monkeypatch.setattr(cv2, "imdecode", lambda *_: pytest.fail("it would take 1.7 GB"))
    with pytest.raises(InputError, match="must be a readable JPEG"):
        decode(bomb)


@pytest.mark.parametrize("data", [b"", b"letter", b"\x89PNG\r\n\x1a\n" + bytes(99), b"\xff\xd8\xff\xe0", bytes(500)])
def test_what_is_no_picture_is_bad_input(data):
    with pytest.raises(InputError, match=rf"readable JPEG, PNG, .*Received: {len(data)} bytes"):
        decode(data)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF"])
def test_a_truncated_picture_is_bad_input_without_noise(picture, kind, capfd):
    data = bytes_of(picture(0), kind)
    with pytest.raises(InputError):
        decode(data[: len(data) // 2])
    assert capfd.readouterr().err == ""  # OpenCV would write lines of its own


@pytest.mark.parametrize("kind", [".png", ".jpg", ".webp"])
def test_encoded_pictures_keep_size_and_order_of_colours(flag, kind):
    data = encode(flag, kind)
    assert Image.open(io.BytesIO(data)).format == {".jpg": "JPEG"}.get(kind, kind[1:].upper())
    seen = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
    np.testing.assert_allclose(seen[12, [5, 35]], [RED, BLUE], atol=8)


def test_a_lower_quality_makes_a_smaller_file(picture):
    assert len(encode(picture(0), ".jpg", 20)) < len(encode(picture(0), ".jpg", 90))


@pytest.mark.parametrize("kind", [".xyz", "", ".txt"])
def test_other_kinds_are_not_encoded(flag, kind):
    with pytest.raises(InputError, match=r"\.png, \.jpg or \.webp\. Received"):
        encode(flag, kind)


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.webp", "b.PNG", "dotted.folder/a.b.png"])
def test_save_writes_by_the_ending(flag, tmp_path, name):
    save(flag, tmp_path / name)
    np.testing.assert_allclose(decode((tmp_path / name).read_bytes())[12, [5, 35]], [RED, BLUE], atol=8)


@pytest.mark.parametrize("name", ["a.txt", "a", "a.gif", "dotted.folder/a"])
def test_save_refuses_other_endings_and_writes_nothing(flag, tmp_path, name):
    with pytest.raises(InputError, match=rf"must end in \.png, \.jpg or \.webp\. Received: .*{name}"):
        save(flag, tmp_path / name)
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize("size", [8, 32, 100])
@pytest.mark.parametrize("shape", [(24, 40), (40, 24), (64, 64), (1, 1)])
def test_resize_makes_a_square(size, shape):
    image = resize(np.full((*shape, 3), RED, np.uint8), size)
    assert image.dtype == np.uint8
    np.testing.assert_array_equal(image, np.full((size, size, 3), RED))


def test_resize_leaves_the_right_size_as_it_is(picture):
    np.testing.assert_array_equal(resize(picture(0), 32), picture(0))


def test_shrinking_averages_over_areas(picture):
    blocks = picture(0).reshape(8, 4, 8, 4, 3).mean((1, 3))
    np.testing.assert_allclose(resize(picture(0), 8), blocks, atol=1)


@pytest.mark.parametrize(
    ("count", "columns", "shape"),
    [(1, 10, (14, 12, 3)), (3, 10, (14, 32, 3)), (10, 5, (26, 52, 3)), (7, 3, (38, 32, 3))],
)
def test_a_sheet_is_as_large_as_its_pictures_and_gaps(count, columns, shape):
    assert sheet(np.zeros((count, 10, 8, 3), np.uint8), columns).shape == shape


def test_a_sheet_holds_the_pictures_row_by_row_on_white(picture):
    images = np.stack([picture(seed) for seed in range(5)])
    canvas = sheet(images, columns=3, gap=1)
    for index, (y, x) in enumerate([(1, 1), (1, 34), (1, 67), (34, 1), (34, 34)]):
        np.testing.assert_array_equal(canvas[y : y + 32, x : x + 32], images[index])
        canvas[y : y + 32, x : x + 32] = 255
    assert canvas.min() == 255


def test_every_value_survives_the_way_to_unit_and_back():
    values = np.arange(256, dtype=np.uint8)
    unit = to_unit(values)
    assert unit.dtype == np.float32 and (unit[0], unit[-1]) == (-1, 1)
    np.testing.assert_array_equal(to_uint8(unit), values)


def test_values_outside_the_unit_range_are_clipped():
    np.testing.assert_array_equal(to_uint8([-1.5, 1.5, 0.999]), [0, 255, 255])
