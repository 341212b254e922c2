"""How many copies `pack --near-duplicates` drops, and how many pictures that are no copies.

    python benchmarks/near_duplicates.py SOURCE [--copies 2000] [--size 64] [--sheet pairs.png]

SOURCE is what `animegan pack` takes; without one, 4,000 faces are drawn. Copies of some of its pictures are made as
they come about on the web: at another size (half to twice), and encoded anew as JPEG or WebP at a quality of 50 to 95.
All are packed together. A copy is recalled if it is dropped as a copy of the very picture that it was made of. Which
pictures of SOURCE are copies of each other nobody knows, so all of them that are dropped count as false:
`false_drops_at_most` is an upper bound, exact for drawn faces, and --sheet shows the pairs, to be judged by eye. Prints
one JSON object.
"""

import argparse
import json
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np

from animegan.faces.drawn import pack_drawn
from animegan.faces.packed import FaceSet
from animegan.faces.packing import pack
from animegan.pictures import encode, save, sheet

SCALES = 0.5, 0.75, 1, 1.25, 1.5, 2
QUALITIES = 50, 60, 70, 80, 90, 95
METHODS = cv2.INTER_AREA, cv2.INTER_LINEAR, cv2.INTER_CUBIC


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", nargs="?")
    parser.add_argument("--copies", type=int, default=2000)
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--count", type=int, default=4000, help="faces to draw where there is no SOURCE")
    parser.add_argument("--sheet", help="write the pairs that count as false to this picture, one above the other")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source = options.source or folder / "drawn.h5"
        if not options.source:
            pack_drawn(source, options.count, options.size, progress=False)
        clean = pack([source], folder / "clean.h5", options.size, progress=False)
        with FaceSet(folder / "clean.h5") as faces:
            made = make_copies(faces, options.copies, folder / "copies")
            started = time.perf_counter()
            sources = [folder / "clean.h5", folder / "copies"]
            both = pack(sources, folder / "all.h5", options.size, progress=False, drop_copies=True)
            seconds = time.perf_counter() - started
            recalled, mistaken, false = judge(both["near_pairs"], made)
            if options.sheet:
                show(faces, false, options.sheet)
    figures = {
        "pictures": clean["pictures"],
        "copies": len(made),
        "recall": round((recalled + both["duplicates"]) / len(made), 4),
        "dropped_for_another": mistaken,
        "false_drops_at_most": len(false),
        "false_drops_at_most_share": round(len(false) / clean["pictures"], 5),
        "seconds": round(seconds, 1),
    }
    print(json.dumps(figures))


def judge(pairs, made):
    """Tell the right drops from the wrong ones.

    Args:
        pairs: list of (source of a picture that was dropped, source of the one that it looks like).
        made: {source of a copy: source of the picture that it was made of}.

    Returns:
        (how many copies were dropped for their picture, or for the one that this was dropped for itself; how many for
        another; the pairs whose dropped picture is no copy).
    """
    stands_for = {dropped: kept for dropped, kept in pairs if dropped not in made}
    right = [stands_for.get(made[copy], made[copy]) == kept for copy, kept in pairs if copy in made]
    return sum(right), len(right) - sum(right), [pair for pair in pairs if pair[0] not in made]


def make_copies(faces, count, folder):
    """Write copies of pictures chosen by lot: {the copy's source once packed: the picture's}."""
    folder.mkdir()
    rng, sources, made = np.random.default_rng(0), faces.sources(), {}
    rows = rng.permutation(len(faces))[:count]
    for row, image in zip(rows, faces.images(rows), strict=True):
        side = round(faces.size * rng.choice(SCALES))
        kind = ".webp" if rng.random() < 0.25 else ".jpg"
        copy = cv2.resize(image, (side, side), interpolation=int(rng.choice(METHODS)))
        (folder / f"{row}{kind}").write_bytes(encode(copy, kind, int(rng.choice(QUALITIES))))
        made[f"{folder.name}/{row}{kind}"] = sources[row]
    return made


def show(faces, pairs, path):
    """A sheet of pictures of the set that look alike, one above the other."""
    row = {source: number for number, source in enumerate(faces.sources())}
    images = [np.concatenate([faces.images([row[name]])[0] for name in pair]) for pair in pairs]
    if images:
        save(sheet(np.stack(images), columns=20), path)


if __name__ == "__main__":
    main()
