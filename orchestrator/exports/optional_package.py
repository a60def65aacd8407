"""Packages that only some formats need."""

from __future__ import annotations

import importlib
from types import ModuleType

from orchestrator.errors import UsageFault


def optional_package(module: str, *, extra: str, wanted: str) -> ModuleType:
    """Import a package of an extra, or raise ``UsageFault`` that says how to install it."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise UsageFault(
            f"--format {wanted} needs the package {module.partition('.')[0]}; install it with "
            f"`pip install 'evalctl[{extra}]'` ({error})"
        ) from error
