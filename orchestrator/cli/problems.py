"""``evalctl problems``: the problem sets."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
from rich.table import Table
from rich.text import Text

from orchestrator.cli.score import load_problem
from orchestrator.console import console, json_option, print_json, warn
from orchestrator.errors import UsageFault
from orchestrator.problem_check import ADVISORY, Validation, validate_set
from problems.importers import IMPORTERS, Imported, import_file, write_problems
from problems.labelling import load_labelled
from problems.loader import SHIPPED, load_set
from problems.schema import LEVELS
from problems.skeleton import skeleton
from scoring.quality.agreement import Agreement, measure_agreement

#: The labelled answers that come with evalctl.
LABELLED = SHIPPED.parent / "labelled"
#: Refused rows that are printed one by one; ``--json`` has them all.
SHOWN_REFUSALS = 20


@click.group()
def problems() -> None:
    """Work with problem sets: list, show, check, write, import, and hold the scorer against markers.

    \b
    Example:
      evalctl problems list
    """


@problems.command(name="list")
@click.argument("problem_set", metavar="SET", default="core")
@json_option
def list_problems(*, problem_set: str, as_json: bool) -> int:
    """List the problems of a set: core, quickstart, a folder or a file.

    \b
    Example:
      evalctl problems list quickstart
    """
    loaded = load_set(problem_set)
    if as_json:
        rows = [
            {
                "id": p.id,
                "category": p.level,
                "difficulty": p.difficulty,
                "topics": list(p.topics),
                "steps": len(p.paths[0].steps),
            }
            for p in loaded
        ]
        print_json({"set": loaded.name, "content_hash": loaded.content_hash, "problems": rows})
        return 0
    table = Table("id", "category", "difficulty", "steps", "topics")
    for problem in loaded:
        steps = "/".join(str(len(path.steps)) for path in problem.paths)
        table.add_row(
            problem.id, problem.level, str(problem.difficulty), steps, ", ".join(problem.topics)
        )
    console().print(table)
    counts = Counter(problem.level for problem in loaded)
    click.echo(
        f"{len(loaded)} problems: {', '.join(f'{count} {level}' for level, count in counts.items())}"
    )
    return 0


@problems.command()
@click.argument("problem", metavar="ID")
@click.option("--language", type=click.Choice(["en", "zh"]), default="en", show_default=True)
@json_option
def show(*, problem: str, language: str, as_json: bool) -> int:
    """Show a problem: statement, reference steps, answer.

    \b
    Example:
      evalctl problems show sec-symmetric-01
    """
    found = load_problem(problem)
    if as_json:
        print_json(found.to_dict() | {"content_hash": found.content_hash})
        return 0
    screen = console()
    screen.print(
        f"[bold]{found.id}[/] ({found.level}, difficulty {found.difficulty})\n", highlight=False
    )
    screen.print(
        found.statement.get(language) or next(iter(found.statement.values())), markup=False
    )
    for path in found.paths:
        screen.print(f"reference path {path.id}:")
        for step in path.steps:
            described = step.describe.get(language) or next(iter(step.describe.values()), "")
            screen.print(f"  {step.id}  {described}", markup=False)
    screen.print(f"answer: {' or '.join(found.answer.any_of)}", markup=False)
    return 0


@problems.command()
@click.argument("path", metavar="[PATH]", default="core")
@json_option
def validate(*, path: str, as_json: bool) -> int:
    """Check problem files and their mutation gate; exit code 1 if one fails.

    PATH is a set (core, quickstart), a folder or a file. The gate scores every worked solution whole, without each of its
    steps, with wrong numbers, and its answer alone.

    \b
    Example:
      evalctl problems validate
      evalctl problems validate my-problems/
    """
    show_progress = sys.stderr.isatty() and not as_json
    found = validate_set(path, _progress if show_progress else lambda _done, _of: None)
    if as_json:
        print_json(found.to_dict())
    else:
        _print_validation(found)
    return 1 if found.failed else 0


@problems.command()
@click.argument("problem", metavar="ID")
@click.option("--level", type=click.Choice(LEVELS), required=True, help="Category of the problem.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write here instead of to stdout.",
)
def new(*, problem: str, level: str, out: Path | None) -> int:
    """Write a commented problem file to fill in.

    \b
    Example:
      evalctl problems new sec-area-01 --level secondary --out sec-area-01.yaml
    """
    written = skeleton(problem, level)
    if out is None:
        click.echo(written, nl=False)
        return 0
    try:
        with out.open("x", encoding="utf-8") as file:
            file.write(written)
    except FileExistsError:
        raise UsageFault(f"{out} is there already; name another file, or remove it") from None
    except OSError as error:
        raise UsageFault(f"cannot write {out}: {error.strerror or error}") from error
    click.echo(f"wrote {out}; fill in what says TODO, then run evalctl problems validate {out}")
    return 0


@problems.command(name="import")
@click.argument("format_name", metavar="FORMAT", type=click.Choice(list(IMPORTERS)))
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    required=True,
    help="Folder for the problems.",
)
@json_option
def import_command(*, format_name: str, file: Path, out: Path, as_json: bool) -> int:
    """Turn a local file of a public data set into problem files; exit code 1 if no row comes in.

    FORMAT is gsm8k, math500, gaokao-bench, cmath, mgsm-zh or processbench, each in its published format.

    \b
    Example:
      evalctl problems import gsm8k test.jsonl --out gsm8k/
      evalctl submit --problems gsm8k/ --model my-model
    """
    found = import_file(format_name, file)
    write_problems(found.problems, out)
    if as_json:
        importer = IMPORTERS[format_name]
        refused = [{"line": refusal.line, "why": refusal.sentence} for refusal in found.refusals]
        counts = {
            "rows": found.rows,
            "imported": len(found.problems),
            "refused": len(refused),
            "refusals": refused,
        }
        print_json(
            {"format": format_name, "licence": importer.licence, "folder": str(out), **counts}
        )
    else:
        _print_import(format_name, found, file, out)
    return 0 if found.problems else 1


@problems.command()
@click.argument("folder", type=click.Path(path_type=Path), default=LABELLED, metavar="[FOLDER]")
@click.option(
    "--problems",
    "problem_set",
    default="core",
    show_default=True,
    metavar="SET",
    help="Problems answered.",
)
@click.option(
    "--list",
    "list_all",
    is_flag=True,
    help="List every step where the scorer and the label differ.",
)
@json_option
def agreement(*, folder: Path, problem_set: str, list_all: bool, as_json: bool) -> int:
    """Hold the scorer against markers who labelled answers step by step, beside trivial scorers.

    FOLDER holds answers/, index*.jsonl and labels*.jsonl; without it the labelled answers that come with evalctl are used.

    \b
    Example:
      evalctl problems agreement
      evalctl problems agreement my-labels/ --problems my-problems/
    """
    if not folder.is_dir():
        raise UsageFault(f"there is no folder {folder}")
    loaded = load_labelled(folder, load_set(problem_set))
    if loaded.unlabelled:
        warn(f"{len(loaded.unlabelled)} answers have no labels and are left out")
    found = measure_agreement(loaded.answers)
    if as_json:
        print_json(found.to_dict() | {"unlabelled": len(loaded.unlabelled)})
    else:
        for answer, step, true, said in found.disagreements if list_all else ():
            click.echo(f"{answer} {step}: labelled {true}, scored {said}")
        _print_agreement(found)
    return 0


def _progress(done: int, of: int) -> None:
    click.echo(f"\r{done}/{of} problems checked" + ("\n" if done == of else ""), nl=False, err=True)


def _print_validation(found: Validation) -> None:
    screen = console()
    for problem in found.failed:
        screen.print(Text(f"{problem.id} fails:", style="bold red"))
        for error in problem.errors:
            screen.print(Text(f"  {error}"))
    table = Table("mutation gate", "checks", "held")
    for kind, (made, held) in found.gate().items():
        table.add_row(kind.replace("_", " "), str(made), str(held))
    screen.print(table)
    failing = {problem.id for problem in found.failed}
    advisory = [
        (name, check)
        for name, check in found.exceptions
        if check.kind in ADVISORY and name not in failing
    ]
    if advisory:
        screen.print("exceptions, which fail no problem (another line shows the same step):")
        for name, check in advisory:
            screen.print(Text(f"  {name}: {check.sentence}"))
    counts = Counter(problem.level for problem in found.problems)
    levels = ", ".join(f"{counts[level]} {level}" for level in LEVELS if counts[level])
    click.echo(f"{len(found.problems)} problems ({levels}): {len(found.failed) or 'none'} failed")


def _print_import(name: str, found: Imported, file: Path, out: Path) -> None:
    for refusal in found.refusals[:SHOWN_REFUSALS]:
        click.echo(f"{file}:{refusal.line}: {refusal.sentence}", err=True)
    if len(found.refusals) > SHOWN_REFUSALS:
        click.echo(f"and {len(found.refusals) - SHOWN_REFUSALS} more; --json lists all", err=True)
    click.echo(
        f"{len(found.problems)} of {found.rows} rows written to {out}, {len(found.refusals)} refused; "
        f"licence of {name}: {IMPORTERS[name].licence}"
    )


def _print_agreement(found: Agreement) -> None:
    table = Table(
        "", "scorer", "95 % interval", *(name.replace("_", " ") for name in found.baselines)
    )
    for label, path in (
        ("step kappa", ("kappa",)),
        ("mean error of 7", ("mae7",)),
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
        click.echo(
            f"{name.replace('_', ' ')}: {part['answers']} answers, step kappa {_figure(part['kappa'])}, "
            f"{_figure(part['steps_agree'])} of the steps agree, mean error {_figure(part['mae7'])}"
        )
    click.echo(f"{found.answers} answers, {found.problems} problems, {found.steps} steps")
    if found.marker_answers:
        click.echo(
            f"step kappa between markers: {_figure(found.marker_kappa)} ({found.marker_answers} answers labelled twice)"
        )


def _dig(document: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    found: Any = document
    for key in path:
        found = found[key]
    return found


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
