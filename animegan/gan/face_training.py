"""Training of the face network, on the tags of packed files:

    python -m animegan.gan.face_training faces.h5 [more.h5 …] --out face_network.keras [--epochs 12]

Half of the faces it sees are spoilt on purpose, and it must tell how: a network that only names tags learns to
overlook blur and grain, which a measure of quality must not.
"""

import argparse
import itertools
import json
from pathlib import Path
from typing import NamedTuple

import numpy as np

from animegan.faces.packed import UNKNOWN, FaceSet
from animegan.files import InputError
from animegan.gan.damage import DAMAGES
from animegan.gan.engine import keras
from animegan.gan.face_network import DAMAGE, SIZE, FaceNetwork, build_face_network, head_names
from animegan.pictures import resize, to_unit

BATCH = 128  # faces a step
LEARNING_RATE = 1e-3  # Adam's usual
SHIFT = 4  # pixels by which a face is moved at random, so that its place does not matter


class LabelledFaces(keras.utils.PyDataset):
    """Batches of faces with their tags, mirrored and moved at random, half of them spoilt."""

    def __init__(self, pictures, codes, values, seed=0, augment=True):
        """Prepare the batches.

        Args:
            pictures: uint8 array (N, 64, 64, 3).
            codes: {tag: int array (N,)}, -1 where unknown.
            values: {tag: tuple of its values}.
            seed: of order and augmentation.
            augment: whether to shuffle, mirror, move and spoil; else the faces come as they are.
        """
        super().__init__()
        self.pictures, self.codes, self.values, self.seed, self.augment = pictures, codes, values, seed, augment
        self.epoch = 0

    def __len__(self):
        """Batches a pass over the data; the last one may be smaller."""
        return -(-len(self.pictures) // BATCH)

    def on_epoch_end(self):
        """Shuffle and augment anew."""
        self.epoch += 1

    def __getitem__(self, index):
        """Batch number `index`: (pictures float32 (n, 64, 64, 3), labels by head, weights by head)."""
        rows = np.arange(len(self.pictures))
        damages = np.zeros(len(rows), np.int64)
        if self.augment:
            rows = np.random.default_rng([self.seed, self.epoch]).permutation(rows)
        rows = rows[index * BATCH : (index + 1) * BATCH]
        images, damages = self.pictures[rows], damages[: len(rows)]
        if self.augment:
            images, damages = self._augmented(images, np.random.default_rng([self.seed, self.epoch, index]))
        codes = {name: self.codes[tag][rows] for tag, name in head_names(self.values).items()}
        labels = {name: np.maximum(code, 0) for name, code in codes.items()} | {DAMAGE: damages}
        weights = {name: (code != UNKNOWN).astype(np.float32) for name, code in codes.items()}
        weights[DAMAGE] = np.ones(len(rows), np.float32)
        return to_unit(images), labels, weights

    def _augmented(self, images, rng):
        flipped = rng.random(len(images)) < 0.5
        images = np.where(flipped[:, None, None, None], images[:, :, ::-1], images)
        padded = np.pad(images, ((0, 0), (SHIFT, SHIFT), (SHIFT, SHIFT), (0, 0)), "edge")
        corners = rng.integers(0, 2 * SHIFT + 1, (len(images), 2))
        images = np.stack([face[y : y + SIZE, x : x + SIZE] for face, (y, x) in zip(padded, corners, strict=True)])
        damages = np.where(rng.random(len(images)) < 0.5, 0, rng.integers(1, 1 + len(DAMAGES), len(images)))
        for kind, (spoil, most) in enumerate(DAMAGES.values(), start=1):
            chosen = np.flatnonzero(damages == kind)
            if len(chosen) > 1:  # one alone has no partner to be mixed with
                strength = most * rng.uniform(0.3, 1)
                strength = round(strength) if isinstance(most, int) else strength
                images[chosen] = spoil(images[chosen], strength)
            else:
                damages[chosen] = 0
        return images, damages


def train_face_network(paths, out, epochs=12, seed=0, verbose=2):
    """Train the network on the tags of packed files, and measure it on the pictures that they hold out.

    Args:
        paths: packed files; at least one must have tags.
        out: the .keras file to write.
        epochs: passes over the data.
        seed: of weights, order and augmentation.
        verbose: as in Keras's `fit`.

    Returns:
        dict, which also stands in the .json beside the network: files, epochs, pictures (trained on), held_out,
        parameters, and tags: the share of held-out faces whose tag is named rightly, {tag: {"accuracy": float,
        "chance": float, "n": int}}. "chance" is the share that always naming the commonest value would reach.

    Raises:
        InputError: a file cannot be used, or none has tags.
    """
    parts = [_read(path) for path in paths]
    values = {}
    for part in itertools.chain(*parts):
        for tag, (names, _) in part.tags.items():
            values[tag] = tuple(sorted({*values.get(tag, ()), *names}))
    if not values:
        raise InputError(f"a face network needs faces with tags. Received: none in {', '.join(map(str, paths))}")
    training, held_out = (_join(same, values) for same in zip(*parts, strict=True))
    model = build_face_network(values, seed)
    batches = LabelledFaces(*training, values, seed)
    heads = (*head_names(values).values(), DAMAGE)
    loss = {name: keras.losses.SparseCategoricalCrossentropy(from_logits=True) for name in heads}
    rate = keras.optimizers.schedules.CosineDecay(LEARNING_RATE, epochs * len(batches))
    model.compile(keras.optimizers.Adam(rate), loss=loss | {"features": None}, jit_compile=False)
    model.fit(batches, epochs=epochs, verbose=verbose, shuffle=False)
    network = FaceNetwork(model, values)
    figures = {
        "files": [Path(path).name for path in paths],
        "epochs": epochs,
        "pictures": len(training[0]),
        "held_out": len(held_out[0]),
        "parameters": model.count_params(),
        "tags": _accuracies(network, *held_out),
    }
    network.save(out, figures)
    return figures


class _Part(NamedTuple):
    """Faces of one file that are all to train on, or all held out."""

    pictures: np.ndarray  # uint8 (N, 64, 64, 3)
    tags: dict  # tag to (names, codes)


def _read(path):
    """A file's faces: (those to train on, those held out)."""
    with FaceSet(path) as faces:
        pictures = np.stack([resize(image, SIZE) for image in faces.images()])
        codes = {tag: faces.codes(tag) for tag in faces.tags}
        return [
            _Part(pictures[rows], {tag: (faces.tags[tag], codes[tag][rows]) for tag in faces.tags})
            for rows in faces.split()
        ]


def _join(parts, values):
    """(pictures, {tag: codes}) of several files, with codes that mean the same in all."""
    codes = {tag: [] for tag in values}
    for part in parts:
        for tag, names in values.items():
            own_names, own = part.tags.get(tag, ((), np.full(len(part.pictures), UNKNOWN)))
            meaning = np.array([*(names.index(name) for name in own_names), UNKNOWN])  # the last answers -1
            codes[tag].append(meaning[own])
    return np.concatenate([part.pictures for part in parts]), {tag: np.concatenate(codes[tag]) for tag in values}


def _accuracies(network, pictures, codes):
    named = network.tags(pictures)
    result = {}
    for tag, probabilities in named.items():
        known = codes[tag] != UNKNOWN
        truth = codes[tag][known]
        if len(truth):
            right = probabilities[known].argmax(axis=1) == truth
            chance = np.bincount(truth).max() / len(truth)
            result[tag] = {
                "accuracy": round(float(right.mean()), 3),
                "chance": round(float(chance), 3),
                "n": len(truth),
            }
    return result


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("faces", nargs="+", type=Path, help="packed .h5 files; those with tags teach the tags")
    parser.add_argument("--out", type=Path, required=True, help="the .keras file to write")
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    print(json.dumps(train_face_network(options.faces, options.out, options.epochs, options.seed), indent=1))
