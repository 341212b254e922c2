"""Name the colours of hair and eyes with the words that picture boards use for them."""

import cv2
import numpy as np

# A handful of RGB values for each word, light to dark: what the word covers in drawn pictures, where what is
# called black is often a dark brown or blue, and an iris is darker than the word says.
HAIR = {
    "aqua": ((150, 220, 215), (90, 185, 190), (60, 140, 150)),
    "black": ((20, 20, 25), (45, 42, 50), (65, 62, 72), (65, 45, 55), (45, 50, 70)),
    "blonde": ((250, 235, 180), (240, 215, 140), (220, 185, 110), (205, 175, 130), (235, 205, 165)),
    "blue": ((150, 175, 220), (100, 140, 200), (70, 105, 180), (50, 70, 130), (40, 50, 100)),
    "brown": ((175, 125, 85), (140, 90, 60), (105, 70, 55), (80, 55, 45), (130, 95, 90), (100, 65, 75)),
    "gray": ((180, 178, 182), (145, 143, 148), (110, 108, 114)),
    "green": ((160, 205, 140), (100, 160, 95), (60, 110, 70), (130, 135, 90)),
    "orange": ((245, 170, 100), (230, 135, 60), (205, 105, 50)),
    "pink": ((250, 200, 210), (240, 160, 185), (215, 120, 150)),
    "purple": ((190, 160, 215), (140, 105, 175), (145, 110, 150), (95, 65, 125), (70, 50, 90)),
    "red": ((210, 80, 70), (170, 75, 85), (170, 45, 45), (120, 30, 35)),
    "white": ((250, 248, 250), (232, 230, 236), (212, 212, 222), (195, 197, 210)),
}
EYES = {
    "aqua": ((125, 215, 210), (60, 165, 170), (35, 110, 120)),
    "black": ((20, 20, 25), (45, 42, 50)),
    "blue": ((120, 165, 225), (60, 100, 185), (40, 60, 125), (35, 35, 95)),
    "brown": ((150, 100, 70), (110, 70, 50), (80, 50, 42), (100, 65, 62)),
    "gray": ((165, 163, 168), (120, 118, 125), (85, 85, 95)),
    "green": ((140, 200, 120), (80, 150, 85), (45, 95, 60), (90, 110, 60)),
    "orange": ((235, 160, 80), (205, 115, 50), (165, 85, 40)),
    "pink": ((240, 160, 185), (210, 100, 140), (160, 60, 110)),
    "purple": ((170, 130, 205), (115, 75, 155), (75, 45, 105), (95, 50, 95)),
    "red": ((205, 60, 60), (150, 35, 45), (100, 25, 35), (130, 50, 65)),
    "yellow": ((245, 220, 110), (215, 180, 60), (155, 120, 60)),
}
WEIGHTS = np.float32([0.5, 1, 1])  # light and shadow change the lightness, hardly the hue


def name_hair(colour):
    """Name a hair colour.

    Args:
        colour: (red, green, blue), 0 to 255, or None.

    Returns:
        the key of HAIR that has the nearest colour, by eye (in CIELAB); "" for None.
    """
    return _nearest(colour, HAIR)


def name_eyes(colour):
    """Name an eye colour.

    Args:
        colour: (red, green, blue), 0 to 255, or None.

    Returns:
        the key of EYES that has the nearest colour, by eye (in CIELAB); "" for None.
    """
    return _nearest(colour, EYES)


def face_colours(image, face):
    """Measure the colours of a face on its pixels.

    animeface tells colours too, but finds them by a search with random starts: they change from call to call,
    and those of the eyes are mostly the lashes'. Its places are the same each time.

    Args:
        image: uint8 array (height, width, 3), RGB.
        face: animeface.Face found in it.

    Returns:
        (skin, hair, eyes): each (red, green, blue), 0 to 255, or None where its place lies outside the picture.
    """
    box, eyes = face.face.pos, (face.left_eye.pos, face.right_eye.pos)
    eyes_bottom = max(eye.y + eye.height for eye in eyes)
    middles = sorted(eye.x + eye.width / 2 for eye in eyes)
    skin = _median(_part(image, middles[0], eyes_bottom, middles[1], max(face.mouth.pos.y, eyes_bottom + 1)))
    above = _part(image, box.x, box.y - 0.3 * box.height, box.x + box.width, box.y + 0.1 * box.height)
    inner = [
        _part(
            image, eye.x + eye.width / 5, eye.y + eye.height / 5, eye.x + eye.width * 4 / 5, eye.y + eye.height * 4 / 5
        )
        for eye in eyes
    ]
    return skin, _median(_apart(above, skin, 15)), _iris(np.concatenate(inner), skin)


def _iris(pixels, skin):
    """The colour of the iris among an eye's pixels: of the most colourful ones that are neither skin nor lash."""
    pixels = _apart(pixels, skin, 20)
    if not len(pixels):
        return None
    lab = _lab(pixels)
    chroma = np.where(lab[:, 0] > 15, np.hypot(lab[:, 1], lab[:, 2]), 0)
    return _median(pixels[chroma >= np.percentile(chroma, 85)])


def _part(image, left, top, right, bottom):
    """The pixels (N, 3) of a rectangle, as far as it lies inside the picture."""
    left, top, right, bottom = (max(0, round(side)) for side in (left, top, right, bottom))
    return image[top:bottom, left:right].reshape(-1, 3)


def _apart(pixels, colour, distance):
    """The pixels that differ from a colour by more than a distance in CIELAB; all, where none does."""
    if colour is None or not len(pixels):
        return pixels
    apart = np.linalg.norm((_lab(pixels) - _lab([colour])) * WEIGHTS, axis=1) > distance
    return pixels[apart] if apart.any() else pixels


def _median(pixels):
    """The median colour of pixels (N, 3), or None where there are none."""
    return tuple(int(channel) for channel in np.median(pixels, axis=0)) if len(pixels) else None


def _lab(colours):
    """RGB, 0 to 255, (N, 3) to CIELAB float32 (N, 3): lightness 0 to 100, green to red, blue to yellow."""
    unit = np.asarray(colours, np.float32).reshape(-1, 1, 3) / 255
    return cv2.cvtColor(unit, cv2.COLOR_RGB2Lab).reshape(-1, 3)


def _nearest(colour, words):
    """The word that has the colour nearest to `colour`, or "" for None."""
    if colour is None:
        return ""
    place = _lab([colour])
    return min(words, key=lambda word: np.linalg.norm((_lab(words[word]) - place) * WEIGHTS, axis=1).min())
