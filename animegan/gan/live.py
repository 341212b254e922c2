"""A training run as pictures: the live view in a notebook, and how the same latents' faces came about."""

import math

import numpy as np
from IPython.display import display

from animegan.alt_text import in_words
from animegan.figures import SERIES, figure, show_sheet
from animegan.pictures import decode, sheet

GUESS = {"discriminator_loss": 2 * math.log(2), "generator_loss": math.log(2)}  # losses when it can only guess


class LiveView:
    """Shows a run as it trains; pass it as `train(…, on_report=LiveView())`.

    One picture is replaced in place, which does not flicker as clearing the output does, and the last one stays in
    the notebook.
    """

    def __init__(self):
        """Show nothing yet."""
        self._handle = None

    def __call__(self, run):
        """Draw the run's present state.

        Args:
            run: animegan.gan.runs.Run with at least one report.
        """
        picture = show_training(run)
        if self._handle is None:
            self._handle = display(picture, display_id=True)
        else:
            self._handle.update(picture)


def show_training(run, alt=None):
    """A run's losses, and its newest sample sheet.

    Args:
        run: animegan.gan.runs.Run with at least one report.
        alt: more words for those who do not see it, or None.

    Returns:
        Figure.
    """
    rows = run.metrics()
    images = [row["images"] for row in rows]
    made, ((losses, faces),) = figure(columns=2, width=10, height=4.6)
    _draw_losses(losses, rows, "images")
    for name, (colour, *_) in zip(GUESS, SERIES, strict=False):
        losses.axhline(GUESS[name], color=colour, linewidth=0.8, linestyle=":")
    losses.set(xlabel="real pictures seen", ylabel="loss (dotted: the discriminator only guesses)")
    losses.set_ylim(bottom=0)
    losses.legend(frameon=False)
    faces.imshow(decode(run.samples()[-1].read_bytes()))
    faces.set_title(f"the same latents after {images[-1]:,} pictures", loc="left")
    faces.set_axis_off()
    made.alt = in_words(f"Losses and sample faces of the run after {images[-1]:,} pictures", more=alt)
    return made


def show_runs(runs, faces=8, width=8.0, alt=None):
    """Runs one below the other: of each its losses, and some of its newest sample faces.

    Args:
        runs: {title: animegan.gan.runs.Run with at least one report}.
        faces: how many, in rows of eight.
        width: of the whole, in inches.
        alt: more words for those who do not see it, after the titles; or None.

    Returns:
        Figure; the losses share their axes, so that runs can be compared.
    """
    made, rows = figure(len(runs), 2, width, 1.4 * len(runs), ratios=(2, 3))
    highest = max(row[name] for run in runs.values() for row in run.metrics() for name in GUESS)
    longest = max(run.metrics()[-1]["step"] for run in runs.values())
    for (losses, samples), (title, run) in zip(rows, runs.items(), strict=True):
        reports = run.metrics()
        _draw_losses(losses, reports, "step")
        losses.set(xlim=(0, 1.05 * longest), ylim=(0, 1.05 * highest), ylabel="loss")
        newest = faces_of(decode(run.samples()[-1].read_bytes()), run.config["size"])
        samples.imshow(sheet(newest[:faces], columns=8))
        samples.set_title(f"{title}, after {reports[-1]['step']:,} steps", loc="left")
        samples.set_axis_off()
    titles = [samples.get_title(loc="left") for _, samples in rows]
    made.alt = in_words("Losses and sample faces of each run", titles, alt)
    rows[-1, 0].set_xlabel("step")
    rows[0, 0].legend(frameon=False, fontsize=8)
    return made


def _draw_losses(axes, rows, along):
    """Draw both losses of a run's reports, each at the place that `along` names, "images" or "step"."""
    steps = [row["step"] for row in rows]
    if len(rows) > 2 and 2 * (steps[-1] - steps[-2]) < steps[1] - steps[0]:
        rows = rows[:-1]  # a last report over a few steps alone: such a mean says little, and jumps
    places = [row[along] for row in rows]
    for name, (colour, line, marker) in zip(GUESS, SERIES, strict=False):
        values = [row[name] for row in rows]
        axes.plot(places, values, line, color=colour, marker=marker, markersize=3, label=name.removesuffix("_loss"))
    axes.grid(alpha=0.3)


def show_progress(run, stages=5, faces=10, alt=None):
    """What became of the same latents: a row of faces for each of some stages, from the beginning to now.

    Args:
        run: animegan.gan.runs.Run.
        stages: rows at most; closer together at the beginning, where most happens.
        faces: columns.
        alt: more words for those who do not see it, or None.

    Returns:
        Figure.
    """
    sheets = run.samples()
    chosen = np.unique(((len(sheets) - 1) * np.linspace(0, 1, stages) ** 2).round().astype(int))
    size = run.config["size"]
    rows = [faces_of(decode(sheets[index].read_bytes()), size)[:faces] for index in chosen]
    made = show_sheet(np.concatenate(rows), columns=faces, width=6)
    made.alt = in_words(f"Faces of the same latents at {len(rows)} stages of training, a row each", more=alt)
    return made


def faces_of(image, size, gap=2):
    """The faces on a sample sheet, as `animegan.pictures.sheet` laid them out.

    Args:
        image: uint8 array (height, width, 3), the sheet.
        size: side of a face in pixels.
        gap: pixels between them.

    Returns:
        uint8 array (N, size, size, 3), row by row.
    """
    starts = [range(gap, length - size + 1, size + gap) for length in image.shape[:2]]
    return np.stack([image[y : y + size, x : x + size] for y in starts[0] for x in starts[1]])
