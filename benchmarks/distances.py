"""How the distances of `animegan evaluate` answer damage: real faces against other real faces, more and more spoilt.

    python benchmarks/distances.py faces.h5 [--count 1000] [--features faces]

Prints, for each kind of damage and three strengths, the Fréchet and kernel distances, precision and recall. What a
distance of a generator means can be read off beside it.
"""

import argparse
import json

import numpy as np

from animegan.faces.packed import FaceSet
from animegan.gan.damage import DAMAGES, collapse
from animegan.gan.distances import frechet_distance, kernel_distance, precision_recall
from animegan.gan.features import load_features


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("faces", help="a packed .h5 file")
    parser.add_argument("--count", type=int, default=1000, help="pictures on each side")
    parser.add_argument("--features", default="faces", help="faces or inception")
    options = parser.parse_args()
    with FaceSet(options.faces) as faces:
        rows = faces.pick(np.arange(len(faces)), 2 * options.count)
        real, others = np.split(faces.images(rows[: len(rows) // 2 * 2]), 2)
    network = load_features(options.features)
    seen = network(real)
    result = {"n": len(real), "features": options.features, "identical": figures(seen, seen)}
    for kind, (spoil, most) in {**DAMAGES, "collapse": (collapse, 0.99)}.items():
        strengths = [type(most)(most * share) for share in (0, 0.25, 0.5, 1)]
        result[kind] = {str(strength): figures(seen, network(spoil(others, strength))) for strength in strengths}
    print(json.dumps(result, indent=1))


def figures(real, fake):
    precision, recall = precision_recall(real, fake)
    values = {"frechet": frechet_distance(real, fake), "kid": kernel_distance(real, fake)[0]}
    return {name: round(value, 3) for name, value in {**values, "precision": precision, "recall": recall}.items()}


if __name__ == "__main__":
    main()
