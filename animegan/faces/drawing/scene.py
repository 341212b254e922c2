"""Whole scenes: characters in front of a background, and where their faces are."""

import dataclasses

import cv2
import numpy as np

from animegan.faces.drawing.canvas import Canvas
from animegan.faces.drawing.character import random_character
from animegan.faces.drawing.head import outline
from animegan.faces.drawing.portrait import paint_character, placing
from animegan.faces.drawing.scenery import KINDS, draw_scenery
from animegan.files import InputError

_FINER = 2  # characters are painted at twice the scene's resolution and shrunk


def draw_scene(rng, width=1280, height=720, characters=None):
    """Draw a scene with characters from the chest up or more.

    Args:
        rng: numpy.random.Generator, or a seed for one.
        width, height: of the picture in pixels, at least 320 × 240.
        characters: how many, 0 to 3; by lot from 1 to 3 if None.

    Returns:
        (uint8 array (height, width, 3), RGB; list of [x0, y0, x1, y1], ints in pixels: each
        face from the upper edge of the brows to the chin and from cheek to cheek).

    Raises:
        InputError: the picture is too small, or too many characters are asked for.
    """
    if width < 320 or height < 240:
        raise InputError(f"a scene must be at least 320 × 240. Received: {width} × {height}")
    if characters is not None and not 0 <= characters <= 3:
        raise InputError(f"characters must be 0 to 3. Received: {characters}")
    rng = np.random.default_rng(rng)
    image = np.empty((height, width, 3), np.uint8)
    draw_scenery(Canvas(image, [[height, 0, 0], [0, height, 0]]), KINDS[rng.integers(len(KINDS))], rng)
    count = int(rng.integers(1, 4)) if characters is None else characters
    slots = [(place + rng.uniform(0.4, 0.6)) * width / count for place in range(count)]
    boxes = []
    for x in slots:
        character = random_character(rng)
        if rng.random() < 0.6:  # detectors miss one in three who wear glasses: a few are enough here
            character = dataclasses.replace(character, glasses="none")
        # on a stage people look ahead and hold their heads upright
        character = dataclasses.replace(character, roll=0.5 * character.roll, yaw=0.6 * character.yaw)
        # three heads abreast must leave each other room: a head with its hair is about 3 units wide
        unit = rng.uniform(0.075, 0.125) * min(height, 1.9 * width / max(count, 2))
        centre = np.array([x, rng.uniform(2.6 * unit, 0.5 * height)])
        _paint_finely(image, character, centre, unit)
        boxes.append(_face_box(character, centre, unit))
    return image, boxes


def draw_scenes(count, seed=0, width=1280, height=720):
    """Draw scenes; scene i depends on (seed, i) and its size alone.

    Yields:
        (uint8 array (height, width, 3), list of boxes), as `draw_scene` returns them.
    """
    for index in range(count):
        yield draw_scene(np.random.default_rng([seed, index]), width, height)


def _paint_finely(image, character, centre, unit):
    """Paint a character over the scene at a finer resolution."""
    height, width = image.shape[:2]
    x0, x1 = (int(np.clip(centre[0] + side * 4.5 * unit, 0, width)) for side in (-1, 1))
    y0 = int(np.clip(centre[1] - 3.5 * unit, 0, height))
    part = image[y0:, x0:x1]
    fine = part.repeat(_FINER, 0).repeat(_FINER, 1)
    paint_character(fine, character, (centre - [x0, y0]) * _FINER, unit * _FINER)
    part[:] = cv2.resize(fine, part.shape[1::-1], interpolation=cv2.INTER_AREA)


def _face_box(character, centre, unit):
    """[x0, y0, x1, y1] around the face below the middle of the forehead."""
    shape = outline(character)
    face = shape[shape[:, 1] > -0.7] * [0.96, 1]
    matrix = placing(centre, unit, character.roll)
    points = face @ matrix[:, :2].T + matrix[:, 2]
    return [int(v) for v in np.rint(np.concatenate([points.min(0), points.max(0)]))]
