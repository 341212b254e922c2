"""What a character is: every attribute of a face, and how to draw one by lot."""

import dataclasses

import numpy as np

from animegan.faces.drawing import palette

# Each tag's values with their odds. Colours follow what real collections of anime faces hold.
_ODDS = {
    "gender": {"girl": 0.78, "boy": 0.22},
    "hair": {
        "aqua": 6, "black": 13, "blonde": 13, "blue": 13, "brown": 17, "gray": 5, "green": 7, "orange": 5,
        "pink": 11, "purple": 11, "red": 8, "white": 5,
    },
    "eyes": {
        "aqua": 8, "black": 4, "blue": 20, "brown": 17, "gray": 4, "green": 13, "orange": 4, "pink": 6,
        "purple": 10, "red": 12, "yellow": 8,
    },
    "fringe": {
        "between eyes": 16, "blunt": 16, "curtain": 9, "parted": 13, "spiky": 12, "swept left": 13,
        "swept right": 13, "wispy": 13,
    },
    "back": {
        "bob": 15, "buns": 4, "long": 26, "ponytail": 10, "short": 14, "spiky": 8, "twin tails": 12, "wavy": 11,
    },
    "sides": {"long": 40, "none": 15, "short": 45},
    "eye shape": {"closed": 3, "drooping": 20, "narrow": 13, "round": 36, "sharp": 22, "sleepy": 6},
    "mouth": {
        "cat": 5, "frown": 9, "grin": 5, "neutral": 17, "open smile": 18, "pout": 5, "small o": 9, "smile": 25,
        "smirk": 7,
    },
    "brows": {"angry": 15, "neutral": 50, "raised": 15, "worried": 20},
    "blush": {"light": 45, "lines": 12, "none": 43},
    "skin": {"dark": 2, "fair": 42, "pale": 30, "tan": 5, "warm": 21},
    "glasses": {"none": 90, "round": 5, "square": 5},
    "accessory": {
        "bow": 8, "cat ears": 5, "flower": 5, "hair clip": 8, "headband": 8, "none": 62, "ribbon": 4,
    },
    "clothes": {"blazer": 18, "dress": 14, "hoodie": 10, "sailor": 20, "shirt": 22, "sweater": 16},
    "background": {"bokeh": 4, "dots": 3, "gradient": 12, "plain": 12, "sky": 3, "stripes": 2, "white": 64},
}  # fmt: skip

# Odds that differ for boys; the rest as above.
_BOY_ODDS = {
    "fringe": {"between eyes": 22, "blunt": 2, "curtain": 8, "parted": 15, "spiky": 28, "swept left": 9,
               "swept right": 9, "wispy": 7},
    "back": {"bob": 3, "long": 5, "ponytail": 5, "short": 55, "spiky": 32},
    "sides": {"none": 45, "short": 55},
    "eye shape": {"closed": 2, "drooping": 10, "narrow": 38, "round": 14, "sharp": 30, "sleepy": 6},
    "blush": {"light": 15, "lines": 4, "none": 81},
    "accessory": {"cat ears": 2, "hair clip": 2, "headband": 4, "none": 92},
    "clothes": {"blazer": 30, "hoodie": 20, "shirt": 35, "sweater": 15},
}  # fmt: skip

TAGS = {name: tuple(sorted(odds)) for name, odds in _ODDS.items()}


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


def random_character(rng):
    """Draw a character by lot.

    Args:
        rng: numpy.random.Generator.

    Returns:
        Character.
    """
    places = dict(zip(TAGS, rng.random(len(TAGS)).tolist(), strict=True))
    boy = _choose(_ODDS["gender"], places["gender"]) == "boy"
    odds = _ODDS | _BOY_ODDS if boy else _ODDS
    words = {name.replace(" ", "_"): _choose(odds[name], place) for name, place in places.items()}
    return Character(**words, **_colours(rng), **_proportions(rng, boy), **_pose(rng))


def _choose(odds, place):
    """One of the keys of `odds`, as often as its value says, for a `place` in [0, 1)."""
    place *= sum(odds.values())
    for word, share in odds.items():
        place -= share
        if place < 0:
            return word
    return word


def _colours(rng):
    """The numbers of a character that set colours."""

    def near(table):
        hue, saturation, value = table[rng.integers(len(table))]
        offsets = rng.uniform(-1, 1, 3)
        clipped = np.clip([saturation + 0.1 * offsets[1] * (saturation > 0), value + 0.08 * offsets[2]], 0, 1)
        return (float(hue + 12 * offsets[0]), float(clipped[0]), float(clipped[1]))

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


def _pose(rng):
    """The numbers of a character that set where it looks and stands."""
    return {
        "light": float(rng.choice([-1, 1]) * rng.uniform(0.3, 1)),
        "roll": float(np.clip(rng.normal(0, 0.13), -0.27, 0.27)),
        "yaw": float(np.clip(rng.normal(0, 0.26), -0.5, 0.5)),
        "scale": float(rng.uniform(0.93, 1.1)),
        "shift": tuple(np.clip(rng.normal(0, 0.018, 2), -0.045, 0.045).tolist()),
        "seed": int(rng.integers(2**31)),
    }
