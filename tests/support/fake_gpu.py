"""A fake GPU within the process under test, and idle processes that it can list."""

from __future__ import annotations

import queue
import subprocess
from collections.abc import Callable

from tests.support.processes import lives
from workers.gpu.nvml import GpuLost, GpuProcess
from workers.gpu.telemetry import GpuSample

Start = Callable[..., subprocess.Popen[str]]
ASLEEP = "import sys; print('up', flush=True); sys.stdin.read()"
#: No process has it: Linux counts to 2^22.
NO_PID = 2**22 + 1


class FakeGpu:
    """A GPU with real processes and simulated memory; a process that ends frees what it holds."""

    def __init__(self) -> None:
        self.held_mib: dict[int, float | None] = {}
        self.drawing: set[int] = set()
        #: In use, but by no listed process.
        self.littered_mib = 0.0
        self.hides_processes = False
        self.xids: queue.Queue[int | Exception] = queue.Queue()
        self.lost = False

    def processes(self) -> tuple[GpuProcess, ...]:
        """List the living processes, unless the GPU is lost or hides them."""
        if self.lost:
            raise GpuLost("GPU fake is lost")
        if self.hides_processes:
            return ()
        return tuple(
            GpuProcess(pid=pid, used_mib=mib, graphics=pid in self.drawing)
            for pid, mib in self.held_mib.items()
            if pid == NO_PID or lives(pid)
        )

    def used_mib(self) -> float:
        """Return what living processes hold, and the litter."""
        return self.littered_mib + sum(
            mib or 0.0 for pid, mib in self.held_mib.items() if lives(pid)
        )

    def sample(self, at_s: float) -> GpuSample:
        """Return a sample that has only its moment."""
        return GpuSample(at_s=at_s)

    def wait_xid(self, timeout_s: float) -> int | None:
        """Return or raise what the test has put."""
        try:
            found = self.xids.get(timeout=timeout_s)
        except queue.Empty:
            return None
        if isinstance(found, Exception):
            raise found
        return found


def first_line(process: subprocess.Popen[str]) -> str:
    """Return the first line that a process prints."""
    assert process.stdout is not None
    return process.stdout.readline().strip()
