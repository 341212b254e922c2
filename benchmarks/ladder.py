"""From `classic` to `modern`, rung by rung, each with the same minutes: what every change is worth.

    python benchmarks/ladder.py faces.h5 --out benchmarks/ladder [--minutes 4] [--seeds 3] [--only NAME ...]

Trains each rung with each seed on the packed file and measures it on the file's held-out pictures. Minutes are those of
the processors, all cores together, so that other work on the machine takes nothing away. Leaves ladder.json, with what
`evaluate` found for each run of each rung; and faces/, ten faces of the first seed of each rung, always of the same
latents. What is there already is not trained again: the work can be spread over days.

A change counts as better by a ruler if its worst run is better than the best run without it. It stays if it is better
by one of two rulers, the Fréchet distance plain and after a blur, and worse by neither. Of changes that do nothing, one
in twenty passes for better by a ruler: so often three runs lie below three others by chance. The rung `together` makes
several changes at once: each is also tried alone, and taken away from the others.
"""

import argparse
import dataclasses
import json
import tempfile
import time
from pathlib import Path

from settled import fingerprint, settle

from animegan.files import replacing
from animegan.gan.evaluation import evaluate
from animegan.gan.generating import draw_latents, generate
from animegan.gan.recipes import CLASSIC, Recipe
from animegan.gan.runs import Run
from animegan.gan.training import train
from animegan.pictures import save, sheet

PARTS = {  # of the rung `together`: settings, without and with it
    "maps": {"deviations": (False, True)},
    "bounds": {"spectral": (0.0, 4.0), "learning_rate": (2e-4, 4e-4)},
    "detail": {"full_width": (0, 16)},
    "scales": {"scales": (0, 2)},
    "modulation": {"modulated": (False, True)},
    "batch of 16": {"batch": (32, 16)},
}
RUNGS = (  # name, the rung that it stands on, what it changes there
    ("classic", None, {}),
    ("narrow", "classic", {"width": 16}),
    ("averaged", "narrow", {"average": 0.999}),
    ("resizing", "averaged", {"resize": True}),
    ("small batch", "resizing", {"batch": 32}),
    ("unnormed", "small batch", {"discriminator_norm": False}),
    ("varied", "unnormed", {"deviation": True}),
    ("together", "varied", {key: value for part in PARTS.values() for key, (_, value) in part.items()}),
    *((name, "varied", {key: value for key, (_, value) in part.items()}) for name, part in PARTS.items()),
    *(
        (f"without {name}", "together", {key: value for key, (value, _) in part.items()})
        for name, part in PARTS.items()
    ),  # the last of these is `modern`
    ("relativistic", "varied", {"loss": "relativistic"}),
    ("penalised", "varied", {"penalty": 0.02}),
    ("augmented", "varied", {"augment": True}),
    ("calming", "varied", {"decay": 250_000}),
    ("quick", "varied", {"learning_rate": 4e-4}),
    ("no momentum", "varied", {"beta_1": 0.0}),
    ("large batch", "varied", {"batch": 64}),
    ("wide", "varied", {"width": 32}),
)
MEASURES = ("n", "frechet", "frechet_blurred", "kid", "precision", "recall")
FLOORS = ("frechet", "frechet_blurred", "precision", "recall")
FACES = 10  # shown of each rung
SEEN = {}  # what the face network saw in the real pictures, which are the same for all runs


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("faces", help="a packed .h5 file")
    parser.add_argument("--out", type=Path, required=True, help="a folder for the figures")
    parser.add_argument("--minutes", type=float, default=4, help="training time of a run, of all cores (%(default)s)")
    parser.add_argument("--seeds", type=int, default=3, help="runs a rung (%(default)s)")
    parser.add_argument("--only", nargs="*", choices=recipes(), help="these rungs alone")
    options = parser.parse_args()
    settle(options.out, minutes=options.minutes, faces=fingerprint(options.faces))
    below = {name: other for name, other, _ in RUNGS}
    for name, recipe in recipes().items():
        if options.only and name not in options.only:
            continue
        rung = {"on": below[name], "recipe": dataclasses.asdict(recipe), "runs": []}
        for seed in range(options.seeds):
            rung = known(options.out).get(name, rung)
            if Recipe.read(rung["recipe"]) != recipe:
                raise SystemExit(f"{name} must have been trained with {recipe}. Received: {rung['recipe']}")
            if seed < len(rung["runs"]):
                continue
            rung["runs"].append(climb(options, recipe, seed))
            write(options.out, known(options.out) | {name: rung})  # another rung may have been written meanwhile
            print(json.dumps({name: rung["runs"][-1]}), flush=True)


def recipes():
    """{name: Recipe} of all rungs, lowest first."""
    made = {}
    for name, below, change in RUNGS:
        made[name] = dataclasses.replace(made.get(below, CLASSIC), name=name, **change)
    return made


def known(out):
    """All rungs that have been climbed so far."""
    kept = out / "ladder.json"
    return json.loads(kept.read_text()) if kept.exists() else {}


def write(out, rungs):
    """Keep them, lowest first."""
    with replacing(out / "ladder.json") as temporary:
        temporary.write_text(json.dumps({name: rungs[name] for name in recipes() if name in rungs}, indent=1) + "\n")


def climb(options, recipe, seed):
    """One rung with one seed: what `evaluate` found, and how many pictures the minutes sufficed for."""
    with tempfile.TemporaryDirectory() as folder:
        result = train(options.faces, folder, recipe, minutes=options.minutes, seed=seed, clock=time.process_time)
        if result["stopped"] != "minutes":
            raise SystemExit(f"stopped by {result['stopped']}; the next call begins this run again")
        found = evaluate(folder, options.faces, seen=SEEN)
        if seed == 0:
            draw_row(Run(folder).load_generator(), options.out, recipe.name)
    return {"seed": seed, "images": result["images"]} | figures(found, MEASURES)


def figures(found, measures):
    """Of what `evaluate` found these measures, and the floor of those that have one."""
    kept = {name: round(found[name], 4) for name in measures}
    return kept | {"floor": {name: round(found["floor"][name], 4) for name in FLOORS}}


def draw_row(generator, out, name):
    """Keep ten faces of a recipe, of the same latents for all, in out/faces/NAME.webp."""
    faces = generate(generator, draw_latents(FACES, generator.input_shape[-1], seed=1))
    (out / "faces").mkdir(exist_ok=True)
    save(sheet(faces, columns=FACES), out / "faces" / f"{name.replace(' ', '_')}.webp")


if __name__ == "__main__":
    main()
