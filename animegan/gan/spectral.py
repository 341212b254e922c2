"""A discriminator that cannot grow steep: spectral normalisation (Miyato et al. 2018, arXiv:1802.05957).

A kernel is divided by its spectral norm, the largest factor by which it, as a matrix, can lengthen a vector. So a
verdict changes by no more than a fixed multiple of what the picture changes, however long the training; what it is told
of the batch beside that (animegan.gan.variety) makes the multiple a little larger, a Gate at most doubles it. The last
layer's own norm says how large it is.

Keras has a wrapper, which writes the divided kernel back: on TensorFlow the gradient does not see the division then, on
JAX it does, and a run would depend on its engine.
"""

from animegan.gan.engine import keras, layers, ops

TINY = 1e-8  # against division by zero


class Spectral:
    """What both layers have: a search for the norm by power iteration, one step a call, since kernels change slowly."""

    def build(self, input_shape):
        """Make the weights: the layer's own, and what the search has found so far."""
        super().build(input_shape)
        start, shape = keras.initializers.RandomNormal(seed=0), (1, self.kernel.shape[-1])
        self.found = self.add_weight(shape=shape, initializer=start, trainable=False, name="found")

    def save_own_variables(self, store):
        """Keep what the search has found, too: Keras's own layers know of kernel and bias only."""
        super().save_own_variables(store)
        store["found"] = self.found

    def load_own_variables(self, store):
        """Take it back, from a file that `save_own_variables` has filled."""
        super().load_own_variables(store)
        self.found.assign(store["found"])

    def divided(self, training=False):
        """The kernel, divided by its norm; in training the search goes on."""
        matrix = ops.reshape(self.kernel, (-1, self.kernel.shape[-1]))
        held = ops.stop_gradient(matrix)
        left = _unit(ops.matmul(self.found, ops.transpose(held)))
        right = _unit(ops.matmul(left, held))
        if training:
            self.found.assign(right)
        return self.kernel / (ops.sum(ops.matmul(left, matrix) * right) + TINY)


@keras.saving.register_keras_serializable("animegan")
class SpectralConvolution(Spectral, layers.Conv2D):
    """A convolution with a spectral norm of 1."""

    def call(self, inputs, training=False):
        """Float maps (N, H, W, C) to those of the convolution."""
        return self.activation(self.convolution_op(inputs, self.divided(training)) + self.bias)


@keras.saving.register_keras_serializable("animegan")
class SpectralDense(Spectral, layers.Dense):
    """A dense layer with a spectral norm of its own."""

    def __init__(self, units, *, norm=1.0, **settings):
        """Prepare the layer: as Dense, with this spectral norm, a float above 0."""
        super().__init__(units, **settings)
        self.norm = float(norm)  # in runs from before there was a choice it is `true`

    def get_config(self):
        """What makes the layer anew."""
        return super().get_config() | {"norm": self.norm}

    def call(self, inputs, training=False):
        """Float inputs (N, I) to outputs (N, O)."""
        return self.activation(self.norm * ops.matmul(inputs, self.divided(training)) + self.bias)


@keras.saving.register_keras_serializable("animegan")
class Gate(layers.Layer):
    """Scale each map by a factor of its own between -1 and 1, which begins at 0.

    What is found in maps by a layer that cannot grow steep, and is added to them through a gate, changes nothing at
    first (Bachlechner et al. 2020, arXiv:2003.04887) and never makes the sum more than twice as steep.
    """

    def build(self, input_shape):
        """Make the factors."""
        self.factors = self.add_weight(shape=(input_shape[-1],), initializer="zeros", name="factors")

    def call(self, inputs):
        """Float maps (N, H, W, C) to as many, each times its factor."""
        return inputs * ops.tanh(self.factors)


def _unit(vector):
    """A vector of length 1 in that direction, which no gradient changes."""
    return ops.stop_gradient(vector / (ops.norm(vector) + TINY))
