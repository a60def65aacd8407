"""The lifecycle that both embedded servers share: start once, find again, stop for sure.

Three things make it safe against crashes of anybody:

- ``start.lock`` is held by whoever starts or stops, so two starters end with one server.
- ``alive.lock`` is inherited by the server and its children; the kernel frees it when the last of them is gone, so no
  second server ever opens the same data, whatever a stale pid file says.
- A pid from the server's own pid file counts only when that process runs our binary on our folder.
"""

from __future__ import annotations

import fcntl
import os
import subprocess
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path
from signal import SIGKILL, Signals

import psutil

from db.embedded.files import (
    explained,
    free_port,
    make_private_folder,
    open_log,
    open_private,
    read_number,
    read_or_create_password,
    tail,
    write_private,
)
from db.embedded.locks import exclusive, try_lock, wait_until
from db.embedded.privileges import Identity
from db.errors import ServiceStartError

_ATTEMPTS = 5
_ORPHAN_WAIT_S = 5.0


class EmbeddedServer(ABC):
    """One server on one private folder. Objects are cheap: any number, in any process, may speak for one folder."""

    #: How people call it.
    name: str
    #: Signals of ``stop``, politest first, each with the seconds it may take.
    stop_signals: Sequence[tuple[Signals, float]]

    def __init__(self, folder: Path, *, start_timeout_s: float = 120.0) -> None:
        self.folder = folder.absolute().resolve()
        self.log = self.folder / "server.log"
        self._start_timeout_s = start_timeout_s
        self._start_lock = self.folder / "start.lock"
        self._alive_lock = self.folder / "alive.lock"
        self._port_file = self.folder / "port"
        self._password_file = self.folder / "password"

    def start(self) -> None:
        """Bring the server up and wait until it answers; do nothing more where it already does.

        Raise ``ServiceStartError`` with the cause and the cure. The server outlives this process.
        """
        with explained(self.name, self.folder):
            make_private_folder(self.folder)
            with exclusive(self._start_lock, timeout_s=self._start_timeout_s):
                for _ in range(_ATTEMPTS):
                    if (self._process() is not None or self._launch()) and self._becomes_ready():
                        return
        raise self._failure(f"it ended {_ATTEMPTS} times while starting")

    def stop(self) -> None:
        """Stop the server and wait until its last process is gone; do nothing where none runs.

        Raise ``ServiceStartError`` where it survives even SIGKILL.
        """
        if not self._start_lock.exists():
            return
        with explained(self.name, self.folder), exclusive(self._start_lock, timeout_s=self._start_timeout_s):
            process = self._process()
            if process is None:
                return
            for signal, patience_s in self.stop_signals:
                try:
                    process.send_signal(signal)
                except psutil.NoSuchProcess:
                    break
                if wait_until(lambda: _gone(process), patience_s):
                    break
            if not wait_until(lambda: not self._held(), _ORPHAN_WAIT_S):
                self._end_orphans()

    @property
    def pid(self) -> int | None:
        """The verified pid of the running server, or None."""
        process = self._process()
        return None if process is None else process.pid

    @property
    def running(self) -> bool:
        """Whether the server's process is alive: ours, on our folder, neither a zombie nor a stranger's reused pid."""
        return self._process() is not None

    @property
    def port(self) -> int | None:
        """The loopback port chosen at the last start, or None before the first."""
        return read_number(self._port_file)

    @property
    @abstractmethod
    def url(self) -> str:
        """URL with user and password; never log it without ``masked``. Raise ``ServiceStartError`` before a start."""

    @property
    @abstractmethod
    def _pid_file(self) -> Path:
        """The file in which the server itself keeps its pid."""

    @property
    @abstractmethod
    def _working_folder(self) -> Path:
        """The folder that the server and its children have as their current one."""

    @abstractmethod
    def _command(self, port: int) -> list[str]:
        """Words that start the server in the foreground; the first is its binary and none is a secret."""

    @abstractmethod
    def _is_ours(self, words: Sequence[str]) -> bool:
        """Whether a process's command line is this server on this folder."""

    @abstractmethod
    def _prepare(self) -> Identity:
        """Create what is needed before the first start, and say who runs the server."""

    @abstractmethod
    def _not_ready(self) -> str | None:
        """Return None when the server answers, else what it said. Raise ``ServiceStartError`` where waiting is vain."""

    @abstractmethod
    def _mend(self, problem: str) -> tuple[str, str] | None:
        """Recognise a known cause in the log's tail: what happened, and the cure."""

    def _credentials(self) -> tuple[int, str]:
        """Return port and password. Raise ``ServiceStartError`` before the first start."""
        port = self.port
        if port is None or not self._password_file.exists():
            raise ServiceStartError(self.name, f"it was never started in {self.folder}", mend="Start it first")
        with explained(self.name, self.folder):
            return port, read_or_create_password(self._password_file)

    def _process(self) -> psutil.Process | None:
        """Return the server's process, found by its pid file and verified by its command line.

        The command line is stronger than a remembered start time: clocks step, a data folder belongs to one server.
        """
        pid = read_number(self._pid_file)
        if pid is None:
            return None
        try:
            process = psutil.Process(pid)
            if process.status() == psutil.STATUS_ZOMBIE or not self._is_ours(process.cmdline()):
                return None
        except psutil.Error:
            return None
        return process

    def _launch(self) -> bool:
        """Spawn the server unless one turns up meanwhile; return False where it ended at once over a taken port."""
        descriptor = open_private(self._alive_lock, os.O_RDWR)
        try:
            if not self._wait_for_data(descriptor):
                return True
            identity = self._prepare()
            port = free_port(self.port)
            if port != self.port:
                write_private(self._port_file, f"{port}\n")
            offset = self.log.stat().st_size if self.log.exists() else 0
            child = self._spawn(port, identity, descriptor)
        finally:
            # Closing keeps the lock: the server holds the same open file. Unlocking would not.
            os.close(descriptor)
        wait_until(lambda: child.returncode is not None or self._process() is not None, self._start_timeout_s)
        if child.returncode is None:
            return True
        said = tail(self.log, start=offset)
        if "address already in use" in said.lower():
            self._port_file.unlink(missing_ok=True)
            return False
        raise self._failure(f"it ended with status {child.returncode}", said=said)

    def _spawn(self, port: int, identity: Identity, descriptor: int) -> subprocess.Popen[bytes]:
        log = open_log(self.log)
        try:
            child = subprocess.Popen(
                [*identity.prefix, *self._command(port)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                env=minimal_environment(),
                pass_fds=(descriptor,),
                start_new_session=True,
                umask=0o077,
                user=identity.user,
                group=identity.group,
                extra_groups=None if identity.user is None else [],
            )
        finally:
            os.close(log)
        # Somebody has to collect the exit status, or a stopped server stays a zombie of a long-lived starter.
        threading.Thread(target=child.wait, name=f"reap-{child.pid}", daemon=True).start()
        return child

    def _becomes_ready(self) -> bool:
        """Wait until the server answers; return False where it goes away meanwhile."""
        deadline = time.monotonic() + self._start_timeout_s
        said: str | None = "nothing"

        def settled() -> bool:
            nonlocal said
            said = self._not_ready()
            return said is None or self._process() is None

        if not wait_until(settled, deadline - time.monotonic()):
            raise self._failure(
                f"process {self.pid} runs but does not answer within {self._start_timeout_s:g} s: {said}"
            )
        return said is None

    def _wait_for_data(self, descriptor: int) -> bool:
        """Take ``alive.lock``, ending children that a killed server left; return False where the server is found."""

        def taken_or_found() -> bool:
            return self._process() is not None or try_lock(descriptor, fcntl.LOCK_EX)

        if not wait_until(taken_or_found, _ORPHAN_WAIT_S):
            self._end_orphans()
            if not wait_until(taken_or_found, _ORPHAN_WAIT_S):
                mend = f"Find it with 'lsof {self._alive_lock}' and end it"
                raise ServiceStartError(self.name, f"another process still holds {self.folder}", mend=mend)
        return self._process() is None

    def _held(self) -> bool:
        """Whether any process of the server still lives, by the kernel's lock."""
        descriptor = open_private(self._alive_lock, os.O_RDWR)
        try:
            return not try_lock(descriptor, fcntl.LOCK_EX)
        finally:
            os.close(descriptor)

    def _end_orphans(self) -> None:
        """Kill what a dead server left running on our data: same binary, same current folder."""
        binary = Path(self._command(0)[0]).name
        for process in psutil.process_iter():
            try:
                if process.name() == binary and process.cwd() == str(self._working_folder):
                    process.send_signal(SIGKILL)
            except psutil.Error:
                continue

    def _failure(self, problem: str, *, said: str | None = None) -> ServiceStartError:
        """Build the error from what the log says; an unknown cause shows the log's last line."""
        text = tail(self.log) if said is None else said
        known = _common_cause(text, self.folder) or self._mend(text)
        if known is not None:
            return ServiceStartError(self.name, known[0], mend=known[1], log=self.log)
        lines = [line for line in text.splitlines() if line.strip()]
        last = f" ({lines[-1].strip()})" if lines else ""
        return ServiceStartError(self.name, problem + last, mend=f"Its log is {self.log}", log=self.log)


def minimal_environment() -> dict[str, str]:
    """Return an environment without the user's tokens and without variables that would steer a server."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR", "SYSTEMROOT") if name in os.environ}
    return kept | {"LC_ALL": "C", "TZ": "UTC"}


def _gone(process: psutil.Process) -> bool:
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def _common_cause(text: str, folder: Path) -> tuple[str, str] | None:
    causes: dict[str, Callable[[], tuple[str, str]]] = {
        "No space left on device": lambda: (
            f"the disk that holds {folder} is full",
            "Free some space, or point EVALCTL_HOME at another disk",
        ),
        "Permission denied": lambda: (
            f"a file below {folder} can not be read or written",
            f"Make your user its owner: chown -R $(id -u) {folder}",
        ),
    }
    return next((build() for words, build in causes.items() if words in text), None)
