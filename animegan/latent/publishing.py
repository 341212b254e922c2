"""A trained run made a pretrained generator that comes with the project:

    python -m animegan.latent.publishing RUN NAME [--folder data/pretrained]

What is needed to make faces, to explore them and to begin a transfer with is copied: the generator, the discriminator
and the settings; not the checkpoints, nor anything of the data.
"""

import argparse
import json
import shutil
from pathlib import Path

from animegan.files import InputError, output_folder, replacing
from animegan.gan.runs import Run
from animegan.gan.transfer import METHODS, Start
from animegan.latent.named import find_directions
from animegan.pretrained import FOLDER

MOST_BYTES = 2_000_000  # of a generator: a repository is cloned by everybody


def publish(run, name, folder=FOLDER):
    """Copy a run's networks and find its generator's directions.

    Args:
        run: run folder.
        name: of the new pretrained generator: a word without a slash.
        folder: where the pretrained generators are.

    Returns:
        dict: name, bytes, directions (how many).

    Raises:
        InputError: there is no such run, or it has no generator or checkpoint, or it is large, or the name is none.
    """
    if not name or Path(name).name != name:
        raise InputError(f"a name must be a word without a slash. Received: {name!r}")
    found = Run(run)
    found.load_generator()
    size = found.generator_path.stat().st_size
    if size > MOST_BYTES:
        raise InputError(f"a generator must have {MOST_BYTES:,} bytes or fewer to be published. Received: {size:,}")
    start = Start(found, METHODS[0])
    _, discriminator = start.networks()
    out = output_folder(Path(folder) / name)
    (out / "config.json").unlink(missing_ok=True)  # of an earlier one by this name
    Run.create(out, found.config | {"step": start.config["step"]})
    made = Run(out)
    with replacing(made.generator_path) as temporary:
        shutil.copyfile(found.generator_path, temporary)
    with replacing(made.discriminator_path) as temporary:
        discriminator.save(temporary)
    return {"name": name, "bytes": size, "directions": len(find_directions(Run(out)))}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run")
    parser.add_argument("name")
    parser.add_argument("--folder", default=FOLDER)
    options = parser.parse_args()
    print(json.dumps(publish(options.run, options.name, options.folder)))
