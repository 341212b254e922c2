"""Tags from a CSV: one row a picture, one column a tag."""

import csv
import io
import unicodedata
from pathlib import Path, PurePosixPath

from animegan.files import InputError

# What `animegan crop` notes of a face beside its tags; positions and likelihoods are no classes of faces.
MEASURES = frozenset({"source", "x0", "y0", "x1", "y1", "likelihood"})
MOST_COLUMNS = 1_000  # of a table: more are no tags of anybody's
EXAMPLES = 5  # names that a report gives of each kind


class TagTable:
    """Tags by picture name, read from a CSV with a column `file`; every other column is a tag.

    A picture matches a row when the row's `file` is the end of the picture's name: `1000.jpg`
    matches `faces/1000.jpg`, and where several rows match, the longest wins. Of rows with the same `file` the first
    counts, and the others fill its gaps.

    Attributes:
        names: tuple of the tags.
        doubled: list of the names that stood in another row before.
        too_long: list of the names in whose rows more values stand than there are columns; those are left out.
        measures: list of the columns that are no tags since `crop` calls its measures so; none in a table of crop's.
        used: set of the names whose rows matched a picture so far.
    """

    def __init__(self, text, name="tags.csv"):
        """Read a table.

        Args:
            text: the CSV as str; comma, semicolon, tab or | between the columns, or what a first line "sep=;" names.
            name: what to call it in errors.

        Raises:
            InputError: there is no column `file`, or no other column, or it is no CSV.
        """
        lines = io.StringIO(text.lstrip("\r\n"), newline=None)  # ends of lines of any system
        first = lines.readline()
        delimiter = max(",;\t|", key=first.count)
        if first.startswith("sep=") and len(first) > 5:  # Excel's
            delimiter = first[4]
        else:
            lines.seek(0)
        try:
            self._read(csv.reader(lines, delimiter=delimiter), name)
            "".join(self.names + tuple(value for row in self._rows.values() for value in row.values())).encode()
        except (csv.Error, UnicodeEncodeError) as error:
            raise InputError(f"a table of tags must be a CSV in UTF-8. Received: {name} ({error})") from error

    def _read(self, reader, name):
        """Take names and rows from a csv.reader."""
        columns = [column.strip() for column in next((row for row in reader if row), [])]
        if "file" not in columns:
            columns = ["file" if column.lower() == "file" else column for column in columns]
        self.names = tuple(column for column in columns if column not in MEASURES | {"file", ""})
        if "file" not in columns or not self.names:
            raise InputError(
                f"a table of tags must have a column 'file' and a column for each tag. "
                f"Received: {name} with {', '.join(columns) or 'no columns'}"
            )
        if len(columns) > MOST_COLUMNS:
            raise InputError(f"a table of tags must have at most {MOST_COLUMNS:,} columns. Received: {len(columns):,}")
        self._rows, self.doubled, self.too_long, self.used = {}, [], [], set()
        self.measures = [] if set(columns) >= MEASURES else sorted(MEASURES & set(columns))
        tags, place = set(self.names), columns.index("file")
        for row in reader:
            if not row:
                continue
            cells = dict(zip(columns, row, strict=False))  # a row may end early
            file = "/".join(_parts(row[place].strip().replace("\\", "/"))) if len(row) > place else ""
            if len(row) > len(columns):
                self.too_long.append(file)
            if file in self._rows:
                self.doubled.append(file)
            known = self._rows.setdefault(file, {})
            values = {tag: cells[tag].strip() for tag in cells if tag in tags}
            known |= {tag: value for tag, value in values.items() if value and tag not in known}

    @classmethod
    def read(cls, path):
        """Read a table from a file (UTF-8, with or without a byte-order mark)."""
        try:
            return cls.parse(Path(path).read_bytes(), str(path))
        except OSError as error:
            raise InputError(f"tags must be in a CSV file that can be read. Received: {path}") from error

    @classmethod
    def parse(cls, data, name):
        """Read a table from the bytes of a CSV file. The names of files, unlike the tags, may be any bytes."""
        if b"\0" in data:  # UTF-16, or no text
            raise InputError(f"a table of tags must be a CSV in UTF-8. Received: {name} (it holds zero bytes)")
        return cls(data.decode("utf-8-sig", "surrogateescape"), name)

    def __len__(self):
        """Number of rows."""
        return len(self._rows)

    def of(self, name):
        """Tags of the picture `name`: a dict from tag to value, empty where no row matches."""
        parts = _parts(name)
        for start in range(len(parts)):
            row = self._rows.get("/".join(parts[start:]))
            if row is not None:
                self.used.add("/".join(parts[start:]))
                return row
        return {}

    def report(self):
        """What did not fit: a dict of rows, unused, doubled and too_long (numbers of rows), measures, and examples.

        The examples are up to five names of each kind.
        """
        unused = [name for name in self._rows if name not in self.used]
        odd = {"unused": unused, "doubled": self.doubled, "too_long": self.too_long}
        rows = len(self._rows) + len(self.doubled)
        examples = {kind: names[:EXAMPLES] for kind, names in odd.items()}
        counts = {kind: len(names) for kind, names in odd.items()}
        return {"rows": rows, **counts, "measures": self.measures, "examples": examples}

    def values(self):
        """{tag: set of its values}."""
        return {tag: {row[tag] for row in self._rows.values() if tag in row} for tag in self.names}


def _parts(name):
    """The parts of a file's name, without ., and é in one piece: a Mac's file system has it in two."""
    if name.isascii() and "/" not in name:  # nearly all rows of most tables, twenty times as fast
        return () if name in ("", ".") else (name,)
    return PurePosixPath(unicodedata.normalize("NFC", name)).parts
