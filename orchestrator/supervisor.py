"""Keep the processes of one host running: the embedded servers, the reconciler and the workers.

Children run in separate sessions, so that Ctrl-C reaches the supervisor alone, and get SIGTERM when
it dies.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from core.errors import ServiceUnreachable
from core.settings import Settings
from services.files import explained
from services.usage import revive_services

POLL_S = 0.5
#: First pause before a child that exited is restarted; doubled up to the longest for one that keeps
#: exiting.
RESTART_S = 1.0
RESTART_AT_MOST_S = 30.0
#: A child that ran for longer restarts with the first pause again.
STEADY_S = 60.0
#: How long a job may still take when the supervisor is stopped; then its worker has to hand it
#: back.
GRACE_S = 60.0
#: How long handing back and stopping the engine may take before the rest is killed.
HAND_BACK_S = 45.0
#: Exit code of a worker that was stopped by a drain or a signal: it is not restarted.
STOPPED_ON_REQUEST = 0
_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildSpec:
    """A process to keep running."""

    name: str
    command: tuple[str, ...]
    #: Whether it stays down once it has exited on request.
    may_end: bool = False
    #: Option that gives a restarted process the pid of the one before it, which has ended.
    replaces: str | None = None


class Child:
    """One kept process; its output is appended to a log file."""

    def __init__(self, spec: ChildSpec, log_folder: Path, environment: dict[str, str]) -> None:
        self.spec = spec
        self.log = log_folder / f"{spec.name}.log"
        self._environment = environment
        self._process: subprocess.Popen[bytes] | None = None
        self._started_s = 0.0
        self._pause_s = RESTART_S
        self._start_at_s = 0.0
        self._replaced: tuple[str, ...] = ()
        self.restarts = 0
        #: Exited on request: it stays down until it is revived.
        self.ended = False

    @property
    def running(self) -> bool:
        """Whether the process lives."""
        return self._process is not None and self._process.poll() is None

    def poll(self) -> None:
        """Start the process where it does not run and its pause is over."""
        if self.running or self.ended:
            return
        now_s = time.monotonic()
        if self._process is not None:
            if self.spec.may_end and self._process.returncode == STOPPED_ON_REQUEST:
                self.ended = True
                return
            self._note_end(now_s)
        if now_s >= self._start_at_s:
            self._start(now_s)

    def revive(self) -> None:
        """Restart a process that exited on request at the next poll."""
        if self.ended:
            self.ended, self._process, self._start_at_s, self._replaced = False, None, 0.0, ()

    def signal(self, number: int) -> None:
        """Send a signal to the process, if it lives."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(number)

    def wait(self, deadline_s: float) -> bool:
        """Wait until a monotonic deadline; return whether the process exited."""
        if self._process is None:
            return True
        try:
            self._process.wait(max(0.0, deadline_s - time.monotonic()))
        except subprocess.TimeoutExpired:
            return False
        return True

    def kill(self) -> None:
        """End the process for certain."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def _note_end(self, now_s: float) -> None:
        steady = now_s - self._started_s > STEADY_S
        self._pause_s = RESTART_S if steady else min(self._pause_s * 2, RESTART_AT_MOST_S)
        self._start_at_s = now_s + self._pause_s
        if self.spec.replaces is not None and self._process is not None:
            self._replaced = (self.spec.replaces, str(self._process.pid))
        self._process = None
        self.restarts += 1

    def _start(self, now_s: float) -> None:
        self._started_s = now_s
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                (*self.spec.command, *self._replaced),
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_end_with_parent,  # noqa: PLW1509 - one prctl call, made before the child's exec
            )


class Supervisor:
    """Start the children, restart those that exit, stop them in order; used inside ``services``."""

    def __init__(self, settings: Settings, specs: Sequence[ChildSpec]) -> None:
        self._settings = settings
        folder = log_folder(settings)
        environment = {**os.environ, **settings.environment(), "PYTHONUNBUFFERED": "1"}
        self.children = [Child(spec, folder, environment) for spec in specs]

    def poll(self) -> None:
        """Restart servers and children that exited; a failed restart is tried again next time."""
        try:
            revive_services(self._settings)
        except ServiceUnreachable as error:
            print(f"supervisor: {error}", file=sys.stderr)
        for child in self.children:
            child.poll()

    def revive(self) -> None:
        """Restart what was drained at the next poll."""
        for child in self.children:
            child.revive()

    @property
    def drained(self) -> tuple[str, ...]:
        """Names of the processes that exited on request and stay down."""
        return tuple(child.spec.name for child in self.children if child.ended)

    def run(self, stop: threading.Event, file: SupervisorFile) -> None:
        """Keep everything running until ``stop``; SIGHUP restarts what was drained.

        ``file`` names what is drained.
        """
        revive = threading.Event()
        signal.signal(signal.SIGHUP, lambda _number, _frame: revive.set())
        try:
            while not stop.is_set():
                if revive.is_set():
                    revive.clear()
                    self.revive()
                    file.write()
                before = self.drained
                self.poll()
                if self.drained != before:
                    file.write(drained=self.drained)
                stop.wait(POLL_S)
        finally:
            self.end()

    def end(self, grace_s: float = GRACE_S, hand_back_s: float = HAND_BACK_S) -> None:
        """Let the children finish, then have them hand back their jobs, then kill the rest."""
        for patience_s in (grace_s, hand_back_s):
            for child in self.children:
                child.signal(signal.SIGTERM)
            deadline_s = time.monotonic() + patience_s
            if all(child.wait(deadline_s) for child in self.children):
                return
        for child in self.children:
            child.kill()


def reconciler_spec() -> ChildSpec:
    """Return the reconciler's process."""
    return ChildSpec(name="reconciler", command=(sys.executable, "-m", "orchestrator", "reconcile"))


