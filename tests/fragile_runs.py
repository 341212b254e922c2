"""Trains in children that are killed at random moments, or that find the disk full. test_nothing_lost.py runs it:

    python tests/fragile_runs.py killed FACES FOLDER
    python tests/fragile_runs.py full FACES FOLDER DISK

It is a process of its own since it forks: all is imported once, the engine computes nothing before the forks, and a
child trains after a second or two instead of ten. What happened is printed as one JSON object.
"""

import collections
import functools
import hashlib
import json
import random
import re
import resource
import shutil
import signal
import sys
import time
import zipfile
from pathlib import Path

from moments import begin, fill, finish, kill, tell_files, telling
from same_runs import due_after

from animegan.files import TEMPORARY
from animegan.gan import batches, checkpoints, dcgan, keeper, training  # noqa: F401 (before the forks)
from animegan.gan.engine import keras
from animegan.gan.runs import Run
from animegan.pictures import decode

if keras.backend.backend() == "tensorflow":
    from animegan.gan import tensorflow_step  # noqa: F401

for module in [module for name, module in sys.modules.items() if name.startswith("animegan.")]:
    if hasattr(module, "has_gpu"):
        module.has_gpu = lambda: False  # bit for bit is promised for the CPU

keeper.RunKeeper.report = due_after(keeper.RunKeeper.report)

BATCH = 16
WORDS = ["--width", "4", "--batch", str(BATCH), "--seed", "5", "--report-images", str(2 * BATCH), "--json"]
# On PyTorch, Keras loads TensorFlow when it first saves a model, and that is not quiet.
REMARKS = re.compile(r"^(WARNING: All log messages before absl|[IW]\d{4} ).*\n", re.MULTILINE)


def words(faces, run, steps):
    """The command line that trains until the run has so many steps."""
    return ["train", str(faces), "--out", str(run), "--images", str(steps * BATCH), "--resume", *WORDS]


def remarks_off(code, errors):
    """(exit code, stderr) without the remarks of TensorFlow."""
    return code, REMARKS.sub("", errors)


def train(faces, run, steps, log, before=lambda: None):
    """(exit code, stderr) of a child that trains and is left alone."""
    return remarks_off(*finish(begin(words(faces, run, steps), log, before), log))


# --- killed

ENDLESS = 10**6  # steps
KILLS = 20  # at least, each after a first step
MOST_KILLS = 36  # by then every kind of place must have been hit
PLACES = ("training", ".png", ".csv", ".h5", ".keras")


def tell_moments(pipe):
    """In a child: tell each step, too."""
    tell_files(pipe)
    step = telling(pipe, keeper.RunKeeper.on_train_batch_end, lambda *_: "step")
    keeper.RunKeeper.on_train_batch_end = lambda self, batch, logs=None: step(self, batch, logs)


def kill_one(faces, run, log, rng, aim):
    """Let a child train and kill it.

    Args:
        faces, run, log: paths.
        rng: random.Random.
        aim: when: "starting", "training" (at any time after the first step), or soon after this moment is told.

    Returns:
        (place where it was hit, its stderr).
    """

    def until(moments):
        if aim != "starting":
            moments.wait_for("step")
        if aim in ("starting", "training"):
            moments.wait(rng.uniform(0, 1.0 if aim == "starting" else 0.3), most=50)
        else:
            for _ in range(rng.choice((1, 1, 2))):
                moments.wait_for(aim)
            time.sleep(rng.choice((0, rng.uniform(0, 0.005))))

    place, code, errors = kill(words(faces, run, ENDLESS), log, tell_moments, "training", until)
    code, errors = remarks_off(code, errors)
    if code != -signal.SIGKILL:
        raise RuntimeError(f"a child was not to end by itself. Received: {code}, {errors}")
    return place, errors


def damaged(run):
    """Names of a run's files that are not whole, in the eyes of whoever reads them now."""
    found = []
    for path in run.rglob("[!.]*.*"):
        try:
            data = path.read_bytes()
            if path.suffix == ".h5":
                checkpoints.unpack(data)
            elif path.suffix == ".png":
                decode(data)
            elif path.suffix == ".keras":
                assert zipfile.ZipFile(path).testzip() is None
            elif path.suffix == ".csv":
                assert data.endswith(b"\n") and all(line.count(b",") == 7 for line in data.splitlines())
            elif path.suffix == ".json":
                json.loads(data)
            else:
                raise ValueError("what is this?")
        except Exception as error:
            found.append(f"{path.name}: {error!r}")
    return found


