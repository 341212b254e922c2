"""The notebooks' figures: one style, and a few functions that draw pictures, boxes, bars and lines.

Each function is given arrays and returns a Figure; it opens no window and leaves nothing behind. The colours are those
of Okabe and Ito, which colour-blind readers can tell apart, on white also where the page is dark. For those who see no
picture at all, each has words, made of its titles and labels: the alt text.
"""

import io
from itertools import cycle

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure as PlainFigure
from matplotlib.patheffects import Normal, Stroke
from matplotlib.ticker import AutoLocator, FixedLocator, LogLocator, NullLocator
from PIL import Image

from animegan.alt_text import in_words, to_bundle
from animegan.files import InputError
from animegan.pictures import sheet

BLUE, VERMILION, GREEN, BLACK = "#0072B2", "#D55E00", "#009E73", "#000000"
SERIES = (  # colour, line, marker: a series differs from the next in all three
    (BLUE, "-", "o"),
    (VERMILION, "--", "s"),
    (GREEN, "-.", "^"),
    (BLACK, ":", "D"),
)
STYLE = {
    "figure.facecolor": "white",
    "axes.facecolor": "white",
    "axes.edgecolor": "#444444",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 11,
    "axes.labelsize": 10,
    "font.size": 10,
}
DPI = 80  # pixels an inch: sharp enough on a page, and a notebook stays below half a megabyte
COLOURS = 256  # of a stored figure: with a palette it takes a third of the bytes


class Figure(PlainFigure):
    """A matplotlib figure that Jupyter shows, as a small PNG, where it is the last value of a cell."""

    alt = "A figure"  # words for those who do not see it

    def _repr_png_(self):
        return to_png(self)

    def _repr_mimebundle_(self, **settings):
        return to_bundle(self._repr_png_(), self.alt)


def _count(images):
    return "1 picture" if len(images) == 1 else f"{len(images)} pictures"


def to_png(figure, dpi=DPI):
    """Encode a figure.

    Args:
        figure: matplotlib Figure.
        dpi: pixels an inch.

    Returns:
        bytes of a PNG with a palette of 256 colours and without transparency.
    """
    drawn, result = io.BytesIO(), io.BytesIO()
    figure.savefig(drawn, format="png", dpi=dpi, facecolor="white", bbox_inches="tight", pad_inches=0.08)
    colours = Image.open(drawn).convert("RGB")
    chosen = colours.quantize(COLOURS - 2, dither=Image.Dither.NONE)
    numbers = np.array(chosen) + 2
    for number, tone in enumerate((0, 255)):  # text stays black, and paper white
        numbers[(np.array(colours) == tone).all(axis=2)] = number
    image = Image.fromarray(numbers.astype(np.uint8))
    image.putpalette([0, 0, 0, 255, 255, 255, *chosen.getpalette()[: 3 * (COLOURS - 2)]])
    image.save(result, format="png", optimize=True)
    return result.getvalue()


def figure(rows=1, columns=1, width=8.0, height=4.0, ratios=None):
    """An empty figure in the notebooks' style.

    Args:
        rows, columns: how many axes.
        width, height: of the whole, in inches.
        ratios: relative widths of the columns; equal if None.

    Returns:
        (Figure, array (rows, columns) of axes).
    """
    with mpl.rc_context(STYLE):
        made = Figure(figsize=(width, height), layout="constrained")
        return made, made.subplots(rows, columns, squeeze=False, width_ratios=ratios)


