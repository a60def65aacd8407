"""The parts of a probe: verdicts, figures, fillers, and how an engine is started for a search; engines are made up."""

from __future__ import annotations

import mmap
import os
import uuid
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, cast

import pytest

from core.model_spec import ModelSpec
from core.states import PointOutcome, StartKind
from db.claims import ClaimedJob
from tests.claiming import made_up_job
from workers import errors
from workers.engines import EngineContext
from workers.engines.protocol import MIB, Generation, GenerationRequest, MemoryReport, StartReport
from workers.lifecycle.lease import Lease
from workers.lifecycle.timeouts import Timeouts
from workers.loading.loader import EngineStart
from workers.measurement.measurement import Measurement
from workers.measurement.process_memory import HostMemory
from workers.probes import outcome
from workers.probes.burst import Burst, figures, percentile
from workers.probes.max_context import MODEL_MAX_LEN, MaxContext
from workers.probes.max_sequences import (
    MaxSequences,
    analytic_bound,
    steps_until_all_run,
    with_options,
)
from workers.probes.needle import ROUND, Needle, lines_for
from workers.probes.session import ProbeSession
from workers.probes.trial import Trial, is_finding

SPEC = ModelSpec(name="m", engine="vllm", source="made-up", options={"max_model_len": 1024})
PROBE = {
    "kind": "sequences",
    "max_level": 4,
    "trials": 1,
    "input_tokens": 256,
    "output_tokens": 512,
}
DEVICE = MemoryReport(
    kind="device",
    context_mib=10.0,
    weights_mib=100.0,
    buffers_mib=5.0,
    activation_peak_mib=50.0,
    graphs_mib=4.0,
    activation_run_mib=20.0,
)


def generation(**changes: Any) -> Generation:
    facts: dict[str, Any] = {
        "text": "",
        "prompt_text": None,
        "prompt_hash": "p",
        "output_hash": "o",
        "prompt_tokens": 256,
        "cached_tokens": 0,
        "output_tokens": 100,
        "finish_reason": "length",
        "submitted_s": 10.0,
        "first_token_s": 10.1,
        "last_token_s": 12.0,
        "engine_preemptions": 0,
        "waiting_steps": 0,
        "running_peak": 2,
        "kv_used_mib": 30.0,
    }
    return Generation(**facts | changes)


def burst(
    *made: Generation, failed: tuple[errors.EngineError, ...] = (), memory: MemoryReport = DEVICE
) -> Burst:
    return Burst(
        began_s=0.0,
        requests=len(made) + len(failed),
        measured=tuple(Measurement(generation=replace(one, memory=memory)) for one in made),
        errors=failed,
        trace=None,
    )


def test_figures_are_over_all_requests_together() -> None:
    found = figures(
        burst(
            generation(kv_used_mib=30.0),
            generation(
                kv_used_mib=60.0,
                submitted_s=10.5,
                first_token_s=10.8,
                last_token_s=14.0,
                engine_preemptions=2,
            ),
        )
    )
    assert (found["requests"], found["errors"], found["preemptions"], found["waiting_steps"]) == (
        2,
        0,
        2,
        0,
    )
    assert found["ttft_p50_ms"] == pytest.approx(200)
    assert (found["e2e_p50_s"], found["e2e_p95_s"]) == pytest.approx((2.75, 3.425))
    assert found["tokens_per_s"] == pytest.approx(200 / 4)
    assert found["need_mib"] == 10 + 100 + 5 + 4 + 50 + 60, (
        "the cache at its peak, over all of them"
    )
    assert figures(burst(generation(waiting_steps=None)))["waiting_steps"] is None
    assert figures(burst(failed=(errors.EngineDied("dead"),)))["need_mib"] is None


@pytest.mark.parametrize(
    ("values", "share", "expected"), [([], 0.5, None), ([3.0], 0.95, 3.0), ([4, 1, 2, 3], 0.5, 2.5)]
)
def test_percentiles_are_those_of_the_database(
    values: list[float], share: float, expected: float | None
) -> None:
    assert percentile(values, share) == expected


