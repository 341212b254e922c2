"""Shoulders and clothes, down to the lower edge of the picture."""

import functools

import numpy as np

from animegan.faces.drawing import palette
from animegan.faces.drawing.curves import bezier, brush, mirrored, ribbon, smooth

_BOTTOM = 14.0  # head units: below every picture's edge
_WAIST = 5.4


def draw_clothes(canvas, character):
    """Paint the clothes on the body's canvas; the neck is there already."""
    hsv = character.clothes_colour
    base, shade, ink = palette.rgb(hsv), palette.rgb(hsv, 1.1, 0.82), palette.rgb(hsv, 1.1, 0.45)
    wide = 2.0 if character.gender == "boy" else 1.66
    waist = wide - (0.5 if character.gender == "boy" else 0.72)
    right = _right_edge(character.clothes, wide, waist)
    deep = canvas.bottom > 2.2  # a portrait ends at the collar
    if deep:
        _draw_arms(canvas, character, wide, (base, shade, ink))
    if canvas.bottom > _WAIST:
        _draw_lower(canvas, character, waist)
    canvas.fill(np.concatenate([right, mirrored(right[::-1])]), base)
    if deep:
        _draw_folds(canvas, wide, waist, shade)
    canvas.line(right, 0.045 * character.line, ink)
    canvas.line(mirrored(right), 0.045 * character.line, ink)
    _DETAILS[character.clothes](canvas, character, base, shade, ink)


@functools.lru_cache
def _right_edge(clothes, wide, waist):
    """Right half of the outline of the top, from the neck over the shoulder to the hips."""
    shoulder = [*_neckline(clothes), (wide * 0.7, 1.9), (wide * 0.92, 2.04), (wide, 2.3)]
    side = [(wide - 0.32, 3.1), (wide - 0.46, 4.0), (waist, _WAIST), (waist + 0.28, 6.6), (waist + 0.34, 8.0)]
    return smooth(shoulder + side, 5, closed=False)


def _draw_arms(canvas, character, wide, colours):
    """Arms that hang at the sides, in sleeves."""
    base, shade, ink = colours
    light, shadow = palette.SKIN[character.skin]
    for side in (-1, 1):
        arm = bezier((wide - 0.3, 2.3), (wide + 0.3, 3.6), (wide + 0.12, 5.2), (wide - 0.1, 7.4), steps=18) * [side, 1]
        hand = brush(arm[-4:] + np.array([0, 0.5]), 0.5, (0.8, 1, 0.5))
        canvas.fill(hand, light)
        canvas.line(hand, 0.04, shadow, closed=True)
        half = np.linspace(0.44, 0.3, 18)
        sleeve = ribbon(arm, half, half)
        canvas.fill(sleeve, base)
        inner = half * (0.5 if side < 0 else -0.1)
        canvas.fill(ribbon(arm[3:], half[3:] - 0.34 + inner[3:], 0.34 * half[3:] / 0.44 - inner[3:] * 0.6), shade)
        canvas.line(sleeve, 0.045 * character.line, ink, closed=True)


def _draw_lower(canvas, character, waist):
    """A pleated skirt or trousers, darker than the top."""
    colour = palette.mix(palette.rgb(character.clothes_colour, 1.1, 0.6), (46, 44, 66), 0.45)
    ink = palette.mix(colour, (20, 16, 30), 0.55)
    flare = 0.34 if character.gender == "boy" else 1.05
    half = np.array([(waist, 6.2), (waist + 0.3, 7.0), (waist + flare, 9.2), (waist + flare, _BOTTOM)])
    canvas.fill(np.concatenate([half, mirrored(half[::-1])]), colour)
    for place in (0.0,) if character.gender == "boy" else (-0.75, -0.45, -0.15, 0.15, 0.45, 0.75):
        canvas.line(np.array([(place * waist, 6.6), (place * (waist + flare), 9.2)]), 0.05, ink)


def _draw_folds(canvas, wide, waist, shade):
    """Soft folds under the arms and at the waist."""
    for side in (-1, 1):
        under = smooth([(wide - 0.34, 3.0), (wide - 0.85, 3.35), (wide - 1.0, 3.9)], 5, closed=False)
        hang = smooth(
            [(wide - 0.45, 3.5), (wide - 0.6, 4.4), (waist - 0.02, _WAIST), (waist + 0.2, 6.6)], 5, closed=False
        )
        pull = smooth([(waist, _WAIST - 0.1), (waist - 0.4, _WAIST), (waist - 0.75, _WAIST + 0.3)], 5, closed=False)
        for fold, width, pressure in (
            (under, 0.16, (1, 0.8, 0)),
            (hang, 0.4, (0.2, 1, 0.8)),
            (pull, 0.16, (1, 0.7, 0)),
        ):
            canvas.fill(brush(fold * [side, 1], width, pressure), shade)


def _neckline(clothes):
    """Right half of the edge around the neck, from the middle outwards."""
    return {
        "sweater": [(0, 1.42), (0.3, 1.4), (0.46, 1.44), (0.6, 1.72)],
        "dress": [(0, 2.35), (0.5, 2.25), (0.95, 1.98), (1.02, 1.9)],
        "hoodie": [(0, 2.0), (0.35, 1.75), (0.5, 1.5), (0.8, 1.6)],
    }.get(clothes, [(0, 2.15), (0.3, 1.75), (0.46, 1.5), (0.62, 1.68)])


def _collar(canvas, points, colour, ink, weight=0.045):
    """A flap of cloth on both sides."""
    for side in (-1, 1):
        flap = np.array(points) * [side, 1]
        canvas.fill(flap, colour)
        canvas.line(flap, weight, ink, closed=True)


