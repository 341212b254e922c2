"""A trained run made a pretrained generator that comes with the project:

    python -m animegan.latent.publishing RUN NAME [--truncation 1] [--folder data/pretrained]

What is needed to make faces, to explore them and to begin a transfer with is copied: the generator, the discriminator
and the settings; not the checkpoints, nor anything of the data. Weights are kept with few significant bits and
compressed, which makes the files a third as large.
"""

import argparse
import io
import json
import tempfile
import zipfile
from math import inf
from pathlib import Path

import h5py
import numpy as np

from animegan.files import InputError, output_folder, replacing
from animegan.gan.generating import scale_latents
from animegan.gan.runs import Run
from animegan.gan.transfer import METHODS, Start
from animegan.latent.named import find_directions
from animegan.pretrained import FOLDER

MOST_BYTES = 8_000_000  # of a generator: a repository is cloned by everybody
FACES = 120_000  # labelled for its directions: more than for a run's own, which is to be explored soon
BITS = {"generator": 9, "discriminator": 5}  # significant ones of a weight: faces are looked at, an opponent learns on
WEIGHTS, METADATA = "model.weights.h5", "metadata.json"  # in a .keras file, which is a zip
LARGE = 4096  # numbers of an array from which on its first bytes lie apart from its second ones: they compress better


def publish(run, name, folder=FOLDER, truncation=1.0):
    """Copy a run's networks and find its generator's directions.

    Args:
        run: run folder.
        name: of the new pretrained generator: a word without a slash.
        folder: where the pretrained generators are.
        truncation: more than 0; what the generator is to multiply its latents by. Above 1 its faces vary more, and
            have more flaws; below 1 the opposite (`animegan evaluate RUN faces.h5 --truncation 1.1` says how much).

    Returns:
        dict: name, bytes, directions (how many).

    Raises:
        InputError: there is no such run, or it has no generator or checkpoint, or it is large, or the name is none.
    """
    if not name or Path(name).name != name:
        raise InputError(f"a name must be a word without a slash. Received: {name!r}")
    if not 0 < truncation < inf:
        raise InputError(f"truncation must be more than 0. Received: {truncation}")
    found = Run(run)
    start = Start(found, METHODS[0])
    networks = {"generator": found.load_generator(), "discriminator": start.networks()[1]}
    scale_latents(networks["generator"], truncation)
    truncation *= found.config.get("truncation", 1)  # one that was published itself
    files = {part: rounded(network, BITS[part]) for part, network in networks.items()}
    size = len(files["generator"])
    if size > MOST_BYTES:
        raise InputError(f"a generator must have {MOST_BYTES:,} bytes or fewer to be published. Received: {size:,}")
    out = output_folder(Path(folder) / name)
    (out / "config.json").unlink(missing_ok=True)  # of an earlier one by this name
    Run.create(out, found.config | {"step": start.config["step"], "truncation": truncation})
    made = Run(out)
    for path, part in ((made.generator_path, "generator"), (made.discriminator_path, "discriminator")):
        with replacing(path) as temporary:
            temporary.write_bytes(files[part])
    return {"name": name, "bytes": size, "directions": len(find_directions(Run(out), FACES))}


def rounded(network, bits):
    """A network as a .keras file with its weights in few bits, from which Keras loads them as float32.

    Args:
        network: keras.Model with weights in float32.
        bits: significant ones of each weight, 11 at most, which float16 has.

    Returns:
        bytes.

    Raises:
        InputError: a weight is too large for float16.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "network.keras"
        network.save(path)
        with zipfile.ZipFile(path) as saved:
            parts = {entry: saved.read(entry) for entry in saved.namelist()}
    parts[METADATA] = json.dumps(json.loads(parts[METADATA]) | {"date_saved": ""})  # equal weights make equal files
    parts[WEIGHTS] = _in_few_bits(parts[WEIGHTS], bits)
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w") as file:
        for entry, content in parts.items():  # without the time, likewise
            file.writestr(zipfile.ZipInfo(entry), content, zipfile.ZIP_LZMA)  # better than HDF5 array by array
    return kept.getvalue()


def _in_few_bits(weights, bits):
    """An HDF5 file with its arrays rounded to so many significant bits, in float16, to be compressed; as bytes."""
    kept = io.BytesIO()
    with h5py.File(io.BytesIO(weights)) as source, h5py.File(kept, "w") as target:

        def copy(path, item):
            if isinstance(item, h5py.Dataset):
                fractions, powers = np.frexp(item[()])
                with np.errstate(over="ignore"):  # what is too large is refused below
                    array = np.ldexp(np.round(np.ldexp(fractions, bits)), powers - bits).astype(np.float16)
                if not np.isfinite(array).all():
                    raise InputError(
                        f"weights must be finite in float16. Received: {path} up to {np.abs(item).max():g}"
                    )
                apart = {"chunks": array.shape, "shuffle": True} if array.size >= LARGE else {}
                target.create_dataset(path, data=array, **apart)
            else:
                target.require_group(path).attrs.update(item.attrs)

        source.visititems(copy)
    return kept.getvalue()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run")
    parser.add_argument("name")
    parser.add_argument("--truncation", type=float, default=1.0, help="above 1: more varied faces (%(default)s)")
    parser.add_argument("--folder", default=FOLDER)
    options = parser.parse_args()
    print(json.dumps(publish(options.run, options.name, options.folder, truncation=options.truncation)))