@pytest.mark.parametrize(
    ("made", "incidents", "reason"),
    [
        ([generation(), generation()], (), None),
        ([generation(), generation(engine_preemptions=1)], (), "PREEMPTED"),
        ([generation(), generation(waiting_steps=3)], (), "WAITING"),
        ([generation(running_peak=1), generation(running_peak=1)], (), "WAITING"),
        ([generation(running_peak=None), generation(running_peak=None)], (), None),
        ([generation(), generation(last_token_s=30.0)], (), "SLA"),
        ([generation(), generation()], ("xid",), "XID"),
        ([generation(), generation()], ("foreign_process",), None),
    ],
)
def test_requests_that_ended_are_steady_or_not(
    made: list[Generation], incidents: tuple[str, ...], reason: str | None
) -> None:
    found = outcome.unsteady(burst(*made), at_once=2, sla_s=5.0, incidents=incidents)
    assert (found.reason if found else None) == reason
    assert found is None or (found.outcome is PointOutcome.UNSTABLE and found.sentence)


def test_running_out_of_memory_explains_more_than_the_death_that_others_see() -> None:
    dead, full = errors.EngineDied("dead"), errors.EngineOutOfMemory("full")
    both = outcome.failed(burst(generation(), failed=(dead, full, dead)), ())
    assert both == outcome.TrialOutcome(
        outcome=PointOutcome.FAILED,
        reason="RUNTIME_CUDA_OOM",
        sentence="3 of 4 requests failed: full",
    )
    for failed, expected in (((dead,), "XID"), ((full,), "RUNTIME_CUDA_OOM")):
        found = outcome.failed(burst(failed=failed), ("xid",))
        assert found is not None
        assert found.reason == expected
    assert outcome.failed(burst(generation()), ("xid",)) is None


def test_memory_that_grows_from_trial_to_trial_is_not_stable() -> None:
    assert outcome.grown([1000.0, 1032.0, 1064.0]) is None
    assert outcome.grown([1000.0, 1100.0, None]) is None
    # What an H200's allocator did at four sequences: steps, and no climb.
    assert outcome.grown([24273.0, 24273.0, 24447.0]) is None
    assert outcome.grown([24348.0, 24464.0, 24464.0]) is None
    found = outcome.grown([1000.0, 1032.0, 1065.0])
    assert found is not None
    assert found.reason == "MEMORY_GROWS"


def test_what_the_search_did_not_cause_is_no_finding() -> None:
    assert is_finding(errors.EngineOutOfMemory("full", error_class=errors.INIT_FREE_MEM))
    assert is_finding(errors.EngineDied("dead"))
    assert is_finding(errors.GenerationTimedOut("silent"))
    assert not is_finding(
        errors.EngineStartFailed("others are on the card", error_class=errors.INIT_FREE_MEM)
    )
    assert not is_finding(errors.EngineStartFailed("kernel", error_class=errors.BACKEND_REFUSED))
    assert not is_finding(errors.ModelUnavailable("no such model"))
    assert not is_finding(errors.PromptRejected("too long"))


def test_a_riddle_is_right_where_its_last_integer_is() -> None:
    riddle = Needle(factor=3, summand=7, point=12)
    assert riddle.answer == 43
    assert "def f(x): return 3*x + 7" in riddle.text(0)
    assert riddle.right("f(12) = 3*12 + 7 = 43.")
    assert not riddle.right("43 or 44")
    assert not riddle.right("no number")
    assert not riddle.right("-43")
    assert Needle.drawn(5) == Needle.drawn(5)
    assert len({Needle.drawn(seed) for seed in range(20)}) > 10


