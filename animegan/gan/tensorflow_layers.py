"""Faster ways through the networks' layers for TensorFlow on a CPU. What they are, and what is saved of them, stays.

Batch normalisation goes by TensorFlow's own operation, where Keras computes it from its parts; convolutions with many
channels go by fewer products.
"""

import functools

import tensorflow as tf

from animegan.gan.engine import layers
from animegan.gan.fewer_products import convolve, convolve_transposed
from animegan.gan.resizing import ResizeConvolution, widen
from animegan.gan.spectral import SpectralConvolution

CONVOLUTIONS = {
    layers.Conv2D: convolve,
    SpectralConvolution: convolve,
    layers.Conv2DTranspose: convolve_transposed,
    ResizeConvolution: convolve_transposed,
}
LEAST_CHANNELS = 48  # of the larger map, for fewer products; twice its side where that is more


def quicken(network):
    """Let the layers of a network be fast, in place.

    Args:
        network: keras.Model.

    Returns:
        the same network.
    """
    for layer in network.layers:
        if type(layer) is layers.BatchNormalization and layer.axis in (-1, 3) and layer.scale and layer.center:
            layer.call = functools.partial(_call_normalisation, layer)
        elif type(layer) in CONVOLUTIONS and _halves_or_doubles(layer):
            layer.call = functools.partial(_call_convolution, layer)
    return network


def _halves_or_doubles(layer):
    """Whether a convolution is of the kind that goes by fewer products: kernel 4, or wide 3, and stride 2."""
    kernel = 3 if type(layer) is ResizeConvolution else 4
    usual = layer.dilation_rate == (1, 1) and layer.data_format == "channels_last" and getattr(layer, "groups", 1) == 1
    return usual and layer.kernel_size == (kernel, kernel) and layer.strides == (2, 2) and layer.padding == "same"


def _call_convolution(layer, inputs, **settings):
    """What the layer's class does, by fewer products where the sums cost less than the products they save."""
    transposed = isinstance(layer, layers.Conv2DTranspose)
    height, width = (side * (2 if transposed else 1) for side in inputs.shape[1:3])  # of the larger map
    channels = layer.filters if transposed else inputs.shape[3]
    if height % 4 or width % 4 or channels < max(LEAST_CHANNELS, 2 * height, 2 * width):
        return type(layer).call(layer, inputs, **settings)
    outputs = CONVOLUTIONS[type(layer)](inputs, _kernel(layer, **settings))
    return layer.activation(outputs + layer.bias if layer.use_bias else outputs)


def _kernel(layer, **settings):
    """The kernel (4, 4, C, F) to compute with. `settings`: what the call was given besides inputs: `training`."""
    if isinstance(layer, SpectralConvolution):
        return layer.divided(**settings)
    return tf.convert_to_tensor(widen(layer.kernel) if isinstance(layer, ResizeConvolution) else layer.kernel)


def _call_normalisation(layer, inputs, training=None, mask=None):
    """What BatchNormalization.call does, by TensorFlow's own operation where a batch gives its own mean and spread."""
    if not training or not layer.trainable or mask is not None or inputs.shape.rank != 4:
        return type(layer).call(layer, inputs, training=training, mask=mask)
    outputs, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
        x=inputs,
        scale=tf.convert_to_tensor(layer.gamma),
        offset=tf.convert_to_tensor(layer.beta),
        mean=[],
        variance=[],
        epsilon=layer.epsilon,
        is_training=True,
    )
    count = tf.cast(tf.size(inputs), variance.dtype) / inputs.shape[-1]
    variance *= (count - 1) / count  # the operation's is of a sample; Keras averages that of the batch itself
    for average, value in ((layer.moving_mean, mean), (layer.moving_variance, variance)):
        average.assign(average * layer.momentum + tf.stop_gradient(value) * (1 - layer.momentum))
    return outputs
