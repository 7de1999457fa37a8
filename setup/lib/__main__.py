"""Entry point: ``python3 setup/lib COMMAND [arguments]``."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parent.parent)

from lib.cli import main  # noqa: E402 - the path must be set first

sys.exit(main(sys.argv[1:]))
