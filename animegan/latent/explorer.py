"""The explorer: widgets that steer a latent by hand. They only call functions that are tested without a front end."""

import asyncio
import functools
from dataclasses import replace
from html import escape

import ipywidgets as widgets
import numpy as np

from animegan.controls import BOX, Pad, Picture, Sheet, Sliders
from animegan.controls.page import Telling, encode_small, guarded, with_still
from animegan.gan.finding import find_run
from animegan.gan.generating import draw_latents
from animegan.latent.fast import FastGenerator
from animegan.latent.named import find_directions
from animegan.latent.saving import STRIP, save_as, strip_latents
from animegan.latent.state import History, Place, from_text, to_text
from animegan.pictures import encode, sheet

FACES = 20  # on the sheet to pick from
COLUMNS = 10
SHOWN = 6  # sliders at first, each of another tag
FIRST = ("hair", "eyes")  # tags whose sliders come before the others: what people look for
LARGE = "256px"  # side of the large face on the page
PAUSE = 0.02  # seconds that the face has to reach the page before the strip is drawn: both need the processor
LONGEST = 0.08  # seconds that the strip waits at most while faces keep coming, under a moving finger
TRUNCATION, BLEND = "truncation", "blend A to B"
KINDS = {"png": "Save face (PNG)", "strip": "Save strip (PNG)", "gif": "Save blend (GIF)", "mp4": "Save blend (MP4)"}


