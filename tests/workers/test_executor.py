"""Throughput mode, by a real worker with the synthetic engine: full and safe."""

from __future__ import annotations

import itertools
import statistics
from contextlib import ExitStack
from typing import Any

import pytest
from sqlalchemy import Engine

from core.hints import HintBroker
from core.sampling_params import SamplingParams
from db.runs.submissions import Submitted
from tests.support.database import query, until
from tests.support.jobs import Enqueue, publish, spec
from tests.support.processes import evalctl, worker

SEQUENCES = 4
#: Stamps of results, as intervals between submission to the engine and the last token.
STAMPS = (
    "SELECT j.mode, m.name, g.submitted_s AS from_s, g.last_token_s AS to_s FROM eval.generation "
    "AS g JOIN eval.job AS j ON j.id = g.job_id JOIN eval.model AS m ON m.id = j.model_id ORDER "
    "BY g.submitted_s"
)
RESULTS = (
    "SELECT count(*) AS jobs, count(g.job_id) AS results, count(*) FILTER (WHERE j.state = "
    "'succeeded') AS succeeded "
    "FROM eval.job AS j LEFT JOIN eval.generation AS g ON g.job_id = j.id"
)


@pytest.fixture
def enqueue(engine: Engine, broker: HintBroker) -> Enqueue:
    """Submit a run of N jobs of one synthetic model and publish their hints."""

    def run(
        jobs: int,
        *,
        name: str = "run",
        mode: str = "throughput",
        tokens: int | None = None,
        model: str = "fake",
        **options: Any,
    ) -> Submitted:
        speed_run: dict[str, Any] = (
            {"fixed_input_tokens": 8, "fixed_output_tokens": tokens} if tokens else {}
        )
        models = (spec(model, **{"max_num_seqs": SEQUENCES} | options),)
        named = {
            "name": name,
            "experiment_hash": name,
            "sampling": SamplingParams(seed=7, **speed_run),
        }
        return publish(engine, broker, models=models, repetitions=jobs, mode=mode, **named)

    return run


def finished(engine: Engine) -> None:
    """Wait until no job is queued or runs."""
    open_jobs = "SELECT id, state, error_class FROM eval.job WHERE state IN ('queued', 'running')"
    until(engine, open_jobs, [], within_s=90)


def most_at_once(stamps: list[dict[str, Any]]) -> int:
    intervals = [(float(stamp["from_s"]), float(stamp["to_s"])) for stamp in stamps]
    return max(
        sum(from_s <= moment < to_s for from_s, to_s in intervals) for moment, _ in intervals
    )


def test_an_engine_is_kept_full_while_jobs_remain(
    environment: dict[str, str], engine: Engine, broker: HintBroker, enqueue: Enqueue
) -> None:
    jobs = 20
    enqueue(jobs, tokens=13, ttft_ms=300, tpot_ms=25)
    with worker(environment, "--queue", "synthetic") as process:
        for _ in range(jobs):
            process.wait_for("job.succeeded")
        assert process.stop() == 0, process.tail()
    stamps = query(engine, STAMPS)
    assert len(stamps) == jobs
    assert most_at_once(stamps) == SEQUENCES
    # A busy machine makes each answer slower, and not fewer of them at once.
    together_s = sum(float(stamp["to_s"]) - float(stamp["from_s"]) for stamp in stamps)
    assert float(stamps[-1]["to_s"]) - float(stamps[0]["from_s"]) < 0.5 * together_s
    assert query(engine, "SELECT max(running_peak) AS most FROM eval.generation") == [
        {"most": SEQUENCES}
    ]
    assert query(engine, "SELECT DISTINCT mode FROM analytics_v1.generations") == [
        {"mode": "throughput"}
    ]
    assert query(engine, "SELECT mode, jobs FROM analytics_v1.model_resources") == [
        {"mode": "throughput", "jobs": jobs}
    ]
    assert query(engine, "SELECT count(*) AS starts FROM eval.boot") == [{"starts": 1}]
    assert broker.depth("synthetic") == 0
    assert query(
        engine,
        "SELECT count(*) AS n FROM eval.attempt AS a JOIN eval.boot AS b ON b.id = a.boot_id",
    ) == [{"n": jobs}]


