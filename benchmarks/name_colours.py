"""How often the hair and eye colours that the detector names are those of the tags.

    python benchmarks/name_colours.py FOLDER [--count 1000] [--seed 0]

FOLDER holds pictures of one face each and a tags.csv with the columns file, hair, eyes. The faces fill these pictures,
so each is enlarged and given a rim first: animeface looks for faces with something around them. Pictures in which
it finds no face count only in "found". Prints one JSON object.
"""

import argparse
import csv
import json
import random
from pathlib import Path

import cv2

from animegan import pictures
from animegan.faces.detecting import make_detector

SIDE, RIM = 192, 32  # pixels


def measure(folder, count, seed):
    """Compare `count` random pictures' colours with their tags; a dict of the figures."""
    with open(Path(folder) / "tags.csv", newline="", encoding="utf-8") as file:
        tagged = list(csv.DictReader(file))
    places = {path.name: path for path in Path(folder).rglob("*") if path.is_file()}
    detector = make_detector("animeface", likelihood=0.0)
    found = 0
    agree = {"hair": [], "eyes": []}
    chosen = random.Random(seed).sample(tagged, min(count, len(tagged)))
    for row in chosen:
        image = pictures.resize(pictures.decode(places[Path(row["file"]).name].read_bytes()), SIDE)
        faces = detector.detect(cv2.copyMakeBorder(image, RIM, RIM, RIM, RIM, cv2.BORDER_REPLICATE))
        if faces:
            found += 1
            surest = max(faces, key=lambda face: face.likelihood)
            for part, results in agree.items():
                if row[part]:
                    results.append(getattr(surest, part) == row[part])
    shares = {part: round(sum(results) / max(1, len(results)), 3) for part, results in agree.items()}
    return {"pictures": len(chosen), "found": found, **shares}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    print(json.dumps(measure(options.folder, options.count, options.seed)))


if __name__ == "__main__":
    main()
