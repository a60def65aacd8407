"""The parts of a search for engines side by side: ramps, what is started, figures over all engines."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest

from core.model_spec import ModelSpec
from core.states import PointOutcome, StartKind
from db.claims import ClaimedJob
from tests.claiming import made_up_job
from workers.engines import EngineContext
from workers.engines.protocol import MIB, Generation, MemoryReport, StartReport
from workers.errors import EngineError
from workers.lifecycle.lease import Lease
from workers.lifecycle.timeouts import Timeouts
from workers.loading.loader import EngineStart
from workers.measurement.measurement import Measurement
from workers.measurement.sampler import MemoryTrace
from workers.probes.alone import UTILISATION, pattern
from workers.probes.plan import Plan
from workers.probes.ramps import is_news, next_ramp
from workers.probes.session import ProbeSession
from workers.probes.sustained_load import Loaded, all_together, figures_of_all
from workers.probes.trial import Trial


def tried(level: int, ramp: int, *, stable: bool = True) -> Trial:
    outcome = PointOutcome.STABLE if stable else PointOutcome.FAILED
    return Trial(
        level=level, trial=ramp, outcome=outcome, reason=None if stable else "INIT_CUDA_OOM"
    )


def test_ramps_come_one_after_another_and_an_interrupted_one_again() -> None:
    assert next_ramp([], ramps=2, most=3) == 1
    begun = [tried(1, 1), tried(2, 1)]
    assert next_ramp(begun, ramps=2, most=3) == 1
    failed = [*begun, tried(3, 1, stable=False)]
    assert next_ramp(failed, ramps=2, most=3) == 2
    assert next_ramp([*failed, tried(1, 2), tried(2, 2), tried(3, 2)], ramps=2, most=3) is None


def test_a_repeated_level_is_news_where_it_is_not_stable_any_more() -> None:
    done = [tried(1, 1), tried(2, 1)]
    assert not is_news(tried(2, 1), done)
    assert is_news(tried(2, 2), done)
    assert is_news(tried(2, 1, stable=False), done)


class FakeBoots:
    """Starts that are noted and made up; the first so many of them compile."""

    def __init__(
        self, folder: Path, *, compiling: int = 0, fails: EngineError | None = None
    ) -> None:
        self.started: list[tuple[ModelSpec, StartKind]] = []
        self.forgotten = 0
        self._log = folder / "engine.log"
        self._compiling = compiling
        self._fails = fails

    def start(
        self, spec: ModelSpec, _job: ClaimedJob, *, kind: StartKind, on_progress: Callable[[], None]
    ) -> EngineStart:
        """Make one up."""
        on_progress()
        self.started.append((spec, kind))
        if self._fails is not None:
            raise self._fails
        compiles = len(self.started) <= self._compiling
        self._log.write_text(
            "Compiling a graph for compile range" if compiles else "Directly load", encoding="utf-8"
        )
        memory = MemoryReport(
            kind="device", buffers_mib=100.0, activation_peak_mib=float(len(self.started))
        )
        report = StartReport(
            engine_version="vllm 0.26.0",
            environment={},
            config={"max_num_seqs": 4, "max_model_len": 100, "block_size": 16},
            memory=memory,
            started_s=0.0,
            ready_s=1.0,
            log_path=self._log,
            kv_block_bytes=2.0 * MIB,
        )
        return EngineStart(boot_id=len(self.started), report=report, memory=memory)

    def forget(self) -> None:
        """Count it."""
        self.forgotten += 1


def stand_on(loader: FakeBoots, device: str) -> ProbeSession:
    """Return a place with nothing but these starts."""
    context = EngineContext(
        home=Path(), log_folder=Path(), device=cast("Any", device), gpu_uuid="GPU-0"
    )
    return ProbeSession(
        database=cast("Any", None),
        worker_id=uuid.uuid4(),
        context=context,
        host=cast("Any", None),
        loader=cast("Any", loader),
        timeouts=Timeouts(),
    )


def vllm_job(**options: Any) -> ClaimedJob:
    return made_up_job(
        ModelSpec(name="m", engine="vllm", source="s", options=options), prompt="instances"
    )


def test_each_engine_gets_room_for_all_its_sequences_in_full_length(tmp_path: Path) -> None:
    loader, job = (
        FakeBoots(tmp_path),
        vllm_job(dtype="bfloat16", gpu_memory_utilization=0.5, num_gpu_blocks_override=9),
    )
    found = pattern(stand_on(loader, "cuda"), job, Lease(job), Plan())
    ((alone, kind),) = loader.started
    assert kind is StartKind.PROFILE
    assert alone.options == {"dtype": "bfloat16", "gpu_memory_utilization": 0.5}
    # 4 sequences of 7 blocks, and vLLM's own block, of 2 MiB each.
    assert found.kv_mib == (4 * 7 + 1) * 2
    size = {"kv_cache_memory_bytes": 58 * MIB, "gpu_memory_utilization": UTILISATION}
    assert found.spec.options == {"dtype": "bfloat16", **size}
    assert found.kind is StartKind.MEASURED
    assert loader.forgotten == 1


def test_a_start_that_compiled_is_made_again_for_its_profile(tmp_path: Path) -> None:
    loader, job = FakeBoots(tmp_path, compiling=1), vllm_job()
    found = pattern(stand_on(loader, "cuda"), job, Lease(job), Plan())
    assert len(loader.started) == loader.forgotten == 2
    assert found.alone is not None
    assert found.alone.memory.activation_peak_mib == 2.0


@pytest.mark.parametrize(
    ("plan", "options"),
    [(Plan(kv_mib=8.0), {}), (Plan(), {"kv_cache_memory_bytes": 8 * MIB})],
    ids=["plan", "model"],
)
def test_a_given_size_is_taken_and_on_a_cpu_needs_no_start_alone(
    tmp_path: Path, plan: Plan, options: dict[str, Any]
) -> None:
    loader, job = FakeBoots(tmp_path), vllm_job(**options)
    found = pattern(stand_on(loader, "cpu"), job, Lease(job), plan)
    assert loader.started == []
    assert found.spec.options["kv_cache_memory_bytes"] == 8 * MIB
    # On a GPU it is started alone all the same, for its code and its profile.
    found = pattern(stand_on(loader, "cuda"), job, Lease(job), plan)
    assert "kv_cache_memory_bytes" not in loader.started[0][0].options
    assert (found.kv_mib, len(loader.started)) == (8.0, 1)


def test_after_a_start_alone_that_failed_nothing_stays(tmp_path: Path) -> None:
    loader, job = (
        FakeBoots(tmp_path, fails=EngineError("no room", error_class="INIT_NO_KV")),
        vllm_job(),
    )
    with pytest.raises(EngineError, match="no room"):
        pattern(stand_on(loader, "cuda"), job, Lease(job), Plan())
    assert loader.forgotten == 1


def measured(kv_used_mib: float, activation_run_mib: float, *, kind: Any = "device") -> Measurement:
    memory = MemoryReport(
        kind=kind,
        context_mib=500.0,
        weights_mib=2000.0,
        graphs_mib=50.0,
        activation_run_mib=activation_run_mib,
    )
    generation = Generation(
        text="",
        prompt_text=None,
        prompt_hash="",
        output_hash="",
        prompt_tokens=4,
        cached_tokens=0,
        output_tokens=10,
        finish_reason="length",
        submitted_s=1.0,
        first_token_s=2.0,
        last_token_s=3.0,
        kv_used_mib=kv_used_mib,
        preemptions=0,
        memory=memory,
    )
    return Measurement(generation=generation)


def loaded(*made: Measurement) -> Loaded:
    return Loaded(requests=len(made), measured=made, errors=())


def test_the_need_of_engines_side_by_side_is_the_sum_of_their_needs(tmp_path: Path) -> None:
    alone = FakeBoots(tmp_path).start(
        vllm_job().spec, vllm_job(), kind=StartKind.PROFILE, on_progress=lambda: None
    )
    engines = [loaded(measured(10.0, 30.0), measured(20.0, 20.0)), loaded(measured(15.0, 0.5))]
    figures = figures_of_all(engines, all_together(engines, 0.0, None), alone)
    first, second = 500 + 2000 + 100 + 50 + 30 + 20, 500 + 2000 + 100 + 50 + 1 + 15
    assert figures["need_mib"] == first + second
    assert figures["kv_used_mib"] == 35
    assert figures["tokens_per_s"] == 15.0
    assert figures["requests"] == 3


def test_the_need_is_not_told_where_one_engine_does_not_tell_a_term() -> None:
    engines = [loaded(measured(10.0, 30.0)), loaded(measured(10.0, 30.0))]
    assert figures_of_all(engines, all_together(engines, 0.0, None), None)["need_mib"] is None


def test_on_a_cpu_the_need_is_the_peak_of_all_processes() -> None:
    trace = MemoryTrace(
        kind="host",
        started_s=0.0,
        ended_s=1.0,
        period_ms=50,
        used_mib=(900,),
        peak_mib=900,
        mean_mib=900.0,
    )
    engines = [loaded(measured(10.0, 1.0, kind="host")), loaded(measured(10.0, 1.0, kind="host"))]
    figures = figures_of_all(engines, all_together(engines, 0.0, trace), None)
    assert (figures["need_mib"], figures["memory_kind"]) == (900, "host")


def test_errors_stand_in_the_order_in_which_they_came() -> None:
    late, early = EngineError("late"), EngineError("early")
    engines = [
        Loaded(requests=1, measured=(), errors=((9.0, late),)),
        Loaded(requests=2, measured=(), errors=((7.0, early),)),
    ]
    together = all_together(engines, 0.0, None)
    assert together.errors == (early, late)
    assert together.requests == 3
