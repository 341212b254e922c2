"""Mouth and nose."""

import numpy as np

from animegan.faces.drawing import palette
from animegan.faces.drawing.curves import brush, smooth
from animegan.faces.drawing.head import skin_ink, turn

# Closed mouths as curves about (0, 0), in head units.
_LINES = {
    "smile": [(-0.2, -0.035), (-0.1, 0.015), (0, 0.03), (0.1, 0.015), (0.2, -0.035)],
    "neutral": [(-0.13, 0.0), (0, 0.008), (0.13, 0.0)],
    "frown": [(-0.15, 0.045), (-0.06, -0.005), (0.06, -0.005), (0.15, 0.045)],
    "smirk": [(-0.15, 0.02), (0, 0.03), (0.12, 0.0), (0.21, -0.07)],
    "cat": [(-0.2, -0.04), (-0.11, 0.035), (0, -0.025), (0.11, 0.035), (0.2, -0.04)],
    "pout": [(-0.09, 0.035), (-0.03, -0.015), (0.03, -0.015), (0.09, 0.035)],
}
# Open mouths as outlines: upper edge from left to right, then the lower edge back.
_OPEN = {
    "open smile": (
        [(-0.22, -0.05), (-0.1, -0.02), (0, -0.015), (0.1, -0.02), (0.22, -0.05)],
        [(0.13, 0.13), (0, 0.19), (-0.13, 0.13)],
    ),
    "small o": ([(-0.08, 0.0), (0, -0.06), (0.08, 0.0)], [(0.07, 0.07), (0, 0.1), (-0.07, 0.07)]),
    "grin": (
        [(-0.24, -0.06), (-0.1, -0.02), (0, -0.015), (0.1, -0.02), (0.24, -0.06)],
        [(0.15, 0.06), (0, 0.09), (-0.15, 0.06)],
    ),
}


def draw_nose(canvas, character):
    """Paint the nose: hardly more than a mark, and a shadow on the side away from the light."""
    shadow = palette.SKIN[character.skin][1]
    y = 0.37 * character.chin
    away = -1 if character.light > 0 else 1
    side = np.sign(character.yaw) if abs(character.yaw) > 0.15 else away
    boy = character.gender == "boy"
    tall = 0.16 if boy else 0.07
    tip = np.array([(0.0, y - tall), (side * 0.05, y), (0.0, y + 0.025)])
    tip[:, 0] += 0.12 * np.sin(character.yaw)  # the nose stands out of the face
    canvas.fill(turn(tip + np.array([away * 0.01, 0]), character.yaw), shadow)
    canvas.fill(brush(turn(tip[1:], character.yaw), 0.045 * character.line, (1, 0.5)), skin_ink(character))


def draw_mouth(canvas, character):
    """Paint the mouth."""
    ink = palette.mix(skin_ink(character), (120, 30, 40), 0.4)
    centre = np.array([0.05 * np.sin(character.yaw), 0.66 * character.chin])
    flip = [1 if character.light > 0 else -1, 1]

    def place(points):
        return turn(np.array(points, float) * flip * 0.82 + centre, character.yaw)

    weight = 0.036 * character.line
    if character.mouth in _LINES:
        line = smooth(place(_LINES[character.mouth]), 6, closed=False)
        canvas.fill(brush(line, weight, (0.6, 1, 0.7, 1, 0.6)), ink)
        if character.mouth in ("neutral", "frown", "pout"):
            canvas.fill(
                brush(place([(-0.06, 0.11), (0.06, 0.11)]), 0.03, (0.2, 1, 0.2)), palette.SKIN[character.skin][1]
            )
        return
    top, bottom = _OPEN[character.mouth]
    upper = smooth(top, 5, closed=False)
    lower = smooth([top[-1], *bottom, top[0]], 5, closed=False)
    inside = place(np.concatenate([upper, lower[1:-1]]))
    if character.mouth == "grin":
        canvas.fill(inside, (252, 250, 248))
        middle = place(np.stack([np.linspace(-0.19, 0.19, 9), np.full(9, 0.025)], -1))
        canvas.fill(brush(middle, 0.02), palette.mix(ink, (255, 255, 255), 0.5))
    else:
        canvas.fill(inside, (168, 58, 62))
        tongue = smooth([(-0.1, 0.11), (0, 0.075), (0.1, 0.11), (0.05, 0.16), (0, 0.175), (-0.05, 0.16)], 4)
        canvas.fill(place(tongue * (0.9 if character.mouth == "open smile" else 0.5)), (232, 122, 118))
        if character.mouth == "open smile":
            teeth = np.concatenate([upper[4:-4], upper[-6:5:-1] + np.array([0, 0.035])])
            canvas.fill(place(teeth), (250, 246, 244))
    canvas.fill(brush(place(upper), weight, (0.6, 1, 0.6)), ink)
    canvas.fill(brush(place(lower), weight * 0.8, (0.7, 0.8, 0.7)), ink)