def show(images, titles=None, columns=None, width=8.0, alt=None):
    """Pictures side by side.

    Args:
        images: one uint8 array (height, width, 3), RGB, or a list of them, of any sizes.
        titles: a str for one picture, or a list of str.
        columns: pictures a row; all in one row of one height if None.
        width: of the whole, in inches.
        alt: more words for those who do not see it, after the titles; or None.

    Returns:
        Figure.
    """
    images = [images] if getattr(images, "ndim", 4) == 3 else list(images)
    titles = [titles] if titles is None or isinstance(titles, str) else list(titles)
    if not images:
        raise InputError("there must be at least one picture to show. Received: none")
    widths = [image.shape[1] / image.shape[0] for image in images]  # at height 1
    if columns is None:
        rows, columns, height = 1, len(images), width / sum(widths)
    else:
        columns = min(columns, len(images))
        rows, height, widths = -(-len(images) // columns), width / columns / min(widths), None
    made, axes = figure(rows, columns, width, rows * (height + (0.3 if any(titles) else 0.05)), widths)
    for place in axes.flat:
        place.set_axis_off()
    for place, image in zip(axes.flat, images, strict=False):
        place.imshow(image, interpolation="antialiased")
    for place, title in zip(axes.flat, titles, strict=False):
        place.set_title(title or "", loc="left")
    made.alt = in_words(_count(images), titles, alt)
    return made


def show_sheet(images, columns=10, title=None, width=6.5, alt=None):
    """Equal pictures on one sheet, row by row.

    Args:
        images: uint8 array (N, height, width, 3), N ≥ 1.
        columns: pictures a row.
        title: a str, or None.
        width: of the whole, in inches.
        alt: more words for those who do not see it, after the title; or None.

    Returns:
        Figure.
    """
    if not len(images):
        raise InputError("there must be at least one picture to show. Received: none")
    made = show(sheet(images, columns), title, width=width)
    rows = f" in rows of {columns}" if len(images) > columns > 1 else ""
    made.alt = in_words(_count(images) + rows, [title], alt)
    return made


def show_boxes(images, boxes, titles=None, columns=2, width=9.0, alt=None):
    """Pictures with boxes drawn on them, each kind of box in its own colour and line.

    Args:
        images: list of uint8 arrays (height, width, 3), RGB.
        boxes: dict from the kind's name to a list with, for each picture, its list of boxes (x0, y0, x1, y1) in pixels.
        titles: a list of str, or None.
        columns: pictures a row.
        width: of the whole, in inches.
        alt: more words for those who do not see it, after the titles; or None.

    Returns:
        Figure, with a legend below.
    """
    made = show(images, titles, columns, width)
    made.alt = in_words(f"{_count(images)} with boxes ({', '.join(boxes)})", titles or (), alt)
    styles = dict(zip(boxes, cycle(SERIES), strict=False))
    handles = {}
    for kind, of_kind in boxes.items():
        colour, line, _ = styles[kind]
        rim = [Stroke(linewidth=4, foreground="white"), Normal()]  # seen on dark and on light
        for axes, of_picture in zip(made.axes, of_kind, strict=False):
            for x0, y0, x1, y1 in of_picture:
                (handles[kind],) = axes.plot(
                    [x0, x1, x1, x0, x0], [y0, y0, y1, y1, y0], line, color=colour, linewidth=2, path_effects=rim
                )
    if handles:
        made.legend(handles.values(), handles.keys(), loc="outside lower left", ncols=len(handles), frameon=False)
    return made


def show_bars(counts, columns=3, width=9.0, title="pictures", alt=None, shared=False):
    """Bar charts of how often the values of tags occur.

    Args:
        counts: {tag: {value: count}}, drawn in the order given.
        columns: charts a row.
        width: of the whole, in inches.
        title: what is counted; stands below each chart.
        alt: more words for those who do not see it, after the numbers; or None.
        shared: one scale for all charts: their bars are to be compared.

    Returns:
        Figure, with one chart a tag and each bar's number beside it.
    """
    if not counts:
        raise InputError("there must be at least one tag to draw. Received: none")
    columns = min(columns, len(counts))
    rows = -(-len(counts) // columns)
    longest = max(len(values) for values in counts.values())
    made, axes = figure(rows, columns, width, rows * (0.8 + 0.2 * longest))
    for place in axes.flat[len(counts) :]:
        place.set_axis_off()
    for place, (tag, values) in zip(axes.flat, counts.items(), strict=False):
        bars = place.barh(list(values), list(values.values()), color=BLUE)
        place.bar_label(bars, fmt="{:,.0f}", padding=2, fontsize=8)
        place.set_ylim(longest - 0.4, -0.6)  # the first on top, and bars of one thickness in all charts
        place.set_title(tag, loc="left")
        place.set_xlabel(title)
        place.margins(x=0.2)
        place.locator_params(axis="x", nbins=4)
    if shared:
        farthest = max(place.get_xlim()[1] for place in axes.flat[: len(counts)])
        for place in axes.flat[: len(counts)]:
            place.set_xlim(0, farthest)
    charts = [f"{tag}: {_words(values, '{:,.0f}'.format)}" for tag, values in counts.items()]
    made.alt = in_words(f"Bars of {title}", charts, alt)
    return made


def _words(values, write):
    return ", ".join(f"{name} ({write(value)})" for name, value in values.items())


def _short(value):
    return f"{value:,.3g}" if abs(value) < 1000 else f"{value:,.0f}"


def show_lines(x, lines, xlabel, ylabel, title=None, ylim=None, log=False, width=6.5, height=3.2, alt=None):
    """Lines over a common axis, told apart by colour, line and marker.

    Args:
        x: numbers along the horizontal axis.
        lines: {label: numbers}, as many as in x.
        xlabel, ylabel: words with the unit.
        title: a str, or None.
        ylim: (lowest, highest) of the vertical axis; as the numbers need if None.
        log: both axes are logarithmic, with a tick for each x; all numbers must be above 0.
        width, height: of the whole, in inches.
        alt: more words for those who do not see it, after the labels; or None.

    Returns:
        Figure, with a legend where there is more than one line.
    """
    made, axes = figure(width=width, height=height)
    place = axes[0, 0]
    for (label, y), (colour, line, marker) in zip(lines.items(), cycle(SERIES), strict=False):
        place.plot(x, y, line, color=colour, marker=marker, label=label)
    place.set(xlabel=xlabel, ylabel=ylabel)
    if log:  # before limits are set, which would be kept as they are on a linear axis
        place.set(xscale="log", yscale="log")
        _tick(place.xaxis, FixedLocator(x))
        _tick(place.yaxis)
    if ylim:
        place.set_ylim(ylim)
    place.set_title(title or "", loc="left")
    place.grid(alpha=0.3)
    if len(lines) > 1:
        place.legend(frameon=False)
    made.alt = in_words(f"{title + ': lines' if title else 'Lines'} of {ylabel}, over {xlabel}", lines, alt)
    return made


def _tick(axis, places=None):
    """Plain numbers at a logarithmic axis: where none are given, three a decade, or equally far apart within one."""
    least, most = axis.get_data_interval()
    axis.set_major_locator(places or (LogLocator(subs=(1, 2, 5)) if most > 10 * least else AutoLocator()))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter("{x:,g}")


def show_rungs(values, spans, xlabel, floor=None, width=6.5, alt=None):
    """One point a rung with its number, the first on top, on a logarithmic axis.

    Args:
        values: {label: number above 0}.
        spans: {label: (least, most)}, drawn as a line through the point.
        xlabel: words with the unit.
        floor: (label, number above 0) of a dotted line, or None.
        width: of the whole, in inches.
        alt: more words for those who do not see it, after the numbers; or None.

    Returns:
        Figure.
    """
    made, axes = figure(width=width, height=0.8 + 0.3 * len(values))
    place = axes[0, 0]
    labels, means = list(values), np.array(list(values.values()))
    least, most = np.array([spans[label] for label in labels]).T
    place.errorbar(means, labels, xerr=[means - least, most - means], fmt="o", color=BLUE, ecolor=BLACK, capsize=3)
    for label, mean, end in zip(labels, means, most, strict=True):
        place.annotate(_short(mean), (end, label), (8, 0), textcoords="offset points", va="center", fontsize=8)
    if floor:
        place.axvline(floor[1], linestyle=":", color=VERMILION)
        place.annotate(floor[0], (floor[1], labels[-1]), (6, 0), textcoords="offset points", va="center", fontsize=8)
    place.set(xscale="log", xlabel=xlabel, ylim=(len(labels) - 0.4, -0.6))
    _tick(place.xaxis)
    place.margins(x=0.15)
    points = [_words(values, _short), floor and _words(dict([floor]), _short)]
    made.alt = in_words(f"Points of {xlabel}", points, alt)
    return made
