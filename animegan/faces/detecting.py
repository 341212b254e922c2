"""Find drawn faces in a picture: two detectors behind one small interface."""

import functools
from dataclasses import dataclass, replace
from pathlib import Path

import animeface
import cv2
import numpy as np
import PIL
from PIL import Image

from animegan.faces import colours
from animegan.faces.drawing import draw_face, random_character
from animegan.files import InputError

DETECTORS = ("animeface", "lbp")
LIKELIHOOD = 0.85  # of both looks together; what is less sure is more often a curtain or a cloud than a face
LBP_HOME = "https://github.com/nagadomi/lbpcascade_animeface"


@dataclass(frozen=True)
class Detection:
    """One face found in a picture.

    Attributes:
        box: (x0, y0, x1, y1) in pixels of the picture that was given; x1 and y1 lie just outside.
        likelihood: 0 to 1, how sure the detector is. The LBP detector only says yes or no: 1.
        hair: name of the hair's colour, a key of `colours.HAIR`, or "" where the detector knows none.
        eyes: name of the eyes' colour, a key of `colours.EYES`, or "".
    """

    box: tuple
    likelihood: float
    hair: str = ""
    eyes: str = ""

    @property
    def side(self):
        """The shorter side of the box in pixels."""
        return min(self.box[2] - self.box[0], self.box[3] - self.box[1])


@dataclass(frozen=True)
class AnimefaceDetector:
    """The detector `animeface`, which looks twice: at the picture and at its mirror image.

    A face looks like a face in the mirror too, while a likeness in a curtain or a cloud seldom does. So two
    looks find more than one, and what both saw can be trusted although neither was sure: their likelihoods a
    and b, taken as independent, make 1 − (1 − a)(1 − b).

    Args:
        likelihood: 0 to 1, the least that is reported.
        longest: pixels; pictures are scaled down to this longest side first. The time grows with its
            square; faces whose box is less than about 45 pixels then are not found.
    """

    likelihood: float = LIKELIHOOD
    longest: int = 800

    def detect(self, image):
        """Find faces.

        Args:
            image: uint8 array (height, width, 3), RGB.

        Returns:
            list of Detection, from left to right.
        """
        height, width = image.shape[:2]
        scale = min(1.0, self.longest / max(height, width))
        small_width, small_height = max(1, round(width * scale)), max(1, round(height * scale))
        small = cv2.resize(image, (small_width, small_height), interpolation=cv2.INTER_AREA) if scale < 1 else image
        seen = _look(small)
        mirrored = [replace(face, box=_mirrored(face.box, small_width)) for face in _look(small[:, ::-1])]
        sure = [face for face in _merge(seen, mirrored) if face.likelihood >= self.likelihood]
        return sorted(
            (replace(face, box=_enlarged(face.box, scale, width, height)) for face in sure), key=lambda face: face.box
        )


class LbpDetector:
    """An OpenCV cascade of local binary patterns: about four times faster, finds fewer faces, tells no colours.

    Args:
        cascade_path: the cascade's XML file, such as nagadomi's lbpcascade_animeface.xml.

    Raises:
        InputError: the file is missing or no cascade, or this OpenCV has no cascades.
    """

    def __init__(self, cascade_path):
        """Load the cascade."""
        if not hasattr(cv2, "CascadeClassifier"):
            raise InputError(
                f"the detector lbp needs an OpenCV with CascadeClassifier. Received: OpenCV {cv2.__version__}; "
                'mend it with: pip install "opencv-python-headless<5"'
            )
        if not Path(cascade_path).is_file():
            raise InputError(f"the cascade must be an XML file, such as that of {LBP_HOME}. Received: {cascade_path}")
        try:
            self._cascade = cv2.CascadeClassifier(str(cascade_path))
        except (cv2.error, SystemError):  # what is no XML raises one or the other; other XML gives an empty cascade
            self._cascade = None
        if self._cascade is None or self._cascade.empty():
            raise InputError(f"the cascade must be an OpenCV cascade in XML. Received: {cascade_path}, which is none")

    def detect(self, image):
        """Find faces.

        Args:
            image: uint8 array (height, width, 3), RGB.

        Returns:
            list of Detection, from left to right, of likelihood 1 and without colour names.
        """
        grey = cv2.equalizeHist(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY))
        boxes = self._cascade.detectMultiScale(grey, scaleFactor=1.1, minNeighbors=5, minSize=(24, 24))
        found = [Detection((int(x), int(y), int(x + w), int(y + h)), 1.0) for x, y, w, h in boxes]
        return sorted(found, key=lambda detection: detection.box)


