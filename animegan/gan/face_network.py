"""A small network that knows anime faces: it names their tags, and its features measure how far faces lie apart.

The usual feature network for such distances, Inception, learned photographs of a thousand kinds of things, is 90 MB
large and must be downloaded. This one learned what varies in anime faces, and comes with the project.
"""

import json
import zipfile
from pathlib import Path

import numpy as np

from animegan.files import InputError, replacing
from animegan.gan.damage import DAMAGES
from animegan.gan.engine import keras, layers, ops
from animegan.pictures import resize, to_unit

SIZE = 64  # side of the pictures that it takes, in pixels
CHANNELS = ((32, 2), (64, 2), (64, 1), (128, 2), (128, 1), (128, 2))  # (channels, stride) of each convolution
POOLED = (2, 4, 5)  # the layers whose averages are the features: eyelashes, eyes and locks, whole faces
DAMAGE = "damage"  # the head that tells whether and how a picture was spoilt
BATCH = 250  # pictures a call


def build_face_network(values, seed=0):
    """Build the network.

    Args:
        values: {tag: tuple of its values}.
        seed: of the initial weights.

    Returns:
        keras.Model: float32 pictures (N, 64, 64, 3) in [-1, 1] to a dict: "features" float32 (N, 320), each of mean 0
        and variance 1 over the training pictures; for each tag, under its `head_names` name, logits
        (N, number of values); "damage" logits (N, 1 + kinds of damage), the first for none.
    """
    seeds = iter(range(seed, seed + 100))
    pictures = keras.Input((SIZE, SIZE, 3), name="pictures")
    x, pooled = pictures, []
    # 64×64×3 → 32×32×32 → 16×16×64 → 16×16×64 → 8×8×128 → 8×8×128 → 4×4×128
    for index, (channels, stride) in enumerate(CHANNELS):
        start = keras.initializers.HeNormal(seed=next(seeds))
        x = layers.Conv2D(channels, 3, stride, padding="same", use_bias=False, kernel_initializer=start)(x)
        x = layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))
        if index in POOLED:
            pooled.append(layers.GlobalAveragePooling2D()(x))
    # Without scale and centre: each feature weighs the same in a distance.
    features = layers.BatchNormalization(momentum=0.99, scale=False, center=False, name="features")(
        layers.Concatenate()(pooled)
    )
    names = head_names(values)
    heads = {names[tag]: len(values[tag]) for tag in values} | {DAMAGE: 1 + len(DAMAGES)}
    hidden = layers.Dropout(0.2, seed=next(seeds))(features)
    start = [keras.initializers.GlorotUniform(seed=next(seeds)) for _ in heads]
    outputs = {
        name: layers.Dense(count, kernel_initializer=one)(hidden)
        for (name, count), one in zip(heads.items(), start, strict=True)
    }
    return keras.Model(pictures, {"features": features} | outputs, name="face_network")


def head_names(values):
    """What the head of each tag is called: {tag: str}. Tags may have any letters, outputs of a network may not."""
    return {tag: f"tag_{index}" for index, tag in enumerate(values)}


class FaceNetwork:
    """A trained face network: pictures in, features and tags out."""

    def __init__(self, model, values):
        """Use a trained model.

        Args:
            model: keras.Model that build_face_network built.
            values: {tag: tuple of its values}, as it was built with.
        """
        self.model, self.values = model, {tag: tuple(names) for tag, names in values.items()}

    def save(self, path, figures):
        """Write it as a .keras file, and its values beside it, in a .json of the same name.

        Args:
            path: the .keras file.
            figures: dict for the .json: what it was trained on, how well it does.
        """
        path = Path(path)
        with replacing(path) as temporary:
            self.model.save(temporary, include_optimizer=False)
        with replacing(path.with_suffix(".json")) as temporary:
            temporary.write_text(json.dumps({"values": self.values} | figures, indent=1) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path):
        """Read what `save` wrote.

        Raises:
            InputError: there is none, or it cannot be read.
        """
        path = Path(path)
        try:
            values = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))["values"]
            return cls(keras.saving.load_model(path, compile=False), values)
        except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
            raise InputError(
                f"a face network must be a .keras file with its .json beside it. Received: {path}"
            ) from error

    def features(self, images):
        """What the network sees in pictures.

        Args:
            images: uint8 array (N, S, S, 3), any side.

        Returns:
            float32 array (N, 320).
        """
        return self._run(images)["features"]

    def tags(self, images):
        """How likely each value of each tag is.

        Args:
            images: uint8 array (N, S, S, 3), any side.

        Returns:
            dict: tag to float32 array (N, number of values), rows that sum to 1, in the order of `values[tag]`.
        """
        logits = self._run(images)
        return {tag: ops.convert_to_numpy(ops.softmax(logits[name])) for tag, name in head_names(self.values).items()}

    def knows(self, selections):
        """Whether the network can tell all of these: strings such as "hair=blonde"."""
        pairs = [selection.partition("=")[::2] for selection in selections]
        return all(value in self.values.get(tag, ()) for tag, value in pairs)

    def shows(self, images, selections):
        """Which pictures show all of these, where the network must choose one value of each tag.

        Args:
            images: uint8 array (N, S, S, 3), any side.
            selections: strings such as "hair=blonde", which the network knows.

        Returns:
            bool array (N,).
        """
        seen, result = self.tags(images), np.ones(len(images), bool)
        for selection in selections:
            tag, _, value = selection.partition("=")
            result &= seen[tag].argmax(axis=1) == self.values[tag].index(value)
        return result

    def _run(self, images):
        rows = []
        for start in range(0, len(images), BATCH):
            batch = np.stack([resize(image, SIZE) for image in images[start : start + BATCH]])
            padded = np.pad(batch, ((0, BATCH - len(batch)), (0, 0), (0, 0), (0, 0)))  # one shape: compiled once
            outputs = self.model.predict_on_batch(to_unit(padded))
            rows.append({name: value[: len(batch)] for name, value in outputs.items()})
        return {name: np.concatenate([row[name] for row in rows]) for name in rows[0]}
