"""How soon each recipe is how good: distances after so many minutes of training.

    python benchmarks/learning_speed.py faces.h5 --out benchmarks/learning --runs runs/learning
        [--recipes NAME...] [--minutes 2.5 5 10 20 40]

One run a recipe, which stops at each of the minutes to be measured on the file's held-out pictures, and goes on.
Minutes are those of the processors, all cores together, so that other work on the machine takes nothing away: 40 are 20
on two cores. Leaves learning_speed.json, the figures; faces/, ten faces of each recipe at its last time; and among the
runs sheets/, 64 unpicked faces of each recipe at each time. What is there already is not trained again.
"""

import argparse
import json
import time
from pathlib import Path

from ladder import draw_row, figures, recipes
from settled import fingerprint, settle

from animegan.files import replacing
from animegan.gan.evaluation import evaluate
from animegan.gan.generating import draw_latents, generate
from animegan.gan.recipes import RECIPES
from animegan.gan.runs import Run
from animegan.gan.training import train
from animegan.pictures import save, sheet

KNOWN = recipes() | RECIPES
MEASURES = ("n", "frechet", "frechet_blurred", "kid", "precision", "recall", "memorisation")
SEEN = {}  # what the face network saw in the real pictures, which are the same for all runs


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("faces", help="a packed .h5 file")
    parser.add_argument("--out", type=Path, required=True, help="a folder for the figures")
    parser.add_argument("--runs", type=Path, required=True, help="a folder for the runs, which go on there")
    parser.add_argument("--recipes", nargs="+", choices=KNOWN, default=list(RECIPES), help="or rungs of ladder.py")
    parser.add_argument("--minutes", nargs="+", type=float, default=[2.5, 5, 10, 20, 40], help="when to measure")
    options = parser.parse_args()
    settle(options.out, faces=fingerprint(options.faces))
    (options.runs / "sheets").mkdir(parents=True, exist_ok=True)
    kept = options.out / "learning_speed.json"
    points = json.loads(kept.read_text()) if kept.exists() else {}
    for name in options.recipes:
        done = points.setdefault(name, [])
        for minutes in sorted(options.minutes):
            if done and minutes <= done[-1]["minutes"]:
                continue
            done.append(learn(options, name, minutes))
            print(json.dumps({name: done[-1]}), flush=True)
            with replacing(kept) as temporary:
                ordered = {name: points[name] for name in KNOWN if name in points}  # as on the ladder, `modern` last
                temporary.write_text(json.dumps(ordered, indent=1) + "\n")


def learn(options, name, minutes):
    """Train a recipe until it has had so many minutes, and measure it."""
    folder = options.runs / name
    mark = options.runs / f"{name}.json"  # the minutes that are over: a run's own time ends close to them
    over = json.loads(mark.read_text()) if mark.exists() else 0
    if over > minutes:
        raise SystemExit(f"{folder} must have had {minutes:g} minutes or fewer. Received: {over:g}")
    if over < minutes:  # else the call before this one was killed while it measured
        spent = Run(folder).seconds() / 60 if folder.exists() else 0
        left = max(minutes - spent, 0.01)  # a kill just before the mark may have left none
        settings = {"minutes": left, "resume": True, "clock": time.process_time}
        result = train(options.faces, folder, KNOWN[name], **settings)
        if result["stopped"] != "minutes":
            raise SystemExit(f"stopped by {result['stopped']} before {minutes:g} minutes; the next call goes on")
        with replacing(mark) as temporary:
            temporary.write_text(json.dumps(minutes))
    run = Run(folder)
    generator = run.load_generator()
    faces = generate(generator, draw_latents(64, generator.input_shape[-1], seed=1))
    save(sheet(faces, columns=8), options.runs / "sheets" / f"{name}_{minutes:g}.png")
    draw_row(generator, options.out, name)
    found = evaluate(folder, options.faces, seen=SEEN)
    spent = {"minutes": minutes, "seconds": run.seconds(), "images": run.metrics()[-1]["images"]}
    return spent | figures(found, MEASURES)


if __name__ == "__main__":
    main()
