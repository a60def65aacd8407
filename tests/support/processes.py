"""Start evalctl's processes as its users do, and wait for what they log instead of sleeping."""

from __future__ import annotations

import io
import json
import os
import queue
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from orchestrator.cli import main
from services.processes import exited

ROOT = Path(__file__).resolve().parents[2]


class LoggingProcess:
    """A process whose lines of stderr are read as they come; JSON lines become events."""

    def __init__(self, command: Sequence[str], environment: dict[str, str]) -> None:
        self.process = subprocess.Popen(
            list(command),
            env=environment,
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.lines: list[str] = []
        self._events: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def wait_for(self, event: str, *, within_s: float = 60.0, **facts: Any) -> dict[str, Any]:
        """Return the next event of this name with these facts; fail with the log if it is late."""
        deadline = time.monotonic() + within_s
        while True:
            try:
                seen = self._events.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                raise AssertionError(
                    f"no {event} {facts} within {within_s} s; log:\n{self.tail()}"
                ) from None
            if seen is None:
                raise AssertionError(
                    f"the process ended before {event} {facts}; log:\n{self.tail()}"
                )
            if seen.get("event") == event and all(
                seen.get(key) == value for key, value in facts.items()
            ):
                return seen

    def stop(self, number: int = signal.SIGTERM, within_s: float = 60.0) -> int:
        """Send a signal, wait for the end and return the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            code = self.process.wait(within_s)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(
                f"the process did not end within {within_s} s; log:\n{self.tail()}"
            ) from None
        self._reader.join(10)
        return code

    def tail(self, count: int = 40) -> str:
        """Return the last lines of the log."""
        return "".join(self.lines[-count:])

    def _read(self) -> None:
        assert self.process.stderr is not None
        with self.process.stderr as stream:
            for line in stream:
                self.lines.append(line)
                if line.startswith("{"):
                    self._events.put(json.loads(line))
        self._events.put(None)


def run_program(*words: object, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run a program to its end, in the repository unless ``options`` say otherwise."""
    given: dict[str, Any] = {"cwd": ROOT, "capture_output": True, "text": True} | options
    return subprocess.run([str(word) for word in words], check=given.pop("check", False), **given)


@contextmanager
def running(command: Sequence[str], environment: dict[str, str]) -> Iterator[LoggingProcess]:
    """Run a process for the block and kill it afterwards."""
    process = LoggingProcess(command, environment)
    try:
        yield process
    finally:
        if process.process.poll() is None:
            process.process.kill()
        process.process.wait()


def lives(pid: int) -> bool:
    """Return whether a process runs; a zombie does not."""
    try:
        return not exited(psutil.Process(pid))
    except psutil.NoSuchProcess:
        return False


def children_of(pid: int) -> list[tuple[psutil.Process, str]]:
    """Return the living descendants of a process, each with its command line.

    A child that ended and was not waited for yet has no command line to read.
    """
    found = []
    for child in psutil.Process(pid).children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            if not exited(child):
                found.append((child, " ".join(child.cmdline())))
    return found


def worker(environment: dict[str, str], *arguments: str) -> Any:
    """Run a CPU worker for the block."""
    return running([sys.executable, "-m", "workers", "--cpu", *arguments], environment)


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What a command printed and the code it ended with."""

    returncode: int
    stdout: str
    stderr: str


def evalctl(environment: dict[str, str], command: str, *arguments: str) -> Done:
    """Run the command line to its end, in this process: an interpreter for each takes too long.

    The command is split into words as a shell does; the arguments are whole words behind it.
    """
    out, err = io.StringIO(), io.StringIO()
    before, argv = dict(os.environ), sys.argv
    try:
        os.environ.clear()
        os.environ.update(environment)
        sys.argv = ["evalctl", *shlex.split(command), *arguments]
        with redirect_stdout(out), redirect_stderr(err):
            main()
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 1
    finally:
        sys.argv = argv
        os.environ.clear()
        os.environ.update(before)
    return Done(returncode=code, stdout=out.getvalue(), stderr=err.getvalue())


def evalctl_process(environment: Mapping[str, str], words: Sequence[str], **options: Any) -> Done:
    """Run the command line in an interpreter, where that is the point: its output, its start."""
    command = [sys.executable, "-m", "orchestrator", *words]
    given: dict[str, Any] = {"errors": "replace", "timeout": 150} | options
    done = run_program(*command, env=environment, **given)
    return Done(returncode=done.returncode, stdout=done.stdout, stderr=done.stderr)


def without_evalctl() -> dict[str, str]:
    """Return this process's environment without the variables of evalctl and of PostgreSQL."""
    others = ("EVALCTL_", "PG")
    return {name: value for name, value in os.environ.items() if not name.startswith(others)}


def evalctl_json(
    environment: dict[str, str], command: str, *arguments: str, code: int = 0
) -> dict[str, Any]:
    """Run a command with ``--json`` to its end; return its document if it exits with the code."""
    done = evalctl(environment, command, *arguments, "--json")
    assert done.returncode == code, done.stdout + done.stderr
    document: dict[str, Any] = json.loads(done.stdout)
    return document
