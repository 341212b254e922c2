"""Shuffled batches of a packed file for `fit`, in an order that a seed and a step determine."""

import math

import numpy as np

from animegan.files import InputError
from animegan.gan.distribution import ALONE
from animegan.gan.engine import keras

BLOCK_BYTES = 1 << 19  # neighbouring pictures that are read at once: half a megabyte, much more work than the seek
WINDOW = 128  # blocks that are shuffled together, 64 MB: a batch of 64 has pictures from about 50 places of the file
LANES = 8  # parts of a window that each fill their own part of every batch; workers that read nothing in common


class FaceBatches(keras.utils.PyDataset):
    """Batches of pictures, or of row numbers of pictures that the model holds, from a given step of the training on.

    Each epoch is one pass in a new order, which depends on the seed and the epoch alone: a resumed run sees the
    batches that it would have seen. What does not fill a batch at an epoch's end is left out of that epoch.
    """

    def __init__(self, pictures, batch, seed=0, first_step=0, last_step=None, block=None, workers=ALONE):
        """Prepare the order.

        Args:
            pictures: uint8 array (N, S, S, 3), or int32 array of N row numbers; N ≥ batch.
            batch: pictures a batch, of all workers together.
            seed: of the order.
            first_step: the step that the first batch is for, from 0.
            last_step: the step after the last one; one epoch after first_step if None.
            block: neighbouring pictures that stay near each other within an epoch; None shuffles all alike.
            workers: animegan.gan.distribution.Workers, each of which gets its part of each batch.

        Raises:
            InputError: there are fewer pictures than a batch.
        """
        super().__init__()
        if len(pictures) < batch:
            raise InputError(f"there must be at least a batch of {batch} pictures. Received: {len(pictures)}")
        self.pictures, self.batch, self.seed, self.block = pictures, batch, seed, block or len(pictures)
        self.steps_an_epoch = len(pictures) // batch
        windows = -(-self.steps_an_epoch // max(1, WINDOW * self.block // batch))
        self.steps_a_window = -(-self.steps_an_epoch // windows)  # windows of about the same size
        self.first_step = first_step
        self.last_step = first_step + self.steps_an_epoch if last_step is None else last_step
        self.share = batch // workers.count
        self._part = slice(workers.number * self.share, (workers.number + 1) * self.share)
        self._order = (None, None)  # of the epoch in hand
        self.failure = None  # the OSError that ended them

    def __len__(self):
        """Number of batches."""
        return self.last_step - self.first_step

    def __getitem__(self, index):
        """The worker's part of batch number `index`, as (pictures,): uint8 (share, S, S, 3) or int32 (share,)."""
        return (self.pictures[self.rows(self.first_step + index)[self._part]],)

    def for_fit(self):
        """What `fit` takes on the engine in use: these batches, on TensorFlow as a tf.data.Dataset.

        Keras would make one too, but with TensorFlow's autotuner, whose thread misses the end of `fit` now and then and
        holds it up for as long as it sleeps, many seconds in a long run.
        """
        if keras.backend.backend() != "tensorflow":
            return self
        import tensorflow as tf

        batch = tf.TensorSpec((self.share, *self.pictures.shape[1:]), self.pictures.dtype)
        dataset = tf.data.Dataset.from_generator(self._each, output_signature=(batch,))
        options = tf.data.Options()
        options.autotune.enabled = False
        counted = dataset.apply(tf.data.experimental.assert_cardinality(len(self)))
        return counted.with_options(options).prefetch(2)

    def _each(self):
        """The batches one by one. What breaks here TensorFlow reports in words of its own."""
        try:
            for index in range(len(self)):
                yield self[index]
        except OSError as error:
            self.failure = error
            raise

    def close(self):
        """End whatever goes on beside the training; nothing here."""

    def rows(self, step):
        """Which pictures the batch of a step holds, of all workers together: int64 (batch,)."""
        epoch, position = divmod(step, self.steps_an_epoch)
        return self.order(epoch)[position]

    def order(self, epoch):
        """Which pictures each batch of an epoch holds: int64 (steps_an_epoch, batch)."""
        known, order = self._order
        if known != epoch:
            order = self._shuffled(np.random.default_rng([self.seed, epoch]))
            self._order = epoch, order
        return order

    def _shuffled(self, rng):
        """A new order. What fits in one window is shuffled as a whole, and more than that in three steps.

        The blocks are shuffled; as many as fill a window, from anywhere in the file, are cut into lanes; the pictures
        of a lane are shuffled, and each batch takes as many from every lane. A window is what must be in memory, and
        lanes are what a worker reads of it: the order is the same for one worker and for several.
        """
        count, steps = len(self.pictures), self.steps_an_epoch
        if self.steps_a_window == steps:
            return rng.permutation(count)[: steps * self.batch].reshape(steps, self.batch)
        starts = rng.permutation(-(-count // self.block)) * self.block
        rows = np.concatenate([np.arange(start, min(start + self.block, count)) for start in starts])
        order = rows[: steps * self.batch].reshape(steps, self.batch)
        lanes = math.gcd(self.batch, LANES)
        for first in range(0, steps, self.steps_a_window):
            window = order[first : first + self.steps_a_window]
            mixed = rng.permuted(window.reshape(lanes, -1), axis=1).reshape(lanes, len(window), -1)
            window[:] = mixed.swapaxes(0, 1).reshape(window.shape)
        return order


def block_length(size):
    """Pictures of a side of `size` pixels in a block."""
    return max(1, BLOCK_BYTES // (size * size * 3))
