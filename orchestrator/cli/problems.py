"""``evalctl problems``: the problem sets."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import Any

import click
from click import option
from rich.text import Text

from core.counts import counted
from orchestrator.cli.examples import examples
from orchestrator.cli.problem_tables import print_agreement, print_import, print_validation
from orchestrator.cli.score import load_problem
from orchestrator.console import console, json_option, print_json, say, warn
from orchestrator.errors import UsageFault
from orchestrator.problem_check import validate_set
from problems.importers import IMPORTERS, import_file, write_problems
from problems.labelling import load_labelled
from problems.loader import SHIPPED, load_set
from problems.schema import LEVELS
from problems.skeleton import skeleton
from reports.tables.layout import listing
from scoring.final_answer.judge import unreadable
from scoring.quality.agreement import measure_agreement

#: The labelled answers shipped with evalctl.
LABELLED = SHIPPED.parent / "labelled"


@click.group()
@examples("evalctl problems list")
def problems() -> None:
    """List, show, validate, write and import problems."""


@problems.command(name="list")
@click.argument("problem_set", metavar="SET", default="core")
@json_option
@examples("evalctl problems list quickstart")
def list_problems(*, problem_set: str, as_json: bool) -> int:
    """List the problems of a set.

    SET is core, quickstart, a folder or a file.
    """
    loaded = load_set(problem_set)
    if as_json:
        rows = [
            {"id": p.id, "category": p.level, "difficulty": p.difficulty}
            | {"topics": list(p.topics), "steps": len(p.paths[0].steps)}
            for p in loaded
        ]
        print_json({"set": loaded.name, "content_hash": loaded.content_hash, "problems": rows})
        return 0
    lines = [
        (
            problem.id,
            problem.level,
            str(problem.difficulty),
            "/".join(str(len(path.steps)) for path in problem.paths),
            ", ".join(problem.topics),
        )
        for problem in loaded
    ]
    figures = ("difficulty", "steps")
    columns = ("id", "category", *figures, "topics")
    console().print(listing(columns, lines, figures=figures))
    counts = Counter(problem.level for problem in loaded)
    levels = ", ".join(f"{count} {level}" for level, count in counts.items())
    say(f"{counted(len(loaded), 'problem')}: {levels}")
    return 0


@problems.command()
@click.argument("problem", metavar="ID")
@option(
    "--language",
    type=click.Choice(["en", "zh"]),
    default="en",
    show_default=True,
    help="Language of the statement.",
)
@json_option
@examples("evalctl problems show sec-symmetric-01")
def show(*, problem: str, language: str, as_json: bool) -> int:
    """Show a problem: statement, reference steps, answer."""
    found = load_problem(problem)
    if as_json:
        print_json(found.to_dict() | {"content_hash": found.content_hash})
        return 0
    screen = console()
    heading = Text(f"{found.id} ({found.level}, difficulty {found.difficulty})\n")
    heading.stylize("bold", 0, len(found.id))
    screen.print(heading)
    screen.print(found.stated(language))
    for path in found.paths:
        screen.print(f"reference path {path.id}:")
        for step in path.steps:
            screen.print(f"  {step.id}  {step.described(language)}")
    screen.print(f"answer: {' or '.join(found.answer.any_of)}")
    return 0


@problems.command()
@click.argument("path", metavar="[PATH]", default="core")
@json_option
@examples("evalctl problems validate", "evalctl problems validate my-problems/")
def validate(*, path: str, as_json: bool) -> int:
    """Validate problem files. Exit code 1 if one fails.

    PATH is a set (core, quickstart), a folder or a file. Besides the format, the mutation gate is
    checked: each worked solution is scored whole, with every step removed in turn, with wrong
    numbers, and as a bare answer.
    """
    show_progress = sys.stderr.isatty() and not as_json
    found = validate_set(path, _progress if show_progress else lambda _done, _of: None)
    if as_json:
        print_json(found.to_dict())
    else:
        print_validation(found)
    return 1 if found.failed else 0


@problems.command()
@click.argument("problem", metavar="ID")
@option("--level", type=click.Choice(LEVELS), required=True, help="Category of the problem.")
@option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write to this file instead of stdout.",
)
@examples("evalctl problems new sec-area-01 --level secondary --out sec-area-01.yaml")
def new(*, problem: str, level: str, out: Path | None) -> int:
    """Write a commented template of a problem file."""
    written = skeleton(problem, level)
    if out is None:
        click.echo(written, nl=False)
        return 0
    try:
        with out.open("x", encoding="utf-8") as file:
            file.write(written)
    except FileExistsError:
        raise UsageFault(f"{out} already exists; choose another file, or remove it") from None
    except OSError as error:
        raise UsageFault(f"cannot write {out}: {error.strerror or error}") from error
    say(f"wrote {out}; fill in each TODO, then run `evalctl problems validate {out}`")
    return 0


@problems.command(name="import")
@click.argument("format_name", metavar="FORMAT", type=click.Choice(list(IMPORTERS)))
@click.argument("file", type=click.Path(path_type=Path))
@option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    required=True,
    help="Folder for the problem files.",
)
@json_option
@examples(
    "evalctl problems import gsm8k test.jsonl --out gsm8k/",
    "evalctl submit --problems gsm8k/ --model my-model",
)
def import_command(*, format_name: str, file: Path, out: Path, as_json: bool) -> int:
    """Import a public data set's file as problem files.

    FORMAT is gsm8k, math500, gaokao-bench, cmath, mgsm-zh or processbench, each in its published
    format. Exit code 1 if no row can be imported.
    """
    found = import_file(format_name, file, unreadable)
    write_problems(found.problems, out)
    if as_json:
        importer = IMPORTERS[format_name]
        refused = [{"line": refusal.line, "why": refusal.sentence} for refusal in found.refusals]
        counts: dict[str, Any] = {"rows": found.rows, "imported": len(found.problems)}
        counts |= {"refused": len(refused), "refusals": refused}
        remarks = [{"line": remark.line, "what": remark.sentence} for remark in found.remarks]
        counts |= {"remarks": remarks}
        facts = {"format": format_name, "licence": importer.licence, "folder": str(out)}
        print_json(facts | counts)
    else:
        print_import(format_name, found, file, out)
    return 0 if found.problems else 1


@problems.command()
@click.argument("folder", type=click.Path(path_type=Path), default=LABELLED, metavar="[FOLDER]")
@option(
    "--problems",
    "problem_set",
    default="core",
    show_default=True,
    metavar="SET",
    help="Set of the problems that were answered.",
)
@option(
    "--list",
    "list_all",
    is_flag=True,
    help="List every step where the scorer and the label disagree.",
)
@json_option
@examples(
    "evalctl problems agreement", "evalctl problems agreement my-labels/ --problems my-problems/"
)
def agreement(*, folder: Path, problem_set: str, list_all: bool, as_json: bool) -> int:
    """Measure how the scorer agrees with people's labels.

    Trivial scorers are shown next to it. FOLDER holds answers/, index*.jsonl and labels*.jsonl; the
    default is the labelled answers shipped with evalctl.
    """
    if not folder.is_dir():
        raise UsageFault(f"folder {folder} does not exist")
    loaded = load_labelled(folder, load_set(problem_set))
    if loaded.unlabelled:
        warn(f"skipped {counted(len(loaded.unlabelled), 'answer')} without labels")
    found = measure_agreement(loaded.answers)
    if as_json:
        print_json(found.to_dict() | {"unlabelled": len(loaded.unlabelled)})
    else:
        for answer, step, true, said in found.disagreements if list_all else ():
            say(f"{answer} {step}: labelled {true}, scored {said}")
        print_agreement(found)
    return 0


def _progress(done: int, of: int) -> None:
    click.echo(f"\r{done}/{of} problems checked" + ("\n" if done == of else ""), nl=False, err=True)
