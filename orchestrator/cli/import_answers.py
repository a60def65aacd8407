"""``evalctl import-answers``: score answers that were made elsewhere."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click
from click import option

from core.counts import counted
from orchestrator.cli.examples import examples
from orchestrator.connections import connect
from orchestrator.console import json_option, print_json, say
from orchestrator.imports.answer_file import FORMS
from orchestrator.imports.import_answers import (
    PROMPT,
    Imported,
    ImportRequest,
    import_answers,
)

#: Refused parts and unknown problems that are printed for people; --json has all.
SHOWN_AT_MOST = 10


@click.command(name="import-answers")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@option(
    "--problems",
    default="core",
    show_default=True,
    metavar="SET",
    help="Problem set that the answers are about: core, quickstart, a folder or a file.",
)
@option("--name", help="Name of the run; several files may share one.  [default: of the file]")
@option("--model", metavar="NAME", help="Model of all answers, whatever the file says.")
@option(
    "--prompt",
    default=PROMPT,
    show_default=True,
    metavar="STYLE",
    help="How the problems were asked: plain or stepwise where it was with our prompt.",
)
@option(
    "--language",
    type=click.Choice(["en", "zh"]),
    default="en",
    show_default=True,
    help="Language of the statements.",
)
@option(
    "--format",
    "form",
    type=click.Choice(FORMS),
    help="Format of the file.  [default: recognised by its content]",
)
@option("--temperature", type=click.FloatRange(0, 100), help="Temperature, if the file lacks it.")
@option("--max-tokens", type=click.IntRange(1), help="Token limit, if the file lacks it.")
@json_option
@examples(
    "evalctl import-answers samples_math62_2026-11-30T10-00-00.jsonl",
    "evalctl import-answers log.eval --name inspect-run",
    "evalctl import-answers answers.jsonl --model my-model --prompt plain",
)
def import_(
    *, temperature: float | None, max_tokens: int | None, as_json: bool, **given: Any
) -> int:
    """Score answers that were made elsewhere.

    FILE holds samples of lm-evaluation-harness (`--log_samples`), a log of Inspect (.eval or
    .json), or JSON lines of problem, model and text. Problems are found by id or by statement. The
    answers become a run like any other, without times and memory; the same file again adds
    nothing. Exit code 1 if a part of the file was not imported.
    """
    sampling = {"temperature": temperature, "max_tokens": max_tokens}
    said = {key: value for key, value in sampling.items() if value is not None}
    request = ImportRequest(**given, sampling=said)
    with connect(name="import-answers") as connections:
        done = import_answers(
            connections.engine, request, on_progress=_no_progress if as_json else _progress
        )
    if as_json:
        print_json(done.to_dict())
    else:
        _show(done)
    return 1 if done.refused or done.unknown or not (done.added or done.known) else 0


def _show(done: Imported) -> None:
    for one in done.refused[:SHOWN_AT_MOST]:
        say(f"{one.place} {one.reason}", err=True)
    if len(done.refused) > SHOWN_AT_MOST:
        say(f"... and {len(done.refused) - SHOWN_AT_MOST} more", err=True)
    if done.unknown:
        named = [f"{name} ({n})" for name, n in list(done.unknown.items())[:SHOWN_AT_MOST]]
        more = len(done.unknown) - len(named)
        rest = f" and {more} more" if more > 0 else ""
        answers = counted(sum(done.unknown.values()), "answer")
        say(
            f"left out {answers} to problems that the set does not have: "
            f"{', '.join(named)}{rest}; name their set with --problems",
            err=True,
        )
    if done.run_id is None:
        say("nothing was imported", err=True)
    elif done.known:
        say(f"run {done.run} already has the {counted(done.known, 'answer')} of this file")
    else:
        models = ", ".join(done.models)
        say(f"run {done.run} ({done.run_id}): {counted(done.added, 'answer')} of {models} imported")
        say(f"origin: {done.source.origin}; times and memory are not known")


def _progress(done: int) -> None:
    if sys.stderr.isatty() and done % 10 == 0:
        click.echo(f"\r{counted(done, 'answer')} scored", nl=False, err=True)


def _no_progress(_done: int) -> None:
    """Show nothing."""
