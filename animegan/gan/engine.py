"""Keras, loaded quietly, and the device that it computes on. The modules of this room take Keras from here.

TensorFlow's libraries write remarks about drivers to the process's stderr while they load, before any setting of
theirs is read, also where all is well. They would stand in every notebook and before every error message.
"""

import contextlib
import logging
import os
import sys

from animegan.settings import core_count, has_gpu


@contextlib.contextmanager
def _native_stderr_off():
    """While the block runs, what C++ writes to stderr is dropped. Python's own exceptions are not affected."""
    sys.stderr.flush()
    kept = os.dup(2)
    try:
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


# TensorFlow's faster convolutions (oneDNN) are off by default on processors without VNNI instructions, where a DCGAN's
# step takes much longer without them (benchmarks/train_speed.py; TF_ENABLE_ONEDNN_OPTS=0 compares).
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
# Without a GPU its "errors" are about the GPU; what really fails raises an exception.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2" if has_gpu() else "3")
with _native_stderr_off():
    import keras
    from keras import layers, ops

logging.getLogger("tensorflow").setLevel("ERROR")  # it warns of retracing where a fifth network makes faces
if keras.backend.backend() != "tensorflow":
    # Keras loads TensorFlow too, if it is there, only to ask whether what it saves is of a type of TensorFlow's. That
    # takes seconds and prints the remarks again. There is no public way to tell Keras not to.
    with contextlib.suppress(ImportError):
        from keras.src.utils import module_utils

        module_utils.tensorflow._available = False

__all__ = ["describe_device", "keras", "layers", "ops"]


def describe_device():
    """The engine and device that training will use, in words: "TensorFlow 2.21.0 on the CPU (2 cores)"."""
    engine = keras.backend.backend()
    module = sys.modules[{"tensorflow": "tensorflow", "jax": "jax", "torch": "torch"}[engine]]
    if engine == "tensorflow":
        name, gpus = "TensorFlow", [gpu.name for gpu in module.config.list_physical_devices("GPU")]
    elif engine == "jax":
        name, gpus = "JAX", [device.device_kind for device in module.devices() if device.platform != "cpu"]
    else:
        name, cuda = "PyTorch", module.cuda
        gpus = [cuda.get_device_name(i) for i in range(cuda.device_count())]
    where = f"{len(gpus)} GPU ({', '.join(gpus)})" if gpus else f"the CPU ({core_count()} cores)"
    return f"{name} {module.__version__} on {where}"