class Explorer(Telling):
    """Steers a generator by hand."""

    @classmethod
    def open(cls, run, seed=0, folder="explored"):
        """Open a run or a pretrained generator. Where its directions are still to be found, a printed line says so.

        Args:
            run: run folder or name.
            seed: of the faces on the sheet.
            folder: where files are saved.

        Raises:
            InputError: there is no such run.
        """
        found = find_run(run)
        return cls(found.load_generator(), find_directions(found, say=print), str(run), seed, folder)

    def __init__(self, generator, directions, name="generator", seed=0, folder="explored"):
        """Prepare the widgets; Jupyter shows them where the explorer is the last value of a cell.

        Args:
            generator: keras.Model from latents (N, L) to pictures (N, S, S, 3) in [-1, 1].
            directions: animegan.latent.named.Directions, two or more.
            name: of the generator, in words.
            seed: of the faces on the sheet, and of random ones.
            folder: where files are saved.
        """
        self.generate, self.directions, self.name = FastGenerator(generator), directions, name
        self.folder, self.seed, self._drawn = folder, seed, 0
        self._timer, self._due = None, 0.0  # when the strip is drawn, and must be
        self.latents = draw_latents(FACES, self.generate.width, seed)
        self._start = Place(self.latents[0], f"face 1 of seed {seed}", other=self.latents[1])
        self.history = History(self._start)
        self._build()
        self._wire()
        self._show()

    @property
    def latent(self):
        """The latent of the face that is seen: float32 array (L,)."""
        return self.history.place.latent(self.directions)

    @property
    def picture(self):
        """The face that is seen: uint8 array (S, S, 3)."""
        return self.generate(self.latent)

    def _build(self):
        names = list(self.directions)
        by_tag = {}
        for name in names:
            by_tag.setdefault(name.partition("=")[0], name)
        tags = sorted(by_tag, key=lambda tag: FIRST.index(tag) if tag in FIRST else len(FIRST))
        first = [by_tag[tag] for tag in tags][:SHOWN]
        ranges = {TRUNCATION: [0.3, 1.5, 0.01], BLEND: [0.0, 1.0, 0.01]}
        faces = self.generate(self.latents)
        self.sheet = Sheet(picture=encode(sheet(faces, COLUMNS, gap=0)), count=FACES, columns=COLUMNS)
        self.sliders = Sliders(names=[*first, TRUNCATION, BLEND], ranges=ranges)
        self.pad = Pad(names=(2 * list(dict.fromkeys(first + names)))[:2])
        self.face = Picture(words=f"Face made by {self.name}", width=LARGE)
        self.strip = Picture(words="Eight faces, from face A to face B")
        self.words, self.message = widgets.HTML(), widgets.HTML()
        self.text = widgets.Text(description="Latent", continuous_update=False, layout={"width": "640px"})
        self.more = widgets.Dropdown(
            options=["", *(name for name in names if name not in first)], description="Add slider"
        )
        self.axes = [
            widgets.Dropdown(options=names, value=name, description=f"Pad {way}")
            for way, name in zip(("right", "up"), self.pad.names, strict=True)
        ]
        self.buttons = {
            words: widgets.Button(description=words, layout={"width": "auto"})
            for words in ("Undo", "Reset", "Random", "Make this face B", *KINDS.values())
        }
        actions = list(self.buttons.values())
        steer = widgets.VBox([self.sliders, self.more], layout={"min_width": "360px"})
        aim = widgets.VBox([self.pad, *self.axes])
        self.box = widgets.VBox(
            [
                self.sheet,
                widgets.HBox([self.face, steer, aim], layout={"flex_flow": "row wrap"}),
                self.words,
                self.strip,
                widgets.HBox(actions, layout={"flex_flow": "row wrap"}),
                self.text,
                self.message,
            ]
        )
        self.box.add_class(BOX)

    def _wire(self):
        self.sheet.observe(self._pick, "picked")
        self.sliders.observe(self._slide, "values")
        self.pad.observe(self._drag, "place")
        self.text.observe(self._paste, "value")
        self.more.observe(self._add, "value")
        for axis in self.axes:
            axis.observe(self._aim, "value")
        actions = {"Undo": self._undo, "Reset": self._reset, "Random": self._random, "Make this face B": self._keep}
        for words, action in actions.items():
            self.buttons[words].on_click(action)
        for kind, words in KINDS.items():
            self.buttons[words].on_click(functools.partial(self._save, kind))

    def _go(self, place, step=None):
        self.history.go(place, step)
        self._show()

    def _show(self):
        """Draw the face, say what it is, set the controls to where they should stand; and soon draw the strip."""
        place = self.history.place
        self.face.value = encode(self.picture)
        self.words.value = f'<p role="status" aria-live="polite">{escape(place.words())}</p>'
        self._settle(place)
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:  # a plain Python program, which nothing keeps waiting
            self._show_strip()
            return
        if self._timer:
            self._timer.cancel()
        else:
            self._due = loop.time() + LONGEST
        self._timer = loop.call_at(min(loop.time() + PAUSE, self._due), self._show_strip)

    def _show_strip(self):
        self._timer = None
        with self._telling():
            place = self.history.place
            faces = self.generate(strip_latents(place.edited(self.directions), place.other))
            self.strip.value = encode(sheet(faces, STRIP))

    def _settle(self, place):
        """Set the controls to a place, without an answer of theirs."""
        self._settling = True
        try:
            # All keys at all times: values equal to those that the page has sent are not sent back, to a moving finger.
            amounts = dict.fromkeys(self.directions, 0.0) | place.amounts
            self.sliders.values = amounts | {TRUNCATION: place.strength, BLEND: place.share}
            self.sheet.shown = next(iter(np.flatnonzero((self.latents == place.base).all(axis=1)).tolist()), -1)
            self.pad.place = [place.amounts.get(name, 0.0) for name in self.pad.names]
            self.text.value = to_text(self.latent)
        finally:
            self._settling = False

    @guarded
    def _pick(self, change):
        index = change["new"][0]
        other = self.history.place.other
        self._go(Place(self.latents[index], f"face {index + 1} of seed {self.seed}", other=other))

    @guarded
    def _slide(self, change):
        place, moved = self.history.place, None
        known = {TRUNCATION: "strength", BLEND: "share"}
        for name, value in self.sliders.moved(change["new"], change["old"]).items():  # one message can tell of several
            place = replace(place, **{known[name]: value}) if name in known else place.with_amount(name, value)
            moved = name
        if moved:
            self._go(place, moved)

    @guarded
    def _drag(self, change):
        place = self.history.place
        new, old = (dict(zip(self.pad.names, change[when], strict=True)) for when in ("new", "old"))
        for name, amount in self.pad.moved(new, old).items():
            place = place.with_amount(name, amount)
        self._go(place, ("pad", *self.pad.names))

    @guarded
    def _add(self, change):
        if change["new"] and change["new"] not in self.sliders.names:
            self.sliders.names = [*self.sliders.names[:-2], change["new"], TRUNCATION, BLEND]

    @guarded
    def _aim(self, change):
        if self.axes[0].value == self.axes[1].value:  # twice the same, one would overwrite the other: the two swap
            other = self.axes[1] if change["owner"] is self.axes[0] else self.axes[0]
            other.value = change["old"]  # which comes here again
        else:
            self.pad.names = [axis.value for axis in self.axes]
            self._show()

    @guarded
    def _paste(self, change):
        latent = from_text(change["new"], self.generate.width)
        self._go(Place(latent, "pasted latent", other=self.history.place.other))

    @guarded
    def _undo(self, _):
        self.history.undo()
        self._show()

    @guarded
    def _reset(self, _):
        place = self.history.place
        self._go(Place(place.base, place.origin, other=place.other))

    @guarded
    def _random(self, _):
        self._drawn += 1
        (latent,) = draw_latents(1, self.generate.width, [self.seed, self._drawn])
        self._go(Place(latent, f"random face {self._drawn}", other=self.history.place.other))

    @guarded
    def _keep(self, _):
        self._go(replace(self.history.place, other=self.latent, share=0.0))

    @guarded
    def _save(self, kind, _):
        place = self.history.place
        ends = place.edited(self.directions), place.other
        self._say(f"saved {save_as(kind, self.folder, self.generate, self.latent, *ends)}")

    def _repr_mimebundle_(self, **settings):
        """The widgets and, where a page shows none, a still picture of the sheet."""
        words = f"Explorer of {self.name}: {self.history.place.words()}"
        faces = encode_small(sheet(self.generate(self.latents), COLUMNS), 64)
        return with_still(self.box, faces, words, f"{len(self.latents)} faces to pick from. {words}", **settings)
