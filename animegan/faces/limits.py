"""How much of a foreign archive or picture is taken: what is larger is refused before it fills memory or disk."""

from dataclasses import dataclass

from animegan.files import InputError
from animegan.pictures import MOST_PIXELS


@dataclass(frozen=True)
class Limits:
    """The most that is read. Each can be set, by name here and by `--most-…` on the command line."""

    pixels: int = MOST_PIXELS  # of one picture: a 10,000 × 10,000 scan
    file_bytes: int = 500_000_000  # of one file, unpacked
    bytes: int = 100_000_000_000  # of all files of one source, unpacked: about a million large pictures
    table_bytes: int = 20_000_000  # of one table of tags that a source brings along: half a million rows
    members: int = 5_000_000  # of one archive or folder

    def __post_init__(self):
        """Check that each is a number of at least one.

        Raises:
            InputError: one is not.
        """
        for name, value in vars(self).items():
            if value < 1:
                raise InputError(f"most {name.replace('_', ' ')} must be 1 or more. Received: {value}")

    def check(self, name, kind, value):
        """Raise TooLarge where `value` is more than the limit of that kind.

        Args:
            name: what is measured, for the message.
            kind: one of the limits' names.
            value: int.
        """
        most = getattr(self, kind)
        if value > most:
            what = kind.replace("_", " ")
            raise TooLarge(
                f"{name} must hold at most {most:,} {what} (--most-{kind.replace('_', '-')}). Received: {value:,}"
            )


class TooLarge(InputError):
    """Something foreign is larger than the limits allow."""


LIMITS = Limits()
