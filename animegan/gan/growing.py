"""Larger networks that begin as smaller ones, trained before: deeper and wider, with the same faces and verdicts."""

from operator import le

import numpy as np

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
    for layer, weight, value in pairs(network, known):
        weight.assign(_grown(layer, weight, as_kernel_of(value, weight)))


def take_over_state(model, known):
    """Give a DCGAN all that another one has learned, whose networks may be smaller, as `take_over` says.

    That is weights, the averages of the generator's, Adam's averages and the state of the random numbers; Adam's count
    of steps is left to the caller. What is new has a gradient of mean 0 so far; the mean of its square is taken from
    its layer or, where that is new, too, from its network's kernels: Adam divides by the root of it, and would begin
    with steps far too long if it was 0.

    Args:
        model: animegan.gan.dcgan.DCGAN, its optimizer built.
        known: another one.

    Raises:
        ValueError: as `take_over` raises it.
    """
    averages, had_averages = (
        {id(weight): value for weight, value in zip(each.generator.trainable_variables, each.averages, strict=False)}
        for each in (model, known)  # a recipe may have none
    )
    for network, other in ((model.generator, known.generator), (model.discriminator, known.discriminator)):
        take_over(network, other)
        kernels = [weight for weight in other.trainable_variables if len(weight.shape) > 1]
        usual = np.median([_array(_adams(known, weight)[1]).mean() for weight in kernels])
        for weight in network.trainable_variables:
            _adams(model, weight)[1].assign(np.full(weight.shape, usual))
            if id(weight) in averages:
                averages[id(weight)].assign(_array(weight))
        for _, weight, value in pairs(network, other):
            if not weight.trainable:  # such as the means of batch normalisation
                continue
            (mean, square), (had_mean, had_square) = _adams(model, weight), map(_array, _adams(known, value))
            mean.assign(_placed(_array(mean), had_mean))
            square.assign(_placed(np.full(weight.shape, had_square.mean()), had_square))
            if id(weight) in averages and id(value) in had_averages:
                averages[id(weight)].assign(_placed(_array(weight), _array(had_averages[id(value)])))
    if model.averages and known.averages:
        model.averaged_steps.assign(_array(known.averaged_steps))
    model.seeds.state.assign(_array(known.seeds.state))


def pairs(network, known):
    """(layer, its weight, the weight of `known` that it is to take) of all layers that both have."""
    names = {layer.name for layer in known.layers}
    kept = (layer for layer in network.layers if layer.name in names or not layer.name.startswith(DEEP))
    both = zip(*([layer for layer in each if layer.weights] for each in (kept, known.layers)), strict=True)
    for layer, other in both:
        for weight, value in zip(layer.weights, other.weights, strict=True):
            yield layer, weight, value


def _adams(model, weight):
    """Adam's two averages of a weight's gradient: of itself, and of its square."""
    place = model.optimizer._get_variable_index(weight)
    return model.optimizer._momentums[place], model.optimizer._velocities[place]


def _array(variable):
    return ops.convert_to_numpy(variable)


def _placed(values, corner):
    """An array that holds another one from its first places on."""
    values = values.copy()
    values[tuple(map(slice, corner.shape))] = corner
    return values


def _grown(layer, weight, value):
    """A value of a weight with fewer channels, as one for this weight."""
    had, shape = tuple(value.shape), tuple(weight.shape)
    if had == shape:
        return value
    steers = layer.name.startswith((STEER, DEEP))
    fits = len(had) == len(shape) and all(map(le, had, shape))
    if not fits or (isinstance(layer, layers.Dense) and not steers):
        raise ValueError(f"{weight.path} must have the shape {shape} or be a smaller one. Received: {had}")
    grown = _array(weight).copy()
    if len(shape) > 1:  # a kernel; the channels that it takes and makes are its last axes
        takes, makes = (-1, -2) if isinstance(layer, layers.Conv2DTranspose) else (-2, -1)
        new = [slice(None)] * len(shape)
        new[takes], new[makes] = slice(had[takes], None), slice(had[makes])
        grown[tuple(new)] = 0
    return _placed(grown, _array(value))
