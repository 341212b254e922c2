"""The game of generator and discriminator, turn by turn, on points in the plane."""

import math
from dataclasses import dataclass, fields, replace

import numpy as np

from animegan.files import InputError
from animegan.gan.engine import keras, ops
from animegan.gan.generating import draw_latents
from animegan.gan.losses import LOSSES, PENALTY_STEP, steepness
from animegan.points.engines import compiled, slopes
from animegan.points.networks import build_discriminator, build_generator


@dataclass(frozen=True)
class Rules:
    """How a game is played."""

    latent_width: int = 2  # numbers in a latent; two can be drawn
    generator_rate: float = 1e-3  # Adam's learning rate
    discriminator_rate: float = 1e-3  # the same
    generator_turns: int = 1  # in a round
    discriminator_turns: int = 1  # in a round
    loss: str = "standard"  # one of animegan.gan.losses.LOSSES
    penalty: float = 0.0  # weight of the discriminator's squared slope in its loss
    batch: int = 256  # real points, and as many generated ones, in a turn
    width: int = 64  # of the hidden layers

    def __post_init__(self):
        """Raise InputError if a game cannot be played by these rules."""
        if self.loss not in LOSSES:
            raise InputError(f"loss must be {' or '.join(LOSSES)}. Received: {self.loss}")
        for name in ("latent_width", "generator_rate", "discriminator_rate", "batch", "width"):
            if not getattr(self, name) > 0:
                raise InputError(f"{name} must be more than 0. Received: {getattr(self, name)}")
        for name in ("generator_turns", "discriminator_turns", "penalty"):
            if not getattr(self, name) >= 0:
                raise InputError(f"{name} must be 0 or more. Received: {getattr(self, name)}")


CALL = 10  # rounds in one call of the engine
FIXED = ("latent_width", "batch", "width")  # rules that stay for a whole game


