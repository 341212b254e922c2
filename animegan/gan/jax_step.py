"""Many training steps in one call, on JAX: on a GPU a small step is over before Python has asked for the next."""

import jax

from animegan.gan.dcgan import DCGAN


class JaxDCGAN(DCGAN):
    """A DCGAN whose `fit` also takes the row numbers of many batches at once, (steps, N): as many steps in one call.

    They are the same steps as one by one, in the same order; nothing leaves the device between them. The pictures that
    `hold` keeps are not copied: JAX sees that no step changes them.
    """

    def train_step(self, state, data):
        """A step on a batch as `prepare` takes it, or one on each row of a matrix of row numbers.

        Args:
            state: as keras.Model.train_step has it on JAX, lists of arrays.
            data: tuple of a batch, or of an integer array (steps, N).

        Returns:
            (metrics so far, new state).
        """
        if len(data[0].shape) != 2:
            return super().train_step(state, data)

        def one_step(state, rows):
            logs, state = super(JaxDCGAN, self).train_step(state, (rows,))
            return _lists(state), logs

        state, logs = jax.lax.scan(one_step, _lists(state), data[0])
        return {name: values[-1] for name, values in logs.items()}, state


def _lists(state):
    return tuple(list(part) for part in state)
