"""The process that holds part of a GPU to leave a smaller one; it exits when stdin ends.

It imports no engine. It prints one line of JSON once it holds its share: ``{"base_mib": ...,
"held_mib": ...}``, or ``{"error": ...}`` with ``"rejected": true`` where a retry would change
nothing.
"""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Callable
from typing import Protocol

from core.gpus import GpuUnavailable
from workers.gpu.nvml import open_gpu
from workers.probes.cuda_driver import OUT_OF_MEMORY, CudaDriver, CudaError

#: Sizes of what is allocated; the driver allocates at least the last.
CHUNKS_MIB = (1024, 128, 16, 2)
#: How far the memory in use may be from its target.
TOLERANCE_MIB = 4.0
#: Filling follows what NVML reports, and is corrected once.
ROUNDS = 2


class Memory(Protocol):
    """Where the chunks come from."""

    def allocate(self, mib: int) -> int:
        """Allocate and return an address. Raise ``CudaError``."""

    def free(self, address: int) -> None:
        """Free an allocation. Raise ``CudaError``."""


class BallastTooSmall(RuntimeError):  # noqa: N818 - named for what is wrong with the request
    """The ballast asked for is less than the CUDA context of this process."""


class Ballast:
    """Chunks of device memory that bring the memory in use to a target."""

    def __init__(self, memory: Memory, used_mib: Callable[[], float]) -> None:
        self._memory = memory
        self._used_mib = used_mib
        self._held: list[int] = []

    def fill_to(self, target_mib: float) -> None:
        """Bring the GPU's memory in use to the target, within ``TOLERANCE_MIB``.

        Raise ``BallastTooSmall`` where more is in use before anything is held, ``CudaError``
        where the driver refuses.
        """
        if self._used_mib() > target_mib + TOLERANCE_MIB:
            raise BallastTooSmall
        for _ in range(ROUNDS):
            self._add(target_mib)
            while self._held and self._used_mib() > target_mib + TOLERANCE_MIB:
                self._memory.free(self._held.pop())
        used_mib = self._used_mib()
        if abs(used_mib - target_mib) > TOLERANCE_MIB:
            raise RuntimeError(
                f"{used_mib:.0f} MiB of the GPU are in use instead of {target_mib:.0f}: "
                "another process is allocating or freeing memory"
            )

    def _add(self, target_mib: float) -> None:
        for chunk_mib in CHUNKS_MIB:
            while self._used_mib() + chunk_mib <= target_mib + TOLERANCE_MIB / 2:
                try:
                    self._held.append(self._memory.allocate(chunk_mib))
                except CudaError as error:
                    if error.name != OUT_OF_MEMORY or chunk_mib == CHUNKS_MIB[-1]:
                        raise
                    break  # Free memory may be fragmented: continue with smaller chunks.


def main(arguments: list[str]) -> int:
    """Hold memory until stdin ends. Arguments: a GPU's UUID, and MiB to hold, context included."""
    gpu_uuid, hold_mib = arguments[0], float(arguments[1])
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # A worker that is shutting down finishes its search first.
        signal.signal(number, signal.SIG_IGN)
    try:
        with open_gpu(gpu_uuid) as gpu:
            used_mib = gpu.total_used_mib
            base_mib = used_mib()
            driver = CudaDriver()
            context_mib = used_mib() - base_mib
            try:
                Ballast(driver, used_mib).fill_to(base_mib + hold_mib)
            except BallastTooSmall:
                _answer({"error": _too_small(hold_mib, context_mib), "rejected": True})
                return 1
            _answer({"base_mib": base_mib, "held_mib": used_mib() - base_mib})
            sys.stdin.buffer.read()
    except (GpuUnavailable, RuntimeError, OSError, AttributeError) as error:
        _answer({"error": str(error)})
        return 1
    return 0


def _too_small(hold_mib: float, context_mib: float) -> str:
    return (
        f"{hold_mib:.0f} MiB would have to be held, but the ballast process itself takes "
        f"{context_mib:.0f}: choose a lower limit, or the whole GPU"
    )


def _answer(document: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(document) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
