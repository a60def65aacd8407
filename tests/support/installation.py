"""An installation of a user alone: its EVALCTL_HOME, and the processes that belong to it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from tests.support.processes import evalctl

#: Between two checks of every process of the machine, or of what a command says.
POLL_S = 0.5


@contextmanager
def installation(folder: Path) -> Iterator[dict[str, str]]:
    """Give the environment of a user with a new EVALCTL_HOME; nothing of it runs afterwards."""
    environment = {
        key: value for key, value in os.environ.items() if not key.startswith("EVALCTL_")
    }
    environment |= {"EVALCTL_HOME": str(folder / "home")}
    try:
        yield environment
    finally:
        evalctl(environment, "down --force")
        for process in left_of(environment):
            process.kill()


def left_of(environment: dict[str, str]) -> list[psutil.Process]:
    """Return the processes that belong to a user's EVALCTL_HOME."""
    home, found = environment["EVALCTL_HOME"], []
    for process in psutil.process_iter():
        try:
            mine = process.environ().get("EVALCTL_HOME") == home or home in " ".join(
                process.cmdline()
            )
            if mine and process.pid != os.getpid() and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return found