def killed(faces, folder):
    """A run that is killed again and again and then comes to its end, and one of as many steps that is left alone."""
    rng = random.Random(4)
    aims = [f"{what} {ending}" for what in ("writing", "naming") for ending in PLACES[1:]]
    plan = ["starting"] * 3 + ["training"] * 8 + aims + ["halfway .h5", "halfway .h5", "halfway .png", "flushing"]
    rng.shuffle(plan)
    hits, errors, unfinished, torn = collections.Counter(), "", 0, []
    run, log = folder / "run", folder / "log"
    while len(plan) and sum(hits.values()) < MOST_KILLS:
        place, said = kill_one(faces, run, log, rng, plan.pop())
        hits[place] += 1
        errors += said
        unfinished += any(run.rglob(TEMPORARY + "*"))
        torn += damaged(run)
        missed = [ending for ending in PLACES if not any(ending in place for place in hits)]
        if not plan and (missed or not unfinished or hits.total() - hits["starting"] < KILLS):
            plan.append("training" if missed == ["training"] else f"writing {(missed or PLACES)[-1]}")
    steps = next(iter(Run(run).checkpoints())) + 5  # the end lies between two reports
    ends = [train(faces, path, steps, log) for path in (run, folder / "alone")]
    return {"hits": hits, "unfinished": unfinished, "torn": torn, "errors": errors, "steps": steps, "ends": ends}


# --- full

SPARE = 8 << 10  # bytes: room for metrics.csv, but not for what comes after


def contents(run):
    """{name: SHA-256 or row} of what a run has for good: its files and reports up to the last checkpoint."""
    last = next(iter(Run(run).checkpoints()))
    files = {path for path in run.rglob("*.*") if path.name != "metrics.csv"}
    files -= {path for path in Run(run).samples() if int(path.stem[5:]) > last}
    hashes = {str(path.relative_to(run)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
    return hashes | {f"row {row['step']}": row for row in Run(run).metrics() if row["step"] <= last}


def full(faces, folder, disk):
    """A run that finds its disk full at one file after the other, and one that is left alone.

    `disk` is the root of a small file system, or, where none can be mounted, just a folder: then only the largest size
    of a file is limited, which fails as a full disk does.
    """
    run, log = disk / "run", folder / "log"
    train(faces, run, 2, log)  # a report, with one checkpoint, to which a second is added
    sheet, generator, checkpoint = (
        next(run.rglob(name)).stat().st_size for name in ("*2.png", "generator.keras", "*.h5")
    )
    rooms = {"config.json": 0, "metrics.csv": 0, "sheet": SPARE, "checkpoint": 2 * sheet + SPARE}
    rooms["generator"] = rooms["checkpoint"] + checkpoint
    lives = []
    for name, room in [*rooms.items(), ("limit", None)] if disk.is_mount() else [("limit", None)]:
        if name != "config.json":
            Run(run).set_goal(8 * BATCH)  # which each would write down first
        before, limit = contents(run), lambda: None
        if room is None:
            size = (max(sheet, generator) + checkpoint) // 2
            limit = functools.partial(resource.setrlimit, resource.RLIMIT_FSIZE, (size, size))
        else:
            fill(disk, room)
        code, errors = train(faces, run, 8, log, limit)
        after = contents(run)
        lost = [name for name in before if before[name] != after.get(name)]
        unfinished = [path.name for path in run.rglob(TEMPORARY + "*")]
        lives.append({"name": name, "code": code, "errors": errors, "lost": lost, "unfinished": unfinished})
        (disk / "filler").unlink(missing_ok=True)
    ends = [train(faces, path, 8, log) for path in (run, folder / "alone")]
    shutil.copytree(run, folder / "run")  # the disk goes with this process
    return {"lives": lives, "ends": ends}


if __name__ == "__main__":
    print(json.dumps({"killed": killed, "full": full}[sys.argv[1]](*map(Path, sys.argv[2:]))))
