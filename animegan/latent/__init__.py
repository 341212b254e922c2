"""What a trained generator learned: ways through its latent space, directions, and an explorer to steer by hand."""


def explore(run="getchu-faces", **settings):
    """Open the explorer in a notebook: one line is enough.

    Args:
        run: run folder, or the name of a pretrained generator.
        settings: more for `animegan.latent.explorer.Explorer`, such as seed.

    Returns:
        animegan.latent.explorer.Explorer, which Jupyter shows where it is the last value of a cell.

    Raises:
        InputError: there is no such run.
    """
    from animegan.latent.explorer import Explorer  # an engine takes seconds to load

    return Explorer.open(run, **settings)
