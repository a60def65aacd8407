"""Run the benchmarks of this machine, print a table and write ``bench/results.json``.

``python -m bench [NAME...]``: scale, throughput, batch, overhead, scoring, views, fleet. A figure
that cannot be measured here is left out.
"""

from __future__ import annotations

import importlib
import json
import sys
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.figure import Figure
from bench.place import place
from workers.engines import EngineContext
from workers.engines.environment import Facts, start_environment

RESULTS = Path(__file__).with_name("results.json")
#: Benchmark: its module, imported only where it is wanted.
MODULES = {
    "scale": "scale", "throughput": "throughput", "batch": "batch", "overhead": "overhead",
    "scoring": "scoring_speed", "views": "views", "fleet": "fleet.figures",
}  # fmt: skip


def main() -> int:
    """Measure what the arguments name and keep the other figures of the file."""
    wanted = sys.argv[1:] or list(MODULES)
    if unknown := [name for name in wanted if name not in MODULES]:
        known = ", ".join(MODULES)
        print(f"no benchmark {', '.join(unknown)}; there are {known}", file=sys.stderr)
        return 2
    measured: dict[str, Figure] = {}
    for name in wanted:
        print(f"measuring {name} ...", file=sys.stderr)
        measured |= {figure.name: figure for figure in _measure(name)}
    _print(list(measured.values()))
    _write(measured)
    return 0


def _measure(name: str) -> list[Figure]:
    measure = importlib.import_module(f"bench.{MODULES[name]}").measure
    if name in {"scoring", "fleet"}:
        return list(measure())
    with place() as here:
        return list(measure(here))


def _print(figures: list[Figure]) -> None:
    table = Table("figure", "value", "unit", "target", "met")
    for figure in figures:
        met = {True: "yes", False: "no", None: "-"}[figure.ok]
        table.add_row(figure.name, f"{figure.value:,.3f}", figure.unit, figure.target or "-", met)
    Console(width=110).print(table)


def _write(measured: dict[str, Figure]) -> None:
    kept = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else []
    here = {"measured_on": datetime.now(UTC).date().isoformat(), "machine": _machine()}
    fresh = {name: figure.to_dict() | here for name, figure in measured.items()}
    entries = {entry["name"]: entry for entry in kept} | fresh
    RESULTS.write_text(json.dumps(list(entries.values()), indent=2) + "\n", encoding="utf-8")


def _machine() -> Facts:
    """Return what distinguishes one machine's figures from another's, as for an engine start."""
    return start_environment(EngineContext(home=Path(), log_folder=Path()), {})


if __name__ == "__main__":
    sys.exit(main())
