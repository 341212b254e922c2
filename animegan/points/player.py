"""The player: a game on points to watch and to meddle with. The widgets only call functions that are tested alone."""

import asyncio
import math
import time
from html import escape

import ipywidgets as widgets
import numpy as np

from animegan.controls import BOX, Picture, Sliders
from animegan.controls.page import Telling, encode_small, guarded, with_still
from animegan.files import InputError
from animegan.gan.losses import LOSSES
from animegan.pictures import encode
from animegan.points.counting import count_clusters
from animegan.points.drawing import DrawingPad
from animegan.points.game import Game
from animegan.points.shapes import SHAPES, along, ring, uneven_ring
from animegan.points.view import latent_picture, picture_of

ROUNDS = 20  # between two pictures while it plays: a fraction of a second
LONGEST = 120  # seconds that it plays by itself: a forgotten page must not keep a processor busy
BREATH = 0.02  # seconds between two pictures, in which the kernel hears clicks and runs cells
DRAWN, GIVEN = "my drawing", "my points"
SLIDERS = {  # rule: (name on the page, range); learning rates go in powers of ten
    "generator_rate": ("generator's rate", [-4.0, -2.0, 0.1, "power"]),
    "discriminator_rate": ("discriminator's rate", [-4.0, -2.0, 0.1, "power"]),
    "generator_turns": ("generator's turns", [1, 5, 1]),
    "discriminator_turns": ("discriminator's turns", [1, 5, 1]),
    "latent_width": ("latent width", [1, 8, 1]),
    "penalty": ("penalty", [0.0, 0.2, 0.01]),
}


