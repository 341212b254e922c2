"""How much arithmetic a training step takes, and how much the machine can do."""

import importlib.util
import itertools
import time

import numpy as np

SIDE = 2048  # of the square matrices whose product stands for the peak: 48 MB, 17 GFLOP
LIBRARIES = "tensorflow", "torch", "numpy"


def products_a_picture(network):
    """Products that a network takes for a picture: {layer's name: number}, in the layers' order.

    A convolution takes kernel² · channels in · channels out for each pixel of its smaller map; those with the zeros
    beyond the border are counted, as everywhere.
    """
    found = {}
    for layer in network.layers:
        kind = type(layer).__name__
        if kind == "Dense":
            found[layer.name] = layer.kernel.shape[0] * layer.kernel.shape[1]
        elif kind in ("Conv2D", "Conv2DTranspose"):
            small = layer.output if kind == "Conv2D" else layer.input
            found[layer.name] = int(np.prod(layer.kernel.shape)) * small.shape[1] * small.shape[2]
    return found


def gflop_a_picture(generator, discriminator):
    """GFLOP (10⁹ additions and multiplications) of a step that shares the forward pass, for each real picture.

    With g and d products in the two networks, g₁ and d₁ of them in their first layers:

        forward: G, D(real), D(fake)                         g + 2d
        gradients of D's weights, for both kinds                 2d
        gradients inside D for them: all but the picture's       2d - 2d₁
        gradients inside D(fake), down to the picture, for G      d
        gradients of G's weights                              g
        gradients inside G: all but the latents'              g - g₁

    A product and its addition are two operations. What batch norm, activations and Adam do is not counted. A step by
    fewer products, as `animegan.gan.fewer_products`, counts the same: it is what has to be done, not how.
    """
    of_generator, of_discriminator = (list(products_a_picture(net).values()) for net in (generator, discriminator))
    products = 3 * sum(of_generator) - of_generator[0] + 7 * sum(of_discriminator) - 2 * of_discriminator[0]
    return 2e-9 * products


def matrix_product(seconds=1.0):
    """The machine's fastest product of two square float32 matrices, among the libraries that are there.

    Args:
        seconds: how long a round of it takes, about.

    Returns:
        (work, amount, facts) for `turns.serve`; the amount in GFLOP.
    """
    rates, works = {}, {}
    for name in LIBRARIES:
        if importlib.util.find_spec(name):
            works[name] = multiply = _multiplier(name)
            multiply()
            rates[name] = max(1 / _seconds(multiply) for _ in range(3))
    best = max(rates, key=rates.get)
    count = max(1, round(rates[best] * seconds))
    gflop = 2e-9 * SIDE**3

    def work():
        for _ in itertools.repeat(None, count):
            works[best]()

    return work, count * gflop, {"library": best, "found": {name: round(gflop * rate) for name, rate in rates.items()}}


def _multiplier(library):
    one, other = np.random.default_rng(0).normal(size=(2, SIDE, SIDE)).astype("float32")
    if library == "numpy":
        return lambda: one @ other
    if library == "torch":
        import torch

        tensors = torch.from_numpy(one), torch.from_numpy(other)
        return lambda: torch.mm(*tensors)
    import tensorflow as tf

    tensors = tf.constant(one), tf.constant(other)
    return lambda: tf.matmul(*tensors)


def _seconds(function):
    started = time.perf_counter()
    function()
    return time.perf_counter() - started
