"""Results of a run that has just ended, before the database has counted its tables."""

from __future__ import annotations

import time

from sqlalchemy import Engine

from bench.filling import RESULTS_A_REPETITION, add_runs
from db.engine import rows, transaction
from db.results.reading import read_results

FORGET = """
SELECT pg_clear_relation_stats('eval', c.relname),
       pg_clear_attribute_stats('eval', c.relname, a.attname, false)
  FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0
 WHERE c.relnamespace = 'eval'::regnamespace AND c.relkind = 'r' AND NOT a.attisdropped
"""


def test_results_are_read_soon_without_statistics(engine: Engine) -> None:
    (run,) = add_runs(engine, runs=1, results=RESULTS_A_REPETITION)
    with transaction(engine) as connection:
        rows(connection, FORGET)

    started = time.monotonic()
    found = read_results(engine, run)

    assert sum(row["repetitions"] for row in found.scores) == RESULTS_A_REPETITION
    assert all(row["cut_share"] is not None for row in found.scores)
    assert time.monotonic() - started < 20, "a plan took every row for each"
