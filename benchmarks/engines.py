"""Pictures a second of `animegan train` on each engine that is installed, turn and turn about.

    python benchmarks/engines.py [--size 64] [--width 64] [--batch 64] [--steps 12] [--rounds 5] [--recipe classic]

Each engine is a process of its own that trains while the others wait, so that none disturbs another and a change of the
machine's speed meets them all; its first round, which compiles, does not count. Prints the median of the rounds, and of
each round's ratio to the default engine, TensorFlow, with the device that Keras found. Needs the extras jax and torch
for those engines.
"""

import argparse
import dataclasses
import importlib.util
import json
import statistics
import time

from train_speed import Side, pictures, serve

from animegan.gan.recipes import RECIPES

ENGINES = {"tensorflow": "TensorFlow", "jax": "JAX", "torch": "PyTorch"}
DEFAULT = "tensorflow"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--width", type=int, default=64)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--steps", type=int, default=12, help="a round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--recipe", choices=RECIPES, default="classic")
    parser.add_argument("--side", choices=ENGINES, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.side:
        serve(side(options), options)
        return
    sides, started = {}, {}
    for engine in ENGINES:
        if importlib.util.find_spec(engine):
            before = time.perf_counter()
            sides[engine] = Side(engine, __file__, KERAS_BACKEND=engine)
            started[engine] = round(time.perf_counter() - before, 1)
    rates = {engine: [] for engine in sides}
    for _ in range(options.rounds):
        for engine, one in sides.items():
            rates[engine].append(one.turn()[0])
    result = {name: getattr(options, name) for name in ("size", "width", "batch", "recipe")} | {"engines": {}}
    for engine, mine in rates.items():
        ratios = [rate / default for rate, default in zip(mine, rates[DEFAULT], strict=True)]
        result["engines"][ENGINES[engine]] = {
            "device": sides[engine].finish(),
            "pictures_a_second": round(statistics.median(mine), 1),
            "ratio": round(statistics.median(ratios), 3),
            "ratios": [round(ratio, 3) for ratio in sorted(ratios)],
            "seconds_to_start": started[engine],
        }
    print(json.dumps(result))


def side(options):
    """(function that trains a round as `animegan train` does, function that tells the device)."""
    import numpy as np

    from animegan.gan.batches import FaceBatches
    from animegan.gan.dcgan import build_dcgan
    from animegan.gan.engine import describe_device

    recipe = dataclasses.replace(RECIPES[options.recipe], width=options.width, batch=options.batch)
    model = build_dcgan(options.size, recipe)
    images = pictures(options)
    model.hold(images)
    batches = FaceBatches(np.arange(len(images), dtype=np.int32), options.batch)
    return lambda: model.fit(batches.for_fit(), verbose=0, shuffle=False), describe_device


if __name__ == "__main__":
    main()
