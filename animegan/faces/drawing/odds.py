"""How often each word of a tag occurs among the characters drawn by lot."""

import bisect
import itertools

# Each tag's values with their odds. Colours follow what real collections of anime faces hold.
ODDS = {
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
BOYS = {
    "fringe": {"between eyes": 22, "blunt": 2, "curtain": 8, "parted": 15, "spiky": 28, "swept left": 9,
               "swept right": 9, "wispy": 7},
    "back": {"bob": 3, "long": 5, "ponytail": 5, "short": 55, "spiky": 32},
    "sides": {"none": 45, "short": 55},
    "eye shape": {"closed": 2, "drooping": 10, "narrow": 38, "round": 14, "sharp": 30, "sleepy": 6},
    "blush": {"light": 15, "lines": 4, "none": 81},
    "accessory": {"cat ears": 2, "hair clip": 2, "headband": 4, "none": 92},
    "clothes": {"blazer": 30, "hoodie": 20, "shirt": 35, "sweater": 15},
}  # fmt: skip


def choose(odds, place):
    """One of the keys of `odds`, as often as its value says, for a `place` in [0, 1)."""
    ends = list(itertools.accumulate(odds.values()))
    return list(odds)[bisect.bisect(ends, place * ends[-1])]
