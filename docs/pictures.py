"""The README's pictures, made of what the notebooks show and of what comes with the project.

    python docs/pictures.py

Writes to docs/pictures/ a piece of one picture of each notebook, and of getchu-faces a walk, walk.webp, and the first
hundred faces, unpicked and without truncation, faces.webp. To be run again when notebooks have been executed anew.
"""

import base64
import json
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from animegan.gan.finding import find_run
from animegan.gan.generating import draw_latents, generate
from animegan.latent.sampling import loop, truncate
from animegan.pictures import decode, encode, save, sheet

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "docs" / "pictures"
SIDES = 240, 150  # of a piece, in pixels: shown at two thirds of it, sharp on fine screens
PIECES = {  # notebook: which of its pictures, counted from 0, how far from the left and the top, and how wide a piece
    "00_what_is_a_gan": (5, 0, 70, 326),
    "01_crop_faces": (2, 12, 4, 328),
    "02_pack_h5": (4, 2, 2, 342),
    "03_train_dcgan": (5, 6, 6, 240),
    "04_transfer_learning": (3, 4, 4, 286),
    "05_explore_latent_space": (8, 4, 2, 184),
    "06_when_training_fails": (4, 282, 2, 346),
    "07_beyond_dcgan": (2, 4, 308, 296),
}
NAME = "getchu-faces"  # of the generator that makes the other pictures
QUALITY = 80  # of WebP: hardly to be told from 95, in little more than half of the bytes
FACES, FRAMES, RATE, CALM = 4, 32, 8, 0.8  # of the walk: faces, frames, frames a second, truncation


def pieces():
    """{notebook: uint8 array (150, 240, 3)}, a piece of one of its stored pictures each."""
    found = {}
    for name, (number, left, top, width) in PIECES.items():
        notebook = json.loads((ROOT / "notebooks" / f"{name}.ipynb").read_text(encoding="utf-8"))
        outputs = [output for cell in notebook["cells"] for output in cell.get("outputs", [])]
        pictures = [output["data"]["image/png"] for output in outputs if "image/png" in output.get("data", {})]
        picture = decode(base64.b64decode(pictures[number]))
        height = width * SIDES[1] // SIDES[0]
        piece = picture[top : top + height, left : left + width]
        missing = height - piece.shape[0], width - piece.shape[1]  # of a picture that is smaller: white, not stretched
        piece = np.pad(piece, ((0, missing[0]), (missing[1] // 2, -(-missing[1] // 2)), (0, 0)), constant_values=255)
        found[name] = cv2.resize(piece, SIDES, interpolation=cv2.INTER_AREA)
    return found


def write_walk(path):
    """Write faces side by side, each of which walks and comes back to where it was."""
    generator = find_run(NAME).load_generator()
    ways = [loop(draw_latents(3, generator.input_shape[-1], seed), FRAMES) for seed in range(FACES)]
    faces = generate(generator, truncate(np.concatenate(ways), CALM))
    rows = faces.reshape(FACES, FRAMES, *faces.shape[1:]).swapaxes(0, 1)
    first, *others = (Image.fromarray(sheet(row, columns=FACES)) for row in rows)
    first.save(path, save_all=True, append_images=others, duration=1000 // RATE, loop=0, quality=QUALITY)


def hundred():
    """uint8 array (662, 662, 3): the faces that `animegan sample getchu-faces --count 100` makes."""
    generator = find_run(NAME).load_generator()
    return sheet(generate(generator, draw_latents(100, generator.input_shape[-1], seed=0)))


if __name__ == "__main__":
    for name, picture in pieces().items():
        save(picture, FOLDER / f"{name}.png")
    write_walk(FOLDER / "walk.webp")
    (FOLDER / "faces.webp").write_bytes(encode(hundred(), ".webp", QUALITY))