def _sailor(canvas, character, base, shade, ink):
    accent = palette.rgb(character.accent_colour)
    white = palette.mix(base, (255, 255, 255), 0.9)
    _collar(canvas, [(0.44, 1.42), (1.15, 1.85), (1.2, 2.45), (0, 2.75), (0.1, 2.3)], white, ink)
    for side in (-1, 1):
        canvas.line(np.array([(1.05, 1.88), (1.08, 2.36), (0.1, 2.58)]) * [side, 1], 0.05, ink)
    draw_bow(canvas, (0, 2.62), 0.5, accent)


def _shirt(canvas, character, base, shade, ink):
    accent = palette.rgb(character.accent_colour)
    light = palette.mix(base, (255, 255, 255), 0.75)
    canvas.fill([(-0.16, 1.95), (0.16, 1.95), (0.12, 2.2), (0.24, 3.9), (0, 4.2), (-0.24, 3.9), (-0.12, 2.2)], accent)
    _collar(canvas, [(0.4, 1.38), (0.62, 1.6), (0.66, 2.2), (0.3, 2.4), (0.02, 2.0)], light, ink)


def _blazer(canvas, character, base, shade, ink):
    canvas.fill([(-0.5, 1.6), (0.5, 1.6), (0.36, 2.5), (0, 3.5), (-0.36, 2.5)], (250, 250, 252))
    accent = palette.rgb(character.accent_colour)
    _collar(canvas, [(0.38, 1.4), (0.58, 1.6), (0.52, 2.15), (0.02, 2.0)], (252, 252, 255), (150, 150, 165))
    _collar(canvas, [(0.5, 1.55), (0.85, 1.75), (0.9, 2.5), (0.6, 2.75), (0.0, 3.6), (0.36, 2.4)], shade, ink)
    if character.gender == "girl":
        # no bow here: a bow between lapels passes for a face, and the detector says so
        for side in (-1, 1):
            canvas.fill(np.array([(0, 1.95), (0.1, 1.95), (0.3, 2.75), (0.16, 2.86), (0.08, 2.8)]) * [side, 1], accent)
    else:
        canvas.fill([(-0.12, 2.0), (0.12, 2.0), (0.2, 3.3), (0, 3.8), (-0.2, 3.3)], accent)


def _sweater(canvas, character, base, shade, ink):
    for x in np.linspace(-0.34, 0.34, 6):
        canvas.line([(x, 1.46), (x * 1.2, 1.72)], 0.05, shade)


def _dress(canvas, character, base, shade, ink):
    light = palette.mix(base, (255, 255, 255), 0.6)
    t = np.linspace(-1, 1, 33)
    edge = np.stack([t * 1.02, 2.36 - 0.45 * t**2], -1)
    frill = np.concatenate([edge - [0, 0.08], edge[::-1] + np.stack([0 * t, 0.12 + 0.05 * np.cos(12 * np.pi * t)], -1)])
    canvas.fill(frill, light)
    choker = np.stack([np.linspace(-0.4, 0.4, 9), 1.52 + 0.06 * np.cos(np.linspace(-1.5, 1.5, 9))], -1)
    canvas.fill(brush(choker, 0.12, (1, 1)), palette.rgb(character.accent_colour, value=0.8))


def _hoodie(canvas, character, base, shade, ink):
    light = palette.mix(base, (255, 255, 255), 0.25)
    _collar(
        canvas, smooth([(0.42, 1.3), (0.9, 1.45), (1.05, 1.85), (0.5, 2.3), (0.02, 2.45), (0.35, 1.9)], 4), light, ink
    )
    for side in (-1, 1):
        canvas.line(np.array([(0.2, 2.35), (0.24, 3.2)]) * [side, 1], 0.07, (245, 245, 245))


# Parts of a bow; those but the knot lie to its right.
_TAIL = np.array([(0, 0), (0.4, 0.95), (0.62, 0.8), (0.75, 0.98), (0.2, 0)])
_LOOP = smooth([(0, 0), (0.6, -0.5), (1.0, -0.42), (0.98, 0.38), (0.55, 0.36)], 5)
_FOLD = np.array([(0.08, -0.02), (0.75, -0.12), (0.7, 0.12)])
_KNOT = smooth([(-0.2, -0.2), (0.2, -0.2), (0.18, 0.2), (-0.18, 0.2)], 4)


def draw_bow(canvas, centre, size, colour, angle=0.0):
    """Paint a bow: two loops, two tails and a knot.

    Args:
        canvas: Canvas.
        centre: (x, y) of the knot.
        size: half its width.
        colour: (r, g, b).
        angle: radians, clockwise.
    """
    dark = palette.mix(colour, (40, 10, 40), 0.5)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]]) * size
    for side in (-1, 1):
        tail, loop, fold = (shape * [side, 1] @ turn + centre for shape in (_TAIL, _LOOP, _FOLD))
        canvas.fill(tail, palette.mix(colour, dark, 0.35))
        canvas.fill(loop, colour)
        canvas.line(loop, 0.08 * size, dark, closed=True)
        canvas.fill(fold, palette.mix(colour, dark, 0.4))
    knot = _KNOT @ turn + centre
    canvas.fill(knot, colour)
    canvas.line(knot, 0.08 * size, dark, closed=True)


_DETAILS = {
    "blazer": _blazer,
    "dress": _dress,
    "hoodie": _hoodie,
    "sailor": _sailor,
    "shirt": _shirt,
    "sweater": _sweater,
}
