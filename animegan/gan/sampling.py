"""Faces from a trained run, as a sheet or as a packed file."""

from pathlib import Path

from animegan.faces.packed import FaceWriter
from animegan.files import InputError
from animegan.gan.finding import find_run
from animegan.gan.generating import draw_latents, generate
from animegan.pictures import save, sheet

SHEET_LIMIT = 10_000  # faces on one sheet: a hundred by a hundred


def sample(run, out, count=100, seed=0, truncation=1.0):
    """Make faces and write them.

    Args:
        run: run folder, or the name of a pretrained generator.
        out: .png, .jpg or .webp for a sheet, .h5 for a packed file.
        count: how many faces, ≥ 1.
        seed: of the latents.
        truncation: times what they are; below 1 keeps nearer to the mean face.

    Returns:
        dict: count, size, seed, truncation, out.

    Raises:
        InputError: there is no such run, or `out` has another ending or cannot be written.
    """
    out = Path(out)
    packed = out.suffix == ".h5"
    if not packed and out.suffix.lower() not in (".png", ".jpg", ".webp"):
        raise InputError(f"samples must go to a .png, .jpg, .webp or .h5 file. Received: {out}")
    most = None if packed else SHEET_LIMIT
    if count < 1 or (most and count > most):
        raise InputError(
            f"count must be 1 or more{f', and at most {most} for a sheet' if most else ''}. Received: {count}"
        )
    generator = find_run(run).load_generator()
    images = generate(generator, truncation * draw_latents(count, generator.input_shape[-1], seed))
    size = images.shape[1]
    if packed:
        provenance = {"command": "sample", "run": Path(run).name, "seed": seed, "truncation": truncation}
        with FaceWriter(out, size, provenance, drop_duplicates=False) as writer:
            writer.add(images, [f"{Path(run).name}/{seed}/{index}" for index in range(count)], [{}] * count)
    else:
        save(sheet(images), out)
    return {"count": count, "size": size, "seed": seed, "truncation": truncation, "out": str(out)}
