"""Keep one GPU clean and watched: nothing is measured while it is shared, littered or broken.

When the worker starts and before each engine start the GPU is swept: what a dead worker left is
killed and its memory waited for; for anything else the worker refuses, naming pid, name and MiB.
Two readings decide, the driver's list of processes and its memory: in a container the list may be
empty or hold the host's pids, and then the memory alone decides.

A hardware XID, or a driver that has lost the GPU, puts the GPU into quarantine for the rest of the
process.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Literal

from core.gpus import GpuUnavailable
from core.model_spec import ModelSpec
from workers.errors import INIT_FREE_MEM, EngineStartFailed
from workers.gpu import xid
from workers.gpu.nvml import GpuLost, GpuProcess, GpuReader
from workers.gpu.process_owner import Owner, ProcessOwnership, name_of
from workers.gpu.telemetry import GpuSample
from workers.lifecycle.event_log import log_event

#: Memory in use that no known process accounts for, above which the GPU counts as littered. A clean
#: GPU shows some MiB.
UNOWNED_MIB = 512.0
#: How long memory of ended processes may take to come back; on an H100 it took under 4 s.
RELEASE_WITHIN_S = 10.0
POLL_EVERY_S = 0.2
#: Shortest time between two checks for other processes while an engine runs.
CHECK_EVERY_S = 1.0
#: Length of one wait for an XID, which bounds how long closing takes.
XID_WAIT_S = 1.0
INCIDENTS_KEPT = 1000

IncidentKind = Literal["xid", "foreign_process", "gpu_lost"]


class GpuRefused(GpuUnavailable):
    """Say what is on the GPU; the worker must not use it now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """Something that casts doubt on what was measured around it."""

    kind: IncidentKind
    #: When it was seen, or last seen, on the monotonic clock.
    at_s: float
    #: What was measured from here on is in doubt: for other processes, the last check that found
    #: none.
    since_s: float
    sentence: str


