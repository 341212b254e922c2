"""What the generators that come with the project are worth.

    python benchmarks/pretrained.py NAME faces.h5 [--out benchmarks/pretrained]

Keeps in NAME.json what the card and the README quote: what `animegan evaluate NAME faces.h5` measures, in the mean over
several seeds, of the latents and of the real faces that give the floor, and likewise with other truncations; how often
the face network sees each colour of hair and eyes among as many generated faces as are held out, and among those; and
the digest of the generator.
"""

import argparse
import json
from pathlib import Path

import numpy as np

from animegan.faces.packed import FaceSet
from animegan.files import replacing
from animegan.gan.evaluation import evaluate
from animegan.gan.features import load_face_network
from animegan.gan.finding import find_run
from animegan.gan.generating import draw_latents, generate
from animegan.gan.naming import TAGS

FOLDER = Path(__file__).parent / "pretrained"
SEEDS = 6  # one alone is up to 0.02 off in recall, on both sides
TRUNCATIONS = (0.8, 0.9, 1.1)
TRADED = ("frechet", "frechet_blurred", "precision", "recall")


def mean(results):
    """What several evaluations measured, in the mean.

    Args:
        results: list of dicts, as `evaluate` returns them.

    Returns:
        dict like each, with numbers that differ replaced by their mean; spread: a dict of their standard deviations.
    """
    found, spread = {}, {}
    for name, first in results[0].items():
        values = [result[name] for result in results]
        if isinstance(first, dict):
            found[name] = mean(values)
        elif isinstance(first, float):
            found[name], spread[name] = float(np.mean(values)), float(np.std(values, ddof=1))
        else:
            found[name] = first
    return found | {"spread": spread}


def shares(name, faces):
    """{tag: {value: [share of generated faces, share of held-out ones]}}, as the face network sees them.

    Args:
        name: of a pretrained generator, or a run folder.
        faces: path of the packed file.
    """
    network, generator = load_face_network(), find_run(name).load_generator()
    with FaceSet(faces) as data:
        real = data.images(data.split()[1])
    made = generate(generator, draw_latents(len(real), generator.input_shape[-1], seed=0))
    likely = [network.tags(images) for images in (made, real)]
    return {
        tag: {
            value: [round(float(np.mean(each[tag].argmax(axis=1) == index)), 4) for each in likely]
            for index, value in enumerate(network.values[tag])
        }
        for tag in TAGS
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name")
    parser.add_argument("faces", help="packed file that it was trained on")
    parser.add_argument("--out", type=Path, default=FOLDER)
    options = parser.parse_args()
    chosen = options.name, options.faces
    seen = {}

    def measured(**settings):
        return mean([evaluate(*chosen, seed=seed, seen=seen, **settings) for seed in range(SEEDS)])

    result = {"generator": find_run(options.name).generator_digest(), "seeds": SEEDS} | measured()
    truncated = {truncation: measured(truncation=truncation) for truncation in TRUNCATIONS}
    result["truncated"] = {times: {name: found[name] for name in TRADED} for times, found in truncated.items()}
    result["shares"] = shares(*chosen)
    options.out.mkdir(parents=True, exist_ok=True)
    with replacing(options.out / f"{Path(options.name).name}.json") as temporary:
        temporary.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
