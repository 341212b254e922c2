"""The networks whose features distances are measured in, by name."""

import functools

import numpy as np

from animegan.files import InputError
from animegan.gan.engine import keras, ops
from animegan.gan.face_network import FaceNetwork
from animegan.pretrained import FOLDER

FACE_NETWORK = FOLDER / "face_network.keras"  # the one that comes with the project
INCEPTION_SIZE = 299  # side of the pictures that Inception takes, in pixels
BATCH = 50  # pictures a call of Inception: 50 × 299 × 299 × 3 floats are 54 MB


def load_features(name):
    """A feature network, ready for use.

    Args:
        name: "faces", the small one that comes with the project, or "inception", Keras's InceptionV3, trained on
            ImageNet's photographs, whose weights (88 MB) Keras downloads once.

    Returns:
        function from uint8 pictures (N, S, S, 3) to float32 features (N, F): 320 or 2048 of them.

    Raises:
        InputError: there is no such network, or its weights cannot be had.
    """
    if name == "faces":
        return load_face_network().features
    if name == "inception":
        return _inception()
    raise InputError(f"features must be faces or inception. Received: {name}")


@functools.cache
def load_face_network():
    """The face network that comes with the project: animegan.gan.face_network.FaceNetwork, the same at each call."""
    return FaceNetwork.load(FACE_NETWORK)


def _inception(weights="imagenet"):
    """Features of the last pooling layer, of pictures enlarged bilinearly, as the Fréchet Inception distance has it.

    Keras's weights are not those of the distance's authors: such figures compare among themselves only.
    """
    try:
        network = keras.applications.InceptionV3(include_top=False, weights=weights, pooling="avg")
    except Exception as error:  # Keras passes on what its downloader meets, a plain Exception among it
        raise InputError(
            "features=inception must find or download InceptionV3's weights; features=faces needs none. "
            f"Received: {error}"
        ) from error

    def features(images):
        rows = []
        for start in range(0, len(images), BATCH):
            batch = ops.cast(images[start : start + BATCH], "float32")
            large = ops.image.resize(batch, (INCEPTION_SIZE, INCEPTION_SIZE), interpolation="bilinear", antialias=True)
            rows.append(ops.convert_to_numpy(network(large / 127.5 - 1, training=False)))
        return np.concatenate(rows)

    return features
