"""Seconds from the start of `animegan train` to the end of its first training step: one JSON object.

    python benchmarks/start_up.py [--size 64] [--width 64] [--batch 64] [--processes 5]

The pictures are random. Medians over several processes; the CPU seconds say more while the machine has other work.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PARTS = "imports", "networks", "first_sheet", "first_step"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--width", type=int, default=64)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--processes", type=int, default=5)
    parser.add_argument("--child", nargs=3, help=argparse.SUPPRESS)  # when it was started, a packed file, a run
    options = parser.parse_args()
    if options.child:
        started, faces, run = options.child
        train(float(started), faces, "--out", run, "--width", str(options.width), "--batch", str(options.batch))
    with tempfile.TemporaryDirectory() as folder:
        faces = Path(folder) / "faces.h5"
        write(faces, 4 * options.batch, options.size)
        found = []
        for number in range(options.processes):
            words = [sys.executable, *sys.argv, "--child", str(time.time()), faces, Path(folder) / str(number)]
            run = subprocess.run(words, stdout=subprocess.PIPE, check=True, text=True)
            found.append(json.loads(run.stdout))
    settings = {name: getattr(options, name) for name in ("size", "width", "batch", "processes")}
    medians = {name: round(statistics.median(each[name] for each in found), 2) for name in found[0]}
    print(json.dumps(settings | medians | {"all_seconds": sorted(each["seconds"] for each in found)}))


def write(path, count, size):
    """Pack random pictures."""
    import numpy as np

    from animegan.faces.packed import FaceWriter

    pictures = np.random.default_rng(0).integers(0, 256, (count, size, size, 3), np.uint8)
    with FaceWriter(path, size, {}) as writer:
        writer.add(pictures, [f"{number}.png" for number in range(count)], [{}] * count)


def train(started, *words):
    """Be `animegan train` with these words, until its first step has ended: say how long each part took, and stop."""
    from animegan.cli import main
    from animegan.gan.keeper import RunKeeper

    times = [started, time.time()]
    begin = RunKeeper.on_train_begin

    def timed_begin(keeper, logs=None):
        times.append(time.time())
        begin(keeper, logs)
        times.append(time.time())

    def end(keeper, batch, logs=None):
        times.append(time.time())
        parts = {name: times[place + 1] - times[place] for place, name in enumerate(PARTS)}
        whole = {"seconds": times[-1] - started, "cpu_seconds": time.process_time()}
        print(json.dumps({name: round(value, 3) for name, value in (whole | parts).items()}), flush=True)
        os._exit(0)

    RunKeeper.on_train_begin, RunKeeper.on_train_batch_end = timed_begin, end
    sys.exit(main(["train", *words]))


if __name__ == "__main__":
    main()
