"""Controls on a page: a picture, named sliders, a pad for two directions, a sheet to pick from.

The sliders and pictures of ipywidgets have no name that a screen reader could say, and no widget of its takes a click
in a picture; these are some lines of JavaScript each, shown by anywidget in JupyterLab, Notebook and VS Code alike.
"""

from pathlib import Path

import anywidget
import traitlets

HERE = Path(__file__).parent
STYLE = (HERE / "controls.css").read_text(encoding="utf-8")
COMMON = (HERE / "common.js").read_text(encoding="utf-8")  # what those that are moved begin with
BOX = "animegan-box"  # class of a box with other controls beside these: their keys are kept from JupyterLab
REACH = 4.0  # standard deviations to either side: farther out there were next to no latents to learn from
STEP = 0.1  # of a slider: one press of an arrow key
MOVED = {"sync": True, "echo_update": False}  # by the page: it need not be told what it has just said


class Picture(anywidget.AnyWidget):
    """A picture."""

    _esm = (HERE / "picture.js").read_text(encoding="utf-8")
    _css = STYLE
    value = traitlets.Bytes().tag(sync=True)  # PNG
    words = traitlets.Unicode().tag(sync=True)  # what it shows
    width = traitlets.Unicode("auto").tag(sync=True)  # on the page, in CSS's units


class Moved(anywidget.AnyWidget):
    """A control with several names, of which its page sends all values when it has moved some."""

    moves = traitlets.Dict().tag(**MOVED)  # name → how often the page has moved it
    _known = traitlets.Dict()  # those of the last call

    def moved(self, new, old):
        """Which values a change brings: {name: value}. Of a page's message those that it has moved since the last call.

        The others are as the page knew them: the kernel may have set them anew since.

        Args:
            new, old: {name: value}; 0 where missing.
        """
        known, self._known = self._known, self.moves
        touched = {name for name in self.moves if self.moves[name] != known.get(name)} or new
        return {name: value for name, value in new.items() if value != old.get(name, 0.0) and name in touched}


class Sliders(Moved):
    """A slider for each name."""

    _esm = COMMON + (HERE / "sliders.js").read_text(encoding="utf-8")
    _css = STYLE
    names = traitlets.List(traitlets.Unicode()).tag(sync=True)
    values = traitlets.Dict().tag(**MOVED)  # name → float; 0 where missing
    # name → [lowest, highest, step], with "power" as a fourth where 10 to that power is shown; `reach` where missing
    ranges = traitlets.Dict().tag(sync=True)
    reach = traitlets.List([-REACH, REACH, STEP]).tag(sync=True)


class Pad(Moved):
    """A square that moves along two directions at once."""

    _esm = COMMON + (HERE / "pad.js").read_text(encoding="utf-8")
    _css = STYLE
    names = traitlets.List(traitlets.Unicode()).tag(sync=True)  # to the right, upwards
    place = traitlets.List([0.0, 0.0]).tag(**MOVED)  # standard deviations along each
    reach = traitlets.Float(REACH).tag(sync=True)


class Sheet(anywidget.AnyWidget):
    """Faces to pick from."""

    _esm = COMMON + (HERE / "sheet.js").read_text(encoding="utf-8")
    _css = STYLE
    picture = traitlets.Bytes().tag(sync=True)  # PNG of all faces, without gaps
    count = traitlets.Int().tag(sync=True)
    columns = traitlets.Int(10).tag(sync=True)
    shown = traitlets.Int(-1).tag(sync=True)  # index of the face that is steered; -1 where it is none of these
    picked = traitlets.List([-1, 0]).tag(sync=True)  # index, and a running number: the same face can be picked twice
