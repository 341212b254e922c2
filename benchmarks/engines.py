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

import rivals
import turns

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
        turns.serve(*side(options))
        return
    sides = {}
    for engine in ENGINES:  # one after another: the seconds to start are those of a process alone
        if importlib.util.find_spec(engine):
            sides |= turns.start({engine: {"KERAS_BACKEND": engine}})
    rates = turns.alternate(sides, options.rounds)
    result = {name: getattr(options, name) for name in ("size", "width", "batch", "recipe")} | {"engines": {}}
    medians = turns.medians(rates, rates, "pictures")["pictures_a_second"]
    for engine, one in sides.items():
        ratios = turns.ratios(rates, engine, [DEFAULT])
        result["engines"][ENGINES[engine]] = {
            "device": one.facts["device"],
            "pictures_a_second": medians[engine],
            "ratio": ratios["ratio_a_second"][DEFAULT],
            "ratios": ratios["all_ratios_a_second"][DEFAULT],
            "seconds_to_start": one.seconds_to_start,
        }
    print(json.dumps(result))


def side(options):
    """What `animegan train` does on the engine that this process has, for `turns.serve`."""
    import numpy as np

    from animegan.gan.batches import FaceBatches
    from animegan.gan.dcgan import build_dcgan
    from animegan.gan.engine import describe_device

    recipe = dataclasses.replace(RECIPES[options.recipe], width=options.width, batch=options.batch)
    model = build_dcgan(options.size, recipe)
    images = rivals.pictures(options)
    model.hold(images)
    batches = FaceBatches(np.arange(len(images), dtype=np.int32), options.batch, last_step=turns.FOR_EVER)
    work = turns.fit_in_rounds(model, batches.for_fit(), options.steps)
    return work, len(images), {"device": describe_device()}


if __name__ == "__main__":
    main()
