"""`python -m animegan` does what `animegan` does."""

import sys

from animegan.cli import main

if __name__ == "__main__":
    sys.exit(main())
