"""Eyes and brows: lids, lashes, iris with gradient, highlights."""

import functools

import cv2
import numpy as np

from animegan.faces.drawing import palette
from animegan.faces.drawing.curves import bezier, brush, ellipse, smooth
from animegan.faces.drawing.head import turn

# Lids in eye units: x from -1 (inner corner) to 1 (outer corner), y from -1 (top) to 1.
# Each shape: upper lid, lower lid (from outer to inner corner), tilt (outer corner up), relative height.
_SHAPES = {
    "round": ([(-1, 0.2), (-0.72, -0.62), (-0.1, -1.0), (0.55, -0.82), (0.92, -0.2), (1, 0.15)], 0.0, 1.0),
    "sharp": ([(-1, 0.35), (-0.66, -0.42), (0.0, -0.86), (0.6, -0.86), (1.0, -0.5), (1.1, -0.3)], 0.14, 0.94),
    "drooping": ([(-1, 0.1), (-0.7, -0.74), (-0.12, -1.0), (0.5, -0.78), (0.92, -0.1), (1.05, 0.4)], -0.14, 0.96),
    "narrow": ([(-1, 0.3), (-0.6, -0.5), (0.0, -0.86), (0.6, -0.78), (1.0, -0.3), (1.1, -0.05)], 0.08, 0.72),
    "sleepy": ([(-1, 0.1), (-0.7, -0.36), (-0.1, -0.5), (0.55, -0.42), (0.95, -0.05), (1.05, 0.2)], -0.06, 1.0),
}
_LOWER = [(0.86, 0.55), (0.5, 0.9), (-0.1, 0.99), (-0.62, 0.82)]
_LID_SHADOW = np.array([0, 0.32])  # how far the upper lid's shadow reaches down
_WINGS = bezier([(0, 0), (0.3, 1.2)], [(0.62, 0.25), (0.75, 1.6)], [(1.45, -0.6), (1.3, 1.0)], steps=8)
_BOTH_WAYS = np.array([[[-1.0, 1.0]], [[1.0, 1.0]]])  # points as they are in the left and in the right eye
_WHITE = (255, 255, 255)


class _Eyes:
    """Where the two eyes lie: eye units to head units, always for both at once."""

    def __init__(self, character):
        _, self.tilt, tall = _SHAPES.get(character.eye_shape, _SHAPES["round"])
        self.yaw, self.spacing = character.yaw, character.eye_spacing
        self.width, self.height = character.eye_width, character.eye_height * tall

    def place(self, points):
        """Points (..., 2, m, 2) of both eyes from points (m, 2) of one, or from (..., 2, m, 2), left eye first."""
        points = np.asarray(points, float)
        placed = np.empty((2, *points.shape) if points.ndim == 2 else points.shape)
        x = self.width * points[..., 0]
        placed[..., 0] = self.spacing + x
        placed[..., 0, :, 0] *= -1
        placed[..., 1] = self.height * points[..., 1] + 0.04 - self.tilt * x
        return turn(placed, self.yaw)


def draw_eyes(canvas, character):
    """Paint both eyes."""
    eyes = _Eyes(character)
    if character.eye_shape == "closed":
        _draw_closed(canvas, character, eyes)
    else:
        _draw_open(canvas, character, eyes)


def _draw_closed(canvas, character, eyes):
    """Happy eyes, shut to an arc."""
    lid = smooth([(-1.0, 0.5), (-0.6, -0.05), (0, -0.22), (0.6, -0.02), (1.05, 0.55)], 6, closed=False)
    ink = lash_ink(character)
    canvas.fill_apart(brush(eyes.place(lid), 0.11 * character.line, (0.3, 0.9, 1, 1, 0.4)), ink)
    canvas.fill_apart(brush(eyes.place([(0.85, 0.2), (1.25, 0.35)]), 0.06, (1, 0)), ink)


def _draw_open(canvas, character, eyes):
    """Open eyes: the eyeballs through the opening of the lids, then lashes and crease."""
    upper, lower = _lids(character.eye_shape)
    opening = eyes.place(np.concatenate([upper, lower[1:-1]]))
    window = canvas.window(opening.reshape(-1, 2), 0.05)
    if window is None:
        return
    mask = window.layer(0, 1)
    mask.fill_apart(opening, 255)
    window.blend(_eyeballs(window, character, eyes, upper), mask.image)
    _draw_lids(canvas, character, eyes, eyes.place(upper), eyes.place(lower))


@functools.lru_cache
def _lids(shape):
    """Upper and lower lid of an eye shape, each (m, 2), in eye units."""
    lid = _SHAPES[shape][0]
    return smooth(lid, 6, closed=False), smooth([lid[-1], *_LOWER, lid[0]], 5, closed=False)


def _eyeballs(window, character, eyes, upper):
    """Picture of both eyeballs in the window: white, iris, pupil, highlights."""
    ball = window.layer((247, 244, 249))
    hsv = palette.pick(palette.EYES[character.eyes], character.eye_jitter)
    dark = palette.rgb((hsv[0], min(hsv[1] * 1.1, 1), hsv[2] * 0.36), turn=-10)
    glow = palette.rgb((hsv[0], hsv[1] * 0.6, min(1, hsv[2] * 1.5 + 0.15)))
    rim, iris, pupil, gleam, shine, glint = _spots(character, eyes)
    ball.fill_apart(rim, dark)
    inside = window.layer(0, 1)
    inside.fill_apart(iris, 255)
    ball.blend(_iris_gradient(window, eyes, hsv), inside.image)
    ball.fill_apart(pupil, dark)
    ball.fill_apart(gleam, glow)
    shade = window.layer(0, 1)  # the upper lid's shadow
    shade.fill_apart(eyes.place(np.concatenate([upper, upper[::-1] + _LID_SHADOW])), 255)
    ball.multiply(shade.image, (150, 140, 180))
    ball.fill_apart(shine, _WHITE)
    ball.fill_apart(glint, _WHITE)
    return ball.image


