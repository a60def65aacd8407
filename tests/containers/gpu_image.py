"""The GPU image as far as a host without a GPU goes: built, and what it says at its start."""

from __future__ import annotations

import json

from tests.containers.docker import Docker
from tests.containers.walk import NotAsExpected
from tests.support.processes import ROOT

TAG = "evalctl:gpu"


def build(docker: Docker, *, host_network: bool) -> str:
    """Build it and return how large it is."""
    network = ("--network", "host") if host_network else ()
    docker("build", *network, "--file", str(ROOT / "deploy" / "Dockerfile.gpu"), "--tag", TAG,
           str(ROOT), limit_s=3600)  # fmt: skip
    size = int(docker("image", "inspect", "--format", "{{.Size}}", TAG))
    return f"{size / 1e9:.1f} GB"


def refuses_without_gpu(docker: Docker) -> str:
    """Start a worker without a GPU; return the one sentence with which it ends."""
    script = "evalctl worker --gpu 0 2>&1; echo $?"
    given = ("--env", "EVALCTL_DATABASE_URL=postgresql://evalctl@127.0.0.1:1/none",
             "--env", "EVALCTL_BROKER_URL=redis://127.0.0.1:1/0")  # fmt: skip
    *lines, code = docker("run", "--rm", *given, TAG, "sh", "-c", script).strip().splitlines()
    if len(lines) != 1 or code != "2" or "NVIDIA driver" not in lines[0]:
        raise NotAsExpected(f"the worker ended with {code} and said: {' / '.join(lines)}")
    return f"exit {code}: {json.loads(lines[0])['error']}"
