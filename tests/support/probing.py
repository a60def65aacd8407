"""Sessions of probes on fake engines, and the results of their requests."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, cast

from core.model_spec import ModelSpec
from core.states import PointOutcome, StartKind
from db.queue.claims import ClaimedJob
from tests.support.jobs import fake_job
from tests.support.measurements import GENERATION, start_report
from workers import errors
from workers.engines import EngineContext
from workers.engines.protocol import MIB, Generation, GenerationRequest, MemoryReport, StartReport
from workers.lifecycle.lease import Lease
from workers.lifecycle.timeouts import Timeouts
from workers.loading.loader import EngineStart
from workers.measurement.measurement import Measurement
from workers.probes.burst import Burst
from workers.probes.session import ProbePlan, ProbeSession
from workers.probes.trial import Trial

DEVICE = MemoryReport(
    kind="device",
    context_mib=10.0,
    weights_mib=100.0,
    buffers_mib=5.0,
    activation_peak_mib=50.0,
    graphs_mib=4.0,
    activation_run_mib=20.0,
)


def tried(level: int, number: int, *, stable: bool = True) -> Trial:
    """Return a trial."""
    outcome = PointOutcome.STABLE if stable else PointOutcome.FAILED
    return Trial(
        level=level, trial=number, outcome=outcome, reason=None if stable else "RUNTIME_CUDA_OOM"
    )


def generation(**changes: Any) -> Generation:
    """Return a generation."""
    lengths = {"prompt_tokens": 256, "output_tokens": 100, "finish_reason": "length"}
    stamps = {"submitted_s": 10.0, "first_token_s": 10.1, "last_token_s": 12.0}
    load = {"engine_preemptions": 0, "waiting_steps": 0, "running_peak": 2, "kv_used_mib": 30.0}
    facts: dict[str, Any] = {**lengths, **stamps, **load, **changes}
    return replace(GENERATION, **facts)


def burst(*made: Generation, failed: tuple[errors.EngineError, ...] = ()) -> Burst:
    """Return the result of requests, which used memory as ``DEVICE`` says."""
    return Burst(
        began_s=0.0,
        requests=len(made) + len(failed),
        measured=tuple(Measurement(generation=replace(one, memory=DEVICE)) for one in made),
        errors=failed,
        trace=None,
    )


class FakeEngines:
    """``EngineHost`` and ``EngineLoader`` at once: starts and answers as a test orders."""

    def __init__(
        self,
        folder: Path,
        device: Literal["cpu", "cuda"] = "cuda",
        *,
        compiling: int = 0,
        fail_above: int = 1_000_000,
    ) -> None:
        self.context = EngineContext(
            home=Path(), log_folder=Path(), device=device, gpu_uuid="GPU-0"
        )
        self.started: list[tuple[ModelSpec, StartKind]] = []
        self.start_failures: list[errors.EngineError | None] = []
        self.unloads = 0
        self.engine_start: StartReport | None = None
        self.asked: list[GenerationRequest] = []
        #: How many ran at once, of the next requests at level 2; then all of them.
        self.together: list[int] = []
        self._log = folder / "engine.log"
        self._compiling = compiling
        self._fail_above = fail_above

    def start(
        self, spec: ModelSpec, _job: ClaimedJob, *, kind: StartKind, on_progress: Callable[[], None]
    ) -> EngineStart:
        """Start or fail, as ordered."""
        on_progress()
        self.started.append((spec, kind))
        if failure := self.start_failures.pop(0) if self.start_failures else None:
            raise failure
        number = len(self.started)
        self._log.write_text(
            "Compiling a graph for compile range" if number <= self._compiling else "Directly load",
            encoding="utf-8",
        )
        config = {"max_num_seqs": 4, "max_model_len": 100, "max_num_batched_tokens": 512}
        memory = MemoryReport(kind=None, buffers_mib=100.0, activation_peak_mib=float(number))
        kv_cache = {"kv_blocks": 101, "kv_block_bytes": 2.0 * MIB}
        self.engine_start = start_report(
            config | {"block_size": 16}, memory, log_path=self._log, **kv_cache
        )
        return EngineStart(boot_id=number, report=self.engine_start, memory=memory)

    def forget(self) -> None:
        """Unload."""
        self.engine_start = None
        self.unloads += 1

    def generate(self, request: GenerationRequest, **_: Any) -> Generation:
        """Answer, or die above a level; the level is in the request's name."""
        self.asked.append(request)
        level = int(request.request_id.split("-")[2])
        if level > self._fail_above:
            self.engine_start = None
            raise errors.EngineOutOfMemory("full")
        together = self.together.pop() if self.together and level == 2 else level
        words = sum(len(message.content.split()) for message in request.messages)
        return generation(running_peak=together, prompt_tokens=words, memory=DEVICE)


def probe_session(
    engines: FakeEngines, spec: ModelSpec, plan: ProbePlan, trials: tuple[Trial, ...] = ()
) -> ProbeSession:
    """Return a session on fake engines and without a database."""
    job = fake_job(spec, prompt="sequences", probe={})
    return ProbeSession(
        database=cast("Any", None),
        worker_id=uuid.uuid4(),
        host=cast("Any", engines),
        loader=cast("Any", engines),
        timeouts=Timeouts(),
        insist=lambda _lease, _write: None,
        job=job,
        lease=Lease(job),
        plan=plan,
        trials=list(trials),
    )
