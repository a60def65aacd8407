"""Recorded engine starts: a profile and a measured start, one profile for many, the kept log."""

from __future__ import annotations

import math
import uuid
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from core.states import StartKind
from db.queue.claims import ClaimedJob
from tests.support.database import query
from tests.support.fake_host import (
    BLOCK_BYTES,
    COMPILING,
    LOADING,
    PROFILED,
    SKIPPED,
    FakeHost,
    spec,
)
from tests.support.measurements import GENERATION
from workers.errors import INIT_CUDA_OOM, EngineOutOfMemory, GenerationCancelled, ModelUnavailable
from workers.lifecycle.timeouts import Timeouts
from workers.loading import kept_log
from workers.loading.loader import EngineLoader
from workers.measurement.assessment import need_mib
from workers.measurement.measurement import Measurement

#: Room for four sequences of 1000 tokens in blocks of 16, and the block that vLLM keeps.
SIZE = (4 * 63 + 1) * int(BLOCK_BYTES)
LoaderOf = Callable[[FakeHost], EngineLoader]
Claim = Callable[..., ClaimedJob]
STARTS = "SELECT * FROM analytics_v1.boots ORDER BY boot_id"


@pytest.fixture
def loader_of(engine: Engine, worker_id: uuid.UUID) -> LoaderOf:
    """Return what gives the starts of a host; a second one for it is a restarted worker's."""

    def build(host: FakeHost) -> EngineLoader:
        host.unload()
        return EngineLoader(engine, host.as_host, worker_id=worker_id, timeouts=Timeouts())

    return build


@pytest.fixture
def host(tmp_path: Path) -> FakeHost:
    return FakeHost.on(tmp_path)


def load(loader: EngineLoader, job: ClaimedJob) -> Any:
    return loader.load(job, on_progress=lambda: None, on_start=lambda: None)


def kinds(engine: Engine) -> list[str]:
    return [row["kind"] for row in query(engine, STARTS)]


def test_a_model_is_profiled_and_then_served_by_a_start_with_room_for_every_sequence(
    engine: Engine, host: FakeHost, loader_of: LoaderOf, claimed: Claim
) -> None:
    job, starts = claimed(), []
    engine_start = loader_of(host).load(
        job, on_progress=lambda: None, on_start=lambda: starts.append(1)
    )
    profile, measured = query(engine, STARTS)
    assert starts == [1]
    assert host.started[0] == job.spec
    assert dict(host.started[1].options) == {
        **job.spec.options,
        "kv_cache_memory_bytes": SIZE,
        "gpu_memory_utilization": 0.05,
    }
    assert (profile["kind"], profile["profile_boot_id"]) == ("profile", None)
    assert (measured["kind"], measured["boot_id"]) == ("measured", engine_start.boot_id)
    assert measured["profile_boot_id"] == profile["boot_id"]
    assert measured["profile_key"] == profile["profile_key"] is not None
    assert (measured["buffers_mib"], measured["activation_peak_mib"]) == (230.0, 300.0)
    assert measured["kv_reserved_mib"] == SIZE / 2**20
    assert (
        measured["memory_reasons"]["buffers_mib"] == f"from the profile, start {profile['boot_id']}"
    )
    assert query(engine, "SELECT boot_id FROM eval.attempt") == [{"boot_id": engine_start.boot_id}]


def test_the_need_of_a_generation_counts_the_terms_of_the_profile(
    host: FakeHost, loader_of: LoaderOf, claimed: Claim
) -> None:
    engine_start = load(loader_of(host), claimed())
    reported = replace(engine_start.report.memory, activation_run_mib=10.0)
    assert need_mib(reported, kv_used_mib=36.0, trace=None) is None
    needed = sum((46.8125, 2692.75, 230.0, 300.0, 71.68, 36.0))
    measurement = Measurement(
        generation=replace(GENERATION, memory=reported, kv_used_mib=36.0),
        start_memory=engine_start.memory,
    )
    assert need_mib(measurement.memory, kv_used_mib=36.0, trace=None) == pytest.approx(needed)


def test_the_engine_in_memory_serves_the_next_job_and_a_profile_the_next_worker(
    engine: Engine, host: FakeHost, loader_of: LoaderOf, claimed: Claim
) -> None:
    loader = loader_of(host)
    first = load(loader, claimed())
    assert load(loader, claimed()) is first
    second = load(loader_of(host), claimed())
    assert kinds(engine) == ["profile", "measured", "measured"]
    assert (first.memory, first.boot_id) != (second.memory, second.boot_id)
    assert first.memory == second.memory


