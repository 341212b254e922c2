"""Glasses and what is worn in the hair."""

import numpy as np

from animegan.faces.drawing import palette
from animegan.faces.drawing.clothes import draw_bow
from animegan.faces.drawing.curves import brush, ellipse, mirrored, smooth
from animegan.faces.drawing.fringe import crown_top
from animegan.faces.drawing.head import turn


def draw_glasses(canvas, character):
    """Paint the glasses."""
    if character.glasses == "none":
        return
    dark = character.accent_colour[2] > 0.75
    ink = (52, 44, 58) if dark else palette.rgb(character.accent_colour, value=0.75)
    wide = character.eye_width + 0.1
    if character.glasses == "round":
        ring = ellipse((character.eye_spacing, 0.13), (wide, wide * 0.95), 30)
    else:
        tall = 0.14 + 0.5 * character.eye_height
        box = np.array(
            [(-1, -0.8), (-0.9, -1), (0.95, -1), (1.05, -0.8), (0.95, 0.75), (0.75, 1), (-0.7, 1), (-0.9, 0.75)]
        )
        ring = smooth(box * [wide, tall] + [character.eye_spacing, 0.15], 4)
    for side in (-1, 1):
        rim = turn(ring * [side, 1], character.yaw)
        canvas.line(rim, 0.026, ink, closed=True)
        temple = np.array([(character.eye_spacing + wide, 0.05), (1.02, -0.02)]) * [side, 1]
        canvas.line(turn(temple, character.yaw), 0.026, ink)
    inner = character.eye_spacing - wide
    bridge = smooth([(-inner, 0.08), (0, 0.03), (inner, 0.08)], 4, closed=False)
    canvas.line(turn(bridge, character.yaw), 0.026, ink)


def draw_behind(canvas, character, hair):
    """Paint what sits behind the front hair: cat ears, coloured by `hair`, a ramp of tones."""
    if character.accessory != "cat ears":
        return
    for side in (-1, 1):
        ear = smooth([(0.35, -1.55), (0.62, -2.0), (0.98, -2.32), (1.12, -1.85), (1.15, -1.2), (0.7, -1.1)], 5) * [
            side,
            1,
        ]
        inner = smooth([(0.58, -1.6), (0.92, -2.1), (1.02, -1.45)], 5) * [side, 1]
        canvas.fill(ear, tuple(int(c) for c in hair[150]))
        canvas.line(ear, 0.04, tuple(int(c) for c in hair[0]), closed=True)
        canvas.fill(inner, palette.mix(palette.SKIN[character.skin][1], (255, 150, 160), 0.5))


def draw_accessory(canvas, character):
    """Paint what is worn on the hair."""
    painter = _WORN.get(character.accessory)
    if painter:
        side = 1 if character.random(2).random() < 0.5 else -1
        painter(canvas, character, side, palette.rgb(character.accent_colour))


def _bow(canvas, character, side, colour):
    draw_bow(canvas, (side * 0.78, crown_top(character) + 0.42), 0.5, colour, 0.5 * side)


def _ribbon(canvas, character, side, colour):
    """A small bow on either side."""
    for each in (-1, 1):
        draw_bow(canvas, (each * 1.1, -0.75), 0.32, colour, 1.1 * each)


def _flower(canvas, character, side, colour):
    centre = np.array([side * 0.92, -0.85])
    for angle in np.arange(5) * 2 * np.pi / 5:
        petal = ellipse(centre + 0.16 * np.array([np.cos(angle), np.sin(angle)]), (0.14, 0.14), 14)
        canvas.fill(petal, colour)
        canvas.line(petal, 0.025, palette.mix(colour, (60, 20, 60), 0.45), closed=True)
    canvas.fill(ellipse(centre, (0.09, 0.09), 12), (250, 215, 90))


def _clip(canvas, character, side, colour):
    for offset in (0.0, 0.16):
        line = turn(np.array([(0.55, -0.82 + offset), (0.88, -0.68 + offset)]) * [side, 1], character.yaw)
        canvas.fill(brush(line, 0.12, (1, 1)), palette.mix(colour, (30, 10, 40), 0.55))
        canvas.fill(brush(line, 0.07, (1, 1)), colour)


def _headband(canvas, character, side, colour):
    top = crown_top(character) + 0.3
    half = [(0, top), (0.5, top + 0.09), (0.9, top + 0.42), (1.12, top + 1.0)]
    line = smooth(np.concatenate([mirrored(half[:0:-1]), half]), 5, closed=False)
    canvas.fill(brush(line, 0.2, (0.2, 1, 0.2)), palette.mix(colour, (30, 10, 40), 0.5))
    canvas.fill(brush(line, 0.14, (0.1, 1, 0.1)), colour)
    canvas.fill(brush(line - [0, 0.03], 0.035, (0, 1, 0)), palette.mix(colour, (255, 255, 255), 0.6))


_WORN = {"bow": _bow, "flower": _flower, "hair clip": _clip, "headband": _headband, "ribbon": _ribbon}
