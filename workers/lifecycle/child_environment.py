"""The environment of a child process that runs a module of evalctl."""

from __future__ import annotations

import os
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]


def environment_of_child(**more: str) -> dict[str, str]:
    """Return this process's environment with ``more``; evalctl can be imported from any folder."""
    paths = [str(_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths), **more}
