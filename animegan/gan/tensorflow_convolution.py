"""Faster convolutions for TensorFlow on a CPU: the same numbers, asked for in another way.

A transposed convolution of kernel 4 and stride 2, which is also the gradient of a convolution with respect to its
input, is the slow operation of a DCGAN there: a quarter to a half of the speed of a forward convolution
(`python benchmarks/convolutions.py`). But each of its output pixels meets only 2×2 of the kernel's 4×4 weights, so that
it equals a forward convolution with kernel 2 that makes the four pixels of each 2×2 square as channels, laid out by
depth_to_space (the sub-pixel convolution of Shi et al. 2016, arXiv:1609.05158). `quicken` makes stock layers use that;
what they are, hold and save stays as it was.
"""

import functools

import tensorflow as tf

from animegan.gan.engine import layers


def quicken(network):
    """Let the convolutions of a network with kernel 4 and stride 2 use the faster forms, in place.

    Args:
        network: keras.Model.

    Returns:
        the same network.
    """
    for layer in network.layers:
        if isinstance(layer, layers.Conv2D | layers.Conv2DTranspose) and _fits(layer):
            if isinstance(layer, layers.Conv2DTranspose):
                layer.call = functools.partial(_call_transposed, layer)
            else:
                layer.convolution_op = convolve
    return network


def _fits(layer):
    """Whether a layer is of the one kind that the faster forms compute."""
    plain = layer.dilation_rate == (1, 1) and getattr(layer, "groups", 1) == 1 and layer.data_format == "channels_last"
    return plain and layer.kernel_size == (4, 4) and layer.strides == (2, 2) and layer.padding == "same"


def _call_transposed(layer, inputs):
    """What Conv2DTranspose.call does, by `convolve_transposed`."""
    outputs = convolve_transposed(inputs, layer.kernel)
    if layer.use_bias:
        outputs = tf.nn.bias_add(outputs, layer.bias)
    return layer.activation(outputs)


def convolve(inputs, kernel):
    """Convolution with kernel 4, stride 2, "same" padding.

    Args:
        inputs: float tensor (N, H, W, C), H and W even.
        kernel: float tensor (4, 4, C, F).

    Returns:
        float tensor (N, H/2, W/2, F).
    """
    return _convolve(tf.convert_to_tensor(inputs), tf.convert_to_tensor(kernel))


def convolve_transposed(inputs, kernel):
    """Transposed convolution with kernel 4, stride 2, "same" padding.

    Args:
        inputs: float tensor (N, H, W, F).
        kernel: float tensor (4, 4, C, F).

    Returns:
        float tensor (N, 2·H, 2·W, C).
    """
    return _convolve_transposed(tf.convert_to_tensor(inputs), tf.convert_to_tensor(kernel))


@tf.custom_gradient
def _convolve(inputs, kernel):  # a custom gradient takes tensors only: variables would have to be listed apart
    def gradient(upstream):
        return _spread(upstream, kernel), _kernel_gradient(inputs, kernel, upstream)

    return tf.nn.conv2d(inputs, kernel, 2, "SAME"), gradient


@tf.custom_gradient
def _convolve_transposed(inputs, kernel):
    def gradient(upstream):
        return tf.nn.conv2d(upstream, kernel, 2, "SAME"), _kernel_gradient(upstream, kernel, inputs)

    return _spread(inputs, kernel), gradient


def _spread(inputs, kernel):
    """The transposed convolution as a forward one: (N, H, W, F) to (N, 2·H, 2·W, C)."""
    channels, filters = kernel.shape[2:]
    # Row 2·i + s - 1 of the output meets input row i - 1 by kernel row s + 2, and input row i by kernel row s.
    taps = tf.reverse(tf.reshape(kernel, (2, 2, 2, 2, channels, filters)), axis=[0, 2])
    taps = tf.reshape(tf.transpose(taps, (0, 2, 5, 1, 3, 4)), (2, 2, filters, 4 * channels))
    padded = tf.pad(inputs, [[0, 0], [1, 1], [1, 1], [0, 0]])
    squares = tf.nn.conv2d(padded, taps, 1, "VALID")  # (N, H + 1, W + 1, 4·C): squares overlap the edge by a pixel
    return tf.nn.depth_to_space(squares, 2)[:, 1:-1, 1:-1]


def _kernel_gradient(wide, kernel, narrow):
    """Gradient of the sum of products: which kernel ties the wide maps (N, H, W, C) to the narrow (N, H/2, W/2, F)."""
    return tf.raw_ops.Conv2DBackpropFilter(
        input=wide, filter_sizes=kernel.shape, out_backprop=narrow, strides=[1, 2, 2, 1], padding="SAME"
    )
