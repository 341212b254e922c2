"""The files around cropping: which pictures are read, what the crops are called, and how they replace earlier ones."""

import collections
import contextlib
import csv
import itertools
import os
import shutil
from pathlib import Path

from animegan.faces.sources import ending, folder_names, is_other, is_picture, is_shown
from animegan.files import InputError, output_folder, remove_unfinished, replacing

COLUMNS = ("file", "source", "x0", "y0", "x1", "y1", "likelihood", "hair", "eyes")
TABLE = "faces.csv"
AS_CSV = {"newline": "", "encoding": "utf-8", "errors": "surrogateescape"}  # a file's name may be any bytes
JOURNAL = "names"  # in there: all crops that a publishing is about
LONGEST = 200  # bytes of a crop's name; most file systems take 255, and its number and ending need some of them
STAGING = ".crops.part"  # new crops wait here until all are done: a killed run loses no earlier crops


def find_pictures(pictures, out):
    """List picture files.

    Args:
        pictures: a folder (walked as `pack` walks it: with its subfolders, but neither hidden ones nor links to
            folders), a picture file, or a list of these.
        out: a folder that is left out.

    Returns:
        (root, files, closed, others): the folder that holds all that was named; the sorted paths of the pictures;
        {path: OSError} of what cannot be followed, such as links to folders; and a collections.Counter of the files
        that are neither pictures nor tables of tags, by their endings, hidden ones left out.

    Raises:
        InputError: something named is missing, or there is no picture in all of it.
    """
    named = [pictures] if isinstance(pictures, str | os.PathLike) else pictures
    entries = [_real(entry) for entry in named]
    found, rest = {}, set()
    for entry in entries:
        if not entry.exists():
            raise InputError(f"the pictures must be a folder or a picture file. Received: {entry}, which is missing")
        names = folder_names(entry) if entry.is_dir() else {entry.name: None}
        folder = entry if entry.is_dir() else entry.parent
        shown = {name for name, error in names.items() if is_picture(name) or (error and is_shown(name))}
        found |= {folder / name: names[name] for name in shown}
        rest |= {folder / name for name in names if name not in shown and is_other(name)}
    out = _real(out)
    found = {path: found[path] for path in sorted(found) if not path.is_relative_to(out)}
    files = [path for path, error in found.items() if error is None]
    closed = {path: error for path, error in found.items() if error is not None}
    if not files:
        received = ", ".join(map(str, entries)) or "an empty list"
        reason = "".join(f" ({path}: {error})" for path, error in list(closed.items())[:1])
        raise InputError(
            f"there must be a picture (JPEG, PNG, WebP, BMP, GIF, TIFF) to read. Received: {received}{reason}"
        )
    root = Path(os.path.commonpath([entry if entry.is_dir() else entry.parent for entry in entries]))
    others = collections.Counter(ending(path) for path in rest if not path.is_relative_to(out))
    return root, files, closed, others


def _real(path):
    """The path without links on the way to it, so that one folder has one path; its own name stays."""
    return (
        Path(os.path.realpath(path))
        if os.path.isdir(path)
        else Path(os.path.realpath(Path(path).parent), Path(path).name)
    )


class CropFolder:
    """A folder of crops with its faces.csv, filled anew as a whole.

    At every moment the table is whole, and so are the crops that it lists: new ones come under names that are free, the
    new table takes the place of the old one, and the old crops go. What a killed run leaves half done, the next one
    clears away.

    Args:
        path: the folder; it is created where missing.

    Attributes:
        path: pathlib.Path of the folder.
        earlier: set of the names of the crops that an earlier run left there, by its faces.csv.

    Raises:
        InputError: it cannot be written to, or holds a faces.csv that is not of our making.
    """

    def __init__(self, path):
        """Open the folder, changing nothing in it but what a killed run left."""
        self.path = output_folder(path)
        self.earlier = _listed(self.path / TABLE)
        remove_unfinished(self.path, TABLE)
        self._clear_away()

    def _clear_away(self):
        """Remove what waits, and those crops of a publishing that faces.csv does not list.

        They are the new ones if it broke off, and the earlier ones if it came to its end.
        """
        journal = self.path / STAGING / JOURNAL
        if journal.exists():
            listed = _listed(self.path / TABLE)
            for name in os.fsdecode(journal.read_bytes()).split("\0"):
                if name not in listed and name.endswith(".png") and Path(name).name == name:
                    (self.path / name).unlink(missing_ok=True)
        shutil.rmtree(self.path / STAGING, ignore_errors=True)

    def name_crops(self, files):
        """Choose names that neither two pictures nor a picture and another file in the folder share.

        Args:
            files: paths of pictures.

        Returns:
            list of str, one a picture: its stem, cut and numbered if need be. Crop k is called <name>_<k>.png.
        """
        foreign = {path.name for path in self.path.glob("*.png")} - self.earlier
        taken = dict.fromkeys((name.rpartition("_")[0].casefold() for name in foreign), 2)
        return [_free(file.stem, taken) for file in files]

    @contextlib.contextmanager
    def staging(self):
        """Yield an empty folder for new crops, and remove it after; each is called <name>_<k>.png.part there."""
        staging = self.path / STAGING
        staging.mkdir(exist_ok=True)  # a killed run's workers live on for a moment
        try:
            yield staging
        finally:
            self._clear_away()

    def publish(self, staging, rows):
        """Move the new crops in, and list them in faces.csv. Those that only the earlier run made go with `staging`.

        Args:
            staging: the folder that `staging` gave.
            rows: the lines of faces.csv, one a crop, in the order of COLUMNS.

        Returns:
            The lines with the names that the crops have now: those of a picture whose crops differ from earlier ones of
            these names are called otherwise.
        """
        differ = {row[0].rpartition("_")[0] for row in rows if self._differs(staging, row[0])}
        names = itertools.chain((path.name for path in self.path.glob("*.png")), (row[0] for row in rows))
        taken = dict.fromkeys((name.rpartition("_")[0].casefold() for name in names), 2)
        renamed = {name: _free(name, taken) for name in sorted(differ)}
        moves = {}  # name in the staging folder → name
        for row in rows:
            name, _, number = row[0].rpartition("_")
            moves[row[0]] = f"{renamed.get(name, name)}_{number}"
        with replacing(staging / JOURNAL) as temporary:  # a part of a name could be that of another file
            temporary.write_bytes(os.fsencode("\0".join({*moves.values(), *self.earlier})))
        for staged, name in moves.items():
            os.replace(staging / f"{staged}.part", self.path / name)
        rows = [(moves[row[0]], *row[1:]) for row in rows]
        with replacing(self.path / TABLE) as temporary, open(temporary, "w", **AS_CSV) as file:
            csv.writer(file).writerows([COLUMNS, *rows])
        return rows

    def _differs(self, staging, name):
        """Whether an earlier crop of this name is there, and another."""
        path = self.path / name
        return name in self.earlier and path.exists() and path.read_bytes() != (staging / f"{name}.part").read_bytes()


def _free(stem, taken):
    """The stem, cut to LONGEST, or the first of <stem>-2, <stem>-3, … that is not taken, which it then is.

    Args:
        stem: of a file's name.
        taken: {name in lower case: the first number that may still be free}.
    """
    while len(os.fsencode(stem)) > LONGEST:
        stem = stem[:-1]
    first = stem.casefold()
    name = stem
    while name.casefold() in taken:
        name = f"{stem}-{taken[first]}"
        taken[first] += 1
    taken[name.casefold()] = 2
    return name


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