class Game:
    """A generator and a discriminator, and the real points that they play for."""

    def __init__(self, real, rules=None, seed=0, **changes):
        """Begin a game.

        Args:
            real: float array (N, 2), the real points.
            rules: Rules; the default ones if None.
            seed: of the weights, and of all that is drawn at random.
            changes: rules that differ from these, by name.

        Raises:
            InputError: the points or the rules cannot be used.
        """
        self.real = np.asarray(real, np.float32)
        if self.real.ndim != 2 or self.real.shape[1] != 2 or not len(self.real) or not np.isfinite(self.real).all():
            raise InputError(f"real points must be finite numbers of shape (N, 2). Received: shape {self.real.shape}")
        self.rules = _changed(rules or Rules(), changes)
        self.round, self.losses = 0, (math.nan, math.nan)  # the discriminator's and the generator's
        self.generator = build_generator(self.rules.latent_width, self.rules.width, seed)
        self.discriminator = build_discriminator(self.rules.width, seed)
        self.generator_optimizer, self.discriminator_optimizer = (
            keras.optimizers.Adam(beta_1=0.5, beta_2=0.99) for _ in range(2)
        )
        self.generator_optimizer.build(self.generator.trainable_variables)
        self.discriminator_optimizer.build(self.discriminator.trainable_variables)
        self._penalty = keras.Variable(0.0, trainable=False)
        self._seeds, self._rng = keras.random.SeedGenerator(seed), np.random.default_rng(seed)
        parts = self.generator, self.discriminator, self.generator_optimizer, self.discriminator_optimizer
        self._variables = [variable for part in parts for variable in part.variables]
        self._variables += [self._penalty, self._seeds.state]
        self._rounds = {}  # those that are compiled
        self.change()

    def change(self, **changes):
        """Go on by other rules.

        Args:
            changes: rules by name, such as generator_rate=0.0003.

        Returns:
            the game itself.

        Raises:
            InputError: there is no such rule, or it stays for a whole game.
        """
        for name in FIXED:
            if name in changes and changes[name] != getattr(self.rules, name):
                raise InputError(
                    f"{name} must stay {getattr(self.rules, name)} in this game. Received: {changes[name]}"
                )
        self.rules = _changed(self.rules, changes)
        self.generator_optimizer.learning_rate = self.rules.generator_rate
        self.discriminator_optimizer.learning_rate = self.rules.discriminator_rate
        self._penalty.assign(self.rules.penalty)
        return self

    def discriminator_turn(self, real, latents):
        """The discriminator learns to tell real points from generated ones.

        Args:
            real: float tensor (N, 2), real points.
            latents: float tensor (N, latent_width).

        Returns:
            float scalar, the discriminator's loss.
        """
        fake = self.generator(latents)

        def loss():
            real_logits, fake_logits = self.discriminator(real), self.discriminator(fake)
            of_discriminator, _ = self.losses_of(real_logits, fake_logits)
            return of_discriminator + self.penalty(real, real_logits, fake, fake_logits)

        value, gradients = slopes(loss, self.discriminator.trainable_variables, self._variables)
        self.discriminator_optimizer.apply(gradients, self.discriminator.trainable_variables)
        return value

    def generator_turn(self, real, latents):
        """The generator learns to make points that the discriminator takes for real.

        Args:
            real: float tensor (N, 2), real points; only a relativistic loss compares with them.
            latents: float tensor (N, latent_width).

        Returns:
            float scalar, the generator's loss.
        """

        def loss():
            fake_logits = self.discriminator(self.generator(latents))
            _, of_generator = self.losses_of(self.discriminator(real), fake_logits)
            return of_generator

        value, gradients = slopes(loss, self.generator.trainable_variables, self._variables)
        self.generator_optimizer.apply(gradients, self.generator.trainable_variables)
        return value

    @property
    def losses_of(self):
        """The loss of the rules: a function from two sets of logits to both players' losses."""
        return LOSSES[self.rules.loss]

    def penalty(self, real, real_logits, fake, fake_logits):
        """What the discriminator pays for being steep at the points: float scalar, 0.0 by rules without a penalty."""
        if not self.rules.penalty:
            return 0.0
        points, logits = ops.concatenate([real, fake]), ops.concatenate([real_logits, fake_logits])
        steps = PENALTY_STEP * keras.random.normal(ops.shape(points), seed=self._seeds)
        return self._penalty * steepness(logits, self.discriminator(points + steps))

    def play_round(self, real, latents):
        """One round: the discriminator's turns, then the generator's.

        Args:
            real: float tensor (T, N, 2), a batch of real points for each turn.
            latents: float tensor (T, N, latent_width), likewise.

        Returns:
            float tensor (2,), each player's loss at its last turn; NaN for one that has no turn.
        """
        of_discriminator = of_generator = ops.convert_to_tensor(math.nan, "float32")
        first = self.rules.discriminator_turns
        for turn in range(first):
            of_discriminator = self.discriminator_turn(real[turn], latents[turn])
        for turn in range(first, first + self.rules.generator_turns):
            of_generator = self.generator_turn(real[turn], latents[turn])
        return ops.stack([of_discriminator, of_generator])

    def play(self, rounds=1):
        """Play some rounds.

        Args:
            rounds: how many.

        Returns:
            the game itself.

        Raises:
            FloatingPointError: a loss is no longer finite.
        """
        turns = self.rules.discriminator_turns, self.rules.generator_turns
        run = self._compiled()
        for count in [CALL] * (rounds // CALL) + [rounds % CALL] * (rounds % CALL > 0):
            self.losses = tuple(map(float, run(count, *self._draw((CALL, sum(turns), self.rules.batch)))))
            self.round += count
            if not all(math.isfinite(loss) for loss, turn in zip(self.losses, turns, strict=True) if turn):
                raise FloatingPointError(f"a loss is no longer finite after {self.round} rounds: try lower rates")
        return self

    def sample(self, count=1000, seed=0):
        """Generated points: float32 array (count, 2). The same seed takes the same latents each time."""
        return self.generate(draw_latents(count, self.rules.latent_width, seed))

    def generate(self, latents):
        """The points of some latents.

        Args:
            latents: float array (N, latent_width).

        Returns:
            float32 array (N, 2).
        """
        return ops.convert_to_numpy(self.generator(np.asarray(latents, np.float32)))

    def judge(self, points):
        """What the discriminator makes of some points.

        Args:
            points: float array (N, 2).

        Returns:
            float32 array (N,): its probability that each is real.
        """
        return ops.convert_to_numpy(ops.sigmoid(self.discriminator(np.asarray(points, np.float32))))[:, 0]

    def _draw(self, shape):
        """Real points and latents of a shape."""
        real = self.real[self._rng.integers(0, len(self.real), shape)]
        return real, self._rng.standard_normal((*shape, self.rules.latent_width), np.float32)

    def _compiled(self):
        """A round as the engine's own; compiled anew only where the rules change what is computed."""
        rules = self.rules
        key = rules.loss, rules.penalty > 0, rules.discriminator_turns, rules.generator_turns
        if key not in self._rounds:
            self._rounds[key] = compiled(self.play_round, self._variables)
        return self._rounds[key]


def _changed(rules, changes):
    """The rules with some of them changed."""
    names = [field.name for field in fields(Rules)]
    for name in changes:
        if name not in names:
            raise InputError(f"rules must be among {', '.join(names)}. Received: {name}")
    return replace(rules, **changes)