def test_each_of_several_at_once_has_a_trace_from_before_its_first_token_to_its_last(
    environment: dict[str, str], engine: Engine, enqueue: Enqueue
) -> None:
    """And not when it is fetched: by then another request has the slot, and results wait."""
    jobs = 12
    enqueue(jobs, tokens=13, ttft_ms=300, tpot_ms=25, traced=True)
    with worker(environment, "--queue", "synthetic") as process:
        for _ in range(jobs):
            process.wait_for("job.succeeded")
        assert process.stop() == 0, process.tail()
    traces = query(
        engine,
        "SELECT g.first_token_s - t.started_s AS before_s, t.started_s + t.period_ms * "
        "(cardinality(t.used_mib) - 1) / 1000 - g.last_token_s AS after_s, g.running_peak, "
        "t.kind, t.peak_mib FROM eval.memory_trace AS t JOIN eval.generation AS g USING (job_id)",
    )
    assert len(traces) == jobs
    assert max(trace["running_peak"] for trace in traces) == SEQUENCES
    for trace in traces:
        assert trace["before_s"] > 0, trace
        assert trace["after_s"] > 0, trace
        assert (trace["kind"], trace["peak_mib"] > 0) == ("host", True)
    # One sample may come late on a busy machine.
    assert statistics.median(trace["after_s"] for trace in traces) < 0.25, traces


@pytest.mark.usefixtures("reconciler")
def test_a_worker_killed_with_several_in_flight_loses_none_and_doubles_none(
    environment: dict[str, str], engine: Engine, enqueue: Enqueue
) -> None:
    jobs = 12
    enqueue(jobs, ttft_ms=700)
    short = environment | {"EVALCTL_LEASE_S": "2"}
    with ExitStack() as stack:
        first = stack.enter_context(worker(short, "--queue", "synthetic"))
        first.wait_for("job.succeeded")
        first.process.kill()
        stack.enter_context(worker(short, "--queue", "synthetic")).wait_for("worker.ready")
        finished(engine)
    assert query(engine, RESULTS) == [{"jobs": jobs, "results": jobs, "succeeded": jobs}]
    lost = query(engine, "SELECT count(*) AS n FROM eval.attempt WHERE outcome = 'lost'")[0]["n"]
    assert 1 <= lost <= 2 * SEQUENCES
    assert query(engine, "SELECT count(*) AS n FROM eval.attempt")[0]["n"] == jobs + lost


@pytest.mark.usefixtures("reconciler")
def test_a_cancelled_run_ends_all_that_is_in_flight_and_the_worker_goes_on(
    environment: dict[str, str], engine: Engine, enqueue: Enqueue
) -> None:
    enqueue(10, name="long", ttft_ms=60_000)
    with worker(environment | {"EVALCTL_LEASE_S": "2"}, "--queue", "synthetic") as process:
        for _ in range(SEQUENCES):
            process.wait_for("job.claimed")
        assert evalctl(environment, "cancel long").returncode == 0
        enqueue(6, name="short", model="other")
        for _ in range(6):
            process.wait_for("job.succeeded", model="other", within_s=40)
        assert process.stop() == 0, process.tail()
    assert sum('"event": "job.lease_lost"' in line for line in process.lines) == SEQUENCES
    states = (
        "SELECT r.name, j.state, count(*) AS n FROM eval.job AS j "
        "JOIN eval.run AS r ON r.id = j.run_id GROUP BY 1, 2"
    )
    assert query(engine, f"{states} ORDER BY 1") == [
        {"name": "long", "state": "cancelled", "n": 10},
        {"name": "short", "state": "succeeded", "n": 6},
    ]


