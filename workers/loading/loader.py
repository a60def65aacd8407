"""Load the engine that a job needs, record each start, and know what is loaded."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Engine

from core.model_spec import ModelSpec
from core.states import StartKind
from db.queue.claims import ClaimedJob
from db.queue.fleet import Profile, note_start, note_warm_up, record_start, stored_profiles
from workers.engines.host import EngineHost
from workers.engines.protocol import MIB, MemoryReport, StartReport
from workers.engines.vllm.launch import vllm_version
from workers.errors import EngineOutOfMemory
from workers.gpu.group_guard import Guard
from workers.gpu.telemetry import wait_while_throttled
from workers.lifecycle.event_log import log_event
from workers.lifecycle.timeouts import Timeouts
from workers.loading import kept_log
from workers.loading.kv_sizing import (
    compiled,
    differences,
    fitting,
    measured_spec,
    profile_key,
    sizable,
    takes_two_starts,
    with_compilation,
    with_profile,
    without_profile,
)
from workers.loading.start_row import start_row
from workers.loading.warm_up import WarmUp, most_requests, planned

#: How long the GPU may still be throttled after a warm-up before the first job begins anyway.
UNTHROTTLED_WITHIN_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineStart:
    """An engine start as it is recorded."""

    boot_id: int
    #: What the engine reported about this start.
    report: StartReport
    #: The terms of this start as recorded: a profile's where the engine did not report them itself.
    memory: MemoryReport

    @property
    def sequences(self) -> int:
        """How many requests the engine serves at once."""
        return max(1, int(self.report.config.get("max_num_seqs") or 1))


class EngineLoader:
    """Starts of the engine in one host, for one thread: nothing loads beside another job."""

    def __init__(
        self,
        database: Engine,
        host: EngineHost,
        *,
        worker_id: uuid.UUID,
        timeouts: Timeouts,
        guard: Guard | None = None,
    ) -> None:
        self._database = database
        self._host = host
        self._guard = guard
        self._worker_id = worker_id
        self._timeouts = timeouts
        self._engine_start: EngineStart | None = None
        self._spec: ModelSpec | None = None
        self._model_id: int | None = None
        self._group: tuple[uuid.UUID, int] | None = None
        self._loaded_at_s = time.monotonic()

    @property
    def engine_start(self) -> EngineStart | None:
        """The start that serves jobs now; None if there is none or its engine ended."""
        start = self._engine_start
        return start if start is not None and self._host.engine_start is start.report else None

    @property
    def model_id(self) -> int | None:
        """The model that serves now."""
        return None if self.engine_start is None else self._model_id

    @property
    def group(self) -> tuple[uuid.UUID, int] | None:
        """The run and group that the engine was started for, None where any job may use it."""
        return None if self.engine_start is None else self._group

    @property
    def loaded_for_s(self) -> float:
        """Seconds since the last start."""
        return time.monotonic() - self._loaded_at_s

    def load(
        self, job: ClaimedJob, *, on_progress: Callable[[], None], on_start: Callable[[], None]
    ) -> EngineStart:
        """Return the warmed-up start that serves this job; start an engine if none does.

        ``on_start`` is called before an engine is started, ``on_progress`` about once a second
        while it starts and at each token of the warm-up. Raise what ``EngineHost.load`` and
        ``EngineHost.generate`` raise.
        """
        if self.engine_start is not None and self._spec == job.spec and self._serves(job):
            return self.engine_start
        on_start()
        device = self._host.context.device
        most_requests(job.spec, device)  # refused before the engine is started rather than after
        if takes_two_starts(job.spec, device):
            engine_start = self._start_twice(job, on_progress)
        else:
            engine_start = self.start(job.spec, job, kind=StartKind.SINGLE, on_progress=on_progress)
        self._warm_up(job, engine_start, on_progress)
        self._engine_start, self._spec = engine_start, job.spec
        self._model_id, self._group = job.model_id, _group_of(job)
        return engine_start

    def start(
        self, spec: ModelSpec, job: ClaimedJob, *, kind: StartKind, on_progress: Callable[[], None]
    ) -> EngineStart:
        """Start exactly this spec once, whatever is loaded, and record the start with the attempt.

        The engine then serves requests to the host; no later job is served by it unless ``load``
        started it. ``on_progress`` is called about once a second; what it raises ends the start.
        Raise what ``EngineHost.load`` raises.
        """
        report = self._load_spec(spec, job, on_progress)
        return self._record(job, report, kind, memory=with_compilation(report))

    def forget(self) -> None:
        """Unload whatever is loaded, so that the next job gets a new start."""
        self._engine_start = None
        self._host.unload()

    def _start_twice(self, job: ClaimedJob, on_progress: Callable[[], None]) -> EngineStart:
        """Start with a KV cache sized by the rule, profiled first where no profile fits."""
        key = profile_key(job.spec, self._host.context, vllm_version())
        profiles = sizable(stored_profiles(self._database, key))
        stored = bool(profiles)
        if not stored:
            profiles = self._profiled(job, key, on_progress)
        if not profiles:
            return self.start(job.spec, job, kind=StartKind.SINGLE, on_progress=on_progress)
        report = self._sized(job, profiles[0], on_progress)
        row = start_row(self._worker_id, job.model_id, report)
        if stored and fitting(profiles, row) is None:
            old, found = profiles[0], differences(profiles[0], row)
            facts: dict[str, Any] = {"profile_boot_id": old.boot_id, "differs": found}
            log_event("engine.profile_outdated", **facts, **job.log_context())
            profiles = self._profiled(job, key, on_progress) or profiles
            report = self._sized(job, profiles[0], on_progress)
            row = start_row(self._worker_id, job.model_id, report)
        if profile := fitting(profiles, row):
            memory = with_profile(report.memory, profile)
        else:
            memory = without_profile(report.memory, differences(profiles[0], row))
        return self._record(
            job, report, StartKind.MEASURED, memory=memory, key=key, profile=profile
        )

    def _profiled(
        self, job: ClaimedJob, key: str, on_progress: Callable[[], None]
    ) -> list[Profile]:
        """Profile a model, twice where the first start compiled its graphs; return the profiles."""
        report = self._load_spec(job.spec, job, on_progress)
        if compiled(report.log_path):
            self._record(job, report, StartKind.PROFILE, memory=with_compilation(report))
            report = self._load_spec(job.spec, job, on_progress)
        self._record(job, report, StartKind.PROFILE, memory=with_compilation(report), key=key)
        return sizable(stored_profiles(self._database, key))

    def _sized(
        self, job: ClaimedJob, profile: Profile, on_progress: Callable[[], None]
    ) -> StartReport:
        """Start the engine with the KV cache of the rule; if it does not fit, say what to do."""
        spec = measured_spec(job.spec, profile)
        try:
            return self._load_spec(spec, job, on_progress)
        except EngineOutOfMemory as error:
            size_mib = spec.options["kv_cache_memory_bytes"] / MIB
            raise EngineOutOfMemory(
                f"{error.sentence}; its KV cache holds max_num_seqs sequences of max_model_len "
                f"tokens, {size_mib:.0f} MiB: lower one of them, or set gpu_memory_utilization so "
                "that vLLM chooses its size",
                error_class=error.error_class,
            ) from error

    def _load_spec(
        self, spec: ModelSpec, job: ClaimedJob, on_progress: Callable[[], None]
    ) -> StartReport:
        log_event("engine.starting", **job.log_context())
        self.forget()
        on_progress()
        report = self._host.load(spec, on_progress=on_progress, timeout_s=self._timeouts.start_s)
        self._loaded_at_s = time.monotonic()
        return report

    def _record(
        self,
        job: ClaimedJob,
        report: StartReport,
        kind: StartKind,
        *,
        memory: MemoryReport,
        key: str | None = None,
        profile: Profile | None = None,
    ) -> EngineStart:
        """Store a start with these terms of its memory."""
        from_start = None if profile is None else profile.boot_id
        keys: dict[str, Any] = {"profile_key": key, "profile_boot_id": from_start}
        known = replace(report, memory=memory)
        row = start_row(self._worker_id, job.model_id, known, kind=kind, **keys)
        boot_id = record_start(self._database, row, log=kept_log.kept_log(report.log_path))
        note_start(self._database, job.job_id, job.attempt_no, boot_id)
        start_s = round(report.ready_s - report.started_s, 2)
        log_event(
            "engine.ready", kind=kind.value, start_s=start_s, boot_id=boot_id, **job.log_context()
        )
        return EngineStart(boot_id=boot_id, report=report, memory=memory)

    def _warm_up(
        self, job: ClaimedJob, engine_start: EngineStart, on_progress: Callable[[], None]
    ) -> None:
        plan = planned(job.spec, engine_start.report, self._host.context.device)
        if plan is None:
            return
        warm_up = WarmUp(
            host=self._host, plan=plan, on_progress=on_progress, timeout_s=self._timeouts.silence_s
        ).run()
        if self._guard is not None:
            # The driver's reasons are a mean over the last moments, which would flag the first job.
            free_s = wait_while_throttled(self._guard.sample, on_progress, UNTHROTTLED_WITHIN_S)
            warm_up["clock_free_s"] = None if free_s is None else round(free_s, 3)
        note_warm_up(self._database, engine_start.boot_id, warm_up)
        facts = {name: fact for name, fact in warm_up.items() if name not in {"rates", "kinds"}}
        log_event("engine.warmed_up", boot_id=engine_start.boot_id, **facts, **job.log_context())

    def _serves(self, job: ClaimedJob) -> bool:
        """Return whether the loaded engine may serve the job, which may need its own group's."""
        wanted = _group_of(job)
        return wanted is None or wanted == self._group


def _group_of(job: ClaimedJob) -> tuple[uuid.UUID, int] | None:
    return None if job.boot_group is None else (job.run_id, job.boot_group)