def _spots(character, eyes):
    """Outlines (6, 2, m, 2) of iris, its inner part, pupil, gleam below it and two highlights, in both eyes."""
    wide, tall = 0.8 * character.iris, 1.08 * character.iris
    side = -0.34 if character.light < 0 else 0.34
    # x to the viewer's right, y, half the width, half the height
    spots = np.array(
        [
            (0, 0, wide, tall),
            (0, 0, wide * 0.88, tall * 0.92),
            (0, -0.08, wide * 0.38, tall * 0.44),
            (0, 0.6 * tall, wide * 0.5, tall * 0.16),
            (side, -0.42, 0.25, 0.28),
            (-side, 0.45, 0.13, 0.15),
        ]
    )[:, None, None]
    centres = spots[..., :2] + [0.14 * character.gaze, 0.06]
    return eyes.place(ellipse((0, 0), spots[..., 2:]) + centres * _BOTH_WAYS - [0.04, 0])


def _iris_gradient(window, eyes, hsv):
    """Picture of the iris's colours in the whole window: dark above, bright below."""
    height, width = window.image.shape[:2]
    left, right = eyes.place([(0, -0.9), (0, 0.9)])
    (x0, y0), (x1, y1) = cv2.transform((left + right)[None] / 2, window.matrix)[0].tolist()
    scale = 255 / ((x1 - x0) ** 2 + (y1 - y0) ** 2)
    rows = (np.arange(height) - y0) * ((y1 - y0) * scale)
    columns = (np.arange(width) - x0) * ((x1 - x0) * scale)
    place = np.clip(rows[:, None] + columns, 0, 255).astype(np.uint8)
    keys = [
        palette.rgb((hsv[0], min(hsv[1] * 1.1, 1), hsv[2] * 0.36), turn=-10),
        palette.rgb(hsv, value=0.85),
        palette.rgb((hsv[0], hsv[1] * 0.8, min(1, hsv[2] * 1.2 + 0.06))),
    ]
    return cv2.applyColorMap(place, palette.ramp(keys, (70, 165, 245))[:, None])


def _draw_lids(canvas, character, eyes, upper, lower):
    """Lashes along the lids (2, m, 2) and the crease above."""
    ink = lash_ink(character)
    girl = character.gender == "girl"
    weight = (0.13 if girl else 0.1) * character.line
    lash = upper - [0, 0.3 * weight]
    canvas.fill_apart(brush(lash, weight, (0.15, 0.5, 0.85, 1.0, 1.0, 0.9, 0.5)), ink)
    if girl:  # the outer lashes gather in two points
        reach, rise = 0.36 * eyes.width, 0.06 + 0.1 * eyes.height + 0.5 * eyes.tilt * eyes.width
        tips = (_WINGS * [reach, rise])[:, None] * _BOTH_WAYS + lash[:, -8:-7]
        for wing in brush(tips, weight * 0.8, (1, 0.8, 0)):
            canvas.fill_apart(wing, ink)
    shadow = palette.SKIN[character.skin][1]
    edge = lower[:, 1 : lower.shape[1] * 3 // 5]
    canvas.fill_apart(brush(edge, 0.04 * character.line, (1, 0.7, 0)), palette.mix(ink, shadow, 0.35))
    crease = upper[:, 4:-3] - [0, 0.13 + 0.16 * eyes.height]
    canvas.fill_apart(brush(crease, 0.022 * character.line, (0, 1, 0.8, 0)), palette.mix(ink, shadow, 0.6))


def draw_brows(canvas, front, character):
    """Paint the brows, which show through the front hair (a Canvas of its layer)."""
    slope = {"angry": 0.085, "neutral": 0.0, "raised": -0.03, "worried": -0.09}[character.brows]
    rise = {"angry": -0.05, "neutral": 0.0, "raised": 0.09, "worried": 0.03}[character.brows]
    hsv = palette.pick(palette.HAIR[character.hair], character.hair_jitter)
    ink = palette.rgb((hsv[0], min(1, hsv[1] + 0.12), hsv[2] * 0.5))
    y = -character.eye_height - 0.17 - character.brow_height - rise
    arc = [(0.26, y + slope), (0.42, y - 0.05 + slope * 0.3), (0.6, y - 0.06 - slope * 0.4), (0.78, y + 0.01 - slope)]
    lines = turn(smooth(arc, 5, closed=False) * _BOTH_WAYS[::-1], character.yaw)
    window = canvas.window(lines.reshape(-1, 2))
    if window is None:
        return
    mask = window.layer(0, 1)
    mask.fill_apart(brush(lines, 0.05 * character.brow_weight, (0.6, 1, 0.8, 0.15)), 255)
    over = front.image[window.part][..., 1]
    window.blend(window.layer(ink).image, mask.image - (mask.image * (over / 255 * 0.55)).astype(np.uint8))


def lash_ink(character):
    """The colour (r, g, b) of the lashes: nearly black, with a breath of the hair's hue."""
    hsv = palette.pick(palette.HAIR[character.hair], character.hair_jitter)
    return palette.rgb((hsv[0], min(0.45, hsv[1]), 0.20 + 0.08 * hsv[2]))
