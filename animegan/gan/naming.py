"""Tags for faces that have none, as the face network sees them: a table for `animegan pack`.

    python -m animegan.gan.naming faces.h5 --out tags.csv [--tags hair eyes] [--sure 0.8]
    animegan pack faces.h5 --tags tags.csv --out tagged.h5

Of drawn faces the network was told all tags, of real ones hair and eye colour alone: other tags of theirs are guesses.
"""

import argparse
import csv
import json

import numpy as np

from animegan.faces.packed import FaceSet
from animegan.files import InputError, replacing
from animegan.gan.features import load_face_network

TAGS = ("hair", "eyes")
SURE = 0.8
BLOCK = 1024  # pictures read at a time


def name_faces(faces, out, tags=TAGS, sure=SURE):
    """Write what the face network sees in each face of a packed file.

    Args:
        faces: path of a packed file.
        out: path of the CSV to write: a column `file` and one a tag, empty where the network is not sure.
        tags: the tags to name, of those that the network knows.
        sure: how likely the network must find a value to name it, from 0 to 1.

    Returns:
        dict: pictures (in the file), named (how many got a value, by tag), agreement (of those whose value the file
        knows already, which share got the same one, by tag; only tags of the file), out.

    Raises:
        InputError: the file is no packed file; the network does not know a tag; `sure` is not from 0 to 1.
    """
    network = load_face_network()
    if not tags or set(tags) - set(network.values):
        raise InputError(f"tags must be some of {', '.join(network.values)}. Received: {', '.join(tags) or 'none'}")
    if not 0 <= sure <= 1:
        raise InputError(f"sure must be from 0 to 1. Received: {sure}")
    with FaceSet(faces) as packed:
        sources, names = packed.sources(), {tag: [] for tag in tags}
        for start in range(0, len(packed), BLOCK):
            likely = network.tags(packed.images(range(start, min(start + BLOCK, len(packed)))))
            for tag in tags:
                best = likely[tag].argmax(axis=1)
                named = likely[tag].max(axis=1) >= sure
                names[tag] += [network.values[tag][i] if one else "" for i, one in zip(best, named, strict=True)]
        known = {tag: (packed.codes(tag), packed.tags[tag]) for tag in tags if tag in packed.tags}
    with replacing(out) as temporary, open(temporary, "w", newline="", encoding="utf-8") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["file", *tags])
        table.writerows(zip(sources, *names.values(), strict=True))
    return {
        "pictures": len(sources),
        "named": {tag: sum(name != "" for name in values) for tag, values in names.items()},
        "agreement": {tag: _agreement(names[tag], *each) for tag, each in known.items()},
        "out": str(out),
    }


def _agreement(names, codes, values):
    """Of the faces that have a name and a code, the share in which both mean the same; None if there are none."""
    pairs = [(name, values[code]) for name, code in zip(names, codes, strict=True) if name and code >= 0]
    return round(np.mean([name == value for name, value in pairs]), 4) if pairs else None


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("faces")
    parser.add_argument("--out", required=True)
    parser.add_argument("--tags", nargs="+", default=TAGS)
    parser.add_argument("--sure", type=float, default=SURE)
    options = parser.parse_args()
    print(json.dumps(name_faces(options.faces, options.out, options.tags, options.sure)))
