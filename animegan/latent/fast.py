"""One face at once: the generator as a compiled function, for a picture that follows a finger on a key.

`predict` builds a data pipeline at each call, and a plain call of the network runs layer by layer from Python; both
take several times as long as the arithmetic. Here the whole network is one call: a graph on TensorFlow, compiled on
JAX; and PyTorch, which is fast layer by layer, keeps no record for gradients.
"""

import numpy as np

from animegan.gan.engine import keras
from animegan.pictures import to_uint8

SIZES = (1, 8, 25)  # latents a call: a face, a strip, a sheet. Each has a graph of its own, so they are few


class FastGenerator:
    """Makes few faces in little time."""

    def __init__(self, generator, warm=True):
        """Compile the generator.

        Args:
            generator: keras.Model from latents (N, L) to pictures (N, S, S, 3) in [-1, 1].
            warm: make one face of each batch size now, so that the first one asked for does not wait for the compiler.
        """
        self.width, self.size = generator.input_shape[-1], generator.output_shape[1]
        self._call = _compiled(generator)
        for count in SIZES if warm else ():
            self(np.zeros((count, self.width), np.float32))

    def __call__(self, latents):
        """Make faces.

        Args:
            latents: float array (N, L), or (L,) for one face.

        Returns:
            uint8 array (N, S, S, 3), RGB, or (S, S, 3) for one face.
        """
        latents = np.asarray(latents, np.float32)
        if latents.ndim == 1:
            return self(latents[None])[0]
        return np.concatenate(
            [self._batch(part) for part in np.split(latents, range(SIZES[-1], len(latents), SIZES[-1]))]
        )

    def _batch(self, latents):
        """One call, padded to the next of the batch sizes."""
        count = next(size for size in SIZES if size >= len(latents))
        padded = np.pad(latents, ((0, count - len(latents)), (0, 0)))
        return to_uint8(self._call(padded)[: len(latents)])


def _compiled(generator):
    """Function from a float32 array (N, L) to one (N, S, S, 3), on the engine in use."""
    engine = keras.backend.backend()
    if engine == "tensorflow":
        import tensorflow as tf

        graph = tf.function(lambda latents: generator(latents, training=False))
        return lambda latents: graph(tf.constant(latents)).numpy()
    if engine == "jax":
        import jax

        weights = [
            [weight.value for weight in group]
            for group in (generator.trainable_variables, generator.non_trainable_variables)
        ]
        run = jax.jit(lambda latents: generator.stateless_call(*weights, latents, training=False)[0])
        return lambda latents: np.asarray(run(latents))
    import torch

    device = generator.trainable_variables[0].value.device

    @torch.inference_mode()
    def run(latents):
        return generator(torch.from_numpy(latents).to(device), training=False).cpu().numpy()

    return run
