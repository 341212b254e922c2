"""Where the time of a training step goes, on TensorFlow: one JSON object of shares by kind of operation.

    python benchmarks/step_profile.py [--size 64] [--recipe classic] [--width WIDTH] [--batch BATCH] [--set …]

TensorFlow's profiler times each operation; operations run one after another here, each on all cores, so that the times
add up. Of each operation it is the median of the steps that counts. Run it while the machine has nothing else to do.
"""

import argparse
import collections
import dataclasses
import json
import re
import statistics
import tempfile
import time
from pathlib import Path

import rivals

from animegan.gan.dcgan import build_dcgan
from animegan.gan.recipes import RECIPES

KINDS = {  # the first pattern that is found in "name:type" of an operation
    "sums around the fewer products": r"/sums/|:_?(Mkl)?Transpose$",
    "matrix products": r":_?(Mkl|Native)*(Batch)?MatMul",
    "convolutions": r":_?(Mkl|Native|Fused)*Conv2D",
    "batch norm": r"BatchNorm|batch_normalization",
    "activations": r"Relu|Tanh",
    "Adam": r"^adam|one_kernel_adam|ResourceApplyAdam",
    "rest": "",
}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--recipe", choices=RECIPES, default="classic")
    parser.add_argument("--width", type=int, help="the recipe's")
    parser.add_argument("--batch", type=int, help="the recipe's")
    parser.add_argument("--set", action="append", default=[], metavar="SETTING=VALUE", help="another of its settings")
    parser.add_argument("--steps", type=int, default=10)
    options = parser.parse_args()
    import tensorflow as tf  # after the package, which sets it up

    tf.config.threading.set_inter_op_parallelism_threads(1)
    recipe = RECIPES[options.recipe].set(*options.set)
    options.width, options.batch = options.width or recipe.width, options.batch or recipe.batch
    model = build_dcgan(options.size, dataclasses.replace(recipe, width=options.width, batch=options.batch))
    model.hold(rivals.pictures(options))
    model.optimizer.build(model.trainable_variables)
    step, rows = tf.function(lambda rows: model.train_step((rows,))), tf.range(options.batch)
    for _ in range(2):
        step(rows)
    seconds = []
    for _ in range(options.steps):
        started = time.perf_counter()
        step(rows)
        seconds.append(time.perf_counter() - started)
    with tempfile.TemporaryDirectory() as folder:
        with tf.profiler.experimental.Profile(folder):
            for _ in range(options.steps):
                step(rows)
        found = durations(next(Path(folder).rglob("*.xplane.pb")), options.steps)
    print(json.dumps(vars(options) | {"step_seconds": round(statistics.median(seconds), 4)} | summary(found)))


def durations(path, steps):
    """Seconds of each operation in a step, {"name:type": median}, from the file that TensorFlow's profiler wrote."""
    from tensorflow.tsl.profiler.protobuf import xplane_pb2

    space, times = xplane_pb2.XSpace(), collections.defaultdict(list)
    space.ParseFromString(path.read_bytes())
    for plane in space.planes:
        for line in plane.lines:
            for event in line.events:
                name = plane.event_metadata[event.metadata_id].name
                if re.fullmatch(r"[\w./<>-]+:\w+", name):
                    times[name].append(event.duration_ps / 1e12)
    # An operation in a loop comes several times a step.
    return {name: statistics.median(each) * round(len(each) / steps) for name, each in times.items()}


def summary(found):
    """Shares of the operations' time by kind, and the longest of them in milliseconds."""
    kinds = dict.fromkeys(KINDS, 0.0)
    for name, seconds in found.items():
        kinds[next(kind for kind, pattern in KINDS.items() if re.search(pattern, name))] += seconds
    total = sum(kinds.values())
    longest = sorted(found, key=found.get, reverse=True)[:20]
    return {
        "operations_seconds": round(total, 4),
        "shares": {kind: round(seconds / total, 4) for kind, seconds in kinds.items()},
        "longest_ms": {name: round(1e3 * found[name], 2) for name in longest},
    }


if __name__ == "__main__":
    main()
