"""From `classic` to `modern`, one change a rung, each rung with the same minutes: what every change is worth.

    python benchmarks/ladder.py faces.h5 --out runs/ladder [--minutes 8] [--seeds 3] [--only NAME ...]

Trains each rung with each seed on the packed file and measures it on the file's held-out pictures. Minutes are those of
the processors, all cores together, so that other work on the machine takes nothing away. Leaves ladder.json, with the
figures of each rung: mean, least and most over the seeds; and ladder.png, with ten faces of the first seed a rung,
always the same latents. What is there already is not trained again: the work can be spread over
days.
"""

import argparse
import dataclasses
import json
import shutil
import statistics
import time
from pathlib import Path

import numpy as np
from settled import fingerprint, settle, settle_recipe

from animegan.files import replacing
from animegan.gan.evaluation import evaluate
from animegan.gan.generating import draw_latents, generate
from animegan.gan.recipes import CLASSIC
from animegan.gan.runs import Run
from animegan.gan.training import train
from animegan.pictures import save, sheet

RUNGS = (  # name, the rung that it stands on, what it changes there
    ("classic", None, {}),
    ("narrow", "classic", {"width": 16}),
    ("averaged", "narrow", {"average": 0.999}),
    ("resizing", "averaged", {"resize": True}),
    ("small batch", "resizing", {"batch": 32}),
    ("unnormed", "small batch", {"discriminator_norm": False}),
    ("varied", "unnormed", {"deviation": True}),  # this is `modern`; what follows is tried on it
    ("relativistic", "varied", {"loss": "relativistic"}),
    ("penalised", "varied", {"penalty": 0.02}),
    ("growing", "varied", {"grow": 50_000}),
    ("augmented", "varied", {"augment": True}),
    ("calming", "varied", {"decay": 250_000}),
    ("quick", "varied", {"learning_rate": 4e-4}),
    ("no momentum", "varied", {"beta_1": 0.0}),
    ("large batch", "varied", {"batch": 64}),
    ("wide", "varied", {"width": 32}),
)
MEASURES = ("frechet", "frechet_blurred", "kid", "precision", "recall")
FACES = 10  # of each rung on ladder.png


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("faces", help="a packed .h5 file")
    parser.add_argument("--out", type=Path, required=True, help="a folder for the runs")
    parser.add_argument("--minutes", type=float, default=8, help="training time of a run, of all cores (%(default)s)")
    parser.add_argument("--seeds", type=int, default=3, help="runs a rung (%(default)s)")
    parser.add_argument("--only", nargs="*", choices=recipes(), help="these rungs alone")
    options = parser.parse_args()
    settle(options.out, minutes=options.minutes, faces=fingerprint(options.faces))
    kept = options.out / "ladder.json"
    ladder = json.loads(kept.read_text()) if kept.exists() else {}
    below = {name: other for name, other, _ in RUNGS}
    for name, recipe in recipes().items():
        if options.only and name not in options.only:
            continue
        runs = [climb(options, recipe, seed) for seed in range(options.seeds)]
        ladder[name] = {"on": below[name], "minutes": options.minutes, "seeds": options.seeds} | summary(runs)
        print(json.dumps({name: ladder[name]}), flush=True)
        with replacing(kept) as temporary:
            temporary.write_text(json.dumps({name: ladder[name] for name in recipes() if name in ladder}, indent=1))
    save(np.concatenate([faces_of(options.out / f"{name}-0") for name in ladder]), options.out / "ladder.png")


def recipes():
    """{name: Recipe} of all rungs, lowest first."""
    made = {}
    for name, below, change in RUNGS:
        made[name] = dataclasses.replace(made.get(below, CLASSIC), name=name, **change)
    return made


def climb(options, recipe, seed):
    """One rung with one seed: what `evaluate` found, and how many pictures the minutes sufficed for."""
    folder = options.out / f"{recipe.name}-{seed}"
    figures = folder / "figures.json"
    if not figures.exists():
        shutil.rmtree(folder, ignore_errors=True)  # half a run has had some of its minutes
        result = train(options.faces, folder, recipe, minutes=options.minutes, seed=seed, clock=time.process_time)
        if result["stopped"] != "minutes":
            raise SystemExit(f"stopped by {result['stopped']}; the next call begins this run again")
        found = {"images": result["images"]} | evaluate(folder, options.faces)
        with replacing(figures) as temporary:
            temporary.write_text(json.dumps(found, indent=1) + "\n")
    settle_recipe(folder, recipe)
    return json.loads(figures.read_text())


def summary(runs):
    """Mean, least and most of each measure over the seeds."""
    columns = {name: [run[name] for run in runs] for name in ("images", *MEASURES)}
    return {
        name: {word: round(of(values), 4) for word, of in (("mean", statistics.mean), ("least", min), ("most", max))}
        for name, values in columns.items()
    } | {"n": runs[0]["n"], "floor": runs[0]["floor"]["frechet"]}


def faces_of(folder):
    """A row of faces of a run, uint8 (S, FACES·S, 3)."""
    generator = Run(folder).load_generator()
    return sheet(generate(generator, draw_latents(FACES, generator.input_shape[-1], seed=1)), columns=FACES)


if __name__ == "__main__":
    main()
