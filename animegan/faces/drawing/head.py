"""The head without hair: outline, ears, neck, and the soft shadows on the skin."""

import functools
import math

import cv2
import numpy as np

from animegan.faces.drawing import palette
from animegan.faces.drawing.curves import brush, ellipse, mirrored, smooth

_EAR = smooth([(0.9, -0.1), (1.02, -0.18), (1.13, -0.1), (1.12, 0.14), (1.04, 0.36), (0.92, 0.38), (0.86, 0.12)])
_INNER_EAR = np.array([[[-0.012, 0.015]], [[0.012, 0.015]]])  # how far its fold lies inside, left and right


def turn(points, yaw, depth=None):
    """Turn points of the front of a head about the vertical axis.

    Args:
        points: float array (..., 2) in head units.
        yaw: radians, to the viewer's right.
        depth: how far the points lie in front of the axis; by default as on a face, which is
            flatter than a ball.

    Returns:
        float array (..., 2), seen from the front.
    """
    turned = np.array(points, float)
    x = turned[..., 0]
    if depth is None:
        depth = 0.6 * np.sqrt(np.maximum(1.2 - x * x, 0.02))
    x *= math.cos(yaw)
    x += depth * math.sin(yaw)
    return turned


def outline(character):
    """Outline of the face and skull: float array (m, 2) in head units."""
    chin, jaw, point = character.chin, character.jaw, character.chin_point
    half = [
        (0.74, -1.12),
        (0.95, -0.7),
        (1.0, -0.2),
        (0.985, 0.16),
        (0.895 + 0.03 * jaw, 0.40 * chin),
        (0.655 + 0.13 * jaw - 0.04 * point, 0.67 * chin),
        (0.315 + 0.19 * jaw - 0.05 * point, 0.885 * chin),
        (0.13 + 0.1 * jaw - 0.07 * point, 0.985 * chin),
    ]
    right = [(x * character.face_width, y) for x, y in half]
    points = np.array([(0, -1.4), *right, (0, chin + 0.01), *((-x, y) for x, y in right[::-1])])
    yaw = character.yaw
    # the cheeks hardly move when the head turns; the chin does
    depth = np.interp(points[:, 1], (-0.8, 0.2, chin), (0.15, 0.2, 0.52))
    turned = turn(points, yaw, depth)
    far = points[:, 0] * yaw > 0
    hollow = np.exp(-(((points[:, 1] + 0.02) / 0.3) ** 2)) - 0.5 * np.exp(-(((points[:, 1] - 0.45) / 0.25) ** 2))
    turned[:, 0] -= far * (0.13 * yaw) * hollow  # the far eye socket and cheekbone
    return smooth(turned, 6)


def draw_ears(canvas, character):
    """Paint the two human ears (hair may cover them)."""
    light, shadow = palette.SKIN[character.skin]
    ears = np.array([_EAR, _EAR])
    ears[0] *= [-character.face_width, 1]
    ears[1] *= [character.face_width, 1]
    # the ear on the far side of a turned head disappears behind the cheek
    turned = math.sin(character.yaw)
    ears[..., 0] += 0.12 * turned
    ears[int(turned > 0), :, 0] -= 0.35 * turned
    inner = ears[:, 6:26] * [0.97, 0.8] + _INNER_EAR
    canvas.fill_apart(ears, light)
    canvas.fill_apart(brush(ears[:, 3:32], 0.03 * character.line), skin_ink(character))
    canvas.fill_apart(brush(inner, 0.05, (0, 1, 1, 0.3)), shadow)


def draw_neck(canvas, character):
    """Paint the neck with the shadow that the head casts on it; `canvas` is the body's."""
    light, shadow = palette.SKIN[character.skin]
    wide = 0.42 if character.gender == "boy" else 0.31
    neck, edges = _neck(wide)
    canvas.fill(neck, light)
    lean = 0.3 * math.sin(character.yaw) - 0.08 * character.light
    low = character.chin + 0.2
    edge = smooth([(wide, low), (lean + 0.1, low + 0.13), (lean - 0.1, low + 0.13), (-wide, low)], 4, closed=False)
    canvas.fill(np.concatenate([[(-wide, 0.6), (wide, 0.6)], edge]), shadow)
    for edge in edges:
        canvas.line(edge, 0.03 * character.line, skin_ink(character))


@functools.lru_cache
def _neck(wide):
    """Outline (m, 2) of a neck and of the shoulders under it, and its two edges, smooth."""
    half = np.array([(wide, 0.6), (wide, 1.35), (wide + 0.06, 1.62), (wide + 0.5, 1.86), (1.5, 2.2)])
    edge = smooth(half, 4, closed=False)
    return np.concatenate([half, mirrored(half[::-1])]), (mirrored(edge), edge)


def draw_skin(canvas, character, shape):
    """Paint the face: skin, the shadow on its far side, its outline.

    Args:
        canvas: Canvas of the head.
        character: Character.
        shape: the face's outline, from `outline`.

    Returns:
        (Canvas of the part of the picture around the face, uint8 mask of the face in it), or None
        where the picture shows nothing of it.
    """
    light, shadow = palette.SKIN[character.skin]
    canvas.fill(shape, light)
    window = canvas.window(shape)
    if window is None:
        return None
    inside = window.layer(0, 1)
    inside.fill(shape, 255)
    lit = window.layer(0, 1)
    # the lit part is the face itself, moved towards the light and up
    lit.fill(shape * [0.96, 1] + [0.13 * character.light, -0.05], 255)
    shade = cv2.subtract(inside.image, lit.image)
    shade = cv2.blur(shade, (max(1, round(0.06 * window.unit)),) * 2)
    tint = [255 * s / max(1, b) for s, b in zip(shadow, light, strict=True)]
    window.multiply(cv2.min(shade, inside.image), tint)
    line = 0.034 * character.line
    canvas.fill(brush(shape[12:-12], line, (0.3, 0.8, 1, 0.8, 0.3)), skin_ink(character))
    return window, inside.image


def draw_blush(canvas, character):
    """Paint the cheeks' blush."""
    if character.blush == "none":
        return
    for side in (-1, 1):
        centre = (side * 0.64, 0.45)
        spot = turn(ellipse(centre, (0.26, 0.12)), character.yaw)
        window = canvas.window(spot, 0.2)
        if window is None:
            continue
        mask = window.layer(0, 1)
        mask.fill(spot, 105 if character.blush == "light" else 85)
        mask.image[:] = cv2.blur(mask.image, (max(1, round(0.26 * window.unit)), max(1, round(0.14 * window.unit))))
        window.multiply(mask.image, (255, 150, 150))
        if character.blush == "lines":
            for x in (-0.13, -0.02, 0.09):
                stroke = turn([(centre[0] + x + 0.04, 0.40), (centre[0] + x - 0.02, 0.51)], character.yaw)
                canvas.fill(brush(stroke, 0.035, (0.6, 1)), (224, 110, 105))


def skin_ink(character):
    """The colour (r, g, b) of lines on the skin."""
    shadow = palette.SKIN[character.skin][1]
    return palette.mix(shadow, (84, 40, 48), 0.52)
