"""Keep a group of GPUs clean and watched: what happens to one of them happens to the group."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import TypeAlias

from core.gpus import Gpu, GpuUnavailable
from core.model_spec import ModelSpec
from workers.gpu.guard import GpuGuard, GpuRefused, Incident
from workers.gpu.nvml import GpuLost, NvmlReader
from workers.gpu.process_owner import ProcessOwnership
from workers.gpu.telemetry import GpuSample, of_group


class GroupGuard:
    """The GPUs of one worker, each with its own guard; quarantined as soon as one of them is."""

    def __init__(self, guards: Sequence[GpuGuard]) -> None:
        self._guards = tuple(guards)

    @property
    def dirty(self) -> str | None:
        """Why no engine may be started now, of all GPUs; None on clean ones."""
        return _joined(guard.dirty for guard in self._guards)

    @property
    def quarantined(self) -> str | None:
        """Why the group cannot be trusted any more; None while it can."""
        return _joined(guard.quarantined for guard in self._guards)

    def sweep(self) -> None:
        """Sweep every GPU. Raise as ``GpuGuard.sweep`` does, naming everything in the way."""
        refused: list[str] = []
        for guard in self._guards:
            try:
                guard.sweep()
            except GpuLost:
                raise
            except GpuUnavailable as error:
                refused.append(str(error))
        if refused:
            raise GpuRefused("; ".join(refused))

    def before_start(self, spec: ModelSpec) -> None:
        """Sweep every GPU before an engine starts; raise as ``GpuGuard.before_start`` does."""
        for guard in self._guards:
            guard.before_start(spec)

    def clean(self) -> bool:
        """Sweep every GPU again; return whether an engine may be started."""
        cleaned = [guard.clean() for guard in self._guards]
        return all(cleaned)

    def check_for_others(self) -> bool | None:
        """Check every GPU as ``GpuGuard.check_for_others`` does; None where one was not checked."""
        found = [guard.check_for_others() for guard in self._guards]
        return True if True in found else None if None in found else False

    def sample(self) -> GpuSample:
        """Return the sample of the group."""
        return of_group([guard.sample() for guard in self._guards])

    @contextmanager
    def expect(self, held_mib: float) -> Iterator[None]:
        """Expect a process of this worker to hold so much of every GPU."""
        with ExitStack() as stack:
            for guard in self._guards:
                stack.enter_context(guard.expect(held_mib))
            yield

    def incidents_since(self, at_s: float) -> tuple[Incident, ...]:
        """Return what happened on any GPU since a monotonic moment."""
        return self.incidents_between(at_s, float("inf"))

    def incidents_between(self, from_s: float, to_s: float) -> tuple[Incident, ...]:
        """Return what casts doubt on measurements between two monotonic moments."""
        found = (guard.incidents_between(from_s, to_s) for guard in self._guards)
        return tuple(incident for incidents in found for incident in incidents)

    def watch(
        self, *, on_quarantine: Callable[[str], None], on_note: Callable[[str], None]
    ) -> None:
        """Watch every GPU for XIDs, each on a thread."""
        for guard in self._guards:
            guard.watch(on_quarantine=on_quarantine, on_note=on_note)

    def close(self) -> None:
        """End the watches."""
        for guard in self._guards:
            guard.end_watch()
        for guard in self._guards:
            guard.close()


#: What a worker knows of its GPUs, one or several.
Guard: TypeAlias = GpuGuard | GroupGuard


def guard_of(gpus: Sequence[Gpu], ownership: ProcessOwnership) -> Guard:
    """Return the guard of a worker's GPUs, of which there is at least one; NVML is open."""
    guards = [
        GpuGuard(NvmlReader(gpu.uuid), ownership, name=f"GPU {gpu.index} ({gpu.name})")
        for gpu in gpus
    ]
    return guards[0] if len(guards) == 1 else GroupGuard(guards)


def _joined(sentences: Iterator[str | None]) -> str | None:
    return "; ".join(sentence for sentence in sentences if sentence is not None) or None
