"""Larger networks that begin as smaller ones, trained before: deeper and wider, with the same faces and verdicts."""

from operator import le

from animegan.gan.engine import layers, ops
from animegan.gan.resizing import DEEP, STEER, as_kernel_of


def take_over(network, known):
    """Give a network the weights of another one that may be less deep or have fewer channels, so that it does the same.

    What a channel that is new computes is left to chance, and nothing listens to it at first (Chen et al. 2015,
    arXiv:1511.05641, repeat channels instead, and share out what listens to them).

    Args:
        network: keras.Model, as build_networks makes it; what makes it deep adds nothing yet.
        known: keras.Model of the same kind, perhaps of Keras's own layers.

    Raises:
        ValueError: there are other layers, or what is known has more channels, or others than convolutions have fewer.
    """
    names = {layer.name for layer in known.layers}
    kept = (layer for layer in network.layers if layer.name in names or not layer.name.startswith(DEEP))
    pairs = zip(*([layer for layer in each if layer.weights] for each in (kept, known.layers)), strict=True)
    for layer, other in pairs:
        for weight, value in zip(layer.weights, other.weights, strict=True):
            weight.assign(_grown(layer, weight, as_kernel_of(value, weight)))


def _grown(layer, weight, value):
    """A value of a weight with fewer channels, as one for this weight."""
    had, shape = tuple(value.shape), tuple(weight.shape)
    if had == shape:
        return value
    steers = layer.name.startswith((STEER, DEEP))
    fits = len(had) == len(shape) and all(map(le, had, shape))
    if not fits or (isinstance(layer, layers.Dense) and not steers):
        raise ValueError(f"{weight.path} must have the shape {shape} or be a smaller one. Received: {had}")
    grown = ops.convert_to_numpy(weight).copy()
    if len(shape) > 1:  # a kernel; the channels that it takes and makes are its last axes
        takes, makes = (-1, -2) if isinstance(layer, layers.Conv2DTranspose) else (-2, -1)
        new = [slice(None)] * len(shape)
        new[takes], new[makes] = slice(had[takes], None), slice(had[makes])
        grown[tuple(new)] = 0
    grown[tuple(map(slice, had))] = ops.convert_to_numpy(value)
    return grown
