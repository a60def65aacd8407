"""A search for sequences on fake engines: how they are started, and what is sent to them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from core.model_spec import ModelSpec
from core.states import PointOutcome, StartKind
from tests.support.probing import FakeEngines, probe_session, tried
from workers import errors
from workers.probes.engine_starts import probed_spec
from workers.probes.max_sequences import MaxSequences, analytic_bound, steps_until_all_run
from workers.probes.session import ProbePlan
from workers.probes.trial import Trial

SPEC = ModelSpec(name="m", engine="vllm", source="fake", options={"max_model_len": 1024})
PLAN = ProbePlan(max_level=4, trials=1)


def search(engines: FakeEngines, done: tuple[Trial, ...] = ()) -> list[Trial]:
    session = probe_session(engines, SPEC, PLAN, done)
    MaxSequences(session).search()
    return session.trials[len(done) :]


def test_an_engine_is_started_with_room_for_the_highest_level_and_its_share_of_the_gpu(
    tmp_path: Path,
) -> None:
    engines = FakeEngines(tmp_path)
    found = search(engines)
    assert [(trial.level, trial.outcome) for trial in found] == [
        (n, PointOutcome.STABLE) for n in (1, 2, 4)
    ]
    expected = {"max_model_len": 1024, "max_num_seqs": 4, "gpu_memory_utilization": 0.9}
    assert [spec.options for spec, _ in engines.started] == [expected]
    assert {trial.details["analytic_bound"] for trial in found} == {100 // 48}
    assert [request.waiting_after_steps for request in engines.asked] == [0, 2, 3, 3, 6, 6, 6, 6]
    fixed = replace(SPEC, options={"kv_cache_memory_bytes": 1, "gpu_memory_utilization": 0.3})
    assert probed_spec(probe_session(engines, SPEC, PLAN), fixed, max_num_seqs=2).options == {
        **fixed.options,
        "max_num_seqs": 2,
    }


def test_a_start_that_compiled_or_ran_out_of_memory_once_is_made_again(tmp_path: Path) -> None:
    engines = FakeEngines(tmp_path, compiling=1)
    assert {trial.boot_id for trial in search(engines)} == {2}
    engines = FakeEngines(tmp_path)
    engines.start_failures = [errors.EngineOutOfMemory("full", error_class=errors.INIT_NO_KV)]
    assert {trial.boot_id for trial in search(engines)} == {2}
    engines = FakeEngines(tmp_path)
    engines.start_failures = [errors.EngineOutOfMemory("full", error_class=errors.INIT_NO_KV)] * 2
    (trial,) = search(engines)
    assert (trial.level, trial.outcome, trial.reason) == (1, PointOutcome.FAILED, "INIT_NO_KV")


def test_an_engine_that_came_up_once_does_not_fail_to_for_a_levels_sake(tmp_path: Path) -> None:
    engines = FakeEngines(tmp_path, fail_above=2)
    engines.start_failures = [None, errors.EngineStartFailed("broken")]
    with pytest.raises(errors.EngineStartFailed):
        search(engines)
    engines = FakeEngines(tmp_path, fail_above=2)
    assert [(trial.level, trial.reason) for trial in search(engines)] == [
        (1, None),
        (2, None),
        (4, "RUNTIME_CUDA_OOM"),
        (3, "RUNTIME_CUDA_OOM"),
    ]
    assert len(engines.started) == 2


def test_a_finished_search_starts_nothing(tmp_path: Path) -> None:
    engines = FakeEngines(tmp_path)
    done = tuple(tried(level, 1) for level in (1, 2, 4))
    assert (search(engines, done), engines.started) == ([], [])


def test_requests_that_missed_each_other_are_sent_again_a_few_times(tmp_path: Path) -> None:
    engines = FakeEngines(tmp_path)
    engines.together = [1, 1]  # of the two requests of level 2, once
    assert [(trial.level, trial.stable) for trial in search(engines)] == [
        (1, True),
        (2, True),
        (4, True),
    ]
    assert len(engines.asked) == 1 + 1 + 2 * 2 + 4
    engines = FakeEngines(tmp_path)
    engines.together = [1] * 6
    (_, missed) = search(engines)
    assert (missed.level, missed.reason) == (2, "WAITING")


def test_bounds_follow_from_what_the_engine_reports(tmp_path: Path) -> None:
    engine_start = FakeEngines(tmp_path).start(
        SPEC, cast("Any", None), kind=StartKind.SINGLE, on_progress=lambda: None
    )
    assert analytic_bound(engine_start, 768) == 100 // 48
    assert steps_until_all_run(4, 256, engine_start) == 4 + 2
    reports_less = replace(
        engine_start, report=replace(engine_start.report, kv_blocks=None, config={})
    )
    assert analytic_bound(reports_less, 768) is None
    assert steps_until_all_run(4, 256, reports_less) == 4 + 1
