"""One generation as it was measured: the engine's result, the start that served it, its memory."""

from __future__ import annotations

from dataclasses import dataclass, replace

from workers.engines.protocol import START_TERMS, UNKNOWN_MEMORY, Generation, MemoryReport
from workers.measurement.sampler import MemoryTrace


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """One generation and everything that was observed about it."""

    generation: Generation
    #: The row of the engine start that served it; None where the measurement is not stored alone.
    boot_id: int | None = None
    #: The memory terms of that start, as recorded.
    start_memory: MemoryReport = UNKNOWN_MEMORY
    #: None where the memory of the engine cannot be sampled.
    trace: MemoryTrace | None = None

    @property
    def memory(self) -> MemoryReport:
        """Memory at the end, with the terms of the start that the engine does not report again."""
        memory = self.generation.memory
        missing = (name for name in START_TERMS if getattr(memory, name) is None)
        given = {name: getattr(self.start_memory, name) for name in missing}
        per_gpu = tuple(
            {**terms, **{name: start.get(name) for name in given if terms.get(name) is None}}
            for terms, start in zip(memory.per_gpu, self.start_memory.per_gpu, strict=False)
        )
        return replace(memory, per_gpu=per_gpu, **given)