def worker_specs(groups: Sequence[Sequence[int]], cpu_workers: int) -> list[ChildSpec]:
    """Return a worker per group of GPUs and ``cpu_workers`` on the CPU."""
    base = (sys.executable, "-m", "workers")
    kept: dict[str, Any] = {"may_end": True, "replaces": "--replaces"}
    on_gpus = [
        ChildSpec(name=f"worker-gpu{group}", command=(*base, "--gpus", group), **kept)
        for group in ("+".join(str(index) for index in group) for group in groups)
    ]
    on_cpus = [
        ChildSpec(name=f"worker-cpu{index}", command=(*base, "--cpu"), **kept)
        for index in range(cpu_workers)
    ]
    return on_gpus + on_cpus


def log_folder(settings: Settings) -> Path:
    """Return the folder of the processes' logs, made where it is missing.

    Raise ``ServiceStartError`` where it cannot be made.
    """
    folder = settings.home / "logs"
    with explained("logs", folder):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


class SupervisorFile:
    """The file that names the running supervisor, with its start time against a reused pid."""

    def __init__(self, settings: Settings) -> None:
        self._path = settings.home / "supervisor.json"

    def write(self, *, drained: Sequence[str] = ()) -> None:
        """Record this process, and which of its children are drained."""
        me = psutil.Process()
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        stored = {"pid": me.pid, "created_s": me.create_time(), "drained": list(drained)}
        new = self._path.with_suffix(".new")
        new.write_text(json.dumps(stored), encoding="utf-8")
        new.replace(self._path)

    def remove(self) -> None:
        """Forget this process."""
        self._path.unlink(missing_ok=True)

    def drained(self) -> tuple[str, ...]:
        """Return the names of the children that are drained; none where no supervisor is known."""
        try:
            stored = json.loads(self._path.read_text(encoding="utf-8"))
            return tuple(stored["drained"])
        except (OSError, ValueError, KeyError):
            return ()

    def running(self) -> psutil.Process | None:
        """Return the supervisor that runs, if any."""
        try:
            stored = json.loads(self._path.read_text(encoding="utf-8"))
            process = psutil.Process(stored["pid"])
            same = abs(process.create_time() - stored["created_s"]) < 1
            alive = same and process.status() != psutil.STATUS_ZOMBIE
        except (OSError, ValueError, KeyError, psutil.NoSuchProcess):
            return None
        return process if alive else None


def no_worker(settings: Settings | None = None) -> str:
    """Return the sentence for a time without workers: none runs, or those of ``up`` are coming."""
    if SupervisorFile(settings or Settings.from_environment()).running() is None:
        return "no worker is running; start one with `evalctl up` or `evalctl worker`"
    return (
        "no worker is ready yet: those that `evalctl up` starts need some seconds, and drained "
        "ones start again with `evalctl up`"
    )


def _end_with_parent() -> None:
    """Ask the kernel (Linux) for SIGTERM when the supervisor dies."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
