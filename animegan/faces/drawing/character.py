"""What a character is: every attribute of a face, and how to draw one by lot."""

import dataclasses

import numpy as np

from animegan.faces.drawing import palette
from animegan.faces.drawing.odds import BOYS, ODDS, choose

TAGS = {name: tuple(sorted(odds)) for name, odds in ODDS.items()}


@dataclasses.dataclass(frozen=True)
class Character:
    """One character: words that are known as tags, numbers that are not.

    The words are those of `TAGS`. Numbers named "jitter" are three places in [0, 1] within the
    range of hue, saturation and value that a colour word allows; lengths are in head units
    (half the width of the face).
    """

    gender: str = "girl"
    hair: str = "brown"
    eyes: str = "blue"
    fringe: str = "between eyes"
    back: str = "long"
    sides: str = "long"
    eye_shape: str = "round"
    mouth: str = "smile"
    brows: str = "neutral"
    blush: str = "light"
    skin: str = "fair"
    glasses: str = "none"
    accessory: str = "none"
    clothes: str = "sailor"
    background: str = "white"

    hair_jitter: tuple = (0.5, 0.5, 0.5)
    eye_jitter: tuple = (0.5, 0.5, 0.5)
    clothes_colour: tuple = (225.0, 0.5, 0.4)  # hue in degrees, saturation, value
    accent_colour: tuple = (0.0, 0.8, 0.85)
    background_colour: tuple = (205.0, 0.3, 0.95)

    face_width: float = 1.0
    chin: float = 1.15  # from the eye line to the tip of the chin
    chin_point: float = 0.5  # 0 round, 1 pointed
    jaw: float = 0.3  # 0 soft, 1 square
    eye_width: float = 0.3  # half the width of an eye
    eye_height: float = 0.3  # half its height
    eye_spacing: float = 0.53  # from the middle of the face to the middle of an eye
    iris: float = 1.0  # relative size
    gaze: float = 0.0  # -1 to 1, to the viewer's left or right
    brow_height: float = 0.1  # above the usual place
    brow_weight: float = 1.0
    volume: float = 1.0  # of the hair over the skull
    fringe_length: float = 0.0  # added to the usual length
    strands: float = 0.5  # 0 few broad strands, 1 many fine ones
    gloss: float = 0.7  # strength of the highlight on the hair, 0 to 1
    fade: float = 0.0  # of the hair towards its tips: -1 darker, 1 lighter
    contrast: float = 1.0  # of the shading
    line: float = 1.0  # line weight
    light: float = -0.5  # where the light comes from: -1 left, 1 right
    roll: float = 0.0  # head tilted, radians, clockwise
    yaw: float = 0.0  # head turned, radians, to the viewer's right
    scale: float = 1.0
    shift: tuple = (0.0, 0.0)  # of the head, in picture widths
    seed: int = 0  # of all that has no name: where each strand lies

    @property
    def tags(self):
        """dict of tag name to word, in the order of `TAGS`."""
        return {name: getattr(self, name.replace(" ", "_")) for name in TAGS}

    def random(self, stream):
        """Return a numpy.random.Generator for one part of the picture; each part has a `stream` number."""
        return np.random.default_rng([self.seed, stream])


def random_character(rng):
    """Draw a character by lot.

    Args:
        rng: numpy.random.Generator.

    Returns:
        Character.
    """
    places = dict(zip(TAGS, rng.random(len(TAGS)).tolist(), strict=True))
    boy = choose(ODDS["gender"], places["gender"]) == "boy"
    odds = ODDS | BOYS if boy else ODDS
    words = {name.replace(" ", "_"): choose(odds[name], place) for name, place in places.items()}
    return Character(**words, **_colours(rng), **_proportions(rng, boy), **_pose(rng))


def _colours(rng):
    """The numbers of a character that set colours."""

    def near(table):
        hue, saturation, value = table[rng.integers(len(table))]
        offsets = rng.uniform(-1, 1, 3).tolist()
        saturation += 0.1 * offsets[1] * (saturation > 0)
        value += 0.08 * offsets[2]
        return (hue + 12 * offsets[0], _clip(saturation, 0, 1), _clip(value, 0, 1))

    return {
        "hair_jitter": tuple(rng.random(3).tolist()),
        "eye_jitter": tuple(rng.random(3).tolist()),
        "clothes_colour": near(palette.CLOTHES),
        "accent_colour": near(palette.ACCENTS),
        "background_colour": near(palette.BACKDROPS),
    }


def _proportions(rng, boy):
    """The numbers of a character that set shapes."""
    between = {
        "face_width": (0.94, 1.04),
        "chin": (1.2, 1.36) if boy else (1.06, 1.22),
        "chin_point": (0.2, 0.8) if boy else (0.2, 1.0),
        "jaw": (0.4, 1.0) if boy else (0.0, 0.5),
        "eye_width": (0.26, 0.31) if boy else (0.275, 0.34),
        "eye_height": (0.2, 0.28) if boy else (0.27, 0.38),
        "eye_spacing": (0.48, 0.53) if boy else (0.5, 0.56),
        "iris": (0.88, 1.08),
        "gaze": (-0.5, 0.5),
        "brow_height": (-0.03, 0.12),
        "brow_weight": (1.1, 1.7) if boy else (0.6, 1.2),
        "volume": (0.9, 1.12),
        "fringe_length": (-0.12, 0.07),
        "strands": (0.0, 1.0),
        "gloss": (0.1, 1.0),
        "fade": (-1.0, 0.8),
        "contrast": (0.75, 1.15),
        "line": (0.75, 1.2),
    }
    places = rng.random(len(between)).tolist()
    return {
        name: low + (high - low) * place for (name, (low, high)), place in zip(between.items(), places, strict=True)
    }


def _clip(number, low, high):
    """The number, or the end of the range that it lies beyond; np.clip takes long over a single number."""
    return min(max(number, low), high)


def _pose(rng):
    """The numbers of a character that set where it looks and stands."""
    return {
        "light": (-1, 1)[rng.integers(2)] * rng.uniform(0.3, 1),
        "roll": _clip(rng.normal(0, 0.13), -0.27, 0.27),
        "yaw": _clip(rng.normal(0, 0.26), -0.5, 0.5),
        "scale": rng.uniform(0.93, 1.1),
        "shift": tuple(_clip(offset, -0.045, 0.045) for offset in rng.normal(0, 0.018, 2).tolist()),
        "seed": int(rng.integers(2**31)),
    }