def test_a_drained_worker_finishes_what_is_in_flight_and_takes_no_more(
    environment: dict[str, str], engine: Engine, broker: HintBroker, enqueue: Enqueue
) -> None:
    enqueue(10, ttft_ms=3000)
    with worker(environment, "--queue", "synthetic") as process:
        for _ in range(SEQUENCES):
            process.wait_for("job.claimed")
        assert process.stop(within_s=30) == 0, process.tail()
    ends = query(engine, "SELECT outcome, count(*) AS n FROM eval.attempt GROUP BY outcome")
    assert ends == [{"outcome": "succeeded", "n": SEQUENCES}]
    assert query(engine, "SELECT count(*) AS n FROM eval.job WHERE state = 'queued'") == [
        {"n": 10 - SEQUENCES}
    ]
    assert broker.depth("synthetic") == 10 - SEQUENCES, "no hint was spent for nothing"


def test_an_impatient_end_hands_all_in_flight_back_at_no_cost(
    environment: dict[str, str], engine: Engine, enqueue: Enqueue
) -> None:
    enqueue(6, ttft_ms=60_000)
    with worker(environment, "--queue", "synthetic", "--grace", "0.3") as process:
        for _ in range(SEQUENCES):
            process.wait_for("job.claimed")
        assert process.stop(within_s=30) == 0, process.tail()
    assert query(
        engine, "SELECT outcome, error_class, count(*) AS n FROM eval.attempt GROUP BY 1, 2"
    ) == [{"outcome": "failed", "error_class": "DRAINED", "n": SEQUENCES}]
    assert query(engine, "SELECT state, count(*) AS n FROM eval.job GROUP BY state") == [
        {"state": "queued", "n": 6}
    ]


def test_a_job_that_was_claimed_ahead_is_handed_back_by_a_worker_that_is_drained(
    environment: dict[str, str], engine: Engine, enqueue: Enqueue
) -> None:
    enqueue(3, max_num_seqs=1, tokens=20, tpot_ms=100)
    with worker(environment, "--queue", "synthetic") as process:
        for _ in range(2):
            process.wait_for("job.claimed")
        assert process.stop(within_s=30) == 0, process.tail()
    ends = query(engine, "SELECT outcome, error_class FROM eval.attempt ORDER BY started_at")
    assert [tuple(end.values()) for end in ends] == [("succeeded", None), ("failed", "DRAINED")]
    assert query(engine, "SELECT count(*) AS n FROM eval.job WHERE state = 'queued'") == [{"n": 2}]


@pytest.mark.usefixtures("reconciler")
def test_an_engine_that_dies_costs_those_nothing_that_only_waited_for_a_place_in_it(
    environment: dict[str, str], engine: Engine, enqueue: Enqueue
) -> None:
    # Two at once; the engine dies when the third begins, in the place of the shorter one. The
    # fourth waits for that of the longer.
    common = {"tpot_ms": 100, "fail": {"class": "ENGINE_DEAD", "by": "count", "every": 3}}
    enqueue(1, name="longer", tokens=24, max_num_seqs=2, **common)
    enqueue(3, name="shorter", tokens=20, max_num_seqs=2, **common)
    with worker(environment, "--queue", "synthetic"):
        finished(engine)
    ends = query(
        engine,
        "SELECT error_class FROM eval.attempt WHERE attempt_no = 1 ORDER BY job_id",
    )
    shared = "ENGINE_DEAD_IN_BATCH"
    assert [end["error_class"] for end in ends] == [shared, None, shared, "ENGINE_GONE"]
    waited = query(engine, "SELECT state, max_attempts FROM eval.job ORDER BY id DESC LIMIT 1")
    assert waited == [{"state": "succeeded", "max_attempts": 4}], "the attempt is compensated"


