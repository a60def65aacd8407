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
    child = _start(command, identity, folder, log, keep, own_session=True)
    threading.Thread(target=child.wait, name=f"reap-{child.pid}", daemon=True).start()
    return child


def run_to_end(
    command: Sequence[str], *, identity: Identity, folder: Path, log: Path, keep: int
) -> int:
    """Run a helper such as initdb with its output in ``log``; return its exit status."""
    with _start(command, identity, folder, log, keep, own_session=False) as child:
        try:
            return child.wait()
        except BaseException:
            child.kill()
            raise


def _start(
    command: Sequence[str],
    identity: Identity,
    folder: Path,
    log: Path,
    keep: int,
    *,
    own_session: bool,
) -> subprocess.Popen[bytes]:
    output = open_log(log)
    try:
        return subprocess.Popen(
            [*identity.prefix, *command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=folder,
            env=minimal_environment(),
            pass_fds=(keep,),
            start_new_session=own_session,
            umask=0o077,
            user=identity.user,
            group=identity.group,
            extra_groups=None if identity.user is None else [],
        )
    finally:
        os.close(output)


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
