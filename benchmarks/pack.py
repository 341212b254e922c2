"""How fast pictures are packed, and how much memory it takes.

    python benchmarks/pack.py [SOURCE ...] [--size 64] [--count 100000] [--repeats 3]

SOURCE is what `animegan pack` takes. Without one, a zip of --count JPEG pictures, 64×64 pixels each and all different,
is made in a temporary folder from drawn faces that are shifted and mirrored. Each packing runs in a fresh process; the
quickest counts. Prints one JSON object; the peak memory is that of the whole process, with the libraries' own.
"""

import argparse
import json
import multiprocessing
import resource
import sys
import tempfile
import time
import zipfile
from pathlib import Path

import numpy as np

from animegan.faces.drawing import draw_many
from animegan.faces.packing import pack
from animegan.pictures import encode

SIDE, ROOM = 64, 24  # pixels: side of a picture, and how far a face can be shifted
VARIANTS = 2 * (ROOM + 1) ** 2  # of one face: mirrored or not, at every shift


def make_zip(path, count, faces):
    """Write `count` different JPEG pictures of the drawn faces into a zip."""
    rng = np.random.default_rng(0)
    variants = [rng.permutation(VARIANTS) for _ in faces]
    with zipfile.ZipFile(path, "w") as archive:
        for index in range(count):
            number, face = divmod(index, len(faces))
            place, mirrored = divmod(int(variants[face][number]), 2)
            y, x = divmod(place, ROOM + 1)
            image = faces[face][y : y + SIDE, x : x + SIDE]
            archive.writestr(f"faces/{index}.jpg", encode(image[:, ::-1] if mirrored else image, ".jpg"))


def measure(sources, out, size):
    """Pack once: (pictures read, seconds, peak memory in MB, pack's result)."""
    start = time.perf_counter()
    result = pack(sources, out, size, progress=False)
    seconds = time.perf_counter() - start
    unit = 1 if sys.platform == "darwin" else 1024  # ru_maxrss is in bytes there, in KiB elsewhere
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6
    return result["pictures"] + result["duplicates"] + result["skipped"], seconds, peak, result


def in_a_fresh_process(function, *words):
    """The function's result. The memory that it takes counts for no other."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        result = pool.apply(function, words)
        pool.close()
        pool.join()  # let it end by itself: it gives back its locks
        return result


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sources", nargs="*", metavar="SOURCE")
    parser.add_argument("--size", type=int, default=SIDE, help="side of the packed pictures in pixels")
    parser.add_argument("--count", type=int, default=100_000, help="pictures to make where there is no SOURCE")
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        sources = options.sources
        if not sources:
            sources = [str(Path(folder) / "drawn.zip")]
            enough = max(500, -(-options.count // VARIANTS))
            faces = np.concatenate([images for images, _ in draw_many(enough, SIDE + ROOM)])
            in_a_fresh_process(make_zip, sources[0], options.count, faces)
        runs = [
            in_a_fresh_process(measure, sources, str(Path(folder) / "faces.h5"), options.size)
            for _ in range(options.repeats)
        ]
        megabytes = (Path(folder) / "faces.h5").stat().st_size / 1e6
    read, seconds, _, result = min(runs, key=lambda run: run[1])
    figures = {
        "pictures": result["pictures"],
        "duplicates": result["duplicates"],
        "skipped": result["skipped"],
        "size": options.size,
        "seconds": round(seconds, 2),
        "pictures_per_second": round(read / seconds),
        "file_mb": round(megabytes),
        "peak_memory_mb": round(max(run[2] for run in runs)),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
