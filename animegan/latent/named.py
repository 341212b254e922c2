"""The directions of a generator by name, found once and kept beside it in directions.npz."""

import contextlib
import functools
import json
import zipfile
from pathlib import Path

import numpy as np

from animegan.files import InputError, replacing
from animegan.gan.features import load_face_network
from animegan.latent.directions import closed_form, principal
from animegan.latent.tagged import label, tag_directions
from animegan.latent.turning import Slopes, learn_slopes

FILE = "directions.npz"
COUNT = 10  # unnamed directions of each of the two ways that find such
FACES = 10_000  # labelled for the tags: half a minute to a minute on two CPU cores


class Directions(dict):
    """Directions by name: {name: float32 array (L,)}, unit vectors; and how to go along them."""

    def __init__(self, vectors, slopes=None):
        """Use what was found.

        Args:
            vectors: {name: float32 array (L,)}.
            slopes: animegan.latent.turning.Slopes, for the names that it knows, or None.
        """
        super().__init__(vectors)
        self.slopes = slopes
        # A face is drawn, written as text and blended, all by the same way; a dragged slider changes its last part.
        self._followed = functools.lru_cache(maxsize=64)(self._follow)

    def move(self, latents, name, amount):
        """Go along a direction: turning on the way where its slopes are known, else straight.

        Args:
            latents: float array (N, L).
            name: of a direction.
            amount: length of the way, in standard deviations.

        Returns:
            float32 array (N, L).
        """
        if self.slopes is not None and name in self.slopes:
            return self.slopes.move(latents, name, amount)
        return (latents + amount * self[name]).astype(np.float32)

    def follow(self, latent, amounts):
        """Go along several directions, one after another.

        Args:
            latent: float32 array (L,).
            amounts: {name: length of the way, in standard deviations}, in the order of going.

        Returns:
            float32 array (L,), not to be changed.
        """
        return self._followed(np.asarray(latent, np.float32).tobytes(), tuple(amounts.items()))

    def _follow(self, latent, ways):
        if not ways:
            return np.frombuffer(latent, np.float32)
        *before, (name, amount) = ways
        start = self._followed(latent, tuple(before))
        return self.move(start[None], name, amount)[0] if amount else start


def find_directions(run, faces=FACES, say=None):
    """Directions of a run's generator, by name; read from the run's folder, or found now and kept there.

    A run that went on training has another generator: its directions are found anew.

    Args:
        run: animegan.gan.runs.Run.
        faces: to label for the tags, if they are not there yet.
        say: function that is given a line of words, before what takes long; silent if None.

    Returns:
        Directions: of the tags, "hair=blonde", in the order of `tag_directions`, with their slopes; then
        of the first layer's weights, "weights 1"; then of the activations, "activations 1".

    Raises:
        InputError: the file in the run's folder is not ours.
    """
    generator = run.load_generator()
    path = run.folder / FILE
    digest = run.generator_digest()
    if path.exists():
        known, found = read_directions(path, generator.input_shape[-1])
        if known == digest:
            return found
    if say:
        say(f"Finding the directions of {run.folder.name}, which takes about a minute, once …")
    network = load_face_network()
    labelled = label(generator, network, faces)
    found = tag_directions(*labelled, network.values)
    for kind, rows in (("weights", closed_form(generator, COUNT)), ("activations", principal(generator, COUNT))):
        found |= {f"{kind} {number}": row for number, row in enumerate(rows, start=1)}
    found = Directions(found, learn_slopes(*labelled, network.values))
    with contextlib.suppress(InputError):  # an installed package's folder may be read-only
        write_directions(path, digest, found)
    return found


def write_directions(path, digest, directions):
    """Write directions, whole or not at all; the slopes in 16 bits.

    Args:
        path: the file.
        digest: SHA-256 of the generator's file in hexadecimal.
        directions: Directions.
    """
    parts = {"generator": digest, "names": np.array(list(directions))}
    parts["vectors"] = np.stack(list(directions.values())).astype(np.float32)
    if directions.slopes is not None:
        parts["tags"] = json.dumps(directions.slopes.values)
        for number, (kernel, bias) in enumerate(directions.slopes.layers):
            parts |= {f"kernel_{number}": kernel.astype(np.float16), f"bias_{number}": bias.astype(np.float16)}
    with replacing(path) as temporary, open(temporary, "wb") as file:
        np.savez(file, **parts)


def read_directions(path, width):
    """Read what `write_directions` wrote.

    Args:
        path: the file.
        width: numbers in a latent of the generator.

    Returns:
        (the generator's digest, Directions).

    Raises:
        InputError: it is no such file, or of a generator with other latents.
    """
    try:
        with np.load(Path(path), allow_pickle=False) as data:
            digest, names, vectors = str(data["generator"]), data["names"].tolist(), data["vectors"]
            slopes = _slopes_in(data) if "tags" in data else None
        if vectors.shape != (len(names), width):
            raise ValueError(f"its vectors have the shape {vectors.shape}")
        if slopes is not None and len(slopes.layers[0][0]) != width:
            raise ValueError(f"its slopes are of {len(slopes.layers[0][0])} numbers")
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise InputError(f"directions must be {width} numbers each, by name. Received: {path} ({error})") from error
    return digest, Directions(dict(zip(names, vectors, strict=True)), slopes)


def _slopes_in(data):
    """The Slopes in an open file."""
    layers = [(data[f"kernel_{number}"], data[f"bias_{number}"]) for number in range(3)]
    return Slopes(layers, json.loads(str(data["tags"])))
