"""Backgrounds of whole scenes. Units: 1 is the scene's height, x runs from 0 to width / height."""

import numpy as np

from animegan.faces.drawing import palette
from animegan.faces.drawing.curves import smooth

KINDS = ("beach", "classroom", "gradient", "night", "park", "room", "sky", "street")


def draw_scenery(canvas, kind, rng):
    """Fill a scene's canvas with one of `KINDS`."""
    height, width = canvas.image.shape[:2]
    _PAINTERS[kind](canvas, width / height, rng)


def _grade(canvas, stops):
    """Fill with colours that change from top to bottom: list of (y, colour)."""
    rows = (np.arange(canvas.image.shape[0]) + 0.5) / canvas.unit
    places = [y for y, _ in stops]
    column = np.stack([np.interp(rows, places, [colour[c] for _, colour in stops]) for c in range(3)], -1)
    canvas.image[:] = column.astype(np.uint8)[:, None]


def _box(canvas, x0, y0, x1, y1, colour):
    canvas.fill(np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)]), colour)


def _cloud(canvas, x, y, size, rng, colour=(250, 252, 255)):
    for offset in np.linspace(-1, 1, 7):
        radius = size * (0.28 + 0.22 * (1 - offset**2)) * rng.uniform(0.8, 1.2)
        canvas.disc((x + offset * size, y - 0.3 * radius), radius, colour)


def _hills(canvas, wide, base, swing, colour, rng):
    x = np.linspace(-0.1, wide + 0.1, 9)
    ridge = smooth(np.stack([x, base + rng.uniform(-swing, swing, 9)], -1), 8, closed=False)
    canvas.fill(np.concatenate([ridge, [(wide + 0.1, 1.1), (-0.1, 1.1)]]), colour)


def _sky(canvas, wide, rng):
    _grade(canvas, [(0, (92, 160, 232)), (0.75, (206, 232, 250)), (1, (232, 244, 252))])
    for _ in range(int(rng.integers(3, 7))):
        _cloud(canvas, rng.uniform(0, wide), rng.uniform(0.05, 0.6), rng.uniform(0.08, 0.2), rng)
    _hills(canvas, wide, 0.86, 0.03, (122, 186, 112), rng)


def _park(canvas, wide, rng):
    _sky(canvas, wide, rng)
    _hills(canvas, wide, 0.62, 0.05, (104, 160, 110), rng)
    _box(canvas, 0, 0.74, wide, 1, (140, 196, 104))
    canvas.fill(
        np.array([(wide * 0.45, 0.74), (wide * 0.55, 0.74), (wide * 0.85, 1), (wide * 0.15, 1)]), (222, 206, 176)
    )
    for x in np.arange(rng.uniform(0, 0.2), wide, 0.36):
        tall = rng.uniform(0.26, 0.4)
        _box(canvas, x - 0.018, 0.76 - tall, x + 0.018, 0.8, (112, 82, 62))
        for _ in range(9):
            leaf = (x + rng.uniform(-0.1, 0.1), 0.76 - tall - rng.uniform(0, 0.22))
            canvas.disc(
                leaf, rng.uniform(0.05, 0.09), palette.rgb((rng.uniform(90, 130), 0.45, rng.uniform(0.5, 0.72)))
            )


def _beach(canvas, wide, rng):
    _grade(
        canvas,
        [
            (0, (104, 180, 240)),
            (0.5, (214, 238, 250)),
            (0.501, (52, 132, 196)),
            (0.76, (110, 206, 214)),
            (0.77, (242, 226, 188)),
            (1, (230, 208, 164)),
        ],
    )
    for _ in range(4):
        _cloud(canvas, rng.uniform(0, wide), rng.uniform(0.08, 0.4), rng.uniform(0.07, 0.16), rng)


def _night(canvas, wide, rng):
    _grade(canvas, [(0, (18, 20, 52)), (0.7, (62, 58, 112)), (1, (98, 82, 130))])
    for x, y, size in rng.uniform((0, 0, 0.0012), (wide, 0.7, 0.0035), (90, 3)):
        canvas.disc((x, y), size, (240, 240, 220))
    canvas.disc((wide * rng.uniform(0.1, 0.9), 0.16), 0.07, (250, 244, 214))
    _skyline(canvas, wide, rng, (34, 34, 66), (238, 210, 132), 0.55)


def _skyline(canvas, wide, rng, wall, window, top):
    x = -0.05
    while x < wide:
        broad, tall = rng.uniform(0.14, 0.3), rng.uniform(0, 0.25)
        _box(canvas, x, top + tall, x + broad, 1.1, palette.mix(wall, (128, 128, 150), rng.uniform(0, 0.25)))
        for row in np.arange(top + tall + 0.04, 1, 0.07):
            for column in np.arange(x + 0.025, x + broad - 0.03, 0.05):
                if rng.random() < 0.6:
                    _box(canvas, column, row, column + 0.024, row + 0.036, window)
        x += broad + 0.01


