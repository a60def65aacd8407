"""The lifecycle that both embedded servers share: start once, find again, stop for sure.

Three things make it safe against a crash of any process:

- ``start.lock`` is held while starting or stopping, so two starters end with one server.
- ``alive.lock`` is inherited by the server and its children; the kernel frees it when the last of
  them exits, so no second server ever opens the same data, whatever a stale pid file says.
- A pid from the server's own pid file counts only when that process runs our binary on our folder.
"""

from __future__ import annotations

import fcntl
import os
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from signal import Signals

import psutil

from core.errors import ServiceStartError
from services.files import (
    explained,
    free_port,
    make_private_folder,
    open_private,
    read_number,
    read_or_create_password,
    tail,
    write_private,
)
from services.locks import exclusive, try_lock
from services.privileges import Identity
from services.processes import exited, kill_orphans, spawn, verified
from services.waiting import wait_until

_ATTEMPTS = 5
#: Children of a killed server end by themselves in milliseconds, unless a query or a signal keeps
#: them.
_ORPHAN_WAIT_S = 2.0
_KILLED_WAIT_S = 10.0
#: How long a killed server may hold its port until the system has cleared it up.
_PORT_PATIENCE_S = 2.0


class EmbeddedServer(ABC):
    """One server on one private folder; any number of objects and processes may speak for it."""

    #: Its name in messages.
    name: str
    #: Signals of ``stop``, politest first, each with the seconds it may take.
    stop_signals: Sequence[tuple[Signals, float]]

    def __init__(self, folder: Path, *, start_timeout_s: float = 120.0) -> None:
        self.folder = folder.absolute().resolve()
        #: The server's own data folder, which is also the current folder of all its processes.
        self.data = self.folder / "data"
        self.log = self.folder / "server.log"
        self._start_timeout_s = start_timeout_s
        self._start_lock = self.folder / "start.lock"
        self._alive_lock = self.folder / "alive.lock"
        self._port_file = self.folder / "port"
        self._password_file = self.folder / "password"
        self._log_start = 0

    def start(self) -> None:
        """Start the server unless it answers; it outlives us. Raise ``ServiceStartError``."""
        with explained(self.name, self.folder):
            make_private_folder(self.folder)
            with exclusive(self._start_lock, timeout_s=self._start_timeout_s):
                self._log_start = self.log.stat().st_size if self.log.exists() else 0
                for _ in range(_ATTEMPTS):
                    if (self._process() is not None or self._launch()) and self._becomes_ready():
                        return
                    if self._port_was_taken():
                        self._port_file.unlink(missing_ok=True)
        raise self._failure(f"it exited {_ATTEMPTS} times while starting")

    def stop(self) -> None:
        """Stop the server to its last process; raise ``ServiceStartError`` if SIGKILL does not."""
        if not self._start_lock.exists():
            return
        with (
            explained(self.name, self.folder),
            exclusive(self._start_lock, timeout_s=self._start_timeout_s),
        ):
            process = self._process()
            for signal, patience_s in self.stop_signals if process is not None else ():
                if process is None or _ends(process, signal, patience_s):
                    break
            if not wait_until(lambda: not self._held(), _ORPHAN_WAIT_S):
                kill_orphans(self._program, self.data)
                if not wait_until(lambda: not self._held(), _KILLED_WAIT_S):
                    raise self._still_held()

    @property
    def pid(self) -> int | None:
        """The verified pid of the running server, or None."""
        process = self._process()
        return None if process is None else process.pid

    @property
    def running(self) -> bool:
        """Whether the server's process is alive: ours, on our folder, not a zombie."""
        return self._process() is not None

    @property
    def port(self) -> int | None:
        """The loopback port chosen at the last start, or None before the first."""
        return read_number(self._port_file)

    @property
    @abstractmethod
    def url(self) -> str:
        """URL with password, to log only ``masked``; before a start, ``ServiceStartError``."""

    @property
    @abstractmethod
    def _program(self) -> str:
        """The name of the server's binary."""

    @property
    @abstractmethod
    def _pid_file(self) -> Path:
        """The file in which the server itself keeps its pid."""

    @abstractmethod
    def _command(self, port: int) -> list[str]:
        """Words that start the server in the foreground; none is a secret."""

    @abstractmethod
    def _is_ours(self, words: Sequence[str]) -> bool:
        """Whether a process's command line is this server on this folder."""

    @abstractmethod
    def _prepare(self, keep: int) -> Identity:
        """Create what a start needs and say who runs it; ``keep`` is ``alive.lock``, held."""

    @abstractmethod
    def _not_ready(self) -> str | None:
        """Return None or the server's reply; raise ``ServiceStartError`` if waiting is useless."""

    @abstractmethod
    def _known_cause(self, text: str) -> tuple[str, str] | None:
        """Recognise a cause in the log's tail: what happened, and the fix."""

    def _credentials(self) -> tuple[int, str]:
        """Return port and password. Raise ``ServiceStartError`` before the first start."""
        port = self.port
        if port is None or not self._password_file.exists():
            raise ServiceStartError(
                self.name, f"it has never been started in {self.folder}", mend="Start it first"
            )
        with explained(self.name, self.folder):
            return port, read_or_create_password(self._password_file)

    def _process(self) -> psutil.Process | None:
        return verified(read_number(self._pid_file), self._is_ours)

    def _launch(self) -> bool:
        """Spawn unless a server turns up meanwhile; False where it ended over a taken port."""
        keep = open_private(self._alive_lock, os.O_RDWR)
        try:
            if not self._owns_data(keep):
                return True
            identity = self._prepare(keep)
            port = free_port(self.port, patience_s=_PORT_PATIENCE_S)
            if port != self.port:
                write_private(self._port_file, f"{port}\n")
            child = spawn(
                self._command(port), identity=identity, folder=self.folder, log=self.log, keep=keep
            )
        finally:
            # Closing keeps the lock: the server holds the same open file. Unlocking would not.
            os.close(keep)
        wait_until(
            lambda: child.returncode is not None or self._process() is not None,
            self._start_timeout_s,
        )
        if child.returncode is None:
            return True
        if self._port_was_taken():
            return False
        raise self._failure(f"it exited with status {child.returncode}")

    def _port_was_taken(self) -> bool:
        return "address already in use" in tail(self.log, start=self._log_start).lower()

    def _becomes_ready(self) -> bool:
        """Wait until the server answers; return False where it exits meanwhile."""
        said: str | None = "nothing"

        def settled() -> bool:
            nonlocal said
            said = self._not_ready()
            return said is None or self._process() is None

        if not wait_until(settled, self._start_timeout_s):
            raise ServiceStartError(
                self.name,
                (
                    f"process {self.pid} runs but did not answer within {self._start_timeout_s:g} "
                    f"s ({said})"
                ),
                mend=f"Stop it and start again; its log is {self.log}",
                log=self.log,
            )
        return said is None

    def _owns_data(self, keep: int) -> bool:
        """Take ``alive.lock``, ending a killed server's children; False where a server is found."""

        def taken_or_found() -> bool:
            return self._process() is not None or try_lock(keep, fcntl.LOCK_EX)

        if not wait_until(taken_or_found, _ORPHAN_WAIT_S):
            kill_orphans(self._program, self.data)
            if not wait_until(taken_or_found, _KILLED_WAIT_S):
                raise self._still_held()
        return self._process() is None

    def _held(self) -> bool:
        """Whether any process of the server still lives, by the kernel's lock."""
        descriptor = open_private(self._alive_lock, os.O_RDWR)
        try:
            return not try_lock(descriptor, fcntl.LOCK_EX)
        finally:
            os.close(descriptor)

    def _still_held(self) -> ServiceStartError:
        mend = f"Find it with 'lsof {self._alive_lock}' and stop it"
        return ServiceStartError(
            self.name, f"another process still holds {self.folder}", mend=mend, log=self.log
        )

    def _failure(self, problem: str) -> ServiceStartError:
        """Build the error from the log since this start, by its last two lines if unknown."""
        text = tail(self.log, start=self._log_start)
        known = self._known_cause(text) or _common_cause(text, self.folder)
        if known is not None:
            return ServiceStartError(self.name, known[0], mend=known[1], log=self.log)
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        last = f" ({' / '.join(lines[-2:])})" if lines else ""
        mend = f"Its log is {self.log}"
        return ServiceStartError(self.name, problem + last, mend=mend, log=self.log)


def _ends(process: psutil.Process, signal: Signals, patience_s: float) -> bool:
    try:
        process.send_signal(signal)
    except psutil.NoSuchProcess:
        return True
    return wait_until(lambda: exited(process), patience_s)


def _common_cause(text: str, folder: Path) -> tuple[str, str] | None:
    if "No space left on device" in text:
        return (
            f"the disk that holds {folder} is full",
            "Free some space, or point EVALCTL_HOME at another disk",
        )
    if "Permission denied" in text:
        return (
            f"a file below {folder} cannot be read or written",
            f"Make your user its owner: chown -R $(id -u) '{folder}'",
        )
    return None
