"""From `classic` to `modern`, one change a rung, each rung with the same minutes: what every change is worth.

    python benchmarks/ladder.py faces.h5 --out runs/ladder [--minutes 5] [--seeds 3] [--only NAME ...]

Trains each rung with each seed on the packed file and measures it on the file's held-out pictures. Prints, and keeps in
ladder.json, the figures of each rung: mean over the seeds, and their spread (largest less smallest). What is there
already is not trained again, so that the work can be spread over days. Nothing else should run meanwhile: the minutes
are those of the clock.
"""

import argparse
import dataclasses
import json
import shutil
import statistics
from pathlib import Path

from animegan.files import replacing
from animegan.gan.evaluation import evaluate
from animegan.gan.recipes import CLASSIC
from animegan.gan.training import train

RUNGS = {  # name: what changes from the rung before
    "classic": {},
    "narrow": {"width": 32},
    "averaged": {"average": 0.999},
    "resizing": {"resize": True},
    "relativistic": {"loss": "relativistic"},
    "penalised": {"penalty": 1.0, "discriminator_norm": False},
    "quick": {"learning_rate": 3e-4, "beta_2": 0.99},
}
MEASURES = ("frechet", "frechet_blurred", "kid", "precision", "recall")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("faces", help="a packed .h5 file")
    parser.add_argument("--out", type=Path, required=True, help="a folder for the runs")
    parser.add_argument("--minutes", type=float, default=5, help="training time of a run (%(default)s)")
    parser.add_argument("--seeds", type=int, default=3, help="runs a rung (%(default)s)")
    parser.add_argument("--only", nargs="*", choices=RUNGS, help="these rungs alone")
    options = parser.parse_args()
    kept = options.out / "ladder.json"
    ladder = json.loads(kept.read_text()) if kept.exists() else {}
    recipe = CLASSIC
    for name, change in RUNGS.items():
        recipe = dataclasses.replace(recipe, name=name, **change)
        if options.only and name not in options.only:
            continue
        runs = [climb(options, recipe, seed) for seed in range(options.seeds)]
        ladder[name] = {"change": change, "minutes": options.minutes, "seeds": options.seeds} | summary(runs)
        print(json.dumps({name: ladder[name]}), flush=True)
        with replacing(kept) as temporary:
            temporary.write_text(json.dumps(ladder, indent=1) + "\n")


def climb(options, recipe, seed):
    """One rung with one seed: what `evaluate` found, and how many pictures the minutes sufficed for."""
    folder = options.out / f"{recipe.name}-{seed}"
    figures = folder / "figures.json"
    if not figures.exists():
        shutil.rmtree(folder, ignore_errors=True)  # half a run has had some of its minutes
        result = train(options.faces, folder, recipe, minutes=options.minutes, seed=seed)
        found = {"images": result["images"]} | evaluate(folder, options.faces, nearest_out=folder / "nearest.png")
        with replacing(figures) as temporary:
            temporary.write_text(json.dumps(found, indent=1) + "\n")
    return json.loads(figures.read_text())


def summary(runs):
    """Mean and spread of each measure over the seeds."""
    columns = {name: [run[name] for run in runs] for name in ("images", *MEASURES)}
    return {
        name: {"mean": round(statistics.mean(values), 4), "spread": round(max(values) - min(values), 4)}
        for name, values in columns.items()
    } | {"n": runs[0]["n"], "floor": runs[0]["floor"]["frechet"]}


if __name__ == "__main__":
    main()