def _street(canvas, wide, rng):
    _grade(canvas, [(0, (140, 192, 236)), (0.6, (226, 238, 246)), (1, (226, 238, 246))])
    _skyline(canvas, wide, rng, (176, 160, 152), (120, 150, 176), 0.1)
    _box(canvas, 0, 0.8, wide, 1, (150, 150, 156))
    _box(canvas, 0, 0.78, wide, 0.82, (200, 200, 202))


def _window(canvas, x, y, broad, tall):
    _box(canvas, x - 0.02, y - 0.02, x + broad + 0.02, y + tall + 0.02, (246, 242, 236))
    _box(canvas, x, y, x + broad, y + tall, (176, 216, 244))
    _box(canvas, x, y + 0.62 * tall, x + broad, y + tall, (150, 196, 150))
    _box(canvas, x + broad / 2 - 0.008, y, x + broad / 2 + 0.008, y + tall, (246, 242, 236))
    _box(canvas, x, y + tall / 2 - 0.006, x + broad, y + tall / 2 + 0.006, (246, 242, 236))


def _room(canvas, wide, rng):
    wall = palette.rgb((rng.uniform(0, 360), 0.14, 0.93))
    _grade(
        canvas,
        [(0, wall), (0.8, palette.mix(wall, (255, 255, 255), 0.3)), (0.801, (172, 130, 96)), (1, (140, 102, 74))],
    )
    _box(canvas, 0, 0.785, wide, 0.81, (236, 230, 222))
    x = rng.uniform(0.1, wide - 0.7)
    _window(canvas, x, 0.12, 0.6, 0.45)
    curtain = palette.rgb((rng.uniform(0, 360), 0.35, 0.85))
    for left in (x - 0.12, x + 0.56):
        for fold in range(4):
            _box(
                canvas,
                left + 0.04 * fold,
                0.08,
                left + 0.04 * fold + 0.042,
                0.68,
                palette.mix(curtain, (60, 40, 60), 0.12 * (fold % 2)),
            )
    shelf = (x + 0.9) % max(wide - 0.4, 0.5)
    _box(canvas, shelf, 0.3, shelf + 0.36, 0.8, (156, 112, 80))
    for row in (0.33, 0.49, 0.65):
        _box(canvas, shelf + 0.02, row, shelf + 0.34, row + 0.13, (102, 72, 54))
        for book in np.arange(shelf + 0.03, shelf + 0.3, 0.03):
            colour = palette.rgb((rng.uniform(0, 360), 0.5, 0.75))
            _box(canvas, book, row + rng.uniform(0.01, 0.05), book + 0.024, row + 0.13, colour)


def _classroom(canvas, wide, rng):
    _grade(canvas, [(0, (240, 232, 214)), (0.76, (228, 216, 192)), (0.761, (190, 148, 104)), (1, (160, 120, 84))])
    if rng.random() < 0.5:
        _box(canvas, 0.12, 0.1, wide - 0.12, 0.56, (146, 112, 78))
        _box(canvas, 0.15, 0.13, wide - 0.15, 0.53, (52, 96, 78))
    else:
        for x in np.arange(0.08, wide - 0.3, 0.48):
            _window(canvas, x, 0.1, 0.36, 0.46)
    for x in np.arange(rng.uniform(-0.1, 0.1), wide, 0.4):
        _box(canvas, x, 0.76, x + 0.28, 0.79, (206, 166, 116))
        _box(canvas, x + 0.02, 0.79, x + 0.035, 1, (110, 110, 116))
        _box(canvas, x + 0.245, 0.79, x + 0.26, 1, (110, 110, 116))


def _gradient(canvas, wide, rng):
    hue = rng.uniform(0, 360)
    first, last = palette.rgb((hue, 0.3, 0.95)), palette.rgb((hue + rng.uniform(20, 70), 0.2, 0.98))
    _grade(canvas, [(0, first), (1, last)])
    for _ in range(14):
        spot = palette.mix(first, (255, 255, 255), rng.uniform(0.2, 0.6))
        canvas.disc((rng.uniform(0, wide), rng.uniform(0, 1)), rng.uniform(0.02, 0.12), spot)


_PAINTERS = {
    "beach": _beach,
    "classroom": _classroom,
    "gradient": _gradient,
    "night": _night,
    "park": _park,
    "room": _room,
    "sky": _sky,
    "street": _street,
}
