"""What the explorer saves: the face, the strip from A to B, and the way there and back as a movie."""

from pathlib import Path

import numpy as np

from animegan.latent.movies import write_movie
from animegan.latent.sampling import blend, slerp
from animegan.latent.walk import enlarge
from animegan.pictures import save, sheet

STRIP = 8  # faces
FRAMES = 75  # of a movie: three seconds
SIDE = 256  # of a movie in pixels


def strip_latents(start, end):
    """The latents of the strip: float32 (8, L), both ends included."""
    return blend(start, end, STRIP)


def there_and_back(start, end, frames=FRAMES):
    """Latents from A to B and back, slow at both ends, float32 (frames, L): repeated, they have no seam."""
    places = (1 - np.cos(np.linspace(0, 2 * np.pi, frames, endpoint=False))) / 2
    return slerp(start, end, places)


def save_as(kind, folder, generate, latent, start, end):
    """Write a file under the next free number.

    Args:
        kind: "png" for the face alone, "strip", "gif" or "mp4".
        folder: where to; made if missing.
        generate: function from latents (N, L) to uint8 faces (N, S, S, 3).
        latent: float array (L,), the face that is seen.
        start, end: float arrays (L,), faces A and B.

    Returns:
        path of the new file.
    """
    folder, ending = Path(folder), "png" if kind == "strip" else kind
    stem = {"png": "face", "strip": "strip"}.get(kind, "blend")
    numbers = [path.stem.rpartition("_")[2] for path in folder.glob(f"{stem}_*.*")]
    number = 1 + max((int(digits) for digits in numbers if digits.isdecimal()), default=0)
    path = folder / f"{stem}_{number:03d}.{ending}"
    if kind == "png":
        save(generate(latent[None])[0], path)
    elif kind == "strip":
        save(sheet(generate(strip_latents(start, end)), STRIP), path)
    else:
        write_movie(enlarge(generate(there_and_back(start, end)), SIDE), path)
    return path