class GpuGuard:
    """The GPU of this worker: swept, watched, and quarantined when it fails."""

    def __init__(
        self,
        reader: GpuReader,
        ownership: ProcessOwnership,
        *,
        name: str,
        release_within_s: float = RELEASE_WITHIN_S,
    ) -> None:
        self._reader = reader
        self._ownership = ownership
        self._name = name
        self._release_within_s = release_within_s
        self._incidents: deque[Incident] = deque(maxlen=INCIDENTS_KEPT)
        self._closed = threading.Event()
        self._watcher: threading.Thread | None = None
        self._expected_mib = 0.0
        #: Other processes on the GPU, until a check finds none.
        self._foreign: Incident | None = None
        self._checked_s = self._clean_s = time.monotonic()
        self._on_quarantine: Callable[[str], None] = lambda _sentence: None
        self._on_note: Callable[[str], None] = lambda _sentence: None
        #: Why no engine may be started now, as of the last sweep; None on a clean GPU.
        self.dirty: str | None = None
        #: Why the GPU cannot be trusted any more; None while it can.
        self.quarantined: str | None = None

    def sweep(self) -> None:
        """Reclaim what dead workers left and check that no other process is on the GPU.

        Raise ``GpuRefused`` with everything that is in the way, ``GpuLost`` where the driver has
        lost the GPU. Lists processes, so it must not be called while an engine is being timed.
        """
        self._reclaim()
        deadline_s = time.monotonic() + self._release_within_s
        while (found := self._in_the_way()) is not None and time.monotonic() < deadline_s:
            if not found.settling:
                break
            self._closed.wait(POLL_EVERY_S)
        before, self.dirty = self.dirty, None if found is None else found.sentence
        if self.dirty is not None:
            if self.dirty != before:
                self._note("foreign_process", self.dirty, since_s=self._clean_s)
            raise GpuRefused(self.dirty)
        self._found_no_other()

    def before_start(self, spec: ModelSpec) -> None:
        """Sweep before an engine starts on the GPU; raise ``EngineStartFailed`` (INIT_FREE_MEM)."""
        if spec.engine != "vllm":
            return
        if self.quarantined is not None:
            raise EngineStartFailed(self.quarantined, error_class=INIT_FREE_MEM)
        try:
            self.sweep()
        except GpuLost as error:
            self._quarantine("gpu_lost", str(error))
            raise EngineStartFailed(str(error), error_class=INIT_FREE_MEM) from error
        except GpuUnavailable as error:
            log_event("gpu.refused", level=logging.WARNING, error=str(error))
            raise EngineStartFailed(str(error), error_class=INIT_FREE_MEM) from error

    def clean(self) -> bool:
        """Sweep a GPU that was dirty again; return whether an engine may be started."""
        try:
            self.sweep()
        except GpuLost as error:
            self._quarantine("gpu_lost", str(error))
        except GpuUnavailable as error:
            self.dirty = str(error)
        return self.dirty is None and self.quarantined is None

    def check_for_others(self) -> bool | None:
        """Check for other processes beside an idle engine; return whether there are any.

        None where no check was made: the last one is under a second old, or the driver does not
        answer. Lists processes, so it must not be called while a request runs. What hides behind
        another namespace's pids is taken for the engine.
        """
        if time.monotonic() - self._checked_s < CHECK_EVERY_S:
            return None
        try:
            found = self._others(self._reader.processes())
        except GpuUnavailable:
            return None
        self._checked_s = time.monotonic()
        if found is None:
            self._found_no_other()
        elif self._foreign is None:
            log_event("gpu.shared", level=logging.WARNING, error=found.sentence)
            self._foreign = Incident(
                kind="foreign_process",
                at_s=self._checked_s,
                since_s=self._clean_s,
                sentence=found.sentence,
            )
        return found is not None

    def sample(self) -> GpuSample:
        """Return clock, temperature, power and clock event reasons as they are now."""
        return self._reader.sample(time.monotonic())

    @contextmanager
    def expect(self, held_mib: float) -> Iterator[None]:
        """Expect a process of this worker other than an engine to hold memory, listed or not."""
        self._expected_mib += held_mib
        try:
            yield
        finally:
            self._expected_mib -= held_mib

    def incidents_since(self, at_s: float) -> tuple[Incident, ...]:
        """Return what happened on the GPU since a monotonic moment, and what still goes on."""
        return self.incidents_between(at_s, float("inf"))

    def incidents_between(self, from_s: float, to_s: float) -> tuple[Incident, ...]:
        """Return what casts doubt on measurements between two monotonic moments."""
        noted = tuple(self._incidents)
        past = [one for one in noted if one.at_s >= from_s and one.since_s <= to_s]
        present = self._foreign
        return tuple(past if present is None or present.since_s > to_s else [*past, present])

    def watch(
        self, *, on_quarantine: Callable[[str], None], on_note: Callable[[str], None]
    ) -> None:
        """Watch for XIDs on a thread: a hardware XID calls ``on_quarantine``, another is noted."""
        self._on_quarantine, self._on_note = on_quarantine, on_note
        self._watcher = threading.Thread(target=self._watch, name="xid-watch", daemon=True)
        self._watcher.start()

    def end_watch(self) -> None:
        """Let the watch end, without waiting for it."""
        self._closed.set()

    def close(self) -> None:
        """End the watch."""
        self.end_watch()
        if self._watcher is not None:
            self._watcher.join(2 * XID_WAIT_S)

    def _reclaim(self) -> None:
        """Kill what dead workers left, log each, and wait until the driver lists none of it."""
        deadline_s = time.monotonic() + self._release_within_s
        while True:
            listed = {process.pid: process.used_mib for process in self._reader.processes()}
            named = {pid for pid in listed if self._ownership.owner(pid) is Owner.DEAD_WORKER}
            pids = named | set(self._ownership.leftovers())
            for pid in sorted(pids):
                name = name_of(pid)
                if self._ownership.kill_leftover(pid):
                    log_event("gpu.reclaimed", pid=pid, process=name, used_mib=listed.get(pid))
            if not pids or time.monotonic() > deadline_s:
                return
            self._closed.wait(POLL_EVERY_S)

    def _in_the_way(self) -> _Found | None:
        listed = self._reader.processes()
        return self._others(listed) or self._unowned(listed)

    def _others(self, listed: tuple[GpuProcess, ...]) -> _Found | None:
        owners = {process.pid: self._ownership.owner(process.pid) for process in listed}
        ours = {Owner.OURS}
        if Owner.HIDDEN in owners.values() and (self._expected_mib or self._ownership.has_engine()):
            # The pids are another namespace's, as in some containers, and one of them is ours.
            ours.add(Owner.HIDDEN)
        others = [p for p in listed if owners[p.pid] not in ours]
        drawing_mib = sum(p.used_mib or 0.0 for p in others if p.graphics)
        # A desktop that only draws is tolerated: it computes nothing and holds little.
        others = [p for p in others if not p.graphics or drawing_mib > UNOWNED_MIB]
        if others:
            holders = "; ".join(_holder(process, owners[process.pid]) for process in others)
            # A process that was killed just now is listed until the driver has cleaned up.
            dying = all(owners[p.pid] in {Owner.DEAD_WORKER, Owner.HIDDEN} for p in others)
            mend = "End it, or give this worker another GPU"
            return _Found(f"{self._name} is in use: {holders}. {mend}", settling=dying)
        return None

    def _unowned(self, listed: tuple[GpuProcess, ...]) -> _Found | None:
        reported = [process.used_mib for process in listed]
        if None in reported or (not listed and self._ownership.has_engine()):
            return None  # An engine of ours runs and the driver does not report what it holds.
        used_mib = self._reader.used_mib()
        # What is expected is among what is listed, or nothing is listed here.
        known_mib = sum(mib for mib in reported if mib is not None)
        unowned_mib = used_mib - max(self._expected_mib, known_mib)
        if unowned_mib <= UNOWNED_MIB:
            return None
        sentence = (
            f"{self._name} has {unowned_mib:.0f} MiB in use by no process that the driver lists "
            "here: another container's, or one that hangs. Check with nvidia-smi on the host"
        )
        return _Found(sentence, settling=True)

    def _watch(self) -> None:
        while not self._closed.is_set():
            try:
                number = self._reader.wait_xid(XID_WAIT_S)
            except GpuLost as error:
                self._quarantine("gpu_lost", str(error))
                return
            except GpuUnavailable as error:
                log_event("gpu.unwatched", level=logging.WARNING, error=str(error))
                return
            if number is not None:
                self._take(number)

    def _take(self, number: int) -> None:
        sentence = f"{self._name} reported {xid.describe(number)}"
        log_event("gpu.xid", level=logging.WARNING, xid=number, error=sentence)
        if number in xid.HARDWARE:
            self._quarantine(
                "xid", f"{sentence}; see the host's kernel log, then start the worker again"
            )
            return
        self._note("xid", sentence)
        self._on_note(sentence)

    def _found_no_other(self) -> None:
        """Record that a check found no other process: what was there before has exited."""
        now_s = time.monotonic()
        if self._foreign is not None:
            self._incidents.append(replace(self._foreign, at_s=now_s))
            self._foreign = None
        self._checked_s = self._clean_s = now_s

    def _note(self, kind: IncidentKind, sentence: str, *, since_s: float | None = None) -> None:
        now_s = time.monotonic()
        since_s = now_s if since_s is None else since_s
        self._incidents.append(Incident(kind=kind, at_s=now_s, since_s=since_s, sentence=sentence))

    def _quarantine(self, kind: IncidentKind, sentence: str) -> None:
        self._note(kind, sentence)
        if self.quarantined is None:
            self.quarantined = sentence
            log_event("gpu.quarantined", level=logging.ERROR, error=sentence)
            self._on_quarantine(sentence)


@dataclass(frozen=True, slots=True)
class _Found:
    """What is in the way, and whether it may disappear by itself in a moment."""

    sentence: str
    settling: bool


def _holder(process: GpuProcess, owner: Owner) -> str:
    mib = "unknown" if process.used_mib is None else f"{process.used_mib:.0f}"
    owned_by = {
        Owner.OTHER_WORKER: ", of a worker that lives or may",
        Owner.DEAD_WORKER: ", left by a dead worker, that could not be killed",
    }.get(owner, "")
    return f"pid {process.pid} ({name_of(process.pid)}{owned_by}) holds {mib} MiB"
