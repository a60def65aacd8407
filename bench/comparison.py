"""Measure the statistics of comparisons and write docs/measurements/comparison.md.

``python -m bench.comparison`` simulates, some 2 minutes, and times ``evalctl compare`` on two runs
of 20,000 results. It replaces what stands between the marks of the page.
"""

from __future__ import annotations

import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from bench.comparison_simulation import (
    PERCENTILE_SIZES,
    REPETITIONS,
    RUNS,
    Simulated,
    percentile_coverage,
    several_rules_block,
    table,
)
from bench.filling import add_runs
from bench.place import Place, place
from comparison.policy import DEFAULT
from db.results.comparison import read_sides
from db.runs.run import find_run
from orchestrator.comparison.compare import compare_sides
from orchestrator.comparison.document import document
from orchestrator.comparison.sides import plan_sides

PAGE = Path(__file__).resolve().parent.parent / "docs" / "measurements" / "comparison.md"
BEGIN, END = "<!-- written by python -m bench.comparison -->", "<!-- end -->"
RESULTS, ROUNDS = 20_000, 5
PERCENTILE_RUNS = 2000


def main() -> int:
    """Measure, and write the page."""
    print(f"simulating {RUNS} comparisons of each kind ...", file=sys.stderr)
    lines = [*_simulated(list(table())), *_other_checks()]
    print("timing ...", file=sys.stderr)
    with place() as here:
        lines += _timed(here)
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text("\n".join([before + BEGIN, "", *lines, END]) + after, encoding="utf-8")
    return 0


def _simulated(rows: list[Simulated]) -> Iterator[str]:
    yield (
        "| problems | true drop | standard error | interval holds it | drop found | sign flips "
        "find it | pass | block | inconclusive |"
    )
    yield "|" + "---|" * 9
    for row in rows:
        shares = (row.coverage, row.interval_finds, row.test_finds)
        verdicts = (row.passed, row.blocked, row.inconclusive)
        shown = " | ".join(f"{100 * share:.1f} %" for share in (*shares, *verdicts))
        yield f"| {row.problems} | {row.drop:g} | {row.standard_error:.2f} | {shown} |"
    yield ""


def _other_checks() -> Iterator[str]:
    yield "| what | n | share |"
    yield "|---|---|---|"
    for rules in (1, 5, 10):
        share = several_rules_block(62, rules)
        what = "policy blocks, every rule exactly at its allowance, 62 problems"
        yield f"| {what} | {rules} rules | {100 * share:.1f} % |"
    for problems in PERCENTILE_SIZES:
        share = percentile_coverage(problems, runs=PERCENTILE_RUNS)
        what = "interval of a ratio of 95th percentiles holds the truth"
        yield f"| {what} | {problems} problems x {REPETITIONS} | {100 * share:.1f} % |"
    yield ""


def _timed(here: Place) -> Iterator[str]:
    runs = add_runs(here.engine, runs=2, results=RESULTS)
    reading, comparing = [], []
    for _ in range(ROUNDS):
        read_s, whole_s = _times_s(here, runs)
        reading.append(read_s)
        comparing.append(whole_s)
    read_s, whole_s = median(reading), median(comparing)
    yield f"Two runs of {RESULTS:,} results, 4 models each, median of {ROUNDS}:"
    yield ""
    yield "| what | s |"
    yield "|---|---|"
    yield f"| reading the rows of both runs | {read_s:.2f} |"
    yield f"| comparing them, reading included | {whole_s:.2f} |"
    yield f"| comparing alone (target: 2) | {whole_s - read_s:.2f} |"
    yield ""


def _times_s(here: Place, runs: list[uuid.UUID]) -> tuple[float, float]:
    found = [find_run(here.engine, str(run)) for run in runs]
    pairs = plan_sides(here.engine, found)
    started_s = time.perf_counter()
    for a, b in pairs:
        read_sides(here.engine, [a.key, b.key])
    read_s = time.perf_counter() - started_s
    started_s = time.perf_counter()
    compared = [compare_sides(here.engine, a, b, policy=DEFAULT, force=True) for a, b in pairs]
    document(compared, None)
    return read_s, time.perf_counter() - started_s


if __name__ == "__main__":
    sys.exit(main())
