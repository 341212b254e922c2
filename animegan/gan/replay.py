"""Runs side by side in a notebook: a slider that goes back through their reports."""

from html import escape

import ipywidgets as widgets

from animegan.controls import Picture, Sliders
from animegan.controls.page import Telling, guarded, with_still
from animegan.figures import to_png
from animegan.gan.live import faces_of, show_runs
from animegan.pictures import decode, encode, sheet

FACES = 16  # of each run, in rows of eight
STOPS = 24  # of the slider, about
STEP = "step"


class Replay(Telling):
    """Shows how runs ended and, by a slider, the faces that each made of the same latents before."""

    def __init__(self, runs, faces=FACES):
        """Prepare the widgets; Jupyter shows them where the replay is the last value of a cell.

        Args:
            runs: {title: animegan.gan.runs.Run with at least one report}.
            faces: how many to show of each, at most 64.
        """
        self._runs, self._faces = runs, faces
        self._sheets = {  # {title: {step: path}}
            title: {int(path.stem.removeprefix("step_")): path for path in run.samples()} for title, run in runs.items()
        }
        self._reports = {title: {row["step"]: row for row in run.metrics()} for title, run in runs.items()}
        longest = max(max(sheets) for sheets in self._sheets.values())
        every = max(1, longest // STOPS)
        end = -(-longest // every) * every
        self.slider = Sliders(names=[STEP], ranges={STEP: [0, end, every]}, values={STEP: end})
        ends = show_runs(runs)
        self.ends = Picture(value=to_png(ends), words=ends.alt, width="640px")
        self.pictures = {title: Picture(words=f"Faces of the run {title}", width="272px") for title in runs}
        self.words, self.message = widgets.HTML(), widgets.HTML()
        columns = [
            widgets.VBox([widgets.HTML(f"<b>{escape(title)}</b>"), picture]) for title, picture in self.pictures.items()
        ]
        row = {"flex_flow": "row wrap", "grid_gap": "1em"}
        self.box = widgets.VBox([self.ends, self.slider, widgets.HBox(columns, layout=row), self.words, self.message])
        self.slider.observe(self._slide, "values")
        self._show()

    @guarded
    def _slide(self, _):
        self._show()

    def _show(self):
        words = []
        for title, picture in self.pictures.items():
            step = max(step for step in self._sheets[title] if step <= self.slider.values[STEP])
            shown = faces_of(decode(self._sheets[title][step].read_bytes()), self._runs[title].config["size"])
            picture.value = encode(sheet(shown[: self._faces], columns=8))
            words.append(f"{title}, {_words(step, self._reports[title].get(step))}")
        self.words.value = "".join(f"<p>{escape(one)}.</p>" for one in words)

    def _repr_mimebundle_(self, **settings):
        """The widgets and, where a page shows none, their first picture."""
        return with_still(self.box, self.ends.value, self.ends.words, self.ends.words, **settings)


def _words(step, report):
    if report is None:
        return "untrained" if step == 0 else f"after {step:,} steps"
    losses = (f"{name}'s loss {report[f'{name}_loss']:.2f}" for name in ("discriminator", "generator"))
    return f"after {step:,} steps: {', '.join(losses)}"