def test_each_group_of_jobs_has_a_start_of_its_own_and_shares_the_profile(
    engine: Engine, host: FakeHost, loader_of: LoaderOf, claimed: Claim
) -> None:
    loader, job = loader_of(host), claimed()
    for group in (1, 1, 2):
        load(loader, replace(job, boot_group=group))
    assert kinds(engine) == ["profile", "measured", "measured"]
    assert loader.group == (job.run_id, 2)


def test_a_profile_counts_only_from_a_start_that_found_its_compiled_code(
    engine: Engine, host: FakeHost, loader_of: LoaderOf, claimed: Claim
) -> None:
    host.log = [COMPILING, LOADING]
    load(loader_of(host), claimed())
    compiling, profile, measured = query(engine, STARTS)
    assert kinds(engine) == ["profile", "profile", "measured"]
    assert compiling["profile_key"] is None
    assert "compiled" in compiling["memory_reasons"]["activation_peak_mib"]
    assert profile["memory_reasons"] == {}
    assert measured["profile_boot_id"] == profile["boot_id"]


def test_a_profile_that_compiles_twice_is_used_and_says_so(
    engine: Engine, host: FakeHost, loader_of: LoaderOf, claimed: Claim
) -> None:
    host.log = [COMPILING]
    load(loader_of(host), claimed())
    _, profile, measured = query(engine, STARTS)
    assert "compiled" in profile["memory_reasons"]["activation_peak_mib"]
    assert profile["boot_id"] == measured["profile_boot_id"]
    assert f"start {profile['boot_id']}" in measured["memory_reasons"]["activation_peak_mib"]


@pytest.mark.parametrize(
    "options",
    [
        {"gpu_memory_utilization": 0.5},
        {"kv_cache_memory_bytes": 1 << 30},
        {"num_gpu_blocks_override": 10},
        {"boots": "single"},
    ],
)
def test_a_model_that_sizes_its_cache_itself_is_started_once(
    engine: Engine, host: FakeHost, loader_of: LoaderOf, claimed: Claim, options: dict[str, Any]
) -> None:
    job = claimed(spec(**options))
    load(loader_of(host), job)
    assert host.started == [job.spec]
    assert kinds(engine) == ["single"]


def test_a_single_start_that_compiled_says_so(
    engine: Engine, host: FakeHost, loader_of: LoaderOf, claimed: Claim
) -> None:
    host.log = [COMPILING, LOADING]
    loader = loader_of(host)
    load(loader, claimed(spec(gpu_memory_utilization=0.5)))
    load(loader, claimed(spec(gpu_memory_utilization=0.6)))
    said = [row["memory_reasons"].get("activation_peak_mib", "") for row in query(engine, STARTS)]
    assert ["compiled" in words for words in said] == [True, False]


def test_on_a_cpu_a_model_is_started_once(
    engine: Engine, tmp_path: Path, loader_of: LoaderOf, claimed: Claim
) -> None:
    load(loader_of(FakeHost.on(tmp_path, "cpu")), claimed())
    assert kinds(engine) == ["single"]


@pytest.mark.parametrize("change", ["driver", "configuration", "weights"])
def test_where_the_stored_profile_is_of_something_else_there_is_profiled_again(
    engine: Engine, host: FakeHost, loader_of: LoaderOf, claimed: Claim, change: str
) -> None:
    load(loader_of(host), claimed())
    if change == "driver":
        host.environment["driver"] = "590"
    elif change == "configuration":
        host.config["seed"] = 1
    else:
        host.profiled = replace(PROFILED, weights_mib=2700.0)
    load(loader_of(host), claimed())
    assert (
        len(host.started) == 5
    )  # the third had the terms of a profile that is not its own, and is not a row
    assert kinds(engine) == ["profile", "measured", "profile", "measured"]
    _, _, profile, measured = query(engine, STARTS)
    assert measured["profile_boot_id"] == profile["boot_id"]


def test_a_profile_that_does_not_fit_any_more_is_logged_with_what_differs(
    host: FakeHost, loader_of: LoaderOf, claimed: Claim, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "evalctl.worker")
    load(loader_of(host), claimed())
    host.environment |= {"driver": "590", "env.VLLM_X": "1"}
    host.config["seed"] = 1
    host.profiled = replace(PROFILED, weights_mib=2700.0)
    load(loader_of(host), claimed())
    events = [record.__dict__["event"] for record in caplog.records]
    found = [event["differs"] for event in events if event["event"] == "engine.profile_outdated"]
    assert found == [["driver", "env.VLLM_X", "seed", "weights_mib"]]


