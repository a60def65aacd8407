"""Measure every view of analytics_v1 on many attempts and print a Markdown table.

``python -m bench.analytics [ATTEMPTS]`` fills a temporary embedded server; 10,000,000 attempts take
15 GB and some two hours on two busy cores. ``--database URL`` measures one that was filled so.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine

from bench.analytics.filling import fill, keep_all
from bench.analytics.queries import MORE, OVER_ALL, PLAIN
from bench.place import place
from db.engine import open_database, rows

ROUNDS = 3
TIMEOUT_S = 120
VIEWS = """
SELECT c.relname AS view, bool_or(a.attname = 'run_id') AS by_id,
       bool_or(a.attname = 'run') AS by_run
  FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0
 WHERE c.relnamespace = 'analytics_v1'::regnamespace
 GROUP BY c.relname ORDER BY c.relname
"""
SIZES = """
SELECT n.nspname || '.' || c.relname AS relation, c.reltuples::bigint AS rows,
       pg_table_size(c.oid) AS table_bytes, pg_indexes_size(c.oid) AS index_bytes
  FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
 WHERE n.nspname IN ('eval', 'eval_kept') AND c.relkind = 'r'
   AND pg_total_relation_size(c.oid) > 8e6
 ORDER BY pg_total_relation_size(c.oid) DESC
"""


def main() -> int:
    """Fill, or take the database that is named, and measure."""
    parser = argparse.ArgumentParser(prog="python -m bench.analytics", description=__doc__)
    parser.add_argument("attempts", nargs="?", type=int, default=1_000_000)
    parser.add_argument("--database", metavar="URL")
    given = parser.parse_args()
    with _database(given.database, given.attempts) as engine:
        sys.stdout.writelines(f"{line}\n" for line in _lines(engine))
    return 0


@contextmanager
def _database(url: str | None, attempts: int) -> Iterator[Engine]:
    if url is not None:
        yield open_database(url, name="bench")
        return
    with place() as here:
        engine = open_database(here.environment["EVALCTL_DATABASE_URL"], name="bench")
        fill(engine, attempts)
        keep_all(engine)
        yield engine
        engine.dispose()


def _lines(engine: Engine) -> Iterator[str]:
    """Yield the tables: times of each view, then sizes."""
    with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.exec_driver_sql(f"SET statement_timeout = '{TIMEOUT_S}s'")
        (run,) = rows(connection, "SELECT id, name FROM eval.run ORDER BY created_at DESC LIMIT 1")
        yield "| view | one run, s | over all, s | plain table, s | asked over all |"
        yield "|---|---|---|---|---|"
        for view in rows(connection, VIEWS):
            name = f"analytics_v1.{view['view']}"
            key = "run_id" if view["by_id"] else "run" if view["by_run"] else None
            sql = f"SELECT * FROM {name} WHERE {key} = '{run['id' if view['by_id'] else 'name']}'"
            of_run = _median(connection, sql) if key else None
            whole = OVER_ALL.get(view["view"], "SELECT * FROM {v}").format(v=name)
            plain = PLAIN.get(view["view"])
            over_all = _median(connection, whole, rounds=1)
            beside = _median(connection, plain, rounds=1) if plain else None
            asked = "an aggregate" if view["view"] in OVER_ALL else "every row"
            times = (_cell(of_run), _cell(over_all), _cell(beside))
            yield f"| `{view['view']}` | {' | '.join(times)} | {asked} |"
        yield ""
        yield "| asked of results over all | s |"
        yield "|---|---|"
        for asked, sql in MORE.items():
            yield f"| {asked} | {_cell(_median(connection, sql, rounds=1))} |"
        yield ""
        yield "| relation | rows | table, MiB | indexes, MiB |"
        yield "|---|---|---|---|"
        for row in rows(connection, SIZES):
            sizes = [f"{row[key] / 2**20:,.0f}" for key in ("table_bytes", "index_bytes")]
            yield f"| `{row['relation']}` | {row['rows']:,} | {' | '.join(sizes)} |"


def _median(connection: Connection, sql: str, rounds: int = ROUNDS) -> float:
    """Return seconds that the server needs for all rows, the median of some; NaN: timed out."""
    times = []
    for _ in range(rounds):
        started_s = time.perf_counter()
        try:
            rows(connection, f"EXPLAIN (ANALYZE, TIMING OFF, BUFFERS OFF) {sql}")
        except Exception as error:  # noqa: BLE001 - a figure that is missing is the finding
            print(f"{sql}: {str(error).splitlines()[0]}", file=sys.stderr)
            return float("nan")
        times.append(time.perf_counter() - started_s)
        print(f"{times[-1]:8.2f} s  {sql}", file=sys.stderr)
    return sorted(times)[len(times) // 2]


def _cell(value: float | None) -> str:
    if value is None:
        return "-"
    return f"over {TIMEOUT_S}" if value != value else f"{value:.2f}"  # noqa: PLR0124 - NaN


if __name__ == "__main__":
    sys.exit(main())
