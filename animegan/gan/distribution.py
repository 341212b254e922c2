"""Training on several devices, of one machine or of several: Keras's data parallelism, which it has on JAX.

Each worker, a process with all devices of its machine, computes its part of every batch, and JAX makes it one step on
the whole batch: same losses, same averages of batch norm, same random numbers. That only works while all workers do the
same, so what hangs on a clock or a signal they decide together. They write the same, too, the first one into the run
folder and the others into folders that are thrown away.
"""

import contextlib
import io
import os
import re
import struct
import tempfile
import zipfile
from typing import NamedTuple

from animegan.files import InputError
from animegan.gan.lost_workers import LOST, missed, say_before_abort
from animegan.gan.runs import Run

VARIABLES = ("KERAS_DISTRIBUTION_JOB_ADDRESSES", "KERAS_DISTRIBUTION_NUM_PROCESSES", "KERAS_DISTRIBUTION_PROCESS_ID")
WORDS = (None, "save", "minutes", "SIGINT", "SIGTERM")  # what workers tell each other, the strongest last
WAIT = 300  # seconds that workers wait for each other at the beginning
HEARTBEAT = 30  # seconds without a sign of life after which a worker is lost; one that is killed is missed at once


class Cluster(NamedTuple):
    """The workers of a run, as the environment names them."""

    address: str = ""  # host:port, where the first worker waits for the others
    count: int = 1
    number: int = 0  # this one's, from 0


def read_cluster():
    """The Cluster that Keras's environment variables describe; this process alone where none is set.

    Raises:
        InputError: one of them is missing or makes no sense.
    """
    values = [os.environ.get(name, "") for name in VARIABLES]
    if not any(values):
        return Cluster()
    address = values[0].partition(",")[0]
    count, number = (int(value) if value.isdecimal() else -1 for value in values[1:])
    rules = [
        (re.fullmatch(r".+:\d+", address), "the first worker's HOST:PORT"),
        (count > 0, "the number of workers"),
        (0 <= number < count, "this worker's number, from 0"),
    ]
    for name, value, (holds, rule) in zip(VARIABLES, values, rules, strict=True):
        if not holds:
            raise InputError(f"{name} must be {rule}. Received: {value or 'nothing'}")
    return Cluster(address, count, number)


class Workers:
    """The workers of a run, as one of them sees them. What is asked here all must ask, at the same point."""

    def __init__(self, count=1, number=0, devices=1):
        """Describe them.

        Args:
            count: how many.
            number: this one's, from 0.
            devices: how many all have together.
        """
        self.count, self.number, self.devices = count, number, devices
        self.first = number == 0

    def gather(self, data):
        """Bytes of every worker, by its number: a list; each gives as many."""
        if self.count == 1:
            return [data]
        import numpy as np
        from jax.experimental import multihost_utils

        return [row.tobytes() for row in multihost_utils.process_allgather(np.frombuffer(data, np.uint8))]

    def share(self, data):
        """The first worker's bytes, for all; what others give does not matter."""
        if self.count == 1:
            return data
        import numpy as np
        from jax.experimental import multihost_utils

        (length,) = struct.unpack("q", self.gather(struct.pack("q", len(data)))[0])
        given = np.frombuffer(data, np.uint8) if self.first else np.zeros(length, np.uint8)
        return multihost_utils.broadcast_one_to_all(given).tobytes()

    def all(self, flag):
        """Whether the flag is set at every worker."""
        return all(map(any, self.gather(bytes([bool(flag)]))))

    def ask(self, word):
        """A word that any worker says, one of WORDS; None where all give None."""
        if self.count == 1:
            return word
        said = self.gather(bytes([WORDS.index(word)]))
        return WORDS[max(said)[0]]

    def everywhere(self, array):
        """An array for all devices; the same at every worker, which is not checked: it may be large."""
        if self.devices == 1:
            return array
        import jax

        from animegan.gan.engine import keras

        layout = keras.distribution.TensorLayout([None] * array.ndim, keras.distribution.distribution().device_mesh)
        return jax.make_array_from_callback(array.shape, layout.backend_layout, lambda index: array[index])

    @contextlib.contextmanager
    def mirrored(self, run):
        """Give the first worker its run, and every other one a run of its own that begins with the same state.

        Args:
            run: animegan.gan.runs.Run of the first worker.
        """
        packed = self.share(_pack(run) if self.first and self.count > 1 else b"")
        if self.first:
            yield run
            return
        with tempfile.TemporaryDirectory(prefix="animegan-worker-") as folder:
            zipfile.ZipFile(io.BytesIO(packed)).extractall(folder)
            run = Run(folder)
            run.name = "the first worker's run"
            yield run


ALONE = Workers()


def _pack(run):
    """What a run goes on from, as the bytes of a ZIP file."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for path in [*run.folder.glob("config.json"), *run.folder.glob("metrics.csv"), *run.checkpoints().values()]:
            archive.write(path, path.relative_to(run.folder))
    return data.getvalue()


@contextlib.contextmanager
def joined(batch):
    """While the block runs, networks are built and trained on all devices of all workers.

    Args:
        batch: pictures a step, of all workers together.

    Yields:
        Workers.

    Raises:
        InputError: that cannot be done with this engine, these variables or that batch.
        ConnectionError: another worker did not come, or ended before.
    """
    cluster = read_cluster()
    from animegan.gan.engine import keras

    engine = keras.backend.backend()
    if engine != "jax":
        raise InputError(f"--distribute needs JAX as the engine: KERAS_BACKEND must be jax. Received: {engine}")
    import jax

    with missed() if cluster.count > 1 else contextlib.nullcontext():
        if cluster.count > 1 and not jax.distributed.is_initialized():
            _connect(cluster)
        devices = jax.device_count()
        if devices != cluster.count * jax.local_device_count():
            raise InputError("all workers must have as many devices. Received: other numbers of them")
        if batch % devices:
            raise InputError(f"batch must be a multiple of the {devices} devices. Received: {batch}")
        # Each worker gives its own part of a batch: there is nothing left to share out.
        keras.distribution.set_distribution(keras.distribution.DataParallel(auto_shard_dataset=False))
        try:
            yield Workers(cluster.count, cluster.number, devices)
        finally:
            keras.distribution.set_distribution(None)


def _connect(cluster):
    """Wait for the other workers."""
    import jax

    jax.config.update("jax_enable_preemption_service", False)  # SIGTERM is ours
    rule = f"the {cluster.count} workers must all reach the first one at {cluster.address} within {WAIT} s"
    say_before_abort(f"{rule}. Received: no word of at least one")
    try:
        jax.distributed.initialize(
            cluster.address,
            cluster.count,
            cluster.number,
            cluster_detection_method="deactivate",
            initialization_timeout=WAIT,
            heartbeat_timeout_seconds=HEARTBEAT,
            shutdown_timeout_seconds=2 * HEARTBEAT,
        )
    except RuntimeError as error:
        raise ConnectionError(f"{rule}. Received: {error}") from error
    say_before_abort(LOST)
