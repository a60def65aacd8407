"""How long the views take, on a run of 20,000 results alone and among 200,000 others."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping
from functools import partial
from statistics import median
from typing import Any

from bench.figure import Figure
from bench.filling import add_runs
from bench.place import Place
from db.engine import rows
from db.results.reading import read_results

RESULTS = 20_000
OTHER_RUNS = 9
ROUNDS = 5
VIEWS = (
    *("jobs", "generations", "scores", "problem_scores", "category_scores", "prompt_uplift"),
    *("problem_resources", "model_resources"),
)
OF_A_RUN = "EXPLAIN (ANALYZE, TIMING OFF) SELECT * FROM analytics_v1.{view} WHERE run_id = %(run)s"
OF_ALL = "EXPLAIN (ANALYZE, TIMING OFF) SELECT * FROM analytics_v1.{view}"


def measure(place: Place) -> list[Figure]:
    """Return seconds: medians of five readings of one run, one reading of everything."""
    (run,) = add_runs(place.engine, runs=1, results=RESULTS)
    figures = [_results(place, run, RESULTS)]
    add_runs(place.engine, runs=OTHER_RUNS, results=RESULTS)
    stored = RESULTS * (1 + OTHER_RUNS)
    figures.append(_results(place, run, stored))
    for view in VIEWS:
        of_a_run, over_all = OF_A_RUN.format(view=view), OF_ALL.format(view=view)
        of_run = median(_times_s(partial(_query, place, of_a_run, {"run": run}), ROUNDS))
        (of_all,) = _times_s(partial(_query, place, over_all, {}), 1)
        figures.append(_figure(f"{view}.of_a_run", of_run, stored))
        figures.append(_figure(f"{view}.of_all", of_all, stored))
    return figures


def _results(place: Place, run: uuid.UUID, stored: int) -> Figure:
    times = _times_s(lambda: read_results(place.engine, run), ROUNDS)
    return _figure(f"results.among_{stored}", median(times), stored, target="<= 1")


def _figure(name: str, value: float, stored: int, target: str | None = None) -> Figure:
    settings = {"results_of_the_run": RESULTS, "results_stored": stored}
    return Figure(f"views.{name}", value, "s", target=target, settings=settings)


def _query(place: Place, sql: str, given: Mapping[str, Any]) -> None:
    with place.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.exec_driver_sql("SET statement_timeout = 0")
        rows(connection, sql, dict(given))
        connection.exec_driver_sql("RESET statement_timeout")


def _times_s(call: Callable[[], object], rounds: int) -> list[float]:
    times = []
    for _ in range(rounds):
        started_s = time.perf_counter()
        call()
        times.append(time.perf_counter() - started_s)
    return times
