"""Run the benchmarks of this machine, print a table and write ``bench/results.json``.

``python -m bench [NAME...]``: scale, throughput, batch, overhead, scoring, views. A figure that
cannot be measured here is left out.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.figure import Figure
from bench.place import place
from workers.engines import EngineContext
from workers.engines.environment import Facts, start_environment

RESULTS = Path(__file__).with_name("results.json")


def main() -> int:
    """Measure what the arguments name and keep the other figures of the file."""
    benchmarks: dict[str, Callable[[], list[Figure]]] = {
        "scale": _scale,
        "throughput": _throughput,
        "batch": _batch,
        "overhead": _overhead,
        "scoring": _scoring,
        "views": _views,
    }
    wanted = sys.argv[1:] or list(benchmarks)
    if unknown := [name for name in wanted if name not in benchmarks]:
        print(
            f"no benchmark {', '.join(unknown)}; there are {', '.join(benchmarks)}", file=sys.stderr
        )
        return 2
    measured: dict[str, Figure] = {}
    for name in wanted:
        print(f"measuring {name} ...", file=sys.stderr)
        measured |= {figure.name: figure for figure in benchmarks[name]()}
    _print(list(measured.values()))
    _write(measured)
    return 0


def _scale() -> list[Figure]:
    from bench import scale  # noqa: PLC0415

    with place() as here:
        return scale.measure(here)


def _throughput() -> list[Figure]:
    from bench import throughput  # noqa: PLC0415

    with place() as here:
        return throughput.measure(here)


def _batch() -> list[Figure]:
    from bench import batch  # noqa: PLC0415

    with place() as here:
        return batch.measure(here)


def _overhead() -> list[Figure]:
    from bench import overhead  # noqa: PLC0415

    with place() as here:
        return overhead.measure(here)


def _scoring() -> list[Figure]:
    from bench import scoring_speed  # noqa: PLC0415

    return scoring_speed.measure()


def _views() -> list[Figure]:
    from bench import views  # noqa: PLC0415

    with place() as here:
        return views.measure(here)


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
