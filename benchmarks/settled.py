"""Folders of figures that are filled over days: all that is in one comes from the same data and settings."""

import json

from animegan.faces.packed import FaceSet
from animegan.files import replacing


def settle(folder, **settings):
    """Note the settings of a folder's figures, or see that they are the ones that were noted.

    Args:
        folder: pathlib.Path; made where it is missing.
        settings: what JSON can hold.

    Raises:
        SystemExit: the folder holds figures of other settings.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "settings.json"
    had = json.loads(path.read_text()) if path.exists() else settings
    if changed := [
        f"{name} {settings[name]} instead of {had.get(name)}" for name in settings if settings[name] != had.get(name)
    ]:
        raise SystemExit(f"all figures in {folder} must have the same settings. Received: {', '.join(changed)}")
    if not path.exists():
        with replacing(path) as temporary:
            temporary.write_text(json.dumps(settings, indent=1) + "\n")


def fingerprint(faces):
    """What tells packed files apart: that of the pictures to train on."""
    with FaceSet(faces) as data:
        return data.fingerprint(data.split()[0])