def test_an_environment_that_never_stands_still_gets_no_terms_of_a_profile(
    engine: Engine, host: FakeHost, loader_of: LoaderOf, claimed: Claim
) -> None:
    def change() -> None:
        host.environment["driver"] = len(host.started)

    host.before = change
    load(loader_of(host), claimed())
    _, measured = query(engine, STARTS)
    assert (measured["profile_boot_id"], measured["activation_peak_mib"]) == (None, None)
    assert measured["memory_reasons"]["activation_peak_mib"] == SKIPPED
    assert measured["memory_reasons"]["profile"].endswith("differ in driver")


@pytest.mark.parametrize("unknown", ["buffers_mib", "block_size"])
def test_an_engine_without_a_profile_is_started_as_it_is(
    engine: Engine, host: FakeHost, loader_of: LoaderOf, claimed: Claim, unknown: str
) -> None:
    if unknown in host.config:
        host.config[unknown] = None
    else:
        host.profiled = replace(PROFILED, buffers_mib=None)
    load(loader_of(host), claimed())
    assert kinds(engine) == ["profile", "single"]


def test_a_gpu_too_small_for_the_cache_of_the_rule_says_what_to_change(
    engine: Engine, host: FakeHost, loader_of: LoaderOf, claimed: Claim
) -> None:
    loader, job = loader_of(host), claimed()

    def fail() -> None:
        if host.started:
            raise EngineOutOfMemory(
                "model 'm' did not start: out of memory", error_class=INIT_CUDA_OOM
            )

    host.before = fail
    with pytest.raises(
        EngineOutOfMemory, match=r"out of memory; its KV cache holds .* 569 MiB: lower one"
    ) as caught:
        load(loader, job)
    assert caught.value.error_class == INIT_CUDA_OOM
    assert kinds(engine) == ["profile"]


def test_a_lease_that_ends_between_two_starts_ends_the_loading(
    engine: Engine, host: FakeHost, loader_of: LoaderOf, claimed: Claim
) -> None:
    loader, job = loader_of(host), claimed()

    def on_progress() -> None:
        if len(host.started) == 1:
            raise GenerationCancelled("the lease is over")

    with pytest.raises(GenerationCancelled):
        loader.load(job, on_progress=on_progress, on_start=lambda: None)
    assert kinds(engine) == ["profile"]
    assert (loader.engine_start, loader.model_id) == (None, None)
    assert (loader.group, host.engine_start) == (None, None)
    load(loader, job)
    assert kinds(engine) == ["profile", "measured"]


def test_a_start_for_another_purpose_serves_no_job(
    engine: Engine, host: FakeHost, loader_of: LoaderOf, claimed: Claim
) -> None:
    loader, job = loader_of(host), claimed()
    started = loader.start(job.spec, job, kind=StartKind.SINGLE, on_progress=lambda: None)
    assert host.engine_start is started.report
    assert loader.model_id is None
    assert load(loader, job) is loader.engine_start
    host.unload()
    assert (loader.engine_start, loader.model_id) == (None, None)
    assert kinds(engine) == ["single", "profile", "measured"]


@pytest.mark.parametrize(
    "options", [{"boots": "three"}, {"warm_up_requests": -1}, {"warm_up_requests": True}]
)
def test_an_option_with_no_meaning_is_refused_before_anything_is_started(
    host: FakeHost, loader_of: LoaderOf, claimed: Claim, options: dict[str, Any]
) -> None:
    with pytest.raises(ModelUnavailable, match=next(iter(options))):
        load(loader_of(host), claimed(spec(**options)))
    assert host.started == []


def test_the_log_is_kept_as_it_was_when_the_engine_was_up(
    engine: Engine, host: FakeHost, loader_of: LoaderOf, claimed: Claim
) -> None:
    host.log = ["loading\x00\nAuthorization: Bearer abcdef0123456789\n"]
    load(loader_of(host), claimed(spec(boots="single")))
    kept = "loading\N{REPLACEMENT CHARACTER}\nAuthorization: Bearer ***\n"
    assert [row["log"] for row in query(engine, STARTS)] == [kept]


def test_a_long_log_is_kept_from_a_line_in_its_last_512_kib(tmp_path: Path) -> None:
    path = tmp_path / "engine.log"
    lines = [f"line {number} {'x' * 90}\n" for number in range(math.ceil(kept_log.KEPT_BYTES / 90))]
    path.write_text("".join(lines), encoding="utf-8")
    kept = kept_log.kept_log(path)
    assert kept is not None
    assert kept_log.KEPT_BYTES - 100 < len(kept) <= kept_log.KEPT_BYTES
    assert kept.startswith("line ")
    assert kept.endswith(lines[-1])
    assert kept_log.kept_log(tmp_path / "none.log") is None
