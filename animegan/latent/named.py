"""The directions of a generator by name, found once and kept beside it in directions.npz."""

import contextlib
import hashlib
import zipfile
from pathlib import Path

import numpy as np

from animegan.files import InputError, replacing
from animegan.gan.features import load_face_network
from animegan.latent.directions import closed_form, principal
from animegan.latent.tagged import label, tag_directions

FILE = "directions.npz"
COUNT = 10  # unnamed directions of each of the two ways that find such
FACES = 10_000  # labelled for the tags: half a minute to a minute on two CPU cores


def find_directions(run, faces=FACES, say=None):
    """Directions of a run's generator, by name; read from the run's folder, or found now and kept there.

    A run that went on training has another generator: its directions are found anew.

    Args:
        run: animegan.gan.runs.Run.
        faces: to label for the tags, if they are not there yet.
        say: function that is given a line of words, before what takes long; silent if None.

    Returns:
        {name: float32 array (L,)}, unit vectors: of the tags, "hair=blonde", those first that a straight line explains
        best; then of the first layer's weights, "weights 1"; then of the activations, "activations 1".

    Raises:
        InputError: the file in the run's folder is not ours.
    """
    generator = run.load_generator()
    path = run.folder / FILE
    digest = hashlib.sha256(run.generator_path.read_bytes()).hexdigest()
    if path.exists():
        known, found = read_directions(path, generator.input_shape[-1])
        if known == digest:
            return found
    if say:
        say(f"Finding the directions of {run.folder.name}, which takes about a minute, once …")
    network = load_face_network()
    found = tag_directions(*label(generator, network, faces), network.values)
    for kind, rows in (("weights", closed_form(generator, COUNT)), ("activations", principal(generator, COUNT))):
        found |= {f"{kind} {number}": row for number, row in enumerate(rows, start=1)}
    with contextlib.suppress(InputError):  # an installed package's folder may be read-only
        write_directions(path, digest, found)
    return found


def write_directions(path, digest, directions):
    """Write directions, whole or not at all.

    Args:
        path: the file.
        digest: SHA-256 of the generator's file in hexadecimal.
        directions: {name: float array (L,)}.
    """
    vectors = np.stack(list(directions.values())).astype(np.float32)
    with replacing(path) as temporary, open(temporary, "wb") as file:
        np.savez(file, generator=digest, names=np.array(list(directions)), vectors=vectors)


def read_directions(path, width):
    """Read what `write_directions` wrote.

    Args:
        path: the file.
        width: numbers in a latent of the generator.

    Returns:
        (the generator's digest, {name: float32 array (width,)}).

    Raises:
        InputError: it is no such file, or of a generator with other latents.
    """
    try:
        with np.load(Path(path), allow_pickle=False) as data:
            digest, names, vectors = str(data["generator"]), data["names"].tolist(), data["vectors"]
        if vectors.shape != (len(names), width):
            raise ValueError(f"its vectors have the shape {vectors.shape}")
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise InputError(f"directions must be {width} numbers each, by name. Received: {path} ({error})") from error
    return digest, dict(zip(names, vectors, strict=True))
