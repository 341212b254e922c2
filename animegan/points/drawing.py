"""The drawing pad: the learner's own lines become the real points."""

from pathlib import Path

import anywidget
import traitlets


class DrawingPad(anywidget.AnyWidget):
    """A square to draw lines on, by mouse, finger or keyboard."""

    _esm = (Path(__file__).parent / "drawing.js").read_text(encoding="utf-8")
    _css = """
    .animegan-drawing { border: 1px solid #777; background: #fff; touch-action: none; cursor: crosshair; margin: 2px; }
    .animegan-drawing:focus { outline: 3px solid #D55E00; outline-offset: 1px; }
    """
    strokes = traitlets.List().tag(sync=True)  # lines, each a list of corners [x, y] in [-1, 1]; y points upwards
