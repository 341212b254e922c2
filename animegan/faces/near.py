"""Near duplicates: resized and re-encoded copies of a picture, found by a perceptual hash and checked on thumbnails.

The hash (pHash of the library ImageHash: signs of the lowest frequencies) is nearly the same for a copy, but also for
two drawings of one pose. So what it finds is compared on thumbnails, in which the traces of an encoder vanish and other
lips do not. The limits come from benchmarks/near_duplicates.py.
"""

import array
import itertools

import cv2
import imagehash
import numpy as np
from PIL import Image

HASH_BITS = 64
HASHED = 32  # side in pixels of the picture that the library takes its frequencies from; it would make it so itself
MOST_BITS = 6  # that differ between copies; within this and the two limits below are 99.85% of those measured
GREY, COLOUR = 16, 8  # sides of the two thumbnails in pixels
MOST_GREY = 18  # of 255, in any pixel of the grey thumbnail
MOST_COLOUR = 40  # in any of the colour thumbnail: encoders spare on colour; another hair colour is more
BANDS = MOST_BITS + 1  # parts of a hash, of which at least one must be equal in two copies
BAND_EDGES = [round(band * HASH_BITS / BANDS) for band in range(BANDS + 1)]


def look(image):
    """What a picture looks like, in few bytes.

    Args:
        image: uint8 array (S, S, 3), RGB.

    Returns:
        uint8 array (456,): the hash (8), a grey thumbnail (256), a colour thumbnail (192).
    """
    middle = cv2.resize(image, (HASHED, HASHED), interpolation=cv2.INTER_AREA)
    grey = cv2.cvtColor(middle, cv2.COLOR_RGB2GRAY)
    bits = imagehash.phash(Image.fromarray(grey)).hash
    small = cv2.resize(grey, (GREY, GREY), interpolation=cv2.INTER_AREA)
    colour = cv2.resize(middle, (COLOUR, COLOUR), interpolation=cv2.INTER_AREA)
    return np.concatenate([np.packbits(bits), small.ravel(), colour.ravel()])


class NearDuplicates:
    """Looks of many pictures, to find the copies of a new one among. It grows with what is added, half a kB each."""

    def __init__(self):
        """Begin without pictures."""
        self._looks = np.empty((1024, HASH_BITS // 8 + GREY**2 + 3 * COLOUR**2), np.uint8)
        self._count = 0
        self._bands = [{} for _ in range(BANDS)]  # value of that part of a hash → numbers of pictures

    def add(self, look):
        """Add a picture by its `look`; they are numbered from 0."""
        if self._count == len(self._looks):
            self._looks = np.concatenate([self._looks, np.empty_like(self._looks)])
        self._looks[self._count] = look
        for band, value in zip(self._bands, _parts(look), strict=True):
            band.setdefault(value, array.array("I")).append(self._count)
        self._count += 1

    def find(self, look):
        """Which of the added pictures the one of this look is a copy of: int array of their numbers, ascending."""
        found = [
            np.frombuffer(band[value], np.uint32)
            for band, value in zip(self._bands, _parts(look), strict=True)
            if value in band
        ]
        if not found:
            return np.empty(0, np.int64)
        numbers = np.concatenate(found)
        own, hashes = _hash(look), self._looks[numbers, : HASH_BITS // 8].view(np.uint64).ravel()
        numbers = np.unique(numbers[np.bitwise_count(hashes ^ own) <= MOST_BITS])
        difference = np.abs(self._looks[numbers, HASH_BITS // 8 :].astype(np.int16) - look[HASH_BITS // 8 :])
        grey, colour = difference[:, : GREY**2], difference[:, GREY**2 :]
        return numbers[(grey.max(axis=1) <= MOST_GREY) & (colour.max(axis=1) <= MOST_COLOUR)].astype(np.int64)


def _hash(look):
    return look[: HASH_BITS // 8].view(np.uint64)[0]


def _parts(look):
    """The bands of a hash as ints."""
    value = int(_hash(look))
    for start, stop in itertools.pairwise(BAND_EDGES):
        yield value >> start & (1 << stop - start) - 1


class Groups:
    """Numbers in groups, joined directly or through others. It grows with the numbers, not with what joins them."""

    def __init__(self):
        """Begin without numbers."""
        self._lower = array.array("q")  # a lower number of the same group; its own, if it is the least

    def add(self, others):
        """Add the next number, from 0 on, to the groups of these earlier ones, which become one group."""
        firsts = {self._first(int(other)) for other in others}
        least = min(firsts, default=len(self._lower))
        for first in firsts:
            self._lower[first] = least
        self._lower.append(least)

    def leaders(self):
        """The least number in the group of each: list of int."""
        return [self._first(number) for number in range(len(self._lower))]

    def _first(self, number):
        while (lower := self._lower[number]) != number:
            self._lower[number] = self._lower[lower]  # the next way is half as long
            number = lower
        return number
