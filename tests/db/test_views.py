"""The views on numbers written by hand: flags, medians and the limits of probes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import Engine

from db.engine import rows, transaction
from db.results.reading import read_results
from reports.tables.results import result_tables
from tests.support.results import OK, THREE, Levels, printed, probe, store


def query(engine: Engine, sql: str, *, flagged: bool = False, **given: Any) -> list[dict[str, Any]]:
    """Ask a view, with flagged rows counted in where wanted."""
    with transaction(engine) as connection:
        if flagged:
            rows(connection, "SELECT set_config('evalctl.include_flagged', 'on', true)")
        return rows(connection, sql, given)


FLAGS = (
    "SELECT output_tokens, flags, flagged FROM analytics_v1.generations ORDER BY "
    "job_id, output_tokens"
)


def lengths(engine: Engine) -> set[int]:
    return {row["output_tokens"] for row in query(engine, FLAGS) if row["flagged"]}


@pytest.mark.parametrize(
    ("tokens", "sampling", "outliers"),
    [
        ((90, 100, 110), {}, set()),
        ((89, 100, 111), {}, {89, 111}),
        ((50, 100), {}, set()),
        ((50, 100, 200), {"temperature": 0.7}, set()),
        ((8, 7), {"fixed_input_tokens": 4, "fixed_output_tokens": 8}, {7}),
    ],
    ids=["within", "outside", "two-are-too-few", "sampled", "fixed"],
)
def test_a_length_that_its_repetitions_do_not_have_is_flagged(
    engine: Engine, tokens: Sequence[int], sampling: dict[str, Any], outliers: set[int]
) -> None:
    store(engine, [{"output_tokens": number} for number in tokens], **sampling)
    assert lengths(engine) == outliers


def test_lengths_of_a_server_that_cannot_repeat_itself_are_not_judged(engine: Engine) -> None:
    store(engine, [{"output_tokens": number} for number in (100, 100, 200)])
    assert lengths(engine) == {200}
    query(engine, "UPDATE eval.model SET engine = 'openai' RETURNING id")
    assert lengths(engine) == set()
    store(
        engine, [{"output_tokens": 7}], fixed_input_tokens=4, fixed_output_tokens=8, temperature=0.7
    )
    query(engine, "UPDATE eval.model SET engine = 'openai' RETURNING id")
    assert lengths(engine) == {7}, "a speed run asks for a length"


RESOURCES = "SELECT * FROM analytics_v1.model_resources"


def test_flagged_rows_are_counted_and_left_out_unless_asked_for(engine: Engine) -> None:
    store(engine, THREE, starts=({}, {}))
    row = query(engine, RESOURCES)[0]
    assert (row["jobs"], row["flagged"], row["boots"], row["problems"]) == (2, 1, 2, 1)
    assert (row["e2e_s"], row["need_mib"]) == (1.5, 20.0)
    assert (row["need_mib_min"], row["need_mib_max"]) == (10.0, 30.0)
    assert row["ttft_ms"] == pytest.approx(200)
    assert (row["ttft_ms_p10"], row["ttft_ms_p90"]) == (pytest.approx(120), pytest.approx(280))
    assert row["ttfo_ms"] == pytest.approx(400)
    row = query(engine, RESOURCES, flagged=True)[0]
    assert (row["jobs"], row["flagged"], row["e2e_s"], row["need_mib_max"]) == (3, 1, 2.0, 90.0)


def test_a_row_of_nothing_but_flags_stays_without_figures(engine: Engine) -> None:
    store(engine, [{"flags": ["xid"]}])
    row = query(engine, RESOURCES)[0]
    assert (row["jobs"], row["flagged"], row["boots"], row["problems"]) == (0, 1, 0, 0)
    assert row["ttft_ms"] is row["e2e_s"] is row["total_tokens_per_s"] is None


def test_the_rate_of_an_engine_counts_only_the_time_in_which_it_had_work(engine: Engine) -> None:
    generations = [
        {"submitted_s": a, "first_token_s": a, "last_token_s": b, "output_tokens": 8}
        for a, b in ((1.0, 3.0), (2.0, 4.0), (10.0, 11.0))
    ]
    store(engine, generations)
    row = query(engine, RESOURCES)[0]
    assert row["total_tokens_per_s"] == pytest.approx(24 / 4), "3 s and 1 s, not the gap between"
    assert row["tokens_per_s"] == pytest.approx(4)


def test_a_start_is_shown_whole(engine: Engine) -> None:
    store(engine, [{}])
    start = query(engine, "SELECT * FROM analytics_v1.boots")[0]
    assert (start["kind"], start["config_hash"]) == ("single", "c")
    assert (start["model"], start["warm_up"]) == ("a", {})


OOM = "RUNTIME_CUDA_OOM"
PREEMPTED = {8: OK, 16: (None, "PREEMPTED"), 12: OK, 32: OK}
DISAGREEING = [{8: OK, 16: (OOM,)}, {8: OK, 9: ("WAITING",)}, {4: OK, 8: (OOM,)}]
MOSTLY_STABLE = {2: OK, 3: (OOM, None, None), 4: (OOM, OOM, OOM)}
THRESHOLD = "SELECT * FROM analytics_v1.probe_thresholds"
FOUND = ("max_stable", "first_failure", "reason", "limited_by", "agreed")


@pytest.mark.parametrize(
    ("kind", "searches", "found"),
    [
        ("sequences", [PREEMPTED], (12, 16, "PREEMPTED", "kv_cache", True)),
        ("sequences", [{32: OK, 64: OK}], (64, None, None, "level", True)),
        ("sequences", [{1: ("SLA",)}], (0, 1, "SLA", "latency", True)),
        ("context", [{2: ("ENGINE_DEAD",)}], (None, 2, "ENGINE_DEAD", "other", True)),
        ("sequences", DISAGREEING, (4, 8, OOM, "memory", False)),
        ("sequences", [{4: OK, 8: (OOM,)}, {4: OK, 8: (OOM,)}], (4, 8, OOM, "memory", True)),
        ("instances", [{2: OK, 3: (OOM, None, OOM)}], (2, 3, OOM, "memory", True)),
        ("instances", [MOSTLY_STABLE], (2, 4, "UNSTABLE", "other", True)),
    ],
)
def test_where_the_limit_lies(
    engine: Engine, kind: str, searches: Sequence[Levels], found: tuple[Any, ...]
) -> None:
    probe(engine, kind, searches)
    (row,) = query(engine, THRESHOLD)
    assert tuple(row[key] for key in FOUND) == found
    assert (row["searches"], row["memory_limit_mib"]) == (len(searches), 24576)
    assert row["emulated"] is True
    assert row["unit"] == {"context": "tokens"}.get(kind, kind)
    assert row["need_mib"] == (100.0 * found[0] if found[0] else None)


def test_the_table_names_the_emulated_gpu_and_the_limit(engine: Engine) -> None:
    found = read_results(engine, probe(engine, "sequences", [{8: OK, 12: OK, 13: ("PREEMPTED",)}]))
    row = next(
        line for line in printed(result_tables(found.to_dict())).splitlines() if "emulated" in line
    )
    assert row == "a 24 GiB (emulated on CPU) kv_cache: PREEMPTED 12 sequences 13"


def test_results_include_flagged_rows_on_request(engine: Engine) -> None:
    run_id = store(engine, THREE, starts=({}, {}))
    assert read_results(engine, run_id).resources[0]["jobs"] == 2
    assert read_results(engine, run_id, include_flagged=True).resources[0]["jobs"] == 3
    assert read_results(engine, run_id).resources[0]["jobs"] == 2, "for that reading alone"


WORDS = ("throttled", "clock_drop", "foreign_process", "compile", "preempted", "xid")


def test_every_flag_is_counted_by_its_word_and_left_out(engine: Engine) -> None:
    """Seven flagged results, one with two flags, are ten times slower than three others."""
    flagged: list[dict[str, Any]] = [{"flags": [word], "last_token_s": 11.0} for word in WORDS]
    flagged[0]["flags"] = ["throttled", "clock_drop"]
    clean = [{"last_token_s": 2.0}] * 3
    lengths = [{"output_tokens": 8}] * 9 + [{"output_tokens": 7, "last_token_s": 11.0}]
    results = [
        columns | length for columns, length in zip([*flagged, *clean, {}], lengths, strict=True)
    ]
    run_id = store(engine, results, fixed_input_tokens=4, fixed_output_tokens=8)
    counted = dict.fromkeys((*WORDS, "length_outlier"), 1) | {"clock_drop": 2}
    (row,) = read_results(engine, run_id).resources
    assert (row["jobs"], row["flagged"], row["e2e_s"], row["flag_counts"]) == (3, 7, 1.0, counted)
    assert query(engine, "SELECT count(*) AS n FROM analytics_v1.generations WHERE used") == [
        {"n": 3}
    ]
    (row,) = read_results(engine, run_id, include_flagged=True).resources
    assert (row["jobs"], row["flagged"], row["e2e_s"], row["flag_counts"]) == (10, 7, 10.0, counted)
    shown = " ".join(printed(result_tables({"resources": [row]})).split())
    for word, count in counted.items():
        assert f"{count} of a ({word}, " in shown