@pytest.mark.parametrize(
    ("tokens", "characters"),
    [(192, 7), *((tokens, few) for tokens in (1000, 8128, 262_080) for few in (1, 3, 7))],
)
def test_neutral_lines_fill_a_context_and_never_more(tokens: int, characters: int) -> None:
    def count(lines: int) -> int:
        """Count tokens of so many characters, each line's for itself."""
        return 60 + sum(
            -(-len(ROUND[number % len(ROUND)]) // characters) for number in range(lines)
        )

    one, two = count(len(ROUND)), count(2 * len(ROUND))
    found = count(lines_for(tokens, one_round=one, two_rounds=two))
    assert tokens - 3 * (one - 60) / len(ROUND) < found <= tokens


class MadeUpEngines:
    """Stands for ``EngineHost`` and ``Boots`` at once: starts and requests as they are ordered."""

    def __init__(self, folder: Path, *, compiling: int = 0, fail_above: int = 1_000_000) -> None:
        self.started: list[ModelSpec] = []
        self.start_failures: list[errors.EngineError | None] = []
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
        """Fail as ordered, or come up."""
        assert kind is StartKind.SINGLE
        on_progress()
        self.started.append(spec)
        if failure := self.start_failures.pop(0) if self.start_failures else None:
            raise failure
        compiles = len(self.started) <= self._compiling
        self._log.write_text(
            "Compiling a graph for compile range" if compiles else "Directly load", encoding="utf-8"
        )
        config = {"max_num_seqs": 4, "block_size": 16, "max_num_batched_tokens": 512}
        self.engine_start = StartReport(
            engine_version="vllm 0.26.0",
            environment={},
            config=config,
            memory=replace(DEVICE, kind=None),
            started_s=0.0,
            ready_s=1.0,
            log_path=self._log,
            kv_blocks=101,
        )
        return EngineStart(
            boot_id=len(self.started), report=self.engine_start, memory=self.engine_start.memory
        )

    def forget(self) -> None:
        """Unload."""
        self.engine_start = None

    def generate(self, request: GenerationRequest, **_: Any) -> Generation:
        """Answer, or die where more than so many ask; the number stands in the request's name."""
        self.asked.append(request)
        level = int(request.request_id.split("-")[2])
        if level > self._fail_above:
            self.engine_start = None
            raise errors.EngineOutOfMemory("full")
        together = self.together.pop() if self.together and level == 2 else level
        words = sum(len(message.content.split()) for message in request.messages)
        return generation(running_peak=together, prompt_tokens=words, memory=DEVICE)


def session(engines: MadeUpEngines, device: Literal["cpu", "cuda"] = "cuda") -> ProbeSession:
    return ProbeSession(
        database=cast("Any", None),
        worker_id=uuid.uuid4(),
        context=EngineContext(home=Path(), log_folder=Path(), device=device),
        host=cast("Any", engines),
        loader=cast("Any", engines),
        timeouts=Timeouts(),
    )


def search(
    kind: Any, engines: MadeUpEngines, done: tuple[Trial, ...] = (), **probe: Any
) -> list[Trial]:
    job = made_up_job(SPEC, prompt="sequences", probe=PROBE | probe)
    written: list[Trial] = []
    kind(session(engines)).search(job, Lease(job), done, written.append)
    return written


def test_an_engine_is_started_with_room_for_the_highest_level_and_its_share_of_the_card(
    tmp_path: Path,
) -> None:
    engines = MadeUpEngines(tmp_path)
    found = search(MaxSequences, engines)
    assert [(trial.level, trial.outcome) for trial in found] == [
        (n, PointOutcome.STABLE) for n in (1, 2, 4)
    ]
    expected = {"max_model_len": 1024, "max_num_seqs": 4, "gpu_memory_utilization": 0.9}
    assert [spec.options for spec in engines.started] == [expected]
    assert {trial.details["analytic_bound"] for trial in found} == {100 // 48}
    assert [request.waiting_after_steps for request in engines.asked] == [0, 2, 3, 3, 6, 6, 6, 6]
    fixed = replace(SPEC, options={"kv_cache_memory_bytes": 1, "gpu_memory_utilization": 0.3})
    assert with_options(fixed, session(engines), max_num_seqs=2).options == {
        **fixed.options,
        "max_num_seqs": 2,
    }


def test_a_start_that_compiled_or_ran_out_of_memory_once_is_made_again(tmp_path: Path) -> None:
    engines = MadeUpEngines(tmp_path, compiling=1)
    assert {trial.boot_id for trial in search(MaxSequences, engines)} == {2}
    engines = MadeUpEngines(tmp_path)
    engines.start_failures = [errors.EngineOutOfMemory("full", error_class=errors.INIT_NO_KV)]
    assert {trial.boot_id for trial in search(MaxSequences, engines)} == {2}
    engines = MadeUpEngines(tmp_path)
    engines.start_failures = [errors.EngineOutOfMemory("full", error_class=errors.INIT_NO_KV)] * 2
    (trial,) = search(MaxSequences, engines)
    assert (trial.level, trial.outcome, trial.reason) == (1, PointOutcome.FAILED, "INIT_NO_KV")


def test_an_engine_that_came_up_once_does_not_fail_to_for_a_levels_sake(tmp_path: Path) -> None:
    engines = MadeUpEngines(tmp_path, fail_above=2)
    engines.start_failures = [None, errors.EngineStartFailed("broken")]
    with pytest.raises(errors.EngineStartFailed):
        search(MaxSequences, engines)
    engines = MadeUpEngines(tmp_path, fail_above=2)
    found = search(MaxSequences, engines)
    assert [(trial.level, trial.reason) for trial in found] == [
        (1, None),
        (2, None),
        (4, "RUNTIME_CUDA_OOM"),
        (3, "RUNTIME_CUDA_OOM"),
    ]
    assert len(engines.started) == 2


def test_a_finished_search_starts_nothing(tmp_path: Path) -> None:
    engines = MadeUpEngines(tmp_path)
    done = tuple(Trial(level=level, trial=1, outcome=PointOutcome.STABLE) for level in (1, 2, 4))
    assert (search(MaxSequences, engines, done), engines.started) == ([], [])


def test_each_length_has_its_engine_and_the_models_own_bound_is_a_result(tmp_path: Path) -> None:
    engines = MadeUpEngines(tmp_path)
    too_long = errors.ModelUnavailable(
        "User-specified max_model_len (2048) is greater than the derived max_model_len"
    )
    engines.start_failures = [None, too_long]
    found = search(MaxContext, engines, levels=[1024, 2048, 4096])
    assert [(trial.level, trial.reason) for trial in found] == [(1024, None), (2048, MODEL_MAX_LEN)]
    lengths = [
        (spec.options["max_model_len"], spec.options["max_num_seqs"]) for spec in engines.started
    ]
    assert lengths == [(1024, 1), (2048, 1)]
    assert found[0].answer_right is False
    assert 1024 - 64 - 10 < found[0].details["prompt_tokens"] <= 1024 - 64
    engines = MadeUpEngines(tmp_path)
    engines.start_failures = [errors.ModelUnavailable("no such folder")]
    with pytest.raises(errors.ModelUnavailable):
        search(MaxContext, engines, levels=[1024])


def test_requests_that_missed_each_other_are_sent_again_a_few_times(tmp_path: Path) -> None:
    engines = MadeUpEngines(tmp_path)
    engines.together = [1, 1]  # of the two requests of level 2, once
    assert [(trial.level, trial.stable) for trial in search(MaxSequences, engines)] == [
        (1, True),
        (2, True),
        (4, True),
    ]
    assert len(engines.asked) == 1 + 1 + 2 * 2 + 4
    engines = MadeUpEngines(tmp_path)
    engines.together = [1] * 6
    (_, missed) = search(MaxSequences, engines)
    assert (missed.level, missed.reason) == (2, "WAITING")


def test_bounds_follow_from_what_the_engine_tells(tmp_path: Path) -> None:
    engine_start = MadeUpEngines(tmp_path).start(
        SPEC, cast("Any", None), kind=StartKind.SINGLE, on_progress=lambda: None
    )
    assert analytic_bound(engine_start, 768) == 100 // 48
    assert steps_until_all_run(4, 256, engine_start) == 4 + 2
    told_less = replace(
        engine_start, report=replace(engine_start.report, kv_blocks=None, config={})
    )
    assert analytic_bound(told_less, 768) is None
    assert steps_until_all_run(4, 256, told_less) == 4 + 1


def test_memory_that_the_system_may_take_back_is_no_growth(tmp_path: Path) -> None:
    """Pages of mapped files come and go; what a trial leaves behind is private."""
    memory = HostMemory(os.getpid(), "no-mark")
    before = memory.private_mib()
    assert 0 < before < memory.used_mib(), "the libraries of this process are mapped files"
    mapped = tmp_path / "mapped"
    mapped.write_bytes(bytes(64 * MIB))
    with mapped.open("rb") as file, mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as pages:
        assert sum(pages[::4096]) == 0
        assert memory.private_mib() - before < 32
    held = bytearray(b"\1") * (64 * MIB)
    assert memory.private_mib() - before > len(held) / MIB - 32
