"""The services of docker-compose.yml, under a separate project name and with fresh passwords."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from services.files import free_port
from services.waiting import wait_until
from tests.containers.docker import CommandFailed, Docker
from tests.support.processes import ROOT

PROJECT = "evalctl-containers"
#: Services of the repository's file that are built, and are in the profile cpu or in none.
BUILT = ("migrate", "reconciler", "worker-cpu")
LIMIT_S = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """One project of compose."""

    docker: Docker
    folder: Path
    postgres_port: int
    project: str = PROJECT

    def compose(self, *words: str, limit_s: float = LIMIT_S, check: bool = True) -> str:
        """Run ``docker compose`` on the project and return its stdout."""
        files = (
            *("--env-file", str(self.folder / "env")),
            *("-f", str(ROOT / "docker-compose.yml"), "-f", str(self.folder / "builds.yml")),
        )
        return self.docker(
            "compose", "--project-name", self.project, *files, *words, limit_s=limit_s, check=check
        )

    def evalctl(self, *words: str, limit_s: float = LIMIT_S) -> str:
        """Run a command in the reconciler's container, as docs/how-to/containers.md does."""
        return self.compose("exec", "-T", "reconciler", "evalctl", *words, limit_s=limit_s)

    def document(self, *words: str) -> dict[str, Any]:
        """Return the JSON document of a command."""
        found: dict[str, Any] = json.loads(self.evalctl(*words, "--json"))
        return found

    def query(self, statement: str) -> list[str]:
        """Return the fields of a statement's first row, asked inside the database's container."""
        words = ("psql", "--username=evalctl", "--dbname=evalctl", "-At", "-F", " ", "-c")
        return self.compose("exec", "-T", "postgres", *words, statement).split()

    def container(self, service: str) -> dict[str, Any]:
        """Return what Docker knows of a service's container, running or ended."""
        name = self.compose("ps", "--all", "--quiet", service).strip()
        found: dict[str, Any] = json.loads(self.docker("container", "inspect", name))[0]
        return found

    def state(self, service: str) -> str:
        """Return ``healthy``, ``starting``, ``exited 0`` and the like."""
        state = self.container(service)["State"]
        if state["Status"] != "running":
            return f"{state['Status']} {state['ExitCode']}"
        return str(state.get("Health", {}).get("Status", "running"))

    def wait_for(self, service: str, wanted: str, limit_s: float = LIMIT_S) -> None:
        """Wait until a service has a state; raise ``CommandFailed`` with its log if it is late."""
        if not wait_until(lambda: self.state(service) == wanted, limit_s):
            log = self.compose("logs", "--no-color", "--tail", "12", service, check=False)
            seen = f"{service} is {self.state(service)}, not {wanted}, after {limit_s:g} s:\n{log}"
            raise CommandFailed(("docker", "compose", "ps"), 0, seen)


def prepare(docker: Docker, folder: Path, *, host_network: bool) -> Stack:
    """Write the environment and how images are built, and return the project.

    With ``host_network`` builds use the host's network, where package mirrors may be on loopback.
    """
    port = free_port(None)
    variables = {
        "POSTGRES_PASSWORD": secrets.token_hex(24),
        "REDIS_PASSWORD": secrets.token_hex(24),
        "ENGINE": "cpu",
        "COMPOSE_PROFILES": "cpu",
        "POSTGRES_PORT": str(port),
    }
    path = folder / "env"
    path.touch(mode=0o600)
    path.write_text("".join(f"{name}={value}\n" for name, value in variables.items()), "ascii")
    build = {"network": "host"} if host_network else {}
    builds = {"services": {name: {"build": build} for name in BUILT}}
    # JSON is YAML too.
    (folder / "builds.yml").write_text(json.dumps(builds), encoding="ascii")
    return Stack(docker=docker, folder=folder, postgres_port=port)
