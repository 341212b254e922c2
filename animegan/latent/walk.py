"""A walk through the latent space as a movie that loops without a seam."""

import cv2

from animegan.files import InputError
from animegan.gan.finding import find_run
from animegan.gan.generating import draw_latents, generate
from animegan.latent.movies import check_movie, write_movie
from animegan.latent.sampling import loop, truncate

SECONDS_A_FACE = 1.6  # from one key latent to the next: slow enough to see what changes
MOST_FRAMES = 3_000  # two minutes at 25 a second: all are in memory at once
SIZES = (32, 1024)  # smallest and largest side of a movie in pixels


def walk(run, out, seconds=8.0, size=256, rate=25, seed=0, strength=1.0):
    """Write a walk through faces.

    Args:
        run: run folder, or the name of a pretrained generator.
        out: .gif or .mp4.
        seconds: length of the movie, to the nearest frame.
        size: side in pixels; faces are enlarged or shrunk to it.
        rate: frames a second.
        seed: of the latents that the walk passes.
        strength: truncation; less than 1 keeps nearer to the mean face.

    Returns:
        dict: frames, seconds, size, seed, out.

    Raises:
        InputError: there is no such run, or a number is out of range, or `out` has another ending or cannot be written.
    """
    check_movie(out, rate)
    if size not in range(SIZES[0], SIZES[1] + 1, 2):
        raise InputError(f"size must be an even number of pixels, {SIZES[0]} to {SIZES[1]}. Received: {size}")
    frames = round(seconds * rate) if 0 < seconds < MOST_FRAMES else 0  # also for "nan" and "inf"
    keys = max(3, 2 * int(frames / rate / SECONDS_A_FACE / 2) + 1)  # odd: see `loop`
    if not keys <= frames <= MOST_FRAMES:
        raise InputError(f"a walk must have {keys} to {MOST_FRAMES} frames. Received: {frames}, {seconds} s at {rate}")
    generator = find_run(run).load_generator()
    latents = truncate(loop(draw_latents(keys, generator.input_shape[-1], seed), frames), strength)
    faces = generate(generator, latents)
    write_movie(enlarge(faces, size), out, rate)
    return {"frames": frames, "seconds": frames / rate, "size": size, "seed": seed, "out": str(out)}


def enlarge(faces, size):
    """Faces, uint8 (N, S, S, 3), one by one at another size (size, size, 3), smoothly."""
    kind = cv2.INTER_AREA if size < faces.shape[1] else cv2.INTER_CUBIC
    return (cv2.resize(face, (size, size), interpolation=kind) for face in faces)
