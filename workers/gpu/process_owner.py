"""Who owns a process: this worker, a dead worker, a living one, or none."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto

import psutil

from workers.gpu.lock import LOCK_VARIABLE, held_elsewhere
from workers.lifecycle.marked_processes import (
    MARK_VARIABLE,
    TOKEN_VARIABLE,
    kill,
    pids,
    variables,
)


class Owner(Enum):
    """Who answers for a process."""

    #: It is this worker or carries its mark.
    OURS = auto()
    #: It carries the mark of a worker that is certainly dead, so it may be killed.
    DEAD_WORKER = auto()
    #: It carries the mark of a worker that lives, or may.
    OTHER_WORKER = auto()
    #: It carries no mark.
    STRANGER = auto()
    #: It cannot be seen from here: another container's, or the pid is from another namespace.
    HIDDEN = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessOwnership:
    """Recognise this worker's processes by its mark, others' by the GPU lock that it holds."""

    mark: str
    #: Of each GPU of the worker, one a line, as in ``LOCK_VARIABLE``.
    lock_path: str

    def owner(self, pid: int) -> Owner:
        """Return who owns a process.

        While this worker holds the lock, a foreign mark beside the same lock is a dead worker's; so
        it is where they share one of several. Beside other locks those are tried. Only processes of
        this user count as an evalctl's: an environment is easily forged.
        """
        if pid == os.getpid():
            return Owner.OURS
        try:
            process = psutil.Process(pid)
            if process.status() == psutil.STATUS_ZOMBIE:
                return Owner.HIDDEN
            if process.uids().effective != os.geteuid():
                return Owner.STRANGER
            environment = process.environ()
        except psutil.NoSuchProcess:
            return Owner.HIDDEN
        except psutil.AccessDenied:
            return Owner.STRANGER
        return self._owner(environment.get(MARK_VARIABLE), environment.get(LOCK_VARIABLE))

    def _owner(self, mark: str | None, lock_path: str | None) -> Owner:
        if not mark:
            return Owner.STRANGER
        if mark == self.mark:
            return Owner.OURS
        locks = frozenset((lock_path or "").splitlines())
        # A worker holds all of its locks as long as it lives: one that is free, or ours, decides.
        if locks & self._locks or any(held_elsewhere(lock) is False for lock in locks):
            return Owner.DEAD_WORKER
        return Owner.OTHER_WORKER

    def leftovers(self) -> Iterator[int]:
        """Yield the processes of dead workers that held this lock, listed by the driver or not."""
        for pid in pids():
            locks = variables(pid).get(LOCK_VARIABLE, "").splitlines()
            if self._locks.intersection(locks) and self._left(pid):
                yield pid

    def has_engine(self) -> bool:
        """Return whether an engine of this worker runs."""
        environments = (variables(pid) for pid in pids())
        marked = (found for found in environments if found.get(MARK_VARIABLE) == self.mark)
        return any(TOKEN_VARIABLE in found for found in marked)

    def kill_leftover(self, pid: int) -> bool:
        """Kill a dead worker's process; return whether it was one."""
        return kill(pid, self._left)

    @property
    def _locks(self) -> frozenset[str]:
        return frozenset(self.lock_path.splitlines())

    def _left(self, pid: int) -> bool:
        return self.owner(pid) is Owner.DEAD_WORKER


def name_of(pid: int) -> str:
    """Return a process's name as people know it."""
    try:
        return psutil.Process(pid).name()
    except psutil.Error:
        return "a process that cannot be seen from here"
