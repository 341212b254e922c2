"""Pictures a second of training on a file that is streamed, against the same pictures in memory, turn and turn about.

    python benchmarks/stream.py [--size 64] [--width 4] [--pictures 24000] [--steps 200] [--rounds 5]

The networks are small, so that the input matters: with larger ones the ratio is nearer to 1. Each turn trains the same
model on the same batches; a streamed one begins with an empty memory and, on Linux, with a file that the system's own
cache has forgotten, so that the disk is read. The figure to quote is the median of the rounds' ratios.
"""

import argparse
import contextlib
import json
import os
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np

from animegan.faces.packed import FaceSet, FaceWriter
from animegan.gan.batches import FaceBatches, block_length
from animegan.gan.dcgan import build_dcgan
from animegan.gan.recipes import Recipe
from animegan.gan.streaming import StreamedBatches

BLOCK = 1000  # pictures written at a time


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--width", type=int, default=4)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--pictures", type=int, default=24_000)
    parser.add_argument("--steps", type=int, default=200, help="a turn")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = write(Path(folder) / "faces.h5", options)
        with FaceSet(path) as faces:
            rows, _ = faces.split()
            sides = {held: side(faces, rows, held, options) for held in (True, False)}
            rates = {held: [] for held in sides}
            for train in sides.values():
                train(0)  # compile and warm up
            for turn in range(1, 1 + options.rounds):
                for held, train in sides.items():
                    forget(path)
                    started = time.perf_counter()
                    train(turn)
                    rates[held].append(options.steps * options.batch / (time.perf_counter() - started))
    ratios = [streamed / held for held, streamed in zip(rates[True], rates[False], strict=True)]
    result = {"megabytes": len(rows) * options.size**2 * 3 // 1_000_000, "size": options.size, "width": options.width}
    names = {True: "in_memory", False: "streamed"}
    result["pictures_a_second"] = {names[held]: round(statistics.median(rates[held]), 1) for held in rates}
    result["ratio"] = round(statistics.median(ratios), 3)
    print(json.dumps(result | {"ratios": [round(ratio, 3) for ratio in sorted(ratios)]}))


def write(path, options):
    """A packed file of random pictures."""
    random = np.random.default_rng(0)
    with FaceWriter(path, options.size, {}) as writer:
        for start in range(0, options.pictures, BLOCK):
            count = min(BLOCK, options.pictures - start)
            pictures = random.integers(0, 256, (count, options.size, options.size, 3), np.uint8)
            writer.add(pictures, ["random"] * count, [{}] * count)
    return path


def side(faces, rows, held, options):
    """A function that trains the turn of a number."""
    model = build_dcgan(options.size, Recipe(width=options.width, batch=options.batch))
    if held:
        model.hold(faces.images(rows))

    def train(turn):
        order = options.batch, 0, turn * options.steps, (turn + 1) * options.steps
        numbers = np.arange(len(rows), dtype=np.int32)
        block = block_length(options.size)
        batches = FaceBatches(numbers, *order, block) if held else StreamedBatches(faces, rows, *order)
        with contextlib.closing(batches):
            model.fit(batches.for_fit(), verbose=0, shuffle=False)

    return train


def forget(path):
    """Drop the file from the system's cache, where it can be asked to."""
    if hasattr(os, "posix_fadvise"):
        with open(path, "rb") as file:
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


if __name__ == "__main__":
    main()
