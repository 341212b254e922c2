"""Runs by folder or by name: a name stands for a generator that comes with the project.

Every folder in data/pretrained/ that holds a config.json and a generator.keras is one; its own name is the name. A
transfer needs its discriminator.keras, too.
"""

from pathlib import Path

from animegan.files import InputError
from animegan.gan.runs import Run
from animegan.pretrained import FOLDER


def pretrained_names(folder=FOLDER):
    """Names of the generators that come with the project: a sorted list of str."""
    return sorted(path.parent.name for path in Path(folder).glob("*/config.json"))


def find_run(run, folder=FOLDER):
    """Open a run.

    Args:
        run: path of a run folder, or the name of a pretrained generator. A folder of that name comes first.
        folder: where the pretrained generators are.

    Returns:
        animegan.gan.runs.Run. A pretrained one has no checkpoints: it cannot go on training, but a transfer can begin
        with it.

    Raises:
        InputError: there is neither; the message lists the names.
    """
    names = pretrained_names(folder)
    if not (Path(run) / "config.json").exists() and str(run) in names:
        return Run(Path(folder) / str(run))
    try:
        return Run(run)
    except InputError as error:
        raise InputError(f"{error}; the pretrained generators are: {', '.join(names) or 'none'}") from error
