"""Colours: what each colour word may mean, and the ramps of tones made from one colour."""

import colorsys

import numpy as np

# Hue in degrees, saturation and value in [0, 1]: the range that a person would call by the word.
HAIR = {
    "aqua": ((174, 188), (0.34, 0.58), (0.74, 0.88)),
    "black": ((215, 265), (0.10, 0.28), (0.17, 0.27)),
    "blonde": ((41, 50), (0.36, 0.60), (0.88, 0.97)),
    "blue": ((214, 234), (0.38, 0.64), (0.55, 0.82)),
    "brown": ((14, 29), (0.36, 0.58), (0.38, 0.60)),
    "gray": ((210, 260), (0.03, 0.10), (0.52, 0.66)),
    "green": ((112, 155), (0.30, 0.54), (0.48, 0.72)),
    "orange": ((19, 29), (0.66, 0.80), (0.90, 0.97)),
    "pink": ((333, 350), (0.30, 0.49), (0.93, 1.00)),
    "purple": ((260, 284), (0.28, 0.50), (0.52, 0.76)),
    "red": ((353, 363), (0.62, 0.82), (0.60, 0.80)),
    "white": ((210, 290), (0.015, 0.06), (0.92, 0.97)),
}

EYES = {
    "aqua": ((176, 190), (0.55, 0.85), (0.75, 0.90)),
    "black": ((220, 270), (0.08, 0.25), (0.16, 0.24)),
    "blue": ((212, 232), (0.60, 0.85), (0.70, 0.92)),
    "brown": ((15, 27), (0.55, 0.75), (0.42, 0.60)),
    "gray": ((200, 250), (0.04, 0.12), (0.48, 0.62)),
    "green": ((110, 155), (0.50, 0.78), (0.50, 0.75)),
    "orange": ((20, 30), (0.80, 0.95), (0.88, 0.98)),
    "pink": ((325, 340), (0.50, 0.68), (0.88, 0.97)),
    "purple": ((262, 285), (0.50, 0.72), (0.58, 0.82)),
    "red": ((352, 363), (0.75, 0.90), (0.68, 0.85)),
    "yellow": ((45, 54), (0.68, 0.90), (0.86, 0.97)),
}

# Skin in light and in shadow (RGB).
SKIN = {
    "pale": ((255, 243, 237), (246, 216, 210)),
    "fair": ((255, 236, 222), (245, 205, 189)),
    "warm": ((254, 226, 203), (238, 188, 162)),
    "tan": ((238, 196, 160), (206, 150, 118)),
    "dark": ((194, 142, 108), (156, 104, 78)),
}

CLOTHES = ((225, 0.5, 0.4), (0, 0.0, 0.96), (350, 0.65, 0.72), (210, 0.3, 0.8), (30, 0.25, 0.9), (280, 0.3, 0.5))
ACCENTS = ((0, 0.8, 0.85), (45, 0.7, 0.95), (215, 0.65, 0.85), (330, 0.55, 0.95), (150, 0.5, 0.7), (0, 0.0, 0.97))
BACKDROPS = ((205, 0.3, 0.95), (340, 0.2, 0.98), (50, 0.25, 0.97), (130, 0.2, 0.9), (265, 0.25, 0.9), (220, 0.45, 0.45))

# Tones of hair: places on the ramp of `hair_ramp`.
_TONES = np.arange(256.0)
LINE, DEEP, SHADE, BASE, LIGHT, SHINE = 0, 60, 110, 160, 205, 255


def pick(ranges, jitter):
    """Return one colour of a word's range.

    Args:
        ranges: three (low, high): hue in degrees, saturation and value in [0, 1].
        jitter: three numbers in [0, 1], the place in each range.

    Returns:
        (hue, saturation, value), in the same units.
    """
    return tuple(low + (high - low) * place for (low, high), place in zip(ranges, jitter, strict=True))


def rgb(hsv, saturation=1.0, value=1.0, turn=0.0):
    """Return a colour as (r, g, b) in [0, 255]; its saturation and value scaled, its hue turned by degrees."""
    hue, s, v = hsv
    colour = colorsys.hsv_to_rgb((hue + turn) / 360 % 1, min(s * saturation, 1), min(v * value, 1))
    return tuple(round(255 * channel) for channel in colour)


def mix(first, second, amount):
    """Return the colour (r, g, b) that lies `amount` in [0, 1] of the way from `first` to `second`."""
    return tuple(round(a + (b - a) * amount) for a, b in zip(first, second, strict=True))


def hair_ramp(hsv, contrast=1.0):
    """Return the tones of one hair colour.

    Shadows turn towards violet and highlights towards white, as painters do; a plain
    darker colour would look dirty.

    Args:
        hsv: the hair's colour in even light.
        contrast: strength of shadows and lights around it.

    Returns:
        uint8 array (256, 3): the colour of each tone, from LINE to SHINE.
    """
    hue, saturation, value = hsv
    base = rgb(hsv)
    shadow_turn = 14 if 200 < hue < 270 else (-7 if hue < 100 or hue > 330 else 12)
    grey = saturation < 0.12
    lift = 1.14 if value < 0.9 else 1.0
    keys = [
        rgb((hue, min(saturation * 1.1 + 0.12, 0.8), value * (0.48 if value > 0.85 else 0.36)), turn=shadow_turn),
        rgb((hue, saturation * 1.1 + (0.10 if grey else 0.04), value * 0.64), turn=shadow_turn),
        rgb((hue, saturation * 1.06 + (0.05 if grey else 0.02), value * 0.82), turn=shadow_turn / 2),
        base,
        rgb((hue, saturation * 0.7, value * lift + 0.05)),
        mix(rgb((hue, saturation * 0.35, min(1.0, value * 1.3 + 0.26))), (255, 255, 255), 0.25 if value > 0.3 else 0),
    ]
    keys = [mix(base, key, contrast) if 0 < i < 5 else key for i, key in enumerate(keys)]
    return ramp(keys, (LINE, DEEP, SHADE, BASE, LIGHT, SHINE))


def ramp(colours, places):
    """Return the ramp, uint8 array (256, 3), that has each colour (r, g, b) at its place in [0, 255]."""
    tones = np.empty((256, 3))
    for channel, values in enumerate(zip(*colours, strict=True)):
        tones[:, channel] = np.interp(_TONES, places, values)
    return np.minimum(np.maximum(tones, 0), 255).astype(np.uint8)
