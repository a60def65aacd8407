"""Processes of the worker that run a module of evalctl beside it."""

from __future__ import annotations

import os
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]


def environment_of_child(**more: str) -> dict[str, str]:
    """Return this process's environment, with ``more``, in which evalctl can be imported from any working directory."""
    paths = [str(_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths), **more}
