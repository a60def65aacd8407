"""``evalctl up`` and ``down``: start and stop the processes of this host under a supervisor."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading

import click
import psutil
from click import option

from core.counts import counted
from core.gpus import GpuUnavailable, gpu_groups, list_gpus
from core.settings import Settings
from orchestrator.cli.examples import examples
from orchestrator.connections import connect
from orchestrator.console import say
from orchestrator.errors import UsageFault
from orchestrator.supervisor import (
    Supervisor,
    SupervisorFile,
    log_folder,
    reconciler_spec,
    worker_specs,
)
from services.usage import stop_services

UP_WITHIN_S = 60.0
DOWN_WITHIN_S = 120.0


@click.command()
@option(
    "--gpus",
    metavar="LIST",
    help="A worker per GPU or group of GPUs, e.g. 0,1 or 0+1,2+3, or none.  [default: all]",
)
@option(
    "--cpu-workers",
    type=click.IntRange(0, 64),
    help="Number of CPU workers.  [default: 1 without GPUs, else 0]",
)
@option("--foreground", is_flag=True, help="Stay in the foreground until SIGTERM or Ctrl-C.")
@examples("evalctl up", "evalctl up --gpus 0,1", "evalctl up --gpus 0+1,2+3")
def up(*, gpus: str | None, cpu_workers: int | None, foreground: bool) -> int:
    """Start this host's servers, reconciler and workers.

    The servers are the embedded ones, unless real ones are configured. A worker with a group of
    GPUs runs models over several of them. Workers and servers that exit are restarted. `evalctl
    down` stops everything.
    """
    settings = Settings.from_environment()
    file = SupervisorFile(settings)
    if (running := file.running()) is not None:
        drained = file.drained()
        running.send_signal(signal.SIGHUP)  # Workers that were drained start again.
        again = f"; drained, now starting again: {', '.join(drained)}" if drained else ""
        say(f"evalctl is already running (supervisor {running.pid}){again}")
        return 0
    groups = _gpu_groups(gpus)
    workers = worker_specs(groups, (0 if groups else 1) if cpu_workers is None else cpu_workers)
    if not foreground:
        return _start_detached(settings, file, gpus, cpu_workers)
    stop = threading.Event()
    for ending in (signal.SIGTERM, signal.SIGINT):
        signal.signal(ending, lambda _number, _frame: stop.set())
    with connect(broker=True, name="supervisor"):
        supervisor = Supervisor(settings, [reconciler_spec(), *workers])
        supervisor.poll()
        file.write()
        parts = f"reconciler and {counted(len(workers), 'worker')}"
        say(f"evalctl is running: {parts}; logs in {log_folder(settings)}")
        try:
            supervisor.run(stop, file)
        finally:
            file.remove()
    return 0


@click.command()
@option("--force", is_flag=True, help="Stop the servers even if other processes use them.")
@examples("evalctl down")
def down(*, force: bool) -> int:
    """Stop workers, reconciler and embedded servers.

    Workers finish their current job first.
    """
    settings = Settings.from_environment()
    supervisor = SupervisorFile(settings).running()
    if supervisor is not None:
        supervisor.terminate()
        try:
            supervisor.wait(DOWN_WITHIN_S)
        except psutil.TimeoutExpired:
            supervisor.kill()
    stopped = stop_services(settings, force=force)
    ended = ["supervisor"] * (supervisor is not None) + list(stopped)
    say(f"stopped: {', '.join(ended)}" if ended else "nothing was running")
    return 0


def _start_detached(
    settings: Settings, file: SupervisorFile, gpus: str | None, cpu_workers: int | None
) -> int:
    chosen = ["--foreground"]
    if gpus is not None:
        chosen += ["--gpus", gpus]
    if cpu_workers is not None:
        chosen += ["--cpu-workers", str(cpu_workers)]
    log = log_folder(settings) / "supervisor.log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "orchestrator", "up", *chosen],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env={**os.environ, **settings.environment()},
        )
    pause = threading.Event()
    for _ in range(int(UP_WITHIN_S / 0.1)):
        if file.running() is not None:
            running = f"evalctl is running (supervisor {process.pid}); logs in {log.parent}"
            say(f"{running}; stop it with `evalctl down`")
            return 0
        if process.poll() is not None:
            break
        pause.wait(0.1)
    tail = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-1:]
    said = " ".join(tail) or "it logged nothing"
    say(f"evalctl did not start: {said} (log: {log})", err=True)
    return 3


def _gpu_groups(given: str | None) -> tuple[tuple[int, ...], ...]:
    if given is None:
        try:
            return tuple((gpu.index,) for gpu in list_gpus())
        except GpuUnavailable:
            return ()
    if given == "none":
        return ()
    try:
        return gpu_groups(given)
    except ValueError as error:
        raise UsageFault(f"--gpus {error}, or none") from error
