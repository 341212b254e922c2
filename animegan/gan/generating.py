"""Drawing latents and turning them into pictures."""

import numpy as np

from animegan.pictures import to_uint8

BATCH = 64  # faces a call: enough to keep two cores busy, small in memory


def draw_latents(count, width, seed=0):
    """Draw latents from the distribution that the generator was trained on.

    Args:
        count: how many.
        width: numbers in each.
        seed: the same seed draws the same latents, on every engine.

    Returns:
        float32 array (count, width), from N(0, 1).
    """
    return np.random.default_rng(seed).standard_normal((count, width), np.float32)


def scale_latents(generator, times):
    """Let a generator make of latents what it made of latents so many times as large, as it is used, not as it trains.

    Args:
        generator: keras.Model, whose layers that take latents are Dense.
        times: float.
    """
    for layer in generator.layers:
        if layer.input is generator.input and layer.weights:
            layer.kernel.assign(times * layer.kernel)


def generate(generator, latents):
    """Make faces.

    Args:
        generator: keras.Model from latents (N, L) to pictures (N, S, S, 3) in [-1, 1].
        latents: float array (N, L), N ≥ 1.

    Returns:
        uint8 array (N, S, S, 3), RGB. The last batch is padded to the others' shape, so that the network is compiled
        for one only. `predict_on_batch`, unlike `predict`, builds no data pipeline (and leaks none) at each call.
    """
    pictures = []
    for start in range(0, len(latents), BATCH):
        batch = np.asarray(latents[start : start + BATCH], np.float32)
        padded = np.pad(batch, ((0, BATCH - len(batch)), (0, 0)))
        pictures.append(to_uint8(generator.predict_on_batch(padded))[: len(batch)])
    return np.concatenate(pictures)
