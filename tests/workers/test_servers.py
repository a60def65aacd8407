"""Servers that come and go: their models are held, their jobs wait, and requests keep to limits."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import Engine

from core.hints import HintBroker
from core.model_spec import ModelSpec
from core.states import FailureKind, JobState
from db.queue.claims import Failure
from db.queue.servers import SUSPECT_AFTER, hand_back, held_models, let_through
from tests.odd_servers.server import OddServer
from tests.support.database import query, until
from tests.support.jobs import claim_one, publish, quickstart, register
from tests.support.processes import evalctl, evalctl_json, worker

OPEN = "SELECT id, state, error_class FROM eval.job WHERE state IN ('queued', 'running')"
STATES = "SELECT state, count(*) AS jobs FROM eval.job GROUP BY state ORDER BY state"
COUNTED = (
    "SELECT outcome, error_class FROM eval.attempt "
    "WHERE outcome NOT IN ('succeeded', 'handed_back')"
)

pytestmark = pytest.mark.usefixtures("reconciler")


def model(server: OddServer, behaviour: str = "ok", **fields: Any) -> ModelSpec:
    values: dict[str, Any] = {"name": "odd", "queue": "openai", "base_url": server.base_url}
    return ModelSpec(engine="openai", source=behaviour, **values | fields)


@pytest.fixture
def server() -> Iterator[OddServer]:
    with OddServer() as odd:
        yield odd


def test_a_refusal_of_the_server_costs_its_job_nothing(
    environment: dict[str, str], engine: Engine, broker: HintBroker, server: OddServer
) -> None:
    """Each status holds its own model; they wait side by side."""
    refusals = (408, 409, 425, 429, 500, 503, 529)
    models = tuple(model(server, f"s{status}", name=f"s{status}") for status in refusals)
    publish(engine, broker, models=models, max_attempts=1, repetitions=2)
    with worker(environment, "--queue", "openai") as process:
        until(engine, OPEN, [], within_s=90)
        assert process.stop() == 0, process.tail()
    assert query(engine, STATES) == [{"state": "succeeded", "jobs": 2 * len(refusals)}]
    assert query(engine, COUNTED) == []
    assert held_models(engine) == []
    assert {status for _, status in server.answers} == {200, *refusals}


def test_retry_after_is_obeyed_and_status_says_why(
    environment: dict[str, str], engine: Engine, broker: HintBroker, server: OddServer
) -> None:
    publish(engine, broker, models=(model(server, "r429"),), problems=quickstart(), repetitions=1)
    with worker(environment, "--queue", "openai") as process:
        process.wait_for("model.held")
        (held,) = held_models(engine)
        assert (held["model"], held["error_class"], held["held"]) == ("odd", "RATE_LIMITED", True)
        assert "limits its rate" in held["reason"]
        shown = evalctl(environment, "status")
        assert "model odd is held until" in " ".join(shown.stdout.split()), shown.stdout
        document = evalctl_json(environment, "status")
        assert document["held_models"][0]["model"] == "odd"
        until(engine, OPEN, [], within_s=60)
        assert process.stop() == 0, process.tail()
    refused = [at_s for at_s, status in server.answers if status == 429]
    again = [at_s for at_s, status in server.answers if status == 200]
    assert len(refused) == 1
    assert min(again) - refused[0] > 6
    assert query(engine, COUNTED) == []


def test_a_held_model_that_no_job_waits_for_is_not_named(
    environment: dict[str, str], engine: Engine, broker: HintBroker, server: OddServer
) -> None:
    publish(engine, broker, models=(model(server, "r429"),), problems=quickstart(), repetitions=1)
    with worker(environment, "--queue", "openai") as process:
        process.wait_for("model.held")
        assert [row["model"] for row in held_models(engine)] == ["odd"]
        assert evalctl_json(environment, "cancel latest")["cancelled"] > 0
        assert held_models(engine) == []
        assert process.stop() == 0, process.tail()


def test_one_broken_connection_leaves_the_requests_beside_it_alone(
    environment: dict[str, str], engine: Engine, broker: HintBroker, server: OddServer
) -> None:
    publish(
        engine,
        broker,
        models=(model(server, "some-drop", options={"max_num_seqs": 4}),),
        problems=quickstart(),
        repetitions=2,
        mode="throughput",
    )
    jobs = 2 * len(quickstart())
    with worker(environment, "--queue", "openai") as process:
        until(engine, OPEN, [], within_s=90)
        assert process.stop() == 0, process.tail()
    assert query(engine, STATES) == [{"state": "succeeded", "jobs": jobs}]
    dropped = query(
        engine,
        "SELECT error_class, count(*) AS n FROM eval.attempt WHERE outcome <> 'succeeded' "
        "GROUP BY error_class",
    )
    assert [row["error_class"] for row in dropped] == ["CONNECTION_LOST"]
    assert dropped[0]["n"] == server.dropped
    assert query(engine, "SELECT count(*) AS starts FROM eval.boot") == [{"starts": 1}]


def assert_paced(sent: Sequence[float], *, every_s: float, median_s: float) -> None:
    """Check the distance of requests; one that arrives late is followed closely by the next."""
    gaps_s = [b - a for a, b in pairwise(sent)]
    assert sum(gaps_s) > every_s * len(gaps_s) - 0.5
    assert statistics.median(gaps_s) > median_s


def test_limits_hold_for_all_workers_together(
    environment: dict[str, str], engine: Engine, broker: HintBroker, server: OddServer
) -> None:
    limited = model(server, "slow", concurrency=2, requests_per_minute=120)
    publish(
        engine, broker, models=(limited,), problems=quickstart(), repetitions=2, mode="throughput"
    )
    with (
        worker(environment, "--queue", "openai") as first,
        worker(environment, "--queue", "openai") as second,
    ):
        until(engine, OPEN, [], within_s=90)
        assert (first.stop(), second.stop()) == (0, 0)
    sent = sorted(at_s for at_s, _ in server.answers)
    assert len(sent) == 2 * len(quickstart())
    assert 1 <= server.most_at_once <= 2
    assert_paced(sent, every_s=0.5, median_s=0.4)
    assert query(engine, COUNTED) == []


def test_tokens_a_minute_space_requests_by_what_they_used(
    environment: dict[str, str], engine: Engine, broker: HintBroker, server: OddServer
) -> None:
    """20 tokens of prompt and 13 of answer at 2,000 a minute: one request a second.

    The 2,048 that each may make would be one a minute; what it did not use is given back.
    """
    limited = model(server, "ok", tokens_per_minute=2_000)
    publish(engine, broker, models=(limited,), repetitions=4, mode="throughput")
    with worker(environment, "--queue", "openai") as process:
        until(engine, OPEN, [], within_s=90)
        assert process.stop() == 0, process.tail()
    # By the clock that paces them: a busy machine delays what has been sent.
    moments = query(engine, "SELECT extract(epoch FROM sent_at)::float AS s FROM eval.attempt")
    sent = sorted(row["s"] for row in moments)
    assert len(sent) == len(server.answers) == 4
    assert_paced(sent, every_s=0.99, median_s=0.9)
    assert sent[-1] - sent[0] < 60, "what was not used was given back"
    assert query(engine, COUNTED) == []


@pytest.mark.parametrize(("error_class", "served"), [("STREAM_CUT", False), ("SERVER_ERROR", True)])
def test_a_job_that_fails_alike_again_and_again_pays_with_attempts(
    engine: Engine, broker: HintBroker, server: OddServer, *, error_class: str, served: bool
) -> None:
    publish(engine, broker, models=(model(server),), repetitions=1, max_attempts=2)
    me = register(engine, queues=("openai",))
    failure = Failure(kind=FailureKind.INFRA, error_class=error_class, sentence="it failed")
    for times in range(SUSPECT_AFTER + 1):
        query(engine, "UPDATE eval.job SET available_at = now() - interval '1 s'")
        job = claim_one(engine, worker_id=me, queues=("openai",))
        assert job is not None
        assert let_through(engine, job, sends=True, tokens=1).word == "free"
        if served:
            query(engine, "UPDATE eval.model_server SET last_success_at = clock_timestamp()")
        state = hand_back(engine, job, failure, patience_s=86_400)
        assert state is (None if times == SUSPECT_AFTER else JobState.QUEUED), times


def test_patience_ends_and_says_so(
    environment: dict[str, str], engine: Engine, broker: HintBroker, server: OddServer
) -> None:
    publish(engine, broker, models=(model(server, "down"),), problems=quickstart(), repetitions=1)
    short = environment | {"EVALCTL_PATIENCE_S": "4"}
    with worker(short, "--queue", "openai") as process:
        until(engine, OPEN, [], within_s=60)
        assert process.stop() == 0, process.tail()
    dead = query(engine, "SELECT DISTINCT state, failure_kind, error_class FROM eval.job")
    expected = {"state": "dead", "failure_kind": "infra", "error_class": "PATIENCE_EXHAUSTED"}
    assert dead == [expected]
    (said,) = query(engine, "SELECT DISTINCT left(error_message, 300) AS said FROM eval.job")
    assert "has served no request of this job for 4 s (EVALCTL_PATIENCE_S)" in said["said"]


def test_a_held_model_stops_no_other(
    environment: dict[str, str], engine: Engine, broker: HintBroker, server: OddServer
) -> None:
    down = model(server, "down", name="down")
    fine = model(server, "ok", name="fine")
    publish(engine, broker, models=(down, fine), problems=quickstart(), repetitions=1)
    done = "SELECT j.id FROM eval.job AS j JOIN eval.model AS m ON m.id = j.model_id WHERE "
    with worker(environment, "--queue", "openai") as process:
        until(engine, f"{done} m.name = 'fine' AND j.state <> 'succeeded'", [], within_s=60)
        assert process.stop() == 0, process.tail()
    assert query(engine, f"{done} m.name = 'down' AND j.state <> 'queued'") == []


@contextmanager
def outage(server: OddServer, *, after: int, for_s: float) -> Iterator[None]:
    """Take the server away once it has answered a number of requests."""

    def run() -> None:
        while len(server.answers) < after:
            time.sleep(0.02)
        server.stop()
        time.sleep(for_s)
        server.start()

    thread = threading.Thread(target=run)
    thread.start()
    yield
    thread.join()


def test_a_restart_in_the_middle_loses_nothing(
    environment: dict[str, str], engine: Engine, broker: HintBroker, server: OddServer
) -> None:
    publish(
        engine,
        broker,
        models=(model(server, "slow", concurrency=4),),
        problems=quickstart(),
        repetitions=3,
        mode="throughput",
        max_attempts=1,
    )
    with worker(environment, "--queue", "openai") as process, outage(server, after=5, for_s=3):
        until(engine, OPEN, [], within_s=90)
        assert process.stop() == 0, process.tail()
    jobs = 3 * len(quickstart())
    assert query(engine, STATES) == [{"state": "succeeded", "jobs": jobs}]
    assert query(engine, COUNTED) == []
