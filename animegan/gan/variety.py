"""Variety as the discriminator sees it: what tells it that all generated faces are alike."""

from animegan.gan.engine import keras, layers, ops


def deviation(maps):
    """Standard deviation of maps (N, H, W, C) over the batch: (H, W, C)."""
    apart = maps - ops.mean(maps, axis=0, keepdims=True)
    return ops.sqrt(ops.mean(ops.square(apart), axis=0) + 1e-8)  # the root has no slope at 0


@keras.saving.register_keras_serializable("animegan")
class MinibatchDeviation(layers.Layer):
    """Add one map that says how much the batch varies (Karras et al. 2017, arXiv:1710.10196).

    A judge of single pictures cannot object to many good ones that are alike; with this map it can.
    """

    def call(self, inputs):
        """Add to maps (N, H, W, C) their standard deviation over N, averaged over all else: (N, H, W, C + 1)."""
        return ops.concatenate([inputs, ops.mean(deviation(inputs)) * ops.ones_like(inputs[..., :1])], axis=-1)

    def compute_output_shape(self, shape):
        """(N, H, W, C) to (N, H, W, C + 1)."""
        return (*shape[:-1], shape[-1] + 1)


@keras.saving.register_keras_serializable("animegan")
class MinibatchDeviations(layers.Layer):
    """Add to each map another that says how much the batch varies in it, place by place.

    In the mean over all channels that MinibatchDeviation adds, one that no longer varies is hardly seen.
    """

    def call(self, inputs):
        """Add to maps (N, H, W, C) their standard deviation over N: (N, H, W, 2·C)."""
        return ops.concatenate([inputs, deviation(inputs) * ops.ones_like(inputs)], axis=-1)

    def compute_output_shape(self, shape):
        """(N, H, W, C) to (N, H, W, 2·C)."""
        return (*shape[:-1], 2 * shape[-1])
