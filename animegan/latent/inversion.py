"""Which latent makes this face? A given picture, brought into the latent space.

There is no formula. A start is improved by steps down the gradient of how far its picture is from the given one. Keras
takes the gradient, whatever the engine: the latents are the only weights of a small model of their own.
"""

import numpy as np

from animegan.files import InputError
from animegan.gan.engine import keras, ops
from animegan.gan.generating import draw_latents, generate
from animegan.latent.directions import linear_fit
from animegan.pictures import to_unit

SIDE = 64  # of the pictures that the face network takes, in pixels
RATE = 0.05  # Adam's, in standard deviations of the latents a step
FEATURES = 0.1  # weight of the features beside the pixels: both terms then begin about equal
PRIOR = 1e-3  # weight of the latents' own improbability: keeps them near the shell where the generator is at home


class Encoder:
    """A first guess at a picture's latent: a linear map from the face network's features."""

    def __init__(self, generator, features, count=2_000, seed=0):
        """Fit the map on generated faces, whose latents are known.

        Args:
            generator: keras.Model.
            features: function from uint8 pictures (N, S, S, 3) to float features (N, F), such as FaceNetwork.features.
            count: faces to fit it on; more than there are features.
            seed: of their latents.
        """
        latents = draw_latents(count, generator.input_shape[-1], seed)
        seen = features(generate(generator, latents))
        self._features, self._centre = features, seen.mean(axis=0)
        self._map = linear_fit(seen, latents).T

    def __call__(self, images):
        """Guess latents: uint8 pictures (N, S, S, 3) to float32 (N, L)."""
        return ((self._features(images) - self._centre) @ self._map).astype(np.float32)


def invert(generator, images, network=None, start=None, steps=300, seed=0):
    """Search for the latents whose pictures are nearest to given ones.

    Args:
        generator: keras.Model from latents (N, L) to pictures (N, S, S, 3) in [-1, 1].
        images: uint8 array (N, S, S, 3), of the generator's size.
        network: animegan.gan.face_network.FaceNetwork, whose features are compared too; pixels alone if None.
        start: float array (N, L), such as an Encoder's guess; random latents if None.
        steps: of Adam; they grow smaller towards the end.
        seed: of random latents.

    Returns:
        (latents float32 (N, L), errors float32 (N,)): an error is the root mean square difference of the pixels,
        in [0, 2], between the given picture and the one that the latent makes.

    Raises:
        InputError: the pictures do not have the generator's size.
    """
    size, width = generator.output_shape[1], generator.input_shape[-1]
    images = np.asarray(images)
    if images.shape[1:] != (size, size, 3):
        raise InputError(f"pictures must be {size} × {size} × 3, as the generator's. Received: {images.shape[1:]}")
    start = draw_latents(len(images), width, seed) if start is None else np.asarray(start, np.float32)
    seeker = _Seeker(generator, start, _target(network, images))
    rate = keras.optimizers.schedules.CosineDecay(RATE, steps)
    seeker.compile(optimizer=keras.optimizers.Adam(rate))
    pictures = to_unit(images)
    for _ in range(steps):
        seeker.train_on_batch(pictures)
    latents = ops.convert_to_numpy(seeker.latents.value).astype(np.float32)
    return latents, pixel_errors(images, generate(generator, latents))


def pixel_errors(images, others):
    """Root mean square difference of each pair of pictures, uint8 (N, S, S, 3): float32 (N,), in units of [-1, 1]."""
    return np.sqrt(((to_unit(images) - to_unit(others)) ** 2).mean(axis=(1, 2, 3)))


class _Seeker(keras.Model):
    """A model whose only weights are latents.

    The networks are kept in functions, where Keras does not look for weights to train.
    """

    def __init__(self, generator, start, target):
        super().__init__(name="seeker")
        self.latents = self.add_weight(
            shape=start.shape, initializer=lambda shape, dtype: ops.convert_to_tensor(start, dtype), name="latents"
        )
        self._generate = lambda latents: generator(latents, training=False)
        self._target = target

    def call(self, pictures):
        """The pictures of the latents as they are."""
        return self._generate(ops.convert_to_tensor(self.latents))

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """Sum over the pictures: each one's latent is improved for itself, however many there are."""
        pixels = ops.sum(ops.mean(ops.square(ops.subtract(y_pred, x)), axis=(1, 2, 3)))
        prior = PRIOR * ops.sum(ops.mean(ops.square(self.latents), axis=1))
        return pixels + prior + FEATURES * self._target(y_pred)


def _target(network, images):
    """Function from pictures in [-1, 1] to how far their features are from those of the given ones, summed."""
    if network is None:
        return lambda pictures: 0.0
    wanted = network.features(images)
    inner = keras.Model(network.model.input, network.model.output["features"])

    def distance(pictures):
        if pictures.shape[1] != SIDE:
            pictures = ops.image.resize(pictures, (SIDE, SIDE), interpolation="bilinear", antialias=True)
        return ops.sum(ops.mean(ops.square(ops.subtract(inner(pictures, training=False), wanted)), axis=1))

    return distance
