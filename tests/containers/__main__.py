"""Run the container files for real and print a table of what was seen.

    python -m tests.containers [--private] [--keep] [--gpu]

Where a Docker engine runs, it is used, with the images that the files name. Else, as root on
Debian, a private one is started, and images that cannot be pulled are made here: Debian by
debootstrap, and the servers from evalctl's wheels. Exits with 1 where a step was not as expected.
"""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from tests.containers import gpu_image, images, walk
from tests.containers.docker import CommandFailed, Docker
from tests.containers.engine import private_engine, running_engine
from tests.containers.stack import Stack, prepare
from tests.support.debian_packages import MissingPackage

FOLDER = Path(tempfile.gettempdir()) / "evalctl-containers"
Step = tuple[str, Callable[[], str]]


def main(words: list[str]) -> int:
    """Run all steps until one fails; return 1 then, and 2 where there is no engine to be had."""
    parser = argparse.ArgumentParser(prog="make containers")
    parser.add_argument("--private", action="store_true", help="start an engine in any case")
    parser.add_argument("--keep", action="store_true", help="keep images for a faster next run")
    parser.add_argument("--gpu", action="store_true", help="build the GPU image too (large)")
    options = parser.parse_args(words)
    # As Ctrl-C does: containers and engine are taken down.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    FOLDER.mkdir(mode=0o700, exist_ok=True)
    try:
        with ExitStack() as stack:
            own = None if options.private else running_engine(FOLDER)
            docker = own or stack.enter_context(private_engine(FOLDER))
            ok = _all(docker, private=own is None, gpu=options.gpu)
    except (CommandFailed, MissingPackage) as error:
        print(f"no Docker engine: {error}\nStart one, or run this as root on Debian.")
        return 2
    if not ok:
        print(f"every command and what it printed: {FOLDER / 'log'}")
    elif not options.keep:
        shutil.rmtree(FOLDER)
    return int(not ok)


def _all(docker: Docker, *, private: bool, gpu: bool) -> bool:
    table = Table("step", "seen", "s", "ok")
    table.columns[1].overflow = "fold"
    project = prepare(docker, FOLDER, host_network=private)
    began = time.monotonic()
    try:
        for name, step in _steps(project, private=private, gpu=gpu):
            since = time.monotonic()
            print(f"{name} ...", flush=True)
            try:
                seen, ok = step(), True
            except (CommandFailed, MissingPackage, walk.NotAsExpected) as error:
                seen, ok = str(error), False
            table.add_row(
                Text(name), Text(seen), f"{time.monotonic() - since:.0f}", "yes" if ok else "NO"
            )
            if not ok:
                break
    finally:
        project.compose("down", "--volumes", "--timeout", "60", check=False)
    Console(width=80).print(table)
    print(f"{(time.monotonic() - began) / 60:.1f} minutes")
    return ok


def _steps(project: Stack, *, private: bool, gpu: bool) -> Iterator[Step]:
    docker = project.docker
    yield "engine", lambda: _engine(docker, private=private)
    yield "base images", lambda: _bases(docker, private=private)
    yield "build", lambda: _build(project)
    for name, step in walk.STEPS:
        yield name, lambda step=step: step(project)  # type: ignore[misc]
    if gpu:
        yield "GPU image", lambda: gpu_image.build(docker, host_network=private)
        yield "GPU image, no GPU", lambda: gpu_image.refuses_without_gpu(docker)


def _engine(docker: Docker, *, private: bool) -> str:
    version = docker("version", "--format", "{{.Server.Version}}").strip()
    compose = docker("compose", "version", "--short").strip()
    return f"Docker {version}{', started for this run' if private else ''}, compose {compose}"


def _bases(docker: Docker, *, private: bool) -> str:
    missing = [
        image for image in (images.PYTHON, *images.SERVERS) if not images.pulled(docker, image)
    ]
    if missing and not private:
        raise CommandFailed(("docker", "pull"), 1, f"not to be had: {', '.join(missing)}")
    if images.PYTHON in missing:
        images.make_python(docker, FOLDER)
    if set(missing) & set(images.SERVERS):
        images.make_servers(docker)
    return f"stand-ins for {', '.join(missing)}" if missing else "as the files name them"


def _build(project: Stack) -> str:
    project.compose("build", limit_s=3600)
    size = int(project.docker("image", "inspect", "--format", "{{.Size}}", "evalctl:cpu"))
    return f"evalctl:cpu, {size / 1e9:.1f} GB"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
