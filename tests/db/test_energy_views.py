"""Joules of answers: alone, shared by tokens, or unknown for a reason."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine

from db.engine import open_database
from db.upkeep.kept_results import keep_run
from tests.support.database import query
from tests.support.results import store

IDLE = {"idle_power_w": 100.0, "idle_power_method": "counter"}
ANSWERS = "SELECT * FROM analytics_v1.answer_energy ORDER BY job_id"


@pytest.fixture
def reader(database_url: str) -> Iterator[Engine]:
    """Connect as a session that includes synthetic models."""
    opened = open_database(
        database_url, name="reader", settings={"evalctl.include_synthetic": "on"}
    )
    yield opened
    opened.dispose()


def energy(begin_j: float, end_j: float, **columns: Any) -> dict[str, Any]:
    return {
        "energy_begin_j": begin_j,
        "energy_end_j": end_j,
        "energy_method": "counter",
    } | columns


def seconds(begin_s: float, end_s: float) -> dict[str, Any]:
    return {"submitted_s": begin_s, "first_token_s": begin_s, "last_token_s": end_s}


def as_latency(engine: Engine) -> None:
    query(engine, "UPDATE eval.job SET mode = 'latency'")


def test_alone_an_answer_takes_all_the_energy_between_its_ends(
    engine: Engine, reader: Engine
) -> None:
    store(engine, [energy(1000, 1700, **seconds(1, 3), output_tokens=100)], starts=[IDLE])
    as_latency(engine)
    (row,) = query(reader, ANSWERS)
    assert (row["joules"], row["method"], row["shared_by"]) == (700, "counter", "alone")
    assert row["joules_per_token"] == 7
    assert row["joules_above_idle"] == 500, "two seconds at 100 W"
    assert (row["joules_per_step"], row["unknown_because"]) == (None, None)


def test_in_throughput_mode_what_is_taken_together_is_shared_by_tokens(
    engine: Engine, reader: Engine
) -> None:
    """Two overlap, then nothing runs, then a third: the pause is charged to none."""
    stored = [
        energy(0, 600, **seconds(0, 3), output_tokens=100),
        energy(200, 900, **seconds(1, 4), output_tokens=200),
        energy(5000, 5300, **seconds(50, 51), output_tokens=100),
    ]
    store(engine, stored, starts=[IDLE])
    rows = query(reader, ANSWERS)
    assert [row["joules"] for row in rows] == pytest.approx([300, 600, 300])
    assert {row["shared_by"] for row in rows} == {"tokens"}
    assert [row["engine_s"] for row in rows] == pytest.approx([1.25, 2.5, 1.25])
    assert rows[0]["joules_above_idle"] == pytest.approx(300 - 125)


def test_requests_of_another_run_share_the_same_engine(engine: Engine, reader: Engine) -> None:
    first = store(engine, [energy(0, 600, output_tokens=100)])
    store(engine, [energy(200, 800, output_tokens=300)])
    query(engine, "UPDATE eval.generation SET boot_id = (SELECT min(id) FROM eval.boot)")
    (row,) = query(
        reader, f"SELECT joules FROM analytics_v1.answer_energy WHERE run_id = '{first}'"
    )
    assert row["joules"] == pytest.approx(200), "a quarter of the tokens"


def test_what_cannot_be_known_is_null_with_its_reason(engine: Engine, reader: Engine) -> None:
    stored = [
        energy(0, 600, flags=["foreign_process"]),
        energy(0, 600, running_peak=3),
        {},
    ]
    store(engine, stored)
    as_latency(engine)
    rows = query(reader, ANSWERS)
    assert [row["joules"] for row in rows] == [None, None, None]
    assert [row["unknown_because"] for row in rows] == [
        "another process used the GPU",
        "overlapping requests",
        "no GPU",
    ]
    assert query(reader, "SELECT * FROM analytics_v1.model_energy") == []


def test_a_model_has_medians_and_its_steps_bear_the_answers_without_any(
    engine: Engine, reader: Engine
) -> None:
    stored = [energy(0, joules, output_tokens=10) for joules in (100, 300, 800)]
    store(engine, [*stored, energy(0, 9000, flags=["throttled"])], starts=[IDLE])
    as_latency(engine)
    query(
        engine,
        "INSERT INTO eval.score (job_id, scorer_version, steps_done, steps_total, score7,"
        " guess_suspected) SELECT job_id, '1', CASE WHEN energy_end_j = 100 THEN 0 ELSE 2 END, 4,"
        " 3.5, false FROM eval.generation WHERE energy_end_j < 9000",
    )
    (row,) = query(reader, "SELECT * FROM analytics_v1.model_energy")
    assert (row["joules"], row["joules_per_token"], row["answers"]) == (300, 30, 3)
    assert row["joules_per_step"] == pytest.approx(1200 / 4)
    assert (row["joules_min"], row["joules_max"], row["idle_power_w"]) == (100, 800, 100)


MEDIANS = "SELECT run_id, joules FROM analytics_v1.model_energy ORDER BY joules"


def test_a_later_run_changes_the_shares_of_a_kept_one_on_its_engine(
    engine: Engine, reader: Engine
) -> None:
    first = store(engine, [energy(0, 600, output_tokens=100)])
    assert keep_run(engine, first)
    assert query(reader, MEDIANS) == [{"run_id": first, "joules": 600}]
    second = store(engine, [energy(0, 600, output_tokens=100)])
    query(engine, "UPDATE eval.generation SET boot_id = (SELECT min(boot_id) FROM eval.generation)")
    assert keep_run(engine, first)
    assert keep_run(engine, second)
    query(engine, "UPDATE eval_kept.model_energy SET joules = 7")
    assert [row["joules"] for row in query(reader, MEDIANS)] == [300, 300]


def test_medians_of_latency_mode_are_read_where_they_are_kept(
    engine: Engine, reader: Engine
) -> None:
    run = store(engine, [energy(0, 600, output_tokens=100)])
    as_latency(engine)
    query(engine, "UPDATE eval.run SET mode = 'latency'")
    computed = query(reader, "SELECT * FROM analytics_v1.model_energy")
    assert [row["joules"] for row in computed] == [600]
    assert keep_run(engine, run)
    assert query(reader, "SELECT * FROM analytics_v1.model_energy") == computed
    query(engine, "UPDATE eval_kept.model_energy SET joules = 7")
    assert [row["joules"] for row in query(reader, MEDIANS)] == [7]
    query(engine, "UPDATE eval.generation SET energy_end_j = 800")
    assert [row["joules"] for row in query(reader, MEDIANS)] == [800], "forgotten"
