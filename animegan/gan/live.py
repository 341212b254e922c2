"""A picture in the notebook that follows a training run: losses on the left, the same latents' faces on the right."""

import io
import math

from IPython.display import Image, display
from matplotlib.figure import Figure
from matplotlib.image import imread

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
        last = run.metrics()[-1]
        words = f"Losses and sample faces of the run after {last['images']:,} pictures"
        picture = Image(data=_png(training_figure(run)), format="png", alt=words)
        if self._handle is None:
            self._handle = display(picture, display_id=True)
        else:
            self._handle.update(picture)


def training_figure(run):
    """Draw a run's losses and its newest sample sheet.

    Args:
        run: animegan.gan.runs.Run with at least one report.

    Returns:
        matplotlib Figure.
    """
    rows = run.metrics()
    figure = Figure(figsize=(10, 4.6), layout="constrained", facecolor="white")
    losses, faces = figure.subplots(1, 2, width_ratios=(1, 1))
    images = [row["images"] for row in rows]
    for name, colour, style in (("discriminator_loss", "#0072B2", "-"), ("generator_loss", "#D55E00", "--")):
        player = name.removesuffix("_loss")
        losses.plot(images, [row[name] for row in rows], style, color=colour, marker=".", label=player)
        losses.axhline(GUESS[name], color=colour, linewidth=0.8, linestyle=":")
    losses.set(xlabel="real pictures seen", ylabel="loss (dotted: when the discriminator can only guess)")
    losses.set_ylim(bottom=0)
    losses.legend()
    losses.grid(alpha=0.3)
    faces.imshow(imread(run.samples()[-1]))
    faces.set_title(f"the same {64} latents after {images[-1]:,} pictures", fontsize=10)
    faces.axis("off")
    return figure


def _png(figure):
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=80)
    return buffer.getvalue()
