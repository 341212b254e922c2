"""A face in a picture of its own, and many of them."""

import math
import multiprocessing
import os

import cv2
import numpy as np

from animegan.faces.drawing import palette
from animegan.faces.drawing.accessories import draw_accessory, draw_behind, draw_glasses
from animegan.faces.drawing.back_hair import paint_back
from animegan.faces.drawing.backdrop import draw_backdrop
from animegan.faces.drawing.canvas import Canvas
from animegan.faces.drawing.character import random_character
from animegan.faces.drawing.clothes import draw_clothes
from animegan.faces.drawing.eyes import draw_brows, draw_eyes
from animegan.faces.drawing.fringe import paint_front
from animegan.faces.drawing.head import draw_blush, draw_ears, draw_neck, draw_skin, outline
from animegan.faces.drawing.locks import lay
from animegan.faces.drawing.mouth import draw_mouth, draw_nose
from animegan.files import InputError

_SMALLEST, _LARGEST = 32, 1024
_CHUNK = 64  # pictures that a worker draws at a time


def paint_character(image, character, centre, unit):
    """Paint a character, head and body, on a picture.

    Args:
        image: uint8 array (height, width, 3), RGB, changed in place.
        character: Character.
        centre: (x, y) in pixels, the middle of the face between the eyes.
        unit: pixels a head unit.
    """
    head = Canvas(image, placing(centre, unit, character.roll))
    # the body follows the head's tilt a little; it hangs from the nape
    nape = head.matrix @ [0, 1.0, 1]
    body_centre = nape - unit * np.array([np.sin(-0.25 * character.roll), np.cos(0.25 * character.roll)])
    body = Canvas(image, placing(body_centre, unit, 0.25 * character.roll))
    ramp = palette.hair_ramp(palette.pick(palette.HAIR[character.hair], character.hair_jitter), character.contrast)

    back = head.layer()
    paint_back(back, character, character.random(0))
    lay(head, back, character, ramp, top=-10, bottom=-30)
    draw_neck(body, character)
    draw_clothes(body, character)
    shape = outline(character)
    draw_ears(head, character)
    face = draw_skin(head, character, shape)
    draw_blush(head, character)
    draw_nose(head, character)
    draw_mouth(head, character)
    draw_eyes(head, character)
    front = head.layer()
    paint_front(front, character, character.random(1))
    if face:
        _cast_shadow(*face, front, character)
    draw_behind(head, character, ramp)
    lay(head, front, character, ramp)
    draw_brows(head, front, character)
    draw_glasses(head, character)
    draw_accessory(head, character)


def draw_face(character, size=64):
    """Draw a character's face.

    Args:
        character: Character.
        size: side of the picture in pixels, 32 to 1024.

    Returns:
        uint8 array (size, size, 3), RGB.

    Raises:
        InputError: the size is out of range.
    """
    if not _SMALLEST <= size <= _LARGEST:
        raise InputError(f"size must be {_SMALLEST} to {_LARGEST}. Received: {size}")
    side = max(2 * size, 128)  # drawn finer and shrunk: no jagged edges
    image = np.empty((side, side, 3), np.uint8)
    draw_backdrop(Canvas(image, [[side, 0, 0], [0, side, 0]]), character)
    centre = (0.5 + character.shift[0] - 0.05 * character.yaw, 0.535 + character.shift[1])
    paint_character(image, character, np.array(centre) * side, 0.322 * character.scale * side)
    return cv2.resize(image, (size, size), interpolation=cv2.INTER_AREA)


def draw_faces(count, size=64, seed=0):
    """Draw random faces; picture i depends on (seed, i, size) alone.

    Args:
        count: how many.
        size: side in pixels.
        seed: a number that is not negative.

    Yields:
        (uint8 array (size, size, 3), dict of tag name to word).
    """
    for index in range(count):
        yield _draw_one(seed, index, size)


def draw_many(count, size=64, seed=0, workers=None):
    """Draw random faces on all processor cores; the result is that of `draw_faces`.

    Args:
        count: how many.
        size: side in pixels.
        seed: a number that is not negative.
        workers: processes; by default one a core, and none beside this one for a few pictures.

    Yields:
        (uint8 array (n, size, size, 3), list of n dicts of tags), block after block in order.
    """
    chunks = [(seed, start, min(start + _CHUNK, count), size) for start in range(0, count, _CHUNK)]
    if workers is None:  # starting a process costs as much as drawing a hundred faces
        workers = min(os.cpu_count() or 1, count // (2 * _CHUNK))
    workers = min(workers, len(chunks))
    if workers <= 1:
        yield from map(_draw_chunk, chunks)
        return
    context = multiprocessing.get_context("spawn")  # forking a process that runs TensorFlow can hang
    with context.Pool(workers, cv2.setNumThreads, (1,)) as pool:
        yield from pool.imap(_draw_chunk, chunks)


def _draw_one(seed, index, size):
    character = random_character(np.random.default_rng([seed, index]))
    return draw_face(character, size), character.tags


def _draw_chunk(chunk):
    """Block of pictures and their tags for (seed, start, stop, size)."""
    seed, start, stop, size = chunk
    pairs = [_draw_one(seed, index, size) for index in range(start, stop)]
    return np.stack([image for image, _ in pairs]), [tags for _, tags in pairs]


def placing(centre, unit, angle):
    """Matrix (2, 3) that turns by `angle` (radians, clockwise), scales by `unit` and moves to `centre`."""
    cos, sin = math.cos(angle) * unit, math.sin(angle) * unit
    return np.array([[cos, -sin, centre[0]], [sin, cos, centre[1]]])


def _cast_shadow(window, skin, front, character):
    """Darken the face, where a window's mask `skin` is set, wherever the front hair keeps the light away."""
    cover = cv2.extractChannel(front.image[window.part], 1)
    move = np.float32([[1, 0, -0.05 * character.light * window.unit], [0, 1, 0.12 * window.unit]])
    mask = cv2.min(cv2.warpAffine(cover, move, cover.shape[::-1]), skin)
    light, shadow = palette.SKIN[character.skin]
    window.multiply(mask, [255 * s / b for s, b in zip(shadow, light, strict=True)])
