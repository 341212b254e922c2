"""Pictures a second of `animegan train` against three published training loops, turn and turn about.

    python benchmarks/train_speed.py [--size 64] [--width 64] [--batch 64] [--steps 8] [--rounds 7] [--sides NAME...]

    animegan             all of it: held uint8 pictures, shuffled rows, rescaling and flips, through Keras's `fit`
    pytorch              the loop of PyTorch's DCGAN example
    tensorflow_tutorial  the loop of TensorFlow's DCGAN tutorial
    train_on_batch       the idiom of Keras-GAN
    product              the product of two large matrices: the peak that the sides' arithmetic is a share of

Networks, batch, precision and number of threads are the same on all sides; the rivals' pictures are ready floats.
animegan turns TensorFlow's oneDNN operations on where TensorFlow leaves them off (on processors without VNNI). Who
copies the published code does not: so the two rivals on TensorFlow run both `_as_published` and, the stronger, with the
same setting as ours, and it is the stronger that counts. A ratio above 1 says that animegan is faster. Shares of the
peak count the arithmetic of a direct step for every side (operations.py), whatever way round it the side finds: they
can exceed 1. Needs the extra `torch` for its side.
"""

import argparse
import json
import statistics
import time

import operations
import rivals
import turns


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--width", type=int, default=64)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--steps", type=int, default=8, help="a round")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--sides", nargs="+", choices=SIDES, default=list(SIDES), help="animegan is always one")
    parser.add_argument("--side", choices=SIDES, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.side:
        turns.serve(*SIDES[options.side][0](options))
        return
    names = [name for name in SIDES if name == "animegan" or name in options.sides]
    sides = turns.start({name: SIDES[name][1] for name in names if name != "product"})
    sides |= turns.start({name: {} for name in names if name == "product"})  # alone: it looks for the fastest library
    rates = turns.alternate(sides, options.rounds)
    print(json.dumps(describe(options, rates, {name: side.facts for name, side in sides.items()})))


def describe(options, rates, facts):
    """The result: what ran, how fast each side was, how much faster ours, and shares of the peak and of input."""
    trainers = [name for name in rates if name != "product"]
    others = [name for name in trainers if name != "animegan"]
    gflop = facts["animegan"]["gflop_a_picture"]
    result = {name: getattr(options, name) for name in ("size", "width", "batch", "steps", "rounds")}
    result |= {"gflop_a_picture": round(gflop, 3)} | turns.medians(rates, trainers, "pictures")
    result |= turns.ratios(rates, "animegan", others)
    if "product" in rates:
        result |= {"product": facts["product"] | turns.medians(rates, ["product"], "gflop")}
        shares = [turns.ratios(rates, name, ["product"], "share_of_peak", gflop) for name in trainers]
        result |= {
            kind: {name: share[kind]["product"] for name, share in zip(trainers, shares, strict=True)}
            for kind in ("share_of_peak_a_second", "share_of_peak_a_cpu_second")
        }
    of_round = statistics.median(options.steps * options.batch / turn[0] for turn in rates["animegan"])
    return result | {"input_share_of_time": round(facts["animegan"]["input_seconds"] / of_round, 4)}


def animegan(options):
    """What `animegan train` does, without reports and checkpoints."""
    import numpy as np

    from animegan.gan.batches import FaceBatches
    from animegan.gan.dcgan import build_dcgan
    from animegan.gan.engine import ops
    from animegan.gan.recipes import Recipe

    model = build_dcgan(options.size, Recipe(width=options.width, batch=options.batch))
    held = rivals.pictures(options)
    model.hold(held)
    batches = FaceBatches(np.arange(len(held), dtype=np.int32), options.batch, last_step=turns.FOR_EVER)
    started = time.perf_counter()
    for index in range(options.steps):  # what `fit` does beside the training
        ops.convert_to_tensor(batches[index][0])
    facts = {
        "input_seconds": time.perf_counter() - started,
        "gflop_a_picture": operations.gflop_a_picture(model.generator, model.discriminator),
    }
    return turns.fit_in_rounds(model, batches.for_fit(), options.steps), len(held), facts


def product(options):
    return operations.matrix_product(seconds=3)


PUBLISHED, SAME_AS_OURS = {"TF_ENABLE_ONEDNN_OPTS": None}, {"TF_ENABLE_ONEDNN_OPTS": "1"}
SIDES = {
    "animegan": (animegan, {}),
    "pytorch": (rivals.pytorch, {}),
    "tensorflow_tutorial": (rivals.tensorflow_tutorial, SAME_AS_OURS),
    "tensorflow_tutorial_as_published": (rivals.tensorflow_tutorial, PUBLISHED),
    "train_on_batch": (rivals.train_on_batch, SAME_AS_OURS),
    "train_on_batch_as_published": (rivals.train_on_batch, PUBLISHED),
    "product": (product, {}),
}

if __name__ == "__main__":
    main()
