"""The lock of a GPU: one living worker holds it, and every process of that worker names it.

Whether the worker behind a mark still lives decides whether its leftovers may be killed, so it must
be certain. Pids are reused, parents are replaced by init, an orphan reaper can be killed like its
worker, and a row in the database says what was true some seconds ago. A record lock is kept by the
kernel: it belongs to one process, is never inherited (unlike flock's, which a forked child would
keep alive) and ends with that process in every kind of death. Its path travels in the environment
of all of the worker's children, so a leftover of another EVALCTL_HOME can be judged as well.

A worker with a group of GPUs holds the lock of each, and its children's variable names all of them,
one a line.

A record lock is also lost when its process closes any descriptor of the file: only ``GpuLock`` may
open it here.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Sequence
from contextlib import ExitStack, closing
from pathlib import Path

from core.gpus import GpuUnavailable

LOCK_VARIABLE = "EVALCTL_CARD_LOCK"


class GpuLock:
    """Held from the start of a worker on a GPU to its end."""

    def __init__(self, home: Path, gpu_uuid: str) -> None:
        """Take the lock, or raise ``GpuUnavailable`` where a worker of this EVALCTL_HOME has it."""
        folder = home / "gpus"
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.path = str((folder / f"{gpu_uuid}.lock").resolve())
        self._file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.read(self._file, 20).decode(errors="replace").strip() or "unknown"
            os.close(self._file)
            raise GpuUnavailable(
                f"GPU {gpu_uuid} is used by another worker (pid {holder}); "
                "`evalctl worker list` shows it"
            ) from error
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, f"{os.getpid()}\n".encode(), 0)

    def close(self) -> None:
        """Release the GPU; the file stays and means nothing."""
        os.close(self._file)


class GroupLock:
    """The locks of all GPUs of a group, held together."""

    def __init__(self, home: Path, gpu_uuids: Sequence[str]) -> None:
        """Take all locks, or none and raise as ``GpuLock`` does."""
        with ExitStack() as stack:
            locks = [stack.enter_context(closing(GpuLock(home, uuid))) for uuid in gpu_uuids]
            #: What ``LOCK_VARIABLE`` says.
            self.path = "\n".join(lock.path for lock in locks)
            self._locks = stack.pop_all()

    def close(self) -> None:
        """Release the GPUs."""
        self._locks.close()


def held_elsewhere(path: str) -> bool | None:
    """Return whether another process holds the lock of a path; None where that is unknown."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    try:
        fcntl.lockf(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return None
    finally:
        os.close(file)
    return False
