"""Pictures of a game: points, the discriminator's surface, and the latent plane under the generator.

Real points are blue dots, generated ones vermilion crosses. The ground is blue where the discriminator says "real",
vermilion where it says "fake", and white where it cannot tell.
"""

from statistics import NormalDist

import cv2
import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from animegan.alt_text import in_words
from animegan.figures import BLACK, BLUE, GREEN, VERMILION, show
from animegan.gan.generating import draw_latents

REACH = 1.25  # of a picture to either side; all real points lie within 1
LATENT_REACH = 3.0  # standard deviations: 99.7 % of each number of a latent
SIDE = 320  # of a picture in pixels
CELLS = 64  # of the surface, along each side
LINES = 15  # of the latent grid, each way: 16 × 16 cells with the same share of all latents
GROUND = 0.55  # how much of the colour a sure verdict gives the ground
SMOOTH = 2  # pictures are drawn this many times as large, and reduced: lines and dots get soft edges


def draw_plane(real=(), fake=(), surface=None, lines=None, side=SIDE, reach=REACH):
    """Draw points over what the discriminator says of the plane.

    Args:
        real, fake: float arrays (N, 2), real and generated points; those outside the picture are left out.
        surface: float array (C, C) in [0, 1], as `surface_of` computes it; white ground if None.
        lines: float array (K, M, 2), K lines of M corners: the first half is drawn green, the second black; or None.
        side: of the picture in pixels.
        reach: of the picture to either side, in the points' units.

    Returns:
        uint8 array (side, side, 3), RGB.
    """
    large = SMOOTH * side
    picture = np.full((large, large, 3), 255, np.uint8)
    if surface is not None:
        picture = cv2.resize(_ground(surface), (large, large), interpolation=cv2.INTER_LINEAR)

    def pixels(points):
        points = np.nan_to_num(np.asarray(points, np.float64).reshape(-1, 2), nan=9 * reach).clip(-9 * reach, 9 * reach)
        return np.rint((points * [1, -1] / reach + 1) * large / 2).astype(int)

    for x, y in pixels(real):
        cv2.circle(picture, (int(x), int(y)), 2 * SMOOTH - 1, _rgb(BLUE), cv2.FILLED, cv2.LINE_AA)
    for number, line in enumerate([] if lines is None else lines):
        colour = _rgb(GREEN if number < len(lines) / 2 else BLACK)
        cv2.polylines(picture, [pixels(line)], False, colour, SMOOTH // 2, cv2.LINE_AA)
    for x, y in pixels(fake):
        cv2.drawMarker(
            picture, (int(x), int(y)), _rgb(VERMILION), cv2.MARKER_TILTED_CROSS, 4 * SMOOTH, SMOOTH, cv2.LINE_AA
        )
    cv2.rectangle(picture, (0, 0), (large - 1, large - 1), (120, 120, 120), SMOOTH)
    return cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA)


def _rgb(colour):
    return tuple(round(255 * part) for part in to_rgb(colour))


def _ground(surface):
    """Colours of probabilities: uint8 array (C, C, 3)."""
    sure = np.clip(2 * np.asarray(surface, np.float64)[..., None] - 1, -1, 1)
    tints = np.where(sure > 0, np.array(_rgb(BLUE)), np.array(_rgb(VERMILION)))
    return np.rint(255 + GROUND * np.abs(sure) * (tints - 255.0)).astype(np.uint8)


def surface_of(judge, cells=CELLS, reach=REACH):
    """What the discriminator says all over the plane.

    Args:
        judge: function from float points (N, 2) to probabilities (N,).
        cells: along each side.
        reach: of the plane to either side.

    Returns:
        float array (cells, cells), the probability of "real" in each cell's middle, the top row first.
    """
    middles = (2 * np.arange(cells) + 1) / cells * reach - reach
    points = np.stack(np.meshgrid(middles, -middles), axis=2).reshape(-1, 2)
    return np.asarray(judge(points)).reshape(cells, cells)


def latent_lines(latent_width=2, lines=LINES, corners=120):
    """A grid over the first two numbers of a latent, the others 0, whose cells all hold the same share of the latents.

    Args:
        latent_width: numbers in a latent; of one number alone, both halves of the grid run along it.
        lines: each way.
        corners: of each line.

    Returns:
        float32 array (2·lines, corners, latent_width): the first half has one value of the first number each.
    """
    normal = NormalDist()
    places = np.array([normal.inv_cdf(part / (lines + 1)) for part in range(1, lines + 1)])
    along = np.linspace(-LATENT_REACH, LATENT_REACH, corners)
    grid = np.zeros((2 * lines, corners, max(2, latent_width)), np.float32)
    grid[:lines, :, 0], grid[:lines, :, 1] = places[:, None], along
    grid[lines:, :, 1], grid[lines:, :, 0] = places[:, None], along
    return grid[..., :latent_width]


def picture_of(game, count=400, ground=True, lines=False, side=SIDE):
    """A game as it stands.

    Args:
        game: animegan.points.game.Game.
        count: real and generated points to draw, the same ones each time.
        ground: whether to draw the discriminator's surface.
        lines: whether to draw the latent grid under the generator.
        side: of the picture in pixels.

    Returns:
        uint8 array (side, side, 3), RGB.
    """
    surface = surface_of(game.judge) if ground else None
    moved = None
    if lines:
        grid = latent_lines(game.rules.latent_width)
        moved = game.generate(grid.reshape(-1, grid.shape[-1])).reshape(*grid.shape[:2], 2)
    return draw_plane(game.real[:count], game.sample(count), surface, moved, side)


def latent_picture(latent_width=2, count=400, side=SIDE):
    """The latents of the points that `picture_of` draws, and the grid: uint8 array (side, side, 3), RGB."""

    def flat(latents):
        return np.pad(latents, [(0, 0)] * (latents.ndim - 1) + [(0, max(0, 2 - latent_width))])[..., :2]

    return draw_plane(
        fake=flat(draw_latents(count, latent_width)),
        lines=flat(latent_lines(latent_width)),
        side=side,
        reach=LATENT_REACH,
    )


def show_planes(pictures, titles=None, columns=None, width=9.0, alt=None):
    """Pictures of games side by side, with a key to their colours.

    Args:
        pictures: list of uint8 arrays, from `picture_of`.
        titles: list of str, or None.
        columns: pictures a row; all in one row if None.
        width: of the whole, in inches.
        alt: more words for those who do not see it, after the titles; or None.

    Returns:
        Figure.
    """
    made = show(pictures, titles, columns, width)
    kind = "Picture of points" if len(pictures) == 1 else f"{len(pictures)} pictures of points"
    made.alt = in_words(kind, titles or (), alt)
    made.set_figheight(made.get_figheight() + (0.35 if width > 5 else 0.6))
    key = [
        Line2D([], [], linestyle="", marker="o", markersize=4, color=BLUE, label="real"),
        Line2D([], [], linestyle="", marker="x", markersize=5, color=VERMILION, label="generated"),
        Patch(color=tuple(_ground([[1.0]])[0, 0] / 255), label="“real”, says the discriminator"),
        Patch(color=tuple(_ground([[0.0]])[0, 0] / 255), label="“fake”"),
    ]
    made.legend(handles=key, loc="outside lower left", ncols=4 if width > 5 else 2, frameon=False, fontsize=9)
    return made
