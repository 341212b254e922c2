"""What each method of transfer learning is worth, by the number of pictures with the tag, against training anew.

    python benchmarks/transfer.py BASE faces.h5 --tag hair=blonde --out benchmarks/transfer --runs runs/transfer
                                  [--pictures 100 300 1000 all] [--images 20000] [--seeds 1] [--methods …]

Each run sees the same number of pictures and is measured after a fifth of them and at the end, on the file's held-out
pictures with the tag: distances, recall, the share of its faces in which the face network sees the tag, and how near
its faces come to the pictures that it was trained on, in parts of how near real ones come (memorisation). Leaves
transfer.json, with the mean over the seeds, and among the runs sheets/, faces of the same latents. What is there
already is not trained again.
"""

import argparse
import json
import statistics
from pathlib import Path

from settled import fingerprint, settle

from animegan.faces.packed import FaceSet, FaceWriter, is_held_out
from animegan.files import replacing
from animegan.gan.evaluation import evaluate
from animegan.gan.features import load_face_network
from animegan.gan.finding import find_run
from animegan.gan.generating import draw_latents, generate
from animegan.gan.runs import Run
from animegan.gan.training import train
from animegan.gan.transfer import METHODS, Start, transfer
from animegan.pictures import save, sheet

SCRATCH = "scratch"
EARLY = 5  # the first measure, after one part in so many
MEASURES = ("frechet", "frechet_blurred", "precision", "recall", "tagged", "memorisation")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("base", help="a run on all faces, or the name of a pretrained generator")
    parser.add_argument("faces", type=Path, help="a packed .h5 file with the tag")
    parser.add_argument("--tag", action="append", required=True)
    parser.add_argument("--out", type=Path, required=True, help="a folder for the figures")
    parser.add_argument("--runs", type=Path, required=True, help="a folder for the runs, which go on there")
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=METHODS, help="beside training anew")
    parser.add_argument("--pictures", nargs="+", default=["100", "300", "1000", "all"], help="to learn from")
    parser.add_argument("--images", type=int, default=20_000, help="pictures that each run sees (%(default)s)")
    parser.add_argument("--seeds", type=int, default=1, help="runs of each kind (%(default)s)")
    options = parser.parse_args()
    start = Start(find_run(options.base), METHODS[0])
    if not load_face_network().knows(options.tag):
        raise SystemExit(f"the face network must know the tags. Received: {' and '.join(options.tag)}")
    base = {name: start.config[name] for name in ("run", "step")}
    data = fingerprint(options.faces)
    for folder in (options.out, options.runs):  # figures and pictures of a tag lie in both
        settle(folder, base=base, faces=data, tags=options.tag, images=options.images)
    (options.runs / "sheets").mkdir(parents=True, exist_ok=True)
    table = {}
    for pictures in options.pictures:
        subset = choose(options, None if pictures == "all" else int(pictures))
        for method in (SCRATCH, *options.methods):
            runs = [learn(options, start, subset, method, seed) for seed in range(options.seeds)]
            table[f"{pictures} {method}"] = {time: mean(run[time] for run in runs) for time in ("early", "end")}
            print(json.dumps({f"{pictures} {method}": table[f"{pictures} {method}"]}), flush=True)
            facts = {"tags": options.tag, "images": options.images, "seeds": options.seeds, "n": runs[0]["n"]}
            with replacing(options.out / "transfer.json") as temporary:
                temporary.write_text(json.dumps(facts | {"floor": runs[0]["floor"], "runs": table}, indent=1) + "\n")


def choose(options, count):
    """A packed file of so many of the tag's training pictures, all if None; which ones is the same each time."""
    path = options.runs / f"{count or 'all'}.h5"
    if not path.exists():
        with FaceSet(options.faces) as data:
            rows, _ = data.split(*options.tag)
            rows = rows[[not is_held_out(digest) for digest in data.digests()[rows]]]  # nor will the new file hold any
            rows = rows if count is None else data.pick(rows, count)
            if count and len(rows) < count:
                raise SystemExit(f"there must be {count} pictures to learn from. Received: {len(rows)}")
            sources, tags = data.sources(), dict(tag.split("=") for tag in options.tag)
            with FaceWriter(path, data.size, {"chosen from": options.faces.name}) as writer:
                writer.add(data.images(rows), [sources[row] for row in rows], [tags] * len(rows))
    return path


def learn(options, start, subset, method, seed):
    """Train with one method and seed, in two parts; measure after each."""
    folder = options.runs / f"{subset.stem}-{method}-{seed}"
    kept = folder / "figures.json"
    figures = json.loads(kept.read_text()) if kept.exists() else {}
    for time, images in (("early", options.images // EARLY), ("end", options.images)):
        if time in figures:
            continue
        settings = {"images": images, "resume": True, "seed": seed, "progress": False, "tags": options.tag}
        if method == SCRATCH:
            with FaceSet(subset) as data:
                recipe = start.recipe(len(data))
            result = train(subset, folder, recipe, **settings)
        else:
            result = transfer(options.base, subset, folder, method=method, **settings)
        if result["stopped"] != "images":
            raise SystemExit(f"stopped by {result['stopped']}; the next call goes on")
        found = evaluate(folder, options.faces, trained_on=subset)
        generator = Run(folder).load_generator()
        faces = generate(generator, draw_latents(40, generator.input_shape[-1], seed=1))
        save(sheet(faces, columns=10), options.runs / "sheets" / f"{folder.name}-{time}.png")
        figures |= {time: {name: found[name] for name in MEASURES}, "n": found["n"], "floor": found["floor"]}
        with replacing(kept) as temporary:
            temporary.write_text(json.dumps(figures, indent=1) + "\n")
    return figures


def mean(runs):
    """Each measure's mean over the runs."""
    runs = list(runs)
    return {name: round(statistics.mean(run[name] for run in runs), 4) for name in MEASURES}


if __name__ == "__main__":
    main()
