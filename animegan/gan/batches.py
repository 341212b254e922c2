"""Shuffled batches of a packed file for `fit`, in an order that a seed and a step determine."""

import numpy as np

from animegan.files import InputError
from animegan.gan.engine import keras


class FaceBatches(keras.utils.PyDataset):
    """Batches of pictures, or of row numbers of pictures that the model holds, from a given step of the training on.

    Each epoch is one pass in a new order, which depends on the seed and the epoch alone: a resumed run sees the
    batches that it would have seen. What does not fill a batch at an epoch's end is left out of that epoch.
    """

    def __init__(self, pictures, batch, seed=0, first_step=0, last_step=None):
        """Prepare the order.

        Args:
            pictures: uint8 array (N, S, S, 3), or int32 array of N row numbers; N ≥ batch.
            batch: pictures a batch.
            seed: of the order.
            first_step: the step that the first batch is for, from 0.
            last_step: the step after the last one; one epoch after first_step if None.

        Raises:
            InputError: there are fewer pictures than a batch.
        """
        super().__init__()
        if len(pictures) < batch:
            raise InputError(f"there must be at least a batch of {batch} pictures. Received: {len(pictures)}")
        self.pictures, self.batch, self.seed = pictures, batch, seed
        self.steps_an_epoch = len(pictures) // batch
        self.first_step = first_step
        self.last_step = first_step + self.steps_an_epoch if last_step is None else last_step
        self._order = (None, None)  # of the epoch in hand

    def __len__(self):
        """Number of batches."""
        return self.last_step - self.first_step

    def __getitem__(self, index):
        """Batch number `index`, as (pictures,): uint8 (batch, S, S, 3) or int32 (batch,)."""
        return (self.pictures[self.rows(self.first_step + index)],)

    def for_fit(self):
        """What `fit` takes on the engine in use: these batches, on TensorFlow as a tf.data.Dataset.

        Keras would make one too, but with TensorFlow's autotuner, whose thread misses the end of `fit` now and then and
        holds it up for as long as it sleeps, many seconds in a long run.
        """
        if keras.backend.backend() != "tensorflow":
            return self
        import tensorflow as tf

        batch = tf.TensorSpec((self.batch, *self.pictures.shape[1:]), self.pictures.dtype)
        dataset = tf.data.Dataset.from_generator(
            lambda: (self[index] for index in range(len(self))), output_signature=(batch,)
        )
        options = tf.data.Options()
        options.autotune.enabled = False
        counted = dataset.apply(tf.data.experimental.assert_cardinality(len(self)))
        return counted.with_options(options).prefetch(2)

    def rows(self, step):
        """Which pictures the batch of a step holds: int64 (batch,)."""
        epoch, position = divmod(step, self.steps_an_epoch)
        if self._order[0] != epoch:
            self._order = epoch, np.random.default_rng([self.seed, epoch]).permutation(len(self.pictures))
        return self._order[1][position * self.batch : (position + 1) * self.batch]