class Player(Telling):
    """Plays a game on points, step by step or by itself.

    While it plays, the kernel is free between two pictures: cells run, and what they do to `player.game` shows.
    """

    def __init__(self, points="ring of eight", rules=None, seed=0, **changes):
        """Prepare the widgets; Jupyter shows them where the player is the last value of a cell.

        Args:
            points: one of SHAPES, or float array (N, 2) of real points within [-1, 1].
            rules: animegan.points.game.Rules to begin with; the default ones if None.
            seed: of the game.
            changes: rules that differ from these, by name.

        Raises:
            InputError: the points or the rules cannot be used.
        """
        self.seed, self._task, self._given = seed, None, None
        if not isinstance(points, str):
            points, self._given = GIVEN, np.asarray(points)
        elif points not in SHAPES:
            raise InputError(f"points must be {', '.join(SHAPES)}, or an array. Received: {points}")
        self.game = Game(self._points(points), rules, seed, **changes)
        self._build(points)
        self._wire()
        self._show()

    @property
    def playing(self):
        """Whether it plays by itself at present."""
        return self._task is not None

    def play(self, rounds):
        """Play some rounds and show what came of them.

        Args:
            rounds: how many.

        Returns:
            the player itself.
        """
        self.game.play(rounds)
        self._show()
        return self

    def _points(self, name):
        """The real points of a name: float array (N, 2)."""
        if name == DRAWN:
            return along(self.pad.strokes)
        return self._given if name == GIVEN else SHAPES[name]()

    def _build(self, points):
        names = [*SHAPES, DRAWN, *([GIVEN] if self._given is not None else [])]
        rules = self.game.rules
        self.points = widgets.Dropdown(options=names, value=points, description="Points")
        self.loss = widgets.Dropdown(options=list(LOSSES), value=rules.loss, description="Loss")
        self.sliders = Sliders(
            names=[name for name, _ in SLIDERS.values()], ranges=dict(SLIDERS.values()), values=_to_sliders(rules)
        )
        self.buttons = {
            name: widgets.Button(description=name, layout={"width": "auto"})
            for name in ("Step", "Play", "Reset", "Clear drawing")
        }
        step, play, reset, clear = self.buttons.values()
        self.plane = Picture(words="Real and generated points, and what the discriminator says", width="320px")
        self.sheet = Picture(words="The grid of latents, under the generator", width="320px")
        self.latents = Picture(words="The latents, with a grid whose cells hold equally many", width="200px")
        self.pad = DrawingPad()
        self.words, self.message = widgets.HTML(), widgets.HTML()
        row = {"flex_flow": "row wrap"}
        self.box = widgets.VBox(
            [
                widgets.HBox([self.plane, self.sheet, self.latents], layout=row),
                self.words,
                widgets.HBox([step, play, reset, self.points, self.loss], layout=row),
                widgets.HBox(
                    [
                        widgets.VBox([self.sliders], layout={"min_width": "420px"}),
                        widgets.VBox([widgets.Label("Draw your own points:"), self.pad, clear]),
                    ],
                    layout=row,
                ),
                self.message,
            ]
        )
        self.box.add_class(BOX)

    def _wire(self):
        actions = {"Step": self._step, "Play": self._play, "Reset": self._reset, "Clear drawing": self._clear}
        for name, action in actions.items():
            self.buttons[name].on_click(action)
        self.points.observe(self._reset, "value")
        self.loss.observe(self._change, "value")
        self.sliders.observe(self._change, "values")
        self.pad.observe(self._draw, "strokes")

    def _show(self):
        """Draw the game as it stands."""
        self.plane.value = encode(picture_of(self.game))
        self.sheet.value = encode(picture_of(self.game, count=120, ground=False, lines=True))
        if self.game.round == 0:
            self.latents.value = encode(latent_picture(self.game.rules.latent_width, count=120))
        self._tell()

    def _tell(self):
        """Write how the game stands. A screen reader says it, but not several times a second, while it plays."""
        role = ' aria-live="off"' if self.playing else ' role="status"'
        self.words.value = f"<p{role}>{escape(self.describe())}</p>"

    def describe(self):
        """The state of the game in words."""
        words = f"Round {self.game.round:,}"
        if self.game.round:
            of_discriminator, of_generator = self.game.losses
            words += f" · discriminator's loss {of_discriminator:.2f}, generator's {of_generator:.2f}"
        words += f" · the discriminator believes {self.game.judge(self.game.real[:400]).mean():.0%} of the real points"
        if self.points.value in (name for name, shape in SHAPES.items() if shape in (ring, uneven_ring)):
            count = count_clusters(self.game.sample(400))
            words += f" · {count.covered} of 8 clusters covered, {count.good:.0%} of the generated points in one"
        return words

    @guarded
    def _step(self, _):
        self._stop()
        self.play(1)

    @guarded
    def _play(self, _):
        if self.playing:
            self._stop()
        else:
            self._task = asyncio.get_running_loop().create_task(self._run())
            self.buttons["Play"].description = "Pause"

    def _stop(self):
        if self._task:
            self._task.cancel()
            self._rest()

    def _rest(self):
        self._task = None
        self.buttons["Play"].description = "Play"
        self._tell()

    async def _run(self):
        """Play until told otherwise. It shares the kernel's one thread, and so never runs while a cell does."""
        ends = time.monotonic() + LONGEST
        with self._telling():
            while time.monotonic() < ends:
                self.play(ROUNDS)
                await asyncio.sleep(BREATH)
            self._say(f"paused after {LONGEST} seconds; Play goes on")
        self._rest()

    @guarded
    def _reset(self, _):
        self._stop()
        self.game = Game(self._points(self.points.value), self.game.rules, self.seed, **self._asked())
        self._show()

    @guarded
    def _change(self, _):
        asked = self._asked()
        if asked["latent_width"] != self.game.rules.latent_width:  # that takes another generator
            self._reset(None)
        else:
            self.game.change(**asked)

    @guarded
    def _draw(self, _):
        if self.pad.strokes and self.points.value != DRAWN:
            self.points.value = DRAWN  # which begins anew
        elif self.pad.strokes:
            self._reset(None)

    @guarded
    def _clear(self, _):
        self._stop()
        self.pad.strokes = []

    def _asked(self):
        """The rules that the controls ask for: dict."""
        values = {rule: self.sliders.values[name] for rule, (name, _) in SLIDERS.items()}
        for rule, (_, limits) in SLIDERS.items():
            if len(limits) == 4:
                values[rule] = 10 ** values[rule]
            elif limits[2] == 1:
                values[rule] = int(values[rule])
        return values | {"loss": self.loss.value}

    def _repr_mimebundle_(self, **settings):
        """The widgets and, where a page shows none, a still picture."""
        drawn = np.hstack([picture_of(self.game), picture_of(self.game, 120, False, True)])
        words = f"Player: {self.describe()}"
        alt = f"{self.plane.words}; {self.sheet.words}. {words}"
        return with_still(self.box, encode_small(drawn, 128), words, alt, **settings)


def _to_sliders(rules):
    """The rules as the sliders have them: {name on the page: float}."""
    values = {name: getattr(rules, rule) for rule, (name, _) in SLIDERS.items()}
    return values | {name: math.log10(values[name]) for name, limits in SLIDERS.values() if len(limits) == 4}
