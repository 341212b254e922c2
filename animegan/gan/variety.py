"""Variety as the discriminator sees it: what tells it that all generated faces are alike."""

from animegan.gan.engine import keras, layers, ops


@keras.saving.register_keras_serializable("animegan")
class MinibatchDeviation(layers.Layer):
    """Add one map that says how much the batch varies (Karras et al. 2017, arXiv:1710.10196).

    A judge of single pictures cannot object to many good ones that are alike; with this map it can.
    """

    def call(self, inputs):
        """Add to maps (N, H, W, C) their standard deviation over N, averaged over all else: (N, H, W, C + 1)."""
        apart = inputs - ops.mean(inputs, axis=0, keepdims=True)
        variance = ops.mean(ops.square(apart), axis=0)
        deviation = ops.mean(ops.sqrt(variance + 1e-8))  # the root has no slope at 0
        return ops.concatenate([inputs, deviation * ops.ones_like(inputs[..., :1])], axis=-1)

    def compute_output_shape(self, shape):
        """(N, H, W, C) to (N, H, W, C + 1)."""
        return (*shape[:-1], shape[-1] + 1)
