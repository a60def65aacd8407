"""What ``evalctl problems`` prints for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.text import Text

from core.counts import counted
from orchestrator.console import console, say
from orchestrator.problem_check import ADVISORY, Validation
from problems.importers import IMPORTERS, Imported
from problems.schema import LEVELS
from reports.tables.layout import lean_table
from scoring.quality.agreement import Agreement

#: Refused and remarkable rows that are printed one by one; ``--json`` has them all.
SHOWN_ROWS = 20


def print_validation(found: Validation) -> None:
    """Print which problems fail and how many checks held."""
    screen = console()
    for problem in found.failed:
        screen.print(Text(f"{problem.id} fails:", style="bold red"))
        for error in problem.errors:
            screen.print(Text(f"  {error}"))
    table = lean_table("", ("mutation gate",), ("checks", "passed"))
    for kind, (made, held) in found.gate().items():
        table.add_row(kind.replace("_", " "), str(made), str(held))
    screen.print(table)
    failing = {problem.id for problem in found.failed}
    exceptions = [(name, check) for name, check in found.exceptions if name not in failing]
    advisory = [(name, check) for name, check in exceptions if check.kind in ADVISORY]
    if advisory:
        screen.print("exceptions, which do not fail a problem (another line shows the same step):")
        for name, check in advisory:
            screen.print(Text(f"  {name}: {check.sentence}"))
    counts = Counter(problem.level for problem in found.problems)
    levels = ", ".join(f"{counts[level]} {level}" for level in LEVELS if counts[level])
    problems = counted(len(found.problems), "problem")
    say(f"{problems} ({levels}): {len(found.failed) or 'none'} failed")


def print_import(name: str, found: Imported, file: Path, out: Path) -> None:
    """Print what was written, and on stderr the first rows refused or remarked on."""
    for rows in (found.refusals, found.remarks):
        for row in rows[:SHOWN_ROWS]:
            say(f"{file}:{row.line}: {row.sentence}", err=True)
        if len(rows) > SHOWN_ROWS:
            say(f"and {len(rows) - SHOWN_ROWS} more; --json lists all", err=True)
    written = f"{len(found.problems)} of {counted(found.rows, 'row')} written to {out}"
    licence = f"licence of {name}: {IMPORTERS[name].licence}"
    say(f"{written}, {len(found.refusals)} refused; {licence}")


def print_agreement(found: Agreement) -> None:
    """Print the measures of the scorer beside those of trivial scorers."""
    baselines = (name.replace("_", "\n") for name in found.baselines)
    table = lean_table("", ("",), ("scorer", "95 % interval", *baselines))
    for label, path in (
        ("step kappa, determined steps", ("kappa_determined",)),
        ("share of determined steps", ("coverage",)),
        ("step kappa, all steps", ("kappa",)),
        ("mean error of 7", ("mae7",)),
        ("mean distance to interval", ("mae7_interval",)),
        ("done: precision", ("done", "precision")),
        ("within one point", ("within_one",)),
        ("missing: precision", ("missing", "precision")),
        ("missing: recall", ("missing", "recall")),
        ("guess: precision", ("guess", "precision")),
        ("guess: recall", ("guess", "recall")),
        ("weighted kappa of marks", ("qwk",)),
    ):
        interval = _dig(found.intervals, path)
        shown = "-" if interval is None else f"{interval[0]:.3f} to {interval[1]:.3f}"
        others = (_figure(_dig(metrics, path)) for metrics in found.baselines.values())
        table.add_row(label, _figure(_dig(found.metrics, path)), shown, *others)
    console().print(table)
    for name, part in found.slices.items():
        kappa, agree, error = (_figure(part[key]) for key in ("kappa", "steps_agree", "mae7"))
        agreed = f"step kappa {kappa}, {agree} of the steps agree, mean error {error}"
        say(f"{name.replace('_', ' ')}: {counted(part['answers'], 'answer')}, {agreed}")
    answers, problems = counted(found.answers, "answer"), counted(found.problems, "problem")
    say(f"{answers}, {problems}, {counted(found.steps, 'step')}")
    if found.marker_answers:
        twice = f"{counted(found.marker_answers, 'answer')} labelled twice"
        say(f"step kappa between markers: {_figure(found.marker_kappa)} ({twice})")


def _dig(document: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    found: Any = document
    for key in path:
        found = found[key]
    return found


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
