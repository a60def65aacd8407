"""The process that holds a part of a GPU, so that a smaller card is left; gone when stdin ends. Imports no engine.

It answers one line of JSON once it holds what it shall: ``{"base_mib": ..., "held_mib": ...}``, or ``{"error": ...}`` with
``"rejected": true`` where asking again would change nothing.
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

#: What is held is made of such pieces; the driver hands out no less than the last.
CHUNKS_MIB = (1024, 128, 16, 2)
#: How far the memory in use may be from what it shall be.
TOLERANCE_MIB = 4.0
#: Filling goes by what NVML tells, and is corrected once.
ROUNDS = 2


class Memory(Protocol):
    """Where the chunks come from."""

    def allocate(self, mib: int) -> int:
        """Allocate and return an address. Raise ``CudaError``."""

    def free(self, address: int) -> None:
        """Give back. Raise ``CudaError``."""


class TooLittle(RuntimeError):  # noqa: N818  (says what is wrong with the wish)
    """What shall be held is less than the context of the holding process."""


class Ballast:
    """Chunks of device memory, as many as bring the memory in use to a target."""

    def __init__(self, memory: Memory, used_mib: Callable[[], float]) -> None:
        self._memory = memory
        self._used_mib = used_mib
        self._held: list[int] = []

    def fill_to(self, target_mib: float) -> None:
        """Bring the card's memory in use to the target, within ``TOLERANCE_MIB``.

        Raise ``TooLittle`` where more is in use before anything is held, ``CudaError`` where the card refuses.
        """
        if self._used_mib() > target_mib + TOLERANCE_MIB:
            raise TooLittle
        for _ in range(ROUNDS):
            self._add(target_mib)
            while self._held and self._used_mib() > target_mib + TOLERANCE_MIB:
                self._memory.free(self._held.pop())
        if abs(used_mib := self._used_mib() - target_mib) > TOLERANCE_MIB:
            raise RuntimeError(
                f"{used_mib + target_mib:.0f} MiB of the GPU are in use where it should be {target_mib:.0f}: "
                "somebody else takes or frees memory at this moment"
            )

    def _add(self, target_mib: float) -> None:
        for chunk_mib in CHUNKS_MIB:
            while self._used_mib() + chunk_mib <= target_mib + TOLERANCE_MIB / 2:
                try:
                    self._held.append(self._memory.allocate(chunk_mib))
                except CudaError as error:
                    if error.name != OUT_OF_MEMORY or chunk_mib == CHUNKS_MIB[-1]:
                        raise
                    break  # Free memory may lie in pieces: go on with smaller ones.


def main(arguments: list[str]) -> int:
    """Hold memory of a GPU until stdin ends. Arguments: its UUID, and MiB to hold, the context's included."""
    gpu_uuid, hold_mib = arguments[0], float(arguments[1])
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(
            number, signal.SIG_IGN
        )  # a worker that was asked to end finishes its search first
    try:
        with open_gpu(gpu_uuid) as gpu:
            used_mib = gpu.total_used_mib
            base_mib = used_mib()
            driver = CudaDriver()
            context_mib = used_mib() - base_mib
            try:
                Ballast(driver, used_mib).fill_to(base_mib + hold_mib)
            except TooLittle:
                _answer({"error": _too_little(hold_mib, context_mib), "rejected": True})
                return 1
            _answer({"base_mib": base_mib, "held_mib": used_mib() - base_mib})
            sys.stdin.buffer.read()
    except (GpuUnavailable, RuntimeError, OSError, AttributeError) as error:
        _answer({"error": str(error)})
        return 1
    return 0


def _too_little(hold_mib: float, context_mib: float) -> str:
    return (
        f"{hold_mib:.0f} MiB would have to be held, and the holding process itself takes {context_mib:.0f}: "
        "ask for a smaller card, or for the whole one"
    )


def _answer(document: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(document) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
