"""Small trained networks that come with the project. Installed as `animegan.pretrained`."""

from pathlib import Path

FOLDER = Path(__file__).parent
