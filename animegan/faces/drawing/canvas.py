"""A picture with a coordinate system of its own: fills, soft masks and blends."""

import functools
import math

import cv2
import numpy as np

from animegan.faces.drawing.curves import ellipse
from animegan.faces.drawing.palette import ramp

_SHIFT = 4  # sub-pixel bits of the coordinates that OpenCV takes


class Canvas:
    """A uint8 picture that is painted in free units.

    Attributes:
        image: uint8 array (height, width, 3), changed in place.
        matrix: float array (2, 3) from units to pixels.
        unit: pixels a unit (the matrix scales both axes alike).
        part: of a `window` or a `crop`: the slices of rows and columns that it shows.
    """

    def __init__(self, image, matrix):
        """Paint on `image` through `matrix`."""
        self.image = image
        self.matrix = np.asarray(matrix, float)
        self.unit = math.hypot(self.matrix[0, 0], self.matrix[1, 0])
        # OpenCV's pixel (0, 0) is centred on (0, 0); ours covers 0 to 1
        self._to_fixed = (self.matrix - [[0, 0, 0.5], [0, 0, 0.5]]) * (1 << _SHIFT)

    @property
    def bottom(self):
        """y of the picture's lower edge, units, for a canvas that is hardly tilted."""
        return (self.image.shape[0] - self.matrix[1, 2]) / self.unit

    def over(self, image, x0=0, y0=0):
        """Return a canvas of the same coordinates on another picture, whose corner is at pixel (x0, y0) of this one."""
        other = Canvas.__new__(Canvas)
        other.__dict__.update(self.__dict__, image=image)
        if x0 or y0:
            other.matrix, other._to_fixed = self.matrix.copy(), self._to_fixed.copy()
            other.matrix[:, 2] -= x0, y0
            other._to_fixed[:, 2] -= x0 << _SHIFT, y0 << _SHIFT
        return other

    def layer(self, value=0, channels=3):
        """Return a canvas of the same coordinates and size on a fresh picture filled with `value`."""
        shape = self.image.shape[:2] + ((channels,) if channels > 1 else ())
        layer = self.over(np.zeros(shape, np.uint8))
        if value:
            layer.flood(value)
        return layer

    def flood(self, colour):
        """Fill the whole picture."""
        height, width = self.image.shape[:2]
        cv2.rectangle(self.image, (0, 0), (width, height), colour, cv2.FILLED)

    def fill(self, points, colour):
        """Fill the polygon `points` (m, 2)."""
        cv2.fillPoly(self.image, [self._fixed(points)], colour, cv2.LINE_AA, _SHIFT)

    def line(self, points, width, colour, closed=False):
        """Draw a line of even width through `points` (m, 2); `brush` makes those that swell and taper."""
        thick = max(1, round(width * self.unit))
        cv2.polylines(self.image, [self._fixed(points)], closed, colour, thick, cv2.LINE_AA, _SHIFT)

    def disc(self, centre, radius, colour):
        """Fill a circle."""
        self.fill(ellipse(centre, (radius, radius)), colour)

    def fill_each(self, polygons, colours):
        """Fill polygons (n, m, 2) one after the other, each with its colour."""
        for points, colour in zip(self._fixed(polygons), colours, strict=True):
            cv2.fillPoly(self.image, [points], colour, cv2.LINE_AA, _SHIFT)

    def fill_apart(self, polygons, colour):
        """Fill polygons (n, m, 2) that do not overlap, as those of two eyes or ears, with one colour."""
        cv2.fillPoly(self.image, list(self._fixed(polygons)), colour, cv2.LINE_AA, _SHIFT)

    def fill_strips(self, edges, parts, colours):
        """Fill k strips along each of n lines: all of the first line, then all of the second, and so on.

        Args:
            edges: float array (2, k, n, m, 2), both edges of each strip.
            parts: k slices, the part of the m points that each strip takes.
            colours: list of n lists of k colours.
        """
        first, second = self._fixed(edges)
        strips = [np.concatenate([first[k, :, part], second[k, :, part][:, ::-1]], 1) for k, part in enumerate(parts)]
        for polygons, own in zip(zip(*strips, strict=True), colours, strict=True):
            for polygon, colour in zip(polygons, own, strict=True):
                cv2.fillPoly(self.image, [polygon], colour, cv2.LINE_AA, _SHIFT)

    def multiply(self, mask, colour):
        """Darken by `colour` (as a filter would) where the uint8 `mask` (height, width) is set."""
        filters = cv2.applyColorMap(mask, _filter(tuple(colour)))
        cv2.multiply(self.image, filters, self.image, scale=1 / 255)

    def blend(self, picture, mask):
        """Lay `picture` over the image where the uint8 `mask` (height, width) is set."""
        weights = mask.astype(np.float32) * np.float32(1 / 255)
        cv2.blendLinear(picture, self.image, weights, 1 - weights, self.image)

    def window(self, points, margin=0.1):
        """Return a canvas on the part of the image around `points` (m, 2), or None where it is empty."""
        placed = cv2.transform(points[None], self.matrix)[0]
        height, width = self.image.shape[:2]
        (left, top), (right, bottom) = (
            cv2.reduce(placed, 0, extreme)[0].tolist() for extreme in (cv2.REDUCE_MIN, cv2.REDUCE_MAX)
        )
        edge = margin * self.unit
        x0, y0 = max(int(left - edge), 0), max(int(top - edge), 0)
        x1, y1 = min(int(right + edge) + 1, width), min(int(bottom + edge) + 1, height)
        return self.crop(x0, y0, x1, y1) if x1 > x0 and y1 > y0 else None

    def crop(self, x0, y0, x1, y1):
        """Return a canvas on the part of the image between two corners in pixels."""
        part = slice(y0, y1), slice(x0, x1)
        window = self.over(self.image[part], x0, y0)
        window.part = part
        return window

    def _fixed(self, points):
        """Points in units as the fixed-point pixels that OpenCV takes."""
        points = np.asarray(points, float)
        placed = cv2.transform(points.reshape(1, -1, 2), self._to_fixed)
        return np.rint(placed, placed).astype(np.int32).reshape(points.shape)


@functools.lru_cache(maxsize=64)
def _filter(colour):
    """Ramp (256, 1, 3) from white to a colour (r, g, b)."""
    return ramp(((255, 255, 255), colour), (0, 255))[:, None]
