"""Packs and crops in children that are killed at random moments, or that find the disk full:

    python tests/fragile_data.py killed pack|crop FOLDER
    python tests/fragile_data.py full pack|crop FOLDER DISK

It is a process of its own since it forks: all is imported once. What happened is printed as one JSON object.
test_nothing_lost.py runs it.
"""

import collections
import csv
import functools
import hashlib
import json
import os
import random
import resource
import signal
import sys
import time
import zipfile
from pathlib import Path

import numpy as np
from moments import begin, fill, finish, kill, tell_files, telling

from animegan.faces import cropping, packing  # noqa: F401 (before the forks)
from animegan.faces.crop_folder import TABLE
from animegan.faces.detecting import Detection
from animegan.faces.packed import FaceSet, FaceWriter
from animegan.files import InputError
from animegan.pictures import encode, save

KILLS = 20
PICTURES = {"pack": 600, "crop": 60}


class FindsTwo:
    """A detector that finds two faces in any picture, after a moment of thought."""

    def detect(self, image):
        """Two boxes."""
        time.sleep(0.002)
        return [Detection((5, 5, 45, 45), 1.0), Detection((50, 10, 90, 50), 1.0)]


def make_input(command, folder):
    """Pictures to work on."""
    rng = np.random.default_rng(0)
    if command == "crop":
        for number in range(PICTURES["crop"]):
            save(rng.integers(0, 256, (60, 100, 3), np.uint8), folder / "in" / f"{number}.png")
        return folder / "in"
    with zipfile.ZipFile(folder / "in.zip", "w") as archive:
        for number in range(PICTURES["pack"]):
            archive.writestr(f"{number}.png", encode(rng.integers(0, 256, (32, 32, 3), np.uint8)))
    return folder / "in.zip"


def words(command, source, out, earlier=False, workers=1):
    """The command line; the earlier output is of the same pictures, but another."""
    if command == "pack":
        return ["pack", str(source), "--out", str(out / "faces.h5"), "--size", "64" if earlier else "32"]
    return ["crop", str(source), "--out", str(out), "--workers", str(workers), "--size", "24" if earlier else "32"]


def state(command, out):
    """What the output is for good: a hash of all that counts, or None if it is not whole."""
    if command == "pack":
        try:
            with FaceSet(out / "faces.h5") as faces:
                found = hashlib.sha256(faces.images().tobytes())
        except InputError:
            return None
        return found.hexdigest()
    with open(out / TABLE, newline="") as file:
        rows = list(csv.DictReader(file))
    found = hashlib.sha256()
    for row in rows:
        if not (out / row["file"]).exists():
            return None
        found.update((out / row["file"]).read_bytes())
    return found.hexdigest()


def debris(command, out):
    """Names of what should not lie in the output folder."""
    with open(out / TABLE, newline="") if command == "crop" else open(os.devnull) as file:
        listed = {row["file"] for row in csv.DictReader(file)}
    wanted = listed | {TABLE} if command == "crop" else {"faces.h5"}
    return sorted(set(os.listdir(out)) - wanted - {"filler"})


def tell_work(pipe):
    """In a child: tell the parts of the work, too."""
    tell_files(pipe)
    FaceWriter.add = telling(pipe, FaceWriter.add, lambda *_: "step")
    FaceWriter._finish = telling(pipe, FaceWriter._finish, lambda *_: "finishing")
    FindsTwo.detect = telling(pipe, FindsTwo.detect, lambda *_: "step")


def kill_one(line, log, rng, aim, workers, seconds):
    """Let a child work and kill it: at a random moment, or soon after one that is told. Returns where it was hit.

    Several workers do not tell what they do.
    """

    def until(moments):
        if aim != "any":
            moments.wait_for(aim)
            time.sleep(rng.choice((0, rng.uniform(0, 0.01))))
        elif workers == 1:
            moments.wait_for("step")
            moments.wait(rng.uniform(0, seconds / 8))  # about what the rest takes
        else:
            moments.wait(rng.uniform(0, 2 * seconds))

    place, code, _ = kill(line, log, tell_work, "work", until)
    return place if code == -signal.SIGKILL else "done"


def killed(command, folder):
    """An output that stands, and runs over it that are killed; at last one that is not."""
    rng, source, out, log = random.Random(7), make_input(command, folder), folder / "out", folder / "log"
    started = time.monotonic()
    finish(begin(words(command, source, out, earlier=True), log), log)
    seconds, before = time.monotonic() - started, state(command, out)
    finish(begin(words(command, source, folder / "alone"), log), log)
    after = state(command, folder / "alone")
    ending = ".h5" if command == "pack" else ".png"
    aims = ["any"] * 12 + ["step"] * 3 + ["flushing"] * 2
    aims += {"pack": ["finishing"] * 2, "crop": ["halfway .part"] * 2}[command] + [f"naming {ending}"] * 5
    if command == "crop":
        aims += ["writing .csv", "naming .csv"]
    lives = [(aim, 1) for aim in aims]
    if command == "crop":
        lives += [("any", 2), ("any", 2), ("naming .png", 2), ("naming .png", 2), ("writing .csv", 2)]
    rng.shuffle(lives)
    hits, states, left = collections.Counter(), collections.Counter(), 0
    for aim, workers in lives:
        line = words(command, source, out, workers=workers)
        hits[kill_one(line, log, rng, aim, workers, seconds)] += 1
        now = state(command, out)
        states["earlier" if now == before else "later" if now == after else "torn"] += 1
        left += bool(debris(command, out))
        if now == after:  # begin anew with the earlier output
            finish(begin(words(command, source, out, earlier=True), log), log)
    end = finish(begin(words(command, source, out), log), log)
    result = {"hits": hits, "states": states, "left": left, "end": end, "debris": debris(command, out)}
    return result | {"same": state(command, out) == after}


def full(command, folder, disk):
    """Runs over an output that find the disk full at some point; at last one that does not.

    Where `disk` is just a folder, only the largest size of a file is limited, which fails as a full disk does.
    """
    source, out, log = make_input(command, folder), disk / "out", folder / "log"
    finish(begin(words(command, source, out, earlier=True), log), log)
    before, lives = state(command, out), []
    for room in (0, 20_000, 200_000, 1_000_000) if disk.is_mount() else (100, 10_000):
        limit = lambda: None  # noqa: E731
        if disk.is_mount():
            fill(disk, room)
        else:
            limit = functools.partial(resource.setrlimit, resource.RLIMIT_FSIZE, (room, room))
        code, errors = finish(begin(words(command, source, out), log, limit), log)
        lives.append({"code": code, "errors": errors, "same": state(command, out) == before})
        lives[-1]["debris"] = debris(command, out)
        (disk / "filler").unlink(missing_ok=True)
    end = finish(begin(words(command, source, out), log), log)
    return {"lives": lives, "end": end, "debris": debris(command, out), "whole": state(command, out) is not None}


if __name__ in ("__main__", "__mp_main__"):  # also in the workers
    cropping.make_detector = lambda *_: FindsTwo()

if __name__ == "__main__":
    kind, command, *folders = sys.argv[1:]
    print(json.dumps({"killed": killed, "full": full}[kind](command, *map(Path, folders))))
