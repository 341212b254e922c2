"""How much arithmetic a training step takes, and how much the machine can do."""

import importlib.util
import time

import numpy as np

from animegan.settings import has_gpu

SIDE = 2048  # of the square matrices whose product stands for the peak: 48 MB, 17 GFLOP
HALF_SIDES = {True: 8192, False: 256}  # of those in bfloat16: on a GPU, and where it only has to run


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


def matrix_product(seconds=1.0, half=False):
    """The fastest product of two large square matrices, among the libraries that are there.

    Args:
        seconds: how long a round of it takes, about.
        half: bfloat16 on the GPU, if there is one; else float32 on the processor.

    Returns:
        (work, amount, facts) for `turns.serve`; the amount in GFLOP.
    """
    makers = {"jax": _jax_product, "torch": _torch_half_product} if half else FLOAT_PRODUCTS
    side = HALF_SIDES[has_gpu()] if half else SIDE
    works = {name: make(side) for name, make in makers.items() if importlib.util.find_spec(name)}
    rates = {name: _rate(work) for name, work in works.items()}
    best = max(rates, key=rates.get)
    count, gflop = max(1, round(rates[best] * seconds)), 2e-9 * side**3
    found = {name: round(gflop * rate) for name, rate in rates.items()}
    return lambda: works[best](count), count * gflop, {"side": side, "library": best, "found": found}


def _matrices(side):
    return np.random.default_rng(0).normal(size=(2, side, side)).astype("float32")


def _numpy_product(side):
    one, other = _matrices(side)

    def work(count):
        for _ in range(count):
            one @ other

    return work


def _tensorflow_product(side):
    import tensorflow as tf

    one, other = map(tf.constant, _matrices(side))

    def work(count):
        for _ in range(count):
            tf.matmul(one, other)

    return work


def _torch_product(side):
    import torch

    one, other = map(torch.from_numpy, _matrices(side))

    def work(count):
        for _ in range(count):
            torch.mm(one, other)

    return work


def _torch_half_product(side):
    import torch

    device = "cuda" if torch.cuda.is_available() else "cpu"
    one, other = (torch.from_numpy(matrix).to(device, torch.bfloat16) for matrix in _matrices(side))

    def work(count):
        for _ in range(count):
            torch.mm(one, other)
        if device == "cuda":
            torch.cuda.synchronize()

    return work


def _jax_product(side):
    import jax

    one, other = (jax.numpy.asarray(matrix, "bfloat16") for matrix in _matrices(side))
    multiply = jax.jit(jax.numpy.matmul)

    def work(count):
        for _ in range(count):
            product = multiply(one, other)
        product.block_until_ready()

    return work


FLOAT_PRODUCTS = {"numpy": _numpy_product, "tensorflow": _tensorflow_product, "torch": _torch_product}


def _rate(work, seconds=0.5):
    """Products a second, at best: in rounds long enough that starting and waiting do not count."""
    work(1)
    count, best = 1, 0.0
    for _ in range(3):
        started = time.perf_counter()
        work(count)
        best = max(best, count / (time.perf_counter() - started))
        count = max(1, round(seconds * best))
    return best