@pytest.mark.usefixtures("reconciler")
def test_an_engine_that_dies_under_several_blames_none_and_each_is_tried_again_alone(
    environment: dict[str, str], engine: Engine, enqueue: Enqueue
) -> None:
    jobs = 9
    # An engine that takes one fewer than it says, whatever they are.
    enqueue(jobs, ttft_ms=700, fail={"class": "ENGINE_DEAD", "concurrent": SEQUENCES - 1})
    with worker(environment, "--queue", "synthetic"):
        finished(engine)
    assert query(engine, RESULTS) == [{"jobs": jobs, "results": jobs, "succeeded": jobs}]
    ends = query(
        engine,
        "SELECT error_class, count(*) AS n FROM eval.attempt WHERE outcome = 'failed' GROUP BY 1",
    )
    assert [end["error_class"] for end in ends] == ["ENGINE_DEAD_IN_BATCH"]
    assert SEQUENCES <= ends[0]["n"] <= jobs
    assert query(
        engine,
        "SELECT DISTINCT g.attempt_no, g.running_peak FROM eval.generation AS g WHERE "
        "g.attempt_no > 1",
    ) == [{"attempt_no": 2, "running_peak": 1}]


@pytest.mark.usefixtures("reconciler")
def test_a_job_that_ends_engines_is_found_out_and_those_beside_it_are_not_blamed(
    environment: dict[str, str], engine: Engine, enqueue: Enqueue
) -> None:
    jobs = 12
    # Drawn from the seed and the prompt: one repetition in six ends every engine that it is given
    # to.
    enqueue(jobs, ttft_ms=300, fail={"class": "OOM", "every": 6})
    with worker(environment, "--queue", "synthetic"):
        finished(engine)
    guilty = query(
        engine,
        "SELECT job_id, array_agg(error_class ORDER BY attempt_no) AS errors FROM eval.attempt "
        "WHERE outcome = 'failed' GROUP BY job_id HAVING bool_or(error_class = 'RUNTIME_CUDA_OOM')",
    )
    assert guilty
    dead = query(engine, "SELECT id FROM eval.job WHERE state = 'dead'")
    assert sorted(row["id"] for row in dead) == sorted(row["job_id"] for row in guilty)
    assert query(engine, RESULTS) == [
        {"jobs": jobs, "results": jobs - len(dead), "succeeded": jobs - len(dead)}
    ]
    for row in guilty:
        assert set(row["errors"][1:]) == {"RUNTIME_CUDA_OOM"}, "alone, the cause is known"


def test_modes_never_mix_in_flight_and_no_hint_is_lost(
    environment: dict[str, str], engine: Engine, broker: HintBroker, enqueue: Enqueue
) -> None:
    enqueue(6, name="wide", ttft_ms=150)
    enqueue(3, name="narrow", mode="latency", ttft_ms=150)
    enqueue(6, name="wide-again", ttft_ms=150)
    enqueue(5, name="behind", model="other", ttft_ms=150)
    with worker(environment, "--queue", "synthetic") as process:
        for _ in range(20):
            process.wait_for("job.succeeded")
        assert process.stop() == 0, process.tail()
    stamps = query(engine, STAMPS)
    assert [stamp["mode"] for stamp in stamps] == ["throughput"] * 6 + ["latency"] * 3 + [
        "throughput"
    ] * 11
    assert [stamp["name"] for stamp in stamps] == ["fake"] * 15 + ["other"] * 5
    parts = stamps[:6], stamps[6:7], stamps[7:8], stamps[8:9], stamps[9:15], stamps[15:]
    for before, after in itertools.pairwise(parts):
        assert max(stamp["to_s"] for stamp in before) <= min(stamp["from_s"] for stamp in after)
    assert most_at_once(stamps[:6]) == most_at_once(stamps[15:]) == SEQUENCES
    # No reconciler ran: a lost hint would have left its job in the queue.
    assert broker.depth("synthetic") == 0


def test_a_worker_of_several_jobs_is_busy_until_the_last_has_ended(
    environment: dict[str, str], engine: Engine, enqueue: Enqueue
) -> None:
    enqueue(SEQUENCES + 1, ttft_ms=2500)
    with worker(environment, "--queue", "synthetic") as process:
        process.wait_for("job.succeeded")
        assert query(engine, "SELECT state FROM eval.worker") == [{"state": "busy"}]
        for _ in range(SEQUENCES):
            process.wait_for("job.succeeded")
        until(engine, "SELECT state FROM eval.worker", [{"state": "idle"}], within_s=20)
        assert process.stop() == 0, process.tail()
