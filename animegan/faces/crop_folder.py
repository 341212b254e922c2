"""The files around cropping: which pictures are read, what the crops are called, and how they replace earlier ones."""

import contextlib
import csv
import itertools
import os
import shutil
from pathlib import Path

from animegan.faces.sources import is_picture
from animegan.files import InputError, output_folder, replacing

COLUMNS = ("file", "source", "x0", "y0", "x1", "y1", "likelihood", "hair", "eyes")
TABLE = "faces.csv"
AS_CSV = {"newline": "", "encoding": "utf-8", "errors": "surrogateescape"}  # a file's name may be any bytes
STAGING = ".crops.part"  # new crops wait here until all are done: a killed run loses no earlier crops


def find_pictures(pictures, out):
    """List picture files.

    Args:
        pictures: a folder (walked with its subfolders), a picture file, or a list of these.
        out: a folder that is left out.

    Returns:
        (root, files): the folder that holds all that was named, and the sorted paths of the pictures.

    Raises:
        InputError: something named is missing, or there is no picture in all of it.
    """
    named = [pictures] if isinstance(pictures, str | os.PathLike) else pictures
    entries = [_real(entry) for entry in named]
    files = set()
    for entry in entries:
        if not entry.exists():
            raise InputError(f"the pictures must be a folder or a picture file. Received: {entry}, which is missing")
        files.update(path for path in (entry.rglob("*") if entry.is_dir() else [entry]) if path.is_file())
    out = _real(out)
    files = sorted(file for file in files if is_picture(file.name) and not file.is_relative_to(out))
    if not files:
        received = ", ".join(map(str, entries)) or "an empty list"
        raise InputError(f"there must be a picture (JPEG, PNG, WebP, BMP, GIF, TIFF) to read. Received: {received}")
    root = Path(os.path.commonpath([entry if entry.is_dir() else entry.parent for entry in entries]))
    return root, files


def _real(path):
    """The path without links on the way to it, so that one folder has one path; its own name stays."""
    return (
        Path(os.path.realpath(path))
        if os.path.isdir(path)
        else Path(os.path.realpath(Path(path).parent), Path(path).name)
    )


class CropFolder:
    """A folder of crops with its faces.csv, filled anew as a whole.

    Args:
        path: the folder; it is created where missing.

    Attributes:
        path: pathlib.Path of the folder.
        earlier: set of the names of the crops that an earlier run left there, by its faces.csv.

    Raises:
        InputError: it cannot be written to, or holds a faces.csv that is not of our making.
    """

    def __init__(self, path):
        """Open the folder, changing nothing in it."""
        self.path = output_folder(path)
        self.earlier = _listed(self.path / TABLE)

    def name_crops(self, files):
        """Choose names that neither two pictures nor a picture and another file in the folder share.

        Args:
            files: paths of pictures.

        Returns:
            list of str, one a picture: its stem, numbered if need be. Crop k is called <name>_<k>.png.
        """
        foreign = {path.name for path in self.path.glob("*.png")} - self.earlier
        taken = {name.rpartition("_")[0].casefold() for name in foreign}
        names = []
        for file in files:
            numbered = itertools.chain([file.stem], (f"{file.stem}-{number}" for number in itertools.count(2)))
            names.append(next(name for name in numbered if name.casefold() not in taken))
            taken.add(names[-1].casefold())
        return names

    @contextlib.contextmanager
    def staging(self):
        """Yield an empty folder for new crops, and remove it after; each is called <name>_<k>.png.part there."""
        staging = self.path / STAGING
        shutil.rmtree(staging, ignore_errors=True)  # a killed run's
        staging.mkdir()
        try:
            yield staging
        finally:
            shutil.rmtree(staging, ignore_errors=True)

    def publish(self, staging, rows):
        """Move the new crops in, list them in faces.csv, and remove those that only the earlier run made.

        Args:
            staging: the folder that `staging` gave.
            rows: the lines of faces.csv, one a crop, in the order of COLUMNS.
        """
        for row in rows:
            os.replace(staging / f"{row[0]}.part", self.path / row[0])
        with replacing(self.path / TABLE) as temporary, open(temporary, "w", **AS_CSV) as file:
            csv.writer(file).writerows([COLUMNS, *rows])
        for name in self.earlier - {row[0] for row in rows}:
            (self.path / name).unlink(missing_ok=True)


def _listed(table):
    """The names of the crops that a faces.csv lists; none where there is no such file."""
    if not table.exists():
        return set()
    try:
        with open(table, **AS_CSV) as file:
            rows = [row for row in csv.reader(file) if row]
    except (OSError, UnicodeDecodeError, csv.Error):
        rows = []
    if not rows or tuple(rows[0]) != COLUMNS:
        raise InputError(f"a {TABLE} in the output folder must be one that crop wrote. Received: another, {table}")
    return {row[0] for row in rows[1:] if Path(row[0]).name == row[0] and row[0].endswith(".png")}
