"""A trained run made a pretrained generator that comes with the project:

    python -m animegan.latent.publishing RUN NAME [--folder data/pretrained]

What is needed to make faces and to explore them is copied: not the checkpoints, nor anything of the data.
"""

import argparse
import json
import shutil
from pathlib import Path

from animegan.files import InputError, output_folder, replacing
from animegan.gan.finding import find_run
from animegan.gan.runs import Run
from animegan.latent.named import find_directions
from animegan.pretrained import FOLDER

MOST_BYTES = 2_000_000  # of a generator: a repository is cloned by everybody


def publish(run, name, folder=FOLDER):
    """Copy a run's generator and find its directions.

    Args:
        run: run folder.
        name: of the new pretrained generator: a word without a slash.
        folder: where the pretrained generators are.

    Returns:
        dict: name, bytes, directions (how many).

    Raises:
        InputError: there is no such run, or it has no generator, or a large one, or the name is none.
    """
    if not name or Path(name).name != name:
        raise InputError(f"a name must be a word without a slash. Received: {name!r}")
    found = find_run(run)
    found.load_generator()
    size = found.generator_path.stat().st_size
    if size > MOST_BYTES:
        raise InputError(f"a generator must have {MOST_BYTES:,} bytes or fewer to be published. Received: {size:,}")
    out = output_folder(Path(folder) / name)
    for source in (found.generator_path, found.folder / "config.json"):
        with replacing(out / source.name) as temporary:
            shutil.copyfile(source, temporary)
    return {"name": name, "bytes": size, "directions": len(find_directions(Run(out)))}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run")
    parser.add_argument("name")
    parser.add_argument("--folder", default=FOLDER)
    options = parser.parse_args()
    print(json.dumps(publish(options.run, options.name, options.folder)))
