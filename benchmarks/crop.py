"""How much faster two workers crop than one.

    python benchmarks/crop.py [PICTURES] [--scenes 40] [--workers 2] [--rounds 3]

PICTURES is a folder of scenes; without it, --scenes are drawn. One worker and several crop the same scenes in turns;
the seconds are the whole command's, start of the processes and all. The figure to quote is the median of the rounds'
ratios. Prints one JSON object.
"""

import argparse
import json
import statistics
import tempfile
import time
from pathlib import Path

from animegan.faces.cropping import crop
from animegan.faces.drawn import write_scenes


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pictures", nargs="?")
    parser.add_argument("--scenes", type=int, default=40, help="to draw where there are no PICTURES")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    seconds = {1: [], options.workers: []}
    with tempfile.TemporaryDirectory() as folder:
        pictures = options.pictures or Path(folder) / "scenes"
        if not options.pictures:
            write_scenes(pictures, options.scenes, seed=11, progress=False)
        for _ in range(options.rounds):
            for workers, each in seconds.items():
                started = time.perf_counter()
                result = crop(pictures, Path(folder) / "crops", workers=workers, progress=False)
                each.append(time.perf_counter() - started)
    ratios = [one / several for one, several in zip(seconds[1], seconds[options.workers], strict=True)]
    figures = {
        "scenes": result["scenes"],
        "faces": result["faces"],
        "workers": options.workers,
        "seconds": {workers: round(statistics.median(each), 2) for workers, each in seconds.items()},
        "ratio": round(statistics.median(ratios), 2),
        "ratios": [round(ratio, 2) for ratio in sorted(ratios)],
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
