"""One scoring of a job stands, the newest, also where two score it again at the same time."""

from __future__ import annotations

import threading

import psycopg
import pytest
from sqlalchemy import Engine

from services.waiting import wait_until
from tests.support.analytics import seed_analytics
from tests.support.database import query

AGAIN = (
    "INSERT INTO eval.score (job_id, scorer_version, steps_done, steps_total, score7, "
    "guess_suspected) VALUES (%(job)s, %(version)s, 4, 4, %(score7)s, false)"
)
SHOWN = "SELECT scorer_version, score7 FROM analytics_v1.scores WHERE job_id = %(job)s"
STANDING = (
    "SELECT job_id, count(*) FILTER (WHERE NOT superseded) AS standing, "
    "bool_and(superseded = (id < newest)) AS right FROM (SELECT *, max(id) OVER (PARTITION BY "
    "job_id) AS newest FROM eval.score) AS s GROUP BY job_id ORDER BY job_id"
)
WAITING = "SELECT count(*) AS n FROM pg_stat_activity WHERE wait_event_type = 'Lock'"


@pytest.fixture
def job(engine: Engine) -> int:
    """Return a job of a database whose results are each scored once."""
    seed_analytics(engine)
    found = query(engine, "SELECT min(job_id) AS job FROM eval.score")
    return int(found[0]["job"])


def test_scoring_again_supersedes_what_was_there(engine: Engine, job: int) -> None:
    others = "SELECT count(*) AS n, avg(score7) AS mean FROM analytics_v1.scores WHERE job_id <> "
    before = query(engine, others + str(job))
    for version, score7 in (("2", 6.0), ("3", 1.0)):
        query(engine, AGAIN, job=job, version=version, score7=score7)
        assert query(engine, SHOWN, job=job) == [{"scorer_version": version, "score7": score7}]
    assert query(engine, others + str(job)) == before
    assert all(row["standing"] == 1 and row["right"] for row in query(engine, STANDING))


def test_a_scoring_with_an_older_number_comes_too_late(engine: Engine, job: int) -> None:
    newest = query(engine, "SELECT max(id) + 10 AS id FROM eval.score")[0]["id"]
    ahead = AGAIN.replace("(job_id", "(id, job_id").replace("(%(job)s", "(%(id)s, %(job)s")
    ahead = ahead.replace("VALUES", "OVERRIDING SYSTEM VALUE VALUES")
    query(engine, ahead, id=newest, job=job, version="new", score7=7.0)
    query(engine, AGAIN, job=job, version="late", score7=0.0)

    assert query(engine, SHOWN, job=job) == [{"scorer_version": "new", "score7": 7.0}]
    assert all(row["standing"] == 1 and row["right"] for row in query(engine, STANDING))


def test_of_two_scorings_at_once_one_stands(engine: Engine, database_url: str, job: int) -> None:
    def score_too() -> None:
        with psycopg.connect(database_url) as second:
            second.execute(AGAIN, {"job": job, "version": "second", "score7": 2.0})

    with psycopg.connect(database_url) as first:
        first.execute(AGAIN, {"job": job, "version": "first", "score7": 1.0})
        other = threading.Thread(target=score_too)
        other.start()
        waits = wait_until(lambda: query(engine, WAITING)[0]["n"] > 0, 60.0)
        assert waits, "the second waits for the first"
        first.commit()
        other.join(timeout=60)

    assert query(engine, SHOWN, job=job) == [{"scorer_version": "second", "score7": 2.0}]
    assert all(row["standing"] == 1 and row["right"] for row in query(engine, STANDING))


def test_of_many_scorings_in_one_statement_the_last_stands(engine: Engine, job: int) -> None:
    values = ", ".join(f"({job}, '{n}', 4, 4, {n}, false)" for n in range(5))
    query(engine, AGAIN.partition(" VALUES ")[0] + f" VALUES {values}")
    assert query(engine, SHOWN, job=job) == [{"scorer_version": "4", "score7": 4.0}]
    assert all(row["standing"] == 1 and row["right"] for row in query(engine, STANDING))
