"""The data set that the project draws itself, on disk: packed faces, or scenes with their true face boxes."""

import itertools
import json
from pathlib import Path

from tqdm.auto import tqdm

from animegan.faces import drawing
from animegan.faces.packed import FaceWriter
from animegan.files import InputError, output_folder, replacing
from animegan.pictures import save
from animegan.settings import DEFAULT_SIZE


def pack_drawn(out, count, size=DEFAULT_SIZE, seed=0, progress=True):
    """Draw faces, with all their tags, into a packed file.

    Args:
        out: the .h5 file to write.
        count: how many faces, ≥ 1.
        size: side in pixels, one of SIZES.
        seed: the same seed draws the same faces, whatever the number of cores.
        progress: show a progress bar on stderr.

    Returns:
        dict: pictures, duplicates, out.

    Raises:
        InputError: count or size is out of range, or `out` cannot be written.
    """
    _check_count(count)
    provenance = {"command": "draw", "count": count, "seed": seed}
    with (
        FaceWriter(out, size, provenance) as writer,
        tqdm(total=count, unit="face", desc="drawing", disable=not progress) as bar,
    ):
        names = (f"drawn/{seed}/{index}" for index in itertools.count())
        for images, tags in drawing.draw_many(count, size, seed):
            writer.add(images, list(itertools.islice(names, len(images))), tags)
            bar.update(len(images))
        return {"pictures": len(writer), "duplicates": writer.duplicates, "out": str(out)}


def write_scenes(out, count, seed=0, progress=True):
    """Draw scenes into a folder: scenes/scene_*.jpg, and faces.json with the true boxes of their faces.

    Args:
        out: the folder to write to.
        count: how many scenes, ≥ 1.
        seed: the same seed draws the same scenes.
        progress: show a progress bar on stderr.

    Returns:
        dict: scenes, faces (in all of them), out.

    Raises:
        InputError: count is out of range, or `out` cannot be written to.
    """
    _check_count(count)
    out = output_folder(out)
    boxes_of = {}
    drawn = drawing.draw_scenes(count, seed)
    for index, (image, boxes) in enumerate(
        tqdm(drawn, total=count, unit="scene", desc="drawing", disable=not progress)
    ):
        name = f"scenes/scene_{index:04d}.jpg"
        save(image, out / name)
        boxes_of[name] = [[int(edge) for edge in box] for box in boxes]
    with replacing(out / "faces.json") as temporary:
        Path(temporary).write_text(json.dumps(boxes_of, indent=1) + "\n", encoding="utf-8")
    return {"scenes": count, "faces": sum(map(len, boxes_of.values())), "out": str(out)}


def _check_count(count):
    if count < 1:
        raise InputError(f"count must be 1 or more. Received: {count}")
