"""Make models under EVALCTL_HOME: ``python -m workers.bundled_model smollm2 smollm2-awq``."""

from __future__ import annotations

import sys

from core.settings import Settings
from workers.bundled_model import ensure_embedded_model
from workers.errors import EngineError


def main() -> int:
    """Make what is missing and print the folders."""
    home = Settings.from_environment().home
    try:
        for name in sys.argv[1:]:
            print(ensure_embedded_model(home, name))
    except EngineError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
