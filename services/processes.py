"""Processes of the servers: spawned to outlive us, identified for certain, killed when orphaned."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from signal import SIGKILL

import psutil

from services.files import open_log
from services.privileges import Identity


def spawn(
    command: Sequence[str], *, identity: Identity, folder: Path, log: Path, keep: int
) -> subprocess.Popen[bytes]:
    """Start a server in its own session, so that neither Ctrl-C nor our end reaches it.

    ``keep`` is the lock it holds. Its output goes to ``log``. A thread collects its exit status
    into ``returncode``, or a stopped server would stay a zombie of a long-lived starter.
    """
    output = open_log(log)
    try:
        child = subprocess.Popen(
            [*identity.prefix, *command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=folder,
            env=minimal_environment(),
            pass_fds=(keep,),
            start_new_session=True,
            umask=0o077,
            user=identity.user,
            group=identity.group,
            extra_groups=None if identity.user is None else [],
        )
    finally:
        os.close(output)
    threading.Thread(target=child.wait, name=f"reap-{child.pid}", daemon=True).start()
    return child


def run_to_end(
    command: Sequence[str], *, identity: Identity, folder: Path, log: Path, keep: int
) -> int:
    """Run a helper such as initdb with its output in ``log``; return its exit status."""
    output = open_log(log)
    try:
        done = subprocess.run(
            [*identity.prefix, *command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=folder,
            env=minimal_environment(),
            pass_fds=(keep,),
            umask=0o077,
            check=False,
            user=identity.user,
            group=identity.group,
            extra_groups=None if identity.user is None else [],
        )
    finally:
        os.close(output)
    return done.returncode


def minimal_environment() -> dict[str, str]:
    """Return an environment without secrets and variables that affect a server."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    return kept | {"LC_ALL": "C", "TZ": "UTC"}


def verified(pid: int | None, is_ours: Callable[[Sequence[str]], bool]) -> psutil.Process | None:
    """Return the live process ``pid`` where ``is_ours`` knows its command line.

    None for a zombie or a stranger. The command line is stronger than a remembered start time:
    clocks step, and a data folder belongs to one server. From here on psutil compares the start
    time by itself, so a signal never hits a pid reused in between.
    """
    if pid is None:
        return None
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE or not is_ours(process.cmdline()):
            return None
    except psutil.Error:
        return None
    return process


def exited(process: psutil.Process) -> bool:
    """Return whether ``process`` has exited, collected or not."""
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def kill_orphans(program: str, folder: Path) -> None:
    """Kill what a dead server left on its data: processes named ``program`` in ``folder``."""
    for process in psutil.process_iter():
        try:
            if process.name() == program and process.cwd() == str(folder):
                process.send_signal(SIGKILL)
        except psutil.Error:
            continue
