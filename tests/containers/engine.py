"""A Docker engine with compose: the one that runs here, or one started for this run alone."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from services.waiting import wait_until
from tests.containers.docker import CommandFailed, Docker, run
from tests.containers.mirror import download_from
from tests.support.debian_packages import find_program

#: Debian 12 has Docker but only the first, Python-made compose; this suite has today's.
PLUGIN_SUITE = "trixie"
PLUGINS = {"docker-compose": "docker-compose", "docker-buildx": "docker-buildx"}
_START_LIMIT_S = 60.0


def running_engine(folder: Path) -> Docker | None:
    """Return the engine that answers here, or None."""
    docker = Docker(log=folder / "log")
    if shutil.which("docker") is None:
        return None
    try:
        docker("version", "--format", "{{.Server.Version}}", limit_s=20)
    except CommandFailed:
        return None
    return _with_plugins(docker, folder)


@contextmanager
def private_engine(folder: Path) -> Iterator[Docker]:
    """Start an engine with its own socket and data below ``folder``; stop it after the block.

    Raise ``MissingPackage`` where Docker is neither installed nor can be, ``CommandFailed`` where
    it does not start; its log is ``folder/dockerd.log``.
    """
    for program in ("docker", "dockerd", "iptables"):
        find_program(program)
    socket = folder / "docker.sock"
    command = [
        *("dockerd", "--host", f"unix://{socket}"),
        *("--data-root", str(folder / "data"), "--exec-root", str(folder / "run")),
        *("--pidfile", str(folder / "docker.pid")),
    ]
    docker = Docker(log=folder / "log", variables={"DOCKER_HOST": f"unix://{socket}"})
    with (
        (folder / "dockerd.log").open("wb") as log,
        subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log) as daemon,
    ):
        try:
            if not wait_until(
                lambda: _answers(docker) or daemon.poll() is not None, _START_LIMIT_S
            ):
                daemon.kill()
            if daemon.poll() is not None:
                written = (folder / "dockerd.log").read_text(encoding="utf-8", errors="replace")
                raise CommandFailed(tuple(command), daemon.wait(), written)
            yield _with_plugins(docker, folder)
        finally:
            daemon.terminate()


def _answers(docker: Docker) -> bool:
    return docker("version", "--format", "{{.Server.Version}}", check=False).strip() != ""


def _with_plugins(docker: Docker, folder: Path) -> Docker:
    """Return the engine's client with compose 2 and buildx: those here, else Debian's."""
    if all(_has(docker, plugin) for plugin in ("compose", "buildx")):
        return docker
    config = folder / "config"
    for package, program in PLUGINS.items():
        target = config / "cli-plugins" / program
        if target.is_file():
            continue
        unpacked = folder / "unpacked" / package
        unpacked.mkdir(parents=True, exist_ok=True)
        archive = download_from(PLUGIN_SUITE, package, folder)
        run("dpkg", "-x", str(archive), str(unpacked), log=docker.log)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(unpacked / "usr" / "libexec" / "docker" / "cli-plugins" / program, target)
    variables = {**docker.variables, "DOCKER_CONFIG": str(config)}
    return Docker(log=docker.log, variables=variables)


def _has(docker: Docker, plugin: str) -> bool:
    return docker(plugin, "version", check=False).strip() != ""
