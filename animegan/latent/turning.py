"""Ways that turn: a step towards a tag from where the face is, not the same for all faces.

A straight direction is right on average. Here a small network learns from labelled latents how likely each tag is at
each latent, and a move follows its slope in short steps. That paths in a latent space should bend is the idea of
WarpedGANSpace (Tzelepis, Tzimiropoulos & Patras 2021, arXiv:2109.13357), which looks for such paths without names.
"""

import numpy as np

from animegan.files import InputError
from animegan.gan.engine import keras, layers, ops

HIDDEN = 256  # of each of two layers: more learn the hair's colour better, and move it no farther
NOISE = 0.35  # standard deviations added to latents in training, for the slopes of a wider surrounding
EPOCHS, BATCH, RATE = 40, 256, 2e-3
SEEN = 1_700_000  # latents in training at most: where there are many, each is seen fewer times
STEP = 0.25  # standard deviations at a time
RIDGE = 4.0  # as a share of the mean square slope of the other tags: how much of what moves them may stay
FADING = 6  # power of the likelihood that a face still lacks, with which RIDGE falls
LEAST = 0.005  # of what is left of RIDGE: the equations are to have one solution


class Slopes:
    """How the likelihoods of tags rise in a latent space."""

    def __init__(self, layers, values):
        """Use a learned network.

        Args:
            layers: three pairs (kernel, bias) of float arrays: latents to HIDDEN to HIDDEN to one logit a value.
            values: {tag: tuple of its values}, in the order of the logits.
        """
        self.layers = [(np.asarray(kernel, np.float32), np.asarray(bias, np.float32)) for kernel, bias in layers]
        # Copies, since some BLAS libraries multiply by a small transposed view on several threads, which wait for each
        # other where a processor is taken, by a browser for instance.
        self.transposed = [np.ascontiguousarray(kernel.T) for kernel, _ in self.layers]
        self.values = {tag: tuple(names) for tag, names in values.items()}
        sizes = [len(names) for names in self.values.values()]
        self.starts = np.cumsum([0, *sizes[:-1]])  # of each tag's logits
        self.owners = np.repeat(np.arange(len(sizes)), sizes)  # the tag, by number, of each logit
        self.owned = self.owners == np.arange(len(sizes))[:, None]  # (tags, logits)

    def __contains__(self, name):
        """Whether it knows the tag and the value, such as "hair=blonde"."""
        tag, _, value = name.partition("=")
        return value in self.values.get(tag, ())

    def move(self, latents, name, amount):
        """Go towards a value of a tag, or away from it, turning on the way.

        Each step goes where the log-odds of the value rise most for as little change as may be in the likelihoods of
        what the other tags were at the start: with w the slope of the one and O those of the others, along
        (OᵀO + r·1)⁻¹·w, as in `animegan.latent.directions.conditioned`, but anew at each latent, and with an r that
        falls as the value becomes likely.

        Args:
            latents: float array (N, L).
            name: "hair=blonde".
            amount: length of the way, in standard deviations; below 0 it leads away from the value.

        Returns:
            float32 array (N, L).

        Raises:
            InputError: the tag or its value is not known.
        """
        if name not in self:
            raise InputError(f"a way must be named after a tag and a value that are known. Received: {name}")
        latents = np.array(latents, np.float32)
        tag, _, value = name.partition("=")
        own = list(self.values).index(tag)
        index = self.starts[own] + self.values[tag].index(value)
        wanted = np.zeros((len(latents), len(self.starts), len(self.owners)), np.float32)  # of each tag, one logit up
        *_, logits = self._forward(latents)
        for number, (start, names) in enumerate(zip(self.starts, self.values.values(), strict=True)):
            kept = start + logits[:, start : start + len(names)].argmax(axis=1)
            wanted[np.arange(len(latents)), number, index if number == own else kept] = 1.0
        whole, rest = divmod(abs(amount), STEP)  # so that a longer way begins as a shorter one does
        for length in [STEP] * int(whole) + [rest] * (rest > 0):
            latents += length * self._step(latents, own, index, wanted, np.sign(amount))
        return latents

    def _step(self, latents, own, index, wanted, sign):
        """Unit vectors (N, L): where to go from each latent, for more of the value (sign 1) or for less (-1)."""
        first, second, logits = self._forward(latents)
        shown = self._softmax(logits)[:, index]
        lacks = 1.0 - shown if sign > 0 else shown
        logits[:, index] = -np.inf  # its odds are those against its rivals
        likely = self._softmax(logits)[:, None] * self.owned
        # The slope of a likelihood, and not of its logarithm: a tag that is in doubt has next to nothing to lose.
        rates = np.sum(wanted * likely, axis=2, keepdims=True)
        rates[:, own] = 1.0
        slopes = self._backward(first, second, rates * (wanted - likely)).astype(np.float64)
        way, others = slopes[:, own], np.delete(slopes, own, axis=1)
        # Woodbury's identity: a system of as many equations as there are other tags, and not as latent numbers.
        table = others @ others.transpose(0, 2, 1)
        level = np.trace(table, axis1=1, axis2=2) / max(1, others.shape[1]) + 1e-12
        # A face that shows the value (or no longer does) is where it was to get: from there on the others hardly pay.
        ridge = level * np.maximum(RIDGE * lacks**FADING, LEAST)
        inner = np.linalg.solve(table + ridge[:, None, None] * np.eye(others.shape[1]), others @ way[:, :, None])
        way = way - (others.transpose(0, 2, 1) @ inner)[:, :, 0]
        return sign * way / np.maximum(np.linalg.norm(way, axis=1, keepdims=True), 1e-12)

    def _softmax(self, logits):
        """Likelihoods (N, logits): of each tag's values by themselves, all tags in one go."""
        highest = np.maximum.reduceat(logits, self.starts, axis=1)
        odds = np.exp(logits - highest[:, self.owners])
        return odds / np.add.reduceat(odds, self.starts, axis=1)[:, self.owners]

    def _forward(self, latents):
        """Sums before both activations, and the logits."""
        (one, one_bias), (two, two_bias), (three, three_bias) = self.layers
        first = latents @ one + one_bias
        second = _silu(first) @ two + two_bias
        return first, second, _silu(second) @ three + three_bias

    def _backward(self, first, second, asked):
        """Derivatives by the latents, (N, K, L), of sums of logits weighted by `asked` (N, K, logits)."""
        one, two, three = self.transposed
        back = (asked @ three) * _silu_slope(second)[:, None]
        return ((back @ two) * _silu_slope(first)[:, None]) @ one


