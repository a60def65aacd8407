"""Chunks of memory that fill a GPU up to a target."""

from __future__ import annotations

import pytest

from workers.probes.ballast_process import Ballast, BallastTooSmall
from workers.probes.cuda_driver import OUT_OF_MEMORY, CudaError


class PlainMemory:
    """Memory that takes ``overhead_mib`` more for each allocation, as page tables do."""

    def __init__(self, *, room_mib: float = 1e9, overhead_mib: float = 0.0) -> None:
        self.chunks: dict[int, float] = {}
        self._room_mib = room_mib
        self._overhead_mib = overhead_mib

    def allocate(self, mib: int) -> int:
        """Allocate."""
        if self.used_mib() + mib > self._room_mib:
            raise CudaError("cuMemAlloc_v2", OUT_OF_MEMORY)
        address = len(self.chunks) + 1
        self.chunks[address] = mib + self._overhead_mib
        return address

    def free(self, address: int) -> None:
        """Free."""
        self.chunks[address] = 0.0

    def used_mib(self) -> float:
        """Return what is allocated."""
        return sum(self.chunks.values())


@pytest.mark.parametrize("overhead_mib", [0.0, 0.7, 3.0])
@pytest.mark.parametrize("target_mib", [0.0, 2.0, 1023.0, 5555.5, 57_344.0])
def test_ballast_reaches_its_target_whatever_an_allocation_costs(
    target_mib: float, overhead_mib: float
) -> None:
    memory = PlainMemory(overhead_mib=overhead_mib)
    Ballast(memory, memory.used_mib).fill_to(target_mib)
    assert memory.used_mib() == pytest.approx(target_mib, abs=4)


def test_ballast_cannot_free_memory() -> None:
    memory = PlainMemory()
    memory.allocate(500)
    with pytest.raises(BallastTooSmall):
        Ballast(memory, memory.used_mib).fill_to(490)
