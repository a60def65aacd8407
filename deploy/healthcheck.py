#!/usr/bin/env python
"""Check the health of a container: whether a worker of this host has reported lately.

It queries the database and not the process, so a worker that runs but can no longer report is
unhealthy too.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

#: Workers report every few seconds; several reports may be missed while the database restarts.
REPORTED_WITHIN_S = 60.0
ENDED = frozenset({"stopped", "lost"})


def alive(status: Mapping[str, Any], host: str) -> bool:
    """Return whether the document of ``evalctl status --json`` shows a live worker on this host."""
    return any(
        worker["host"] == host
        and worker["state"] not in ENDED
        and worker["last_seen_s"] <= REPORTED_WITHIN_S
        for worker in status["workers"]
    )


def main() -> int:
    """Return 0 for a healthy worker and 1 otherwise."""
    host = socket.gethostname()
    answer = subprocess.run(
        ["evalctl", "status", "--json"], capture_output=True, text=True, check=False
    )
    if answer.returncode != 0:
        print(answer.stderr.strip() or f"evalctl status exited with code {answer.returncode}")
        return 1
    if alive(json.loads(answer.stdout), host):
        return 0
    print(f"no worker of {host} has reported within {REPORTED_WITHIN_S:g} s")
    return 1


if __name__ == "__main__":
    sys.exit(main())