def make_detector(name, cascade=None, likelihood=LIKELIHOOD):
    """Make a detector by name, having checked that it works here.

    Args:
        name: "animeface" or "lbp".
        cascade: the XML file of the cascade, for "lbp" only.
        likelihood: 0 to 1, the least that animeface reports.

    Returns:
        an object whose `detect(image)` takes uint8 RGB (height, width, 3) and returns a list of Detection.

    Raises:
        InputError: unknown name, likelihood out of range, no cascade, or a detector that finds nothing.
    """
    if name not in DETECTORS:
        raise InputError(f"the detector must be one of {', '.join(DETECTORS)}. Received: {name}")
    if not 0 <= likelihood <= 1:
        raise InputError(f"the likelihood must lie in 0 to 1. Received: {likelihood}")
    if name == "animeface":
        check_animeface()
        return AnimefaceDetector(likelihood)
    if cascade is None:
        raise InputError(
            f"the detector lbp needs a cascade: lbpcascade_animeface.xml from {LBP_HOME}. Received: no cascade file"
        )
    return LbpDetector(cascade)


@functools.lru_cache(maxsize=1)
def check_animeface():
    """Check, once a process, that animeface finds a face that is there: on Pillow 12 it finds none, and says nothing.

    Raises:
        InputError: it found nothing.
    """
    scene = np.full((192, 192, 3), 235, np.uint8)
    scene[32:160, 32:160] = draw_face(random_character(np.random.default_rng(0)), 128)
    if not animeface.detect(Image.fromarray(scene)):
        raise InputError(
            "animeface must find the face in a drawing that has one, which it does with Pillow 11. "
            f'Received: no face, with Pillow {PIL.__version__}; mend it with: pip install "pillow<12"'
        )


def _look(image):
    """What animeface sees in a uint8 RGB array and can be a face by the colour of its skin: a list of Detection."""
    image = np.ascontiguousarray(image)
    found = []
    for face in animeface.detect(Image.fromarray(image)):
        place = face.face.pos
        skin, hair, eyes = colours.face_colours(image, face)
        if _skin_like(skin):
            box = (place.x, place.y, place.x + place.width, place.y + place.height)
            found.append(Detection(box, face.likelihood, colours.name_hair(hair), colours.name_eyes(eyes)))
    return found


def _skin_like(colour):
    """Whether a colour can be skin: of any lightness, or grey as in a grey picture, but not bluish or greenish."""
    return colour is not None and colour[0] + 8 >= max(colour)  # 8: what JPEG does to a grey


def _mirrored(box, width):
    """The box in the mirror image of a picture that is `width` pixels wide."""
    return width - box[2], box[1], width - box[0], box[3]


def _merge(seen, mirrored):
    """Join the two looks: what both saw has the mean of their boxes, and the colours of the surer look."""
    merged, alone = [], list(mirrored)
    for face in seen:
        twin = max(alone, key=lambda other: overlap(face.box, other.box), default=None)
        if twin is None or overlap(face.box, twin.box) < 0.3:
            merged.append(face)
            continue
        alone.remove(twin)
        surer = max(face, twin, key=lambda one: one.likelihood)
        box = tuple((a + b) / 2 for a, b in zip(face.box, twin.box, strict=True))
        merged.append(replace(surer, box=box, likelihood=1 - (1 - face.likelihood) * (1 - twin.likelihood)))
    return merged + alone


def overlap(first, second):
    """Intersection over union of two boxes (x0, y0, x1, y1), 0 to 1."""
    width = max(0, min(first[2], second[2]) - max(first[0], second[0]))
    height = max(0, min(first[3], second[3]) - max(first[1], second[1]))
    areas = [(x1 - x0) * (y1 - y0) for x0, y0, x1, y1 in (first, second)]
    return width * height / max(1, sum(areas) - width * height)


def match(found, boxes):
    """Pair what a detector found with the true boxes: a find is right when its centre lies in a box not yet taken.

    Args:
        found: list of Detection; the surest chooses first.
        boxes: list of true boxes (x0, y0, x1, y1).

    Returns:
        list with, for each find in the order given, the index of its box, or None where it is a false alarm.
    """
    free = dict(enumerate(boxes))
    matched = [None] * len(found)
    for number in sorted(range(len(found)), key=lambda number: -found[number].likelihood):
        x0, y0, x1, y1 = found[number].box
        x, y = (x0 + x1) / 2, (y0 + y1) / 2
        around = [index for index, (left, top, right, low) in free.items() if left <= x < right and top <= y < low]
        if around:
            matched[number] = around[0]
            del free[around[0]]
    return matched


def _enlarged(box, scale, width, height):
    """A box of the picture scaled by `scale` in pixels of the whole picture, (width, height), cut at its edges."""
    x0, y0, x1, y1 = (round(side / scale) for side in box)
    return max(0, x0), max(0, y0), min(width, x1), min(height, y1)
