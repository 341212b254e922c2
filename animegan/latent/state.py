"""Where the explorer stands, without any widget: a base, what was added to it, and the way back."""

import base64
import binascii
from dataclasses import dataclass, field, replace

import numpy as np

from animegan.files import InputError
from animegan.latent.sampling import slerp, truncate

PREFIX = "latent:"  # how a latent in text begins
FARTHEST = 20.0  # of a pasted number from 0, in standard deviations: no latent that was drawn or steered lies there
ENOUGH = 0.005  # standard deviations: what is less was not moved


@dataclass(frozen=True)
class Place:
    """All that decides which face is seen. Never changed: each move makes a new one, and undo takes an old one."""

    base: np.ndarray  # float32 (L,), the latent that was picked
    origin: str  # where that came from, in words
    amounts: dict = field(default_factory=dict)  # direction's name → standard deviations moved along it
    strength: float = 1.0  # truncation: 0 the mean, 1 as it is
    other: np.ndarray | None = None  # float32 (L,), face B
    share: float = 0.0  # of B in the blend

    def edited(self, directions):
        """The latent of face A: the base with all that was moved, float32 (L,).

        Args:
            directions: animegan.latent.named.Directions.
        """
        return truncate(directions.follow(self.base, self.amounts), self.strength)  # as they were first moved

    def latent(self, directions):
        """The latent of the face that is seen: face A, blended with B. float32 (L,)."""
        edited = self.edited(directions)
        return edited if self.other is None or not self.share else slerp(edited, self.other, [self.share])[0]

    def with_amount(self, name, amount):
        """The place with another amount of one direction."""
        return replace(self, amounts={**self.amounts, name: float(amount)})

    def words(self):
        """What was changed, in words, the largest move first."""
        moved = {name: amount for name, amount in self.amounts.items() if abs(amount) >= ENOUGH}
        order = sorted(moved, key=lambda name: -abs(moved[name]))
        parts = [f"{name} {'+' if moved[name] > 0 else '−'}{abs(moved[name]):.1f}" for name in order]
        if abs(self.strength - 1) >= ENOUGH:
            parts.append(f"truncated to {self.strength:.0%}")
        if self.other is not None and self.share >= ENOUGH:
            parts.append(f"blended {self.share:.0%} of the way to face B")
        return f"{self.origin}: {', '.join(parts) or 'as it was'}"


class History:
    """The places that were visited."""

    def __init__(self, place):
        """Begin at a place."""
        self.place, self._past = place, []
        self._open = False  # whether the last step goes on with another move of the same thing

    def go(self, place, step=None):
        """Move on.

        Args:
            place: the new Place.
            step: what is moved, such as a slider's name. Moves of the same thing in a row are undone together, as one
                drag of a slider is many moves; what is moved after an undo is a step of its own.
        """
        if not (step and self._open and self._past[-1][1] == step):
            self._past.append((self.place, step))
        self.place, self._open = place, True

    def undo(self):
        """Back to where the last step began; stays where there is none. Returns the Place."""
        self._open = False
        if self._past:
            self.place, _ = self._past.pop()
        return self.place


def to_text(latent):
    """A latent as a line of text that can be copied: every bit of its float32 numbers, in Base64."""
    return PREFIX + base64.b64encode(np.asarray(latent, "<f4").tobytes()).decode()


def from_text(text, width):
    """The latent that `to_text` wrote: float32 array (width,).

    Raises:
        InputError: it is no such text, or has another width, or a number that no latent has.
    """
    try:
        if not text.strip().startswith(PREFIX):
            raise ValueError("its beginning is another")
        data = base64.b64decode("".join(text.split())[len(PREFIX) :], validate=True)
        latent = np.frombuffer(data, "<f4").astype(np.float32)
        if latent.shape != (width,):
            raise ValueError(f"it holds {len(latent)} numbers")
        outside = latent[~(np.abs(latent) <= FARTHEST)]  # not a number is outside too
        if len(outside):
            raise ValueError(f"it holds {outside[0]:g}, and no latent has a number beyond ±{FARTHEST:g}")
    except (ValueError, binascii.Error) as error:
        raise InputError(
            f"a latent must be a text of {width} numbers that begins with {PREFIX}. Received: {text[:40]!r} ({error})"
        ) from error
    return latent
