"""Whose a process is: this worker's, a dead worker's, a living one's, or a stranger's."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum, auto

import psutil

from workers.engines.processes import TOKEN_VARIABLE
from workers.gpu.lock import LOCK_VARIABLE, held_elsewhere
from workers.lifecycle.orphan_reaper import MARK_VARIABLE


class Owner(Enum):
    """Who answers for a process."""

    #: It is this worker or carries its mark.
    OURS = auto()
    #: It carries the mark of a worker that is certainly dead: nobody will miss it.
    DEAD_WORKER = auto()
    #: It carries the mark of a worker that lives, or may.
    OTHER_WORKER = auto()
    #: It carries no mark.
    STRANGER = auto()
    #: It cannot be seen from here: another container's, or the pid is one of another namespace.
    HIDDEN = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessOwnership:
    """Know a worker's own by its mark, and others by the lock of the card, which it holds at this path."""

    mark: str
    lock_path: str

    def owner(self, pid: int) -> Owner:
        """Tell whose a process is.

        While this worker holds the lock, a foreign mark beside the same lock is a dead worker's. Beside another lock
        that one is tried. Only processes of this user count as an evalctl's: an environment is easily made up.
        """
        if pid == os.getpid():
            return Owner.OURS
        try:
            process = psutil.Process(pid)
            if process.status() == psutil.STATUS_ZOMBIE:
                return Owner.HIDDEN
            if process.uids().effective != os.geteuid():
                return Owner.STRANGER
            variables = process.environ()
        except psutil.NoSuchProcess:
            return Owner.HIDDEN
        except psutil.AccessDenied:
            return Owner.STRANGER
        return self._owner(variables.get(MARK_VARIABLE), variables.get(LOCK_VARIABLE))

    def _owner(self, mark: str | None, lock_path: str | None) -> Owner:
        if not mark:
            return Owner.STRANGER
        if mark == self.mark:
            return Owner.OURS
        if lock_path == self.lock_path:
            return Owner.DEAD_WORKER
        if lock_path is not None and held_elsewhere(lock_path) is False:
            return Owner.DEAD_WORKER
        return Owner.OTHER_WORKER

    def leftovers(self) -> Iterator[int]:
        """Yield the processes of dead workers of this card's lock, whether the driver lists them or not."""
        for process in psutil.process_iter():
            with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                carried = process.environ().get(LOCK_VARIABLE) == self.lock_path
                if carried and self.owner(process.pid) is Owner.DEAD_WORKER:
                    yield process.pid

    def has_engine(self) -> bool:
        """Tell whether an engine of this worker runs."""
        for process in psutil.process_iter():
            with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                variables = process.environ()
                if variables.get(MARK_VARIABLE) == self.mark and TOKEN_VARIABLE in variables:
                    return True
        return False

    def kill_leftover(self, pid: int) -> bool:
        """Kill a dead worker's process; tell whether it was one. The descriptor pins it for the second look."""
        with suppress(OSError):
            descriptor = os.pidfd_open(pid)
            try:
                if self.owner(pid) is Owner.DEAD_WORKER:
                    signal.pidfd_send_signal(descriptor, signal.SIGKILL)
                    return True
            finally:
                os.close(descriptor)
        return False


def name_of(pid: int) -> str:
    """Return a process's name as people know it."""
    try:
        return psutil.Process(pid).name()
    except psutil.Error:
        return "a process that cannot be seen from here"