def learn_slopes(latents, likelihoods, values, seed=0):
    """Learn how likely each value of each tag is at each latent.

    Args:
        latents, likelihoods: what `animegan.latent.tagged.label` returned.
        values: {tag: tuple of its values}.
        seed: of the weights and the order.

    Returns:
        Slopes.
    """
    sizes = [len(values[tag]) for tag in values]
    targets = np.concatenate([likelihoods[tag] for tag in values], axis=1)
    ends = np.cumsum(sizes)[:-1].tolist()

    def loss(wanted, logits):
        """Mean cross-entropy, summed over the tags."""
        pairs = zip(ops.split(wanted, ends, axis=1), ops.split(logits, ends, axis=1), strict=True)
        return -sum(ops.mean(ops.sum(likely * ops.log_softmax(one), axis=1)) for likely, one in pairs)

    made = [
        layers.Dense(units, activation, kernel_initializer=keras.initializers.GlorotUniform(seed + number))
        for number, (units, activation) in enumerate([(HIDDEN, "silu"), (HIDDEN, "silu"), (sum(sizes), None)])
    ]
    model = keras.Sequential([keras.Input((latents.shape[1],)), layers.GaussianNoise(NOISE, seed=seed), *made])
    batches = max(1, len(latents) // BATCH)
    epochs = max(1, min(EPOCHS, round(SEEN / len(latents))))
    rate = keras.optimizers.schedules.CosineDecay(RATE, epochs * batches)
    model.compile(keras.optimizers.AdamW(rate, weight_decay=0.02), loss=loss)
    generator = np.random.default_rng(seed)
    for _ in range(epochs):
        for rows in np.array_split(generator.permutation(len(latents)), batches):
            model.train_on_batch(latents[rows], targets[rows])
    return Slopes([[ops.convert_to_numpy(weight) for weight in layer.weights] for layer in made], values)


def _silu(sums):
    return sums / (1.0 + np.exp(-sums))


def _silu_slope(sums):
    gate = 1.0 / (1.0 + np.exp(-sums))
    return gate * (1.0 + sums * (1.0 - gate))
