"""Shuffled batches of pictures a second: faces.h5 as training reads it, against the two usual ways, in turns.

    python benchmarks/shuffled_batches.py [--size 64] [--pictures 12000] [--batch 64] [--epochs 5] [--rounds 3]

The sides: `held`, the packed file as training reads it where it fits in memory: once, and then shuffled there;
`streamed`, the same file window by window, as where it does not fit; `directory`, the same pictures as JPEG files
through `keras.utils.image_dataset_from_directory`, shuffled; `one_by_one`, single rows of the packed file by h5py in
shuffled order. A round of a side is --epochs passes over all pictures in uint8 batches (float32 from Keras, which gives
no other), from opening the file on, after the system's cache has forgotten the files, where it can be asked to. The
figures to quote are the medians of the rounds' ratios. Prints one JSON object.
"""

import argparse
import contextlib
import json
import os
import statistics
import tempfile
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import h5py
import numpy as np

from animegan.faces.drawn import pack_drawn
from animegan.faces.packed import FaceSet
from animegan.gan.batches import FaceBatches
from animegan.gan.engine import keras
from animegan.gan.streaming import StreamedBatches
from animegan.pictures import encode


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--pictures", type=int, default=12_000)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--epochs", type=int, default=5, help="passes a round")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pack_drawn(folder / "faces.h5", options.pictures, options.size, progress=False)
        write_files(folder)
        rates = {side.__name__: [] for side in SIDES}
        for turn in range(options.rounds):
            for side in SIDES:
                forget(folder)
                started = time.perf_counter()
                count = side(folder, options, turn)
                rates[side.__name__].append(count / (time.perf_counter() - started))
    result = {"size": options.size, "pictures": options.pictures, "batch": options.batch}
    result["epochs"] = options.epochs
    result["pictures_a_second"] = {name: round(statistics.median(each), 1) for name, each in rates.items()}
    for ours in ("held", "streamed"):
        result[f"{ours}_over"] = {name: ratio(rates[ours], rates[name]) for name in ("directory", "one_by_one")}
    print(json.dumps(result))


def held(folder, options, turn):
    """The packed file, read once and shuffled in memory."""
    with FaceSet(folder / "faces.h5") as faces:
        images = faces.images()
    steps = options.epochs * (len(images) // options.batch)
    batches = FaceBatches(images, options.batch, turn, 0, steps)
    return sum(len(batches[index][0]) for index in range(len(batches)))


def streamed(folder, options, turn):
    """The packed file, a window at a time."""
    with FaceSet(folder / "faces.h5") as faces:
        rows = np.arange(len(faces))
        steps = options.epochs * (len(rows) // options.batch)
        with contextlib.closing(StreamedBatches(faces, rows, options.batch, turn, 0, steps)) as batches:
            return sum(len(batches[index][0]) for index in range(len(batches)))


def directory(folder, options, turn):
    """JPEG files in a folder."""
    size = (options.size, options.size)
    words = {"labels": None, "image_size": size, "batch_size": options.batch, "shuffle": True, "seed": turn}
    dataset = keras.utils.image_dataset_from_directory(folder / "files", verbose=False, **words)
    return sum(len(batch) for _ in range(options.epochs) for batch in dataset)


def one_by_one(folder, options, turn):
    """Single rows of the packed file, as a loop would read them."""
    count, rng = 0, np.random.default_rng(turn)
    with h5py.File(folder / "faces.h5") as file:
        images = file["images"]
        for _ in range(options.epochs):
            order = rng.permutation(len(images))
            for start in range(0, len(order), options.batch):
                count += len(np.stack([images[row] for row in order[start : start + options.batch]]))
    return count


SIDES = held, streamed, directory, one_by_one


def write_files(folder):
    """The packed pictures as JPEG files."""
    (folder / "files").mkdir()
    with FaceSet(folder / "faces.h5") as faces:
        for row in range(len(faces)):
            (folder / "files" / f"{row}.jpg").write_bytes(encode(faces.images([row])[0], ".jpg"))


def forget(folder):
    """Drop the files from the system's cache, where it can be asked to."""
    if hasattr(os, "posix_fadvise"):
        for path in folder.rglob("*.*"):
            with open(path, "rb") as file:
                os.fsync(file.fileno())
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def ratio(ours, theirs):
    return round(statistics.median(a / b for a, b in zip(ours, theirs, strict=True)), 1)


if __name__ == "__main__":
    main()
