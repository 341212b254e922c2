"""Faster layers for TensorFlow on a CPU: the same numbers, asked for in another way.

A transposed convolution of kernel 4 and stride 2, which is also the gradient of a convolution with respect to its
input, is the slow operation of a DCGAN there, far below the speed of a forward convolution. But each of its output
pixels meets only 2×2 of the kernel's 4×4 weights, and which ones depends on whether its row and column are
even or odd. So it is four forward convolutions of kernel 2, whose outputs are laid side by side (the sub-pixel
convolution of Shi et al. 2016, arXiv:1609.05158). And Keras computes batch normalisation from its parts, where
TensorFlow has one operation for it. `quicken` makes stock layers use these; what they are, hold and save stays.
"""

import functools

import tensorflow as tf

from animegan.gan.engine import layers


def quicken(network):
    """Let the convolutions of kernel 4 and stride 2 and the batch normalisation of a network be fast, in place.

    Args:
        network: keras.Model.

    Returns:
        the same network.
    """
    for layer in network.layers:
        if type(layer) is layers.BatchNormalization and layer.axis in (-1, 3) and layer.scale and layer.center:
            layer.call = functools.partial(_call_normalisation, layer)
        elif isinstance(layer, layers.Conv2D | layers.Conv2DTranspose) and _fits(layer):
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
    """The transposed convolution as forward ones: (N, H, W, F) to (N, 2·H, 2·W, C)."""
    (height, width), (channels, filters) = inputs.shape[1:3], kernel.shape[2:]
    if channels < 16:  # too few outputs to gain by it
        shape = (tf.shape(inputs)[0], 2 * height, 2 * width, channels)
        return tf.nn.conv2d_transpose(inputs, kernel, shape, 2, "SAME")
    # Row 2·i + s - 1 of the output meets input row i - 1 by kernel row s + 2, and input row i by kernel row s: for each
    # s of rows and columns (the first two axes), a kernel of 2×2.
    taps = tf.reverse(tf.reshape(kernel, (2, 2, 2, 2, channels, filters)), axis=[0, 2])
    taps = tf.transpose(taps, (1, 3, 0, 2, 5, 4))
    rows = []
    for s in (1, 0):
        above = [[1, 0], [0, 1]][1 - s]
        columns = [
            tf.nn.conv2d(inputs, taps[s, t], 1, [[0, 0], above, [[1, 0], [0, 1]][1 - t], [0, 0]]) for t in (1, 0)
        ]
        rows.append(tf.reshape(tf.stack(columns, axis=3), (-1, height, 2 * width, channels)))
    return tf.reshape(tf.stack(rows, axis=2), (-1, 2 * height, 2 * width, channels))


def _kernel_gradient(wide, kernel, narrow):
    """Gradient of the sum of products: which kernel ties the wide maps (N, H, W, C) to the narrow (N, H/2, W/2, F)."""
    return tf.raw_ops.Conv2DBackpropFilter(
        input=wide, filter_sizes=kernel.shape, out_backprop=narrow, strides=[1, 2, 2, 1], padding="SAME"
    )
