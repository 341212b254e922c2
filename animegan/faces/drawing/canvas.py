"""A picture with a coordinate system of its own: fills, soft masks and blends."""

import copy
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
    """

    def __init__(self, image, matrix):
        """Paint on `image` through `matrix`."""
        self.image = image
        self.matrix = np.asarray(matrix, float)
        self.unit = math.hypot(self.matrix[0, 0], self.matrix[1, 0])
        scale = 1 << _SHIFT
        # OpenCV's pixel (0, 0) is centred on (0, 0); ours covers 0 to 1
        self._linear = self.matrix[:, :2].T * scale
        self._offset = (self.matrix[:, 2] - 0.5) * scale

    @property
    def bottom(self):
        """y of the picture's lower edge, units, for a canvas that is hardly tilted."""
        return (self.image.shape[0] - self.matrix[1, 2]) / self.unit

    def over(self, image, x0=0, y0=0):
        """Return a canvas of the same coordinates on another picture, whose corner is at pixel (x0, y0) of this one."""
        other = copy.copy(self)
        other.image = image
        if x0 or y0:
            other.matrix = self.matrix - [[0, 0, x0], [0, 0, y0]]
            other._offset = self._offset - [x0 << _SHIFT, y0 << _SHIFT]
        return other

    def layer(self, value=0, channels=3):
        """Return a canvas of the same coordinates and size on a fresh picture filled with `value`."""
        shape = self.image.shape[:2] + ((channels,) if channels > 1 else ())
        image = np.zeros(shape, np.uint8)
        if value:
            image[:] = value
        return self.over(image)

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
        """Fill polygons (n, m, 2) one after the other, with one colour or one each."""
        one = not isinstance(colours, list)
        for index, points in enumerate(self._fixed(polygons)):
            cv2.fillPoly(self.image, [points], colours if one else colours[index], cv2.LINE_AA, _SHIFT)

    def fill_stacked(self, groups):
        """Fill the first polygon of every group, then the second of every group, and so on.

        Args:
            groups: list of (polygons (n, m, 2), list of n colours); m may differ from group to group.
        """
        stacks = [(self._fixed(polygons), colours) for polygons, colours in groups]
        for index in range(len(stacks[0][0])):
            for polygons, colours in stacks:
                cv2.fillPoly(self.image, [polygons[index]], colours[index], cv2.LINE_AA, _SHIFT)

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
        placed = np.asarray(points) @ self.matrix[:, :2].T + self.matrix[:, 2]
        height, width = self.image.shape[:2]
        (left, top), (right, bottom), edge = placed.min(0).tolist(), placed.max(0).tolist(), margin * self.unit
        x0, y0 = max(int(left - edge), 0), max(int(top - edge), 0)
        x1, y1 = min(int(right + edge) + 1, width), min(int(bottom + edge) + 1, height)
        if x1 <= x0 or y1 <= y0:
            return None
        return self.over(self.image[y0:y1, x0:x1], x0, y0)

    def _fixed(self, points):
        """Points in units as the fixed-point pixels that OpenCV takes."""
        placed = np.asarray(points) @ self._linear
        placed += self._offset
        return np.rint(placed, placed).astype(np.int32)


@functools.lru_cache(maxsize=64)
def _filter(colour):
    """Ramp (256, 1, 3) from white to a colour (r, g, b)."""
    return ramp(((255, 255, 255), colour), (0, 255))[:, None]
