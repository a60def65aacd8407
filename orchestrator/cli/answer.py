"""``evalctl answer``: what a model wrote on a problem of a run, and what was found in it."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import Any

import click
from click import option
from rich.text import Text

from db.results.answers import AnswerFilter, answered_problems, read_answers
from db.runs.run import Run, find_run
from orchestrator.cli.examples import examples
from orchestrator.cli.numbers import whole
from orchestrator.connections import Connections, connect
from orchestrator.console import console, json_option, print_json
from orchestrator.errors import UsageFault, some_names
from problems.errors import ProblemError
from problems.schema import Problem
from reports.texts.answer import (
    CORRECT,
    ShownStep,
    described,
    folded_thinking,
    guess_text,
    marked_text,
    moved,
    score_range,
    step_lines,
)
from scoring.final_answer.thinking import visible
from scoring.judging.merge import OPEN

Row = Mapping[str, Any]
TIMES = (
    ("TTFT", "ttft_ms", "{:,.0f} ms"),
    ("TTFO", "ttfo_ms", "{:,.0f} ms"),
    ("E2E", "e2e_s", "{:,.2f} s"),
    ("TPOT", "tpot_ms", "{:,.2f} ms"),
    ("need", "need_mib", "{:,.0f} MiB"),
    ("tokens out", "output_tokens", "{:,}"),
    ("tokens in", "prompt_tokens", "{:,}"),
)


@click.command()
@click.argument("run", default="latest")
@option("--problem", required=True, metavar="ID", help="The problem.")
@option("--model", metavar="NAME", help="Only this model.")
@option("--prompt", metavar="NAME", help="Only this prompt style.")
@option("--rep", "repetition", type=whole(1), help="Only this repetition.")
@option("--thinking", is_flag=True, help="Show the reasoning before the answer too.")
@option("--synthetic", is_flag=True, help="Include synthetic models, whose texts are simulated.")
@json_option
@examples(
    "evalctl answer latest --problem sec-symmetric-01",
    "evalctl answer latest --problem uni-residue-02 --model qwen3-4b --rep 1 --thinking",
)
def answer(
    *,
    run: str,
    problem: str,
    model: str | None,
    prompt: str | None,
    repetition: int | None,
    thinking: bool,
    synthetic: bool,
    as_json: bool,
) -> int:
    """Show answers to a problem, with each step's passages.

    In colour on a terminal; elsewhere the passages bear the names of their steps. With --json, one
    answer is a document; several are under `answers`.
    """
    wanted = AnswerFilter(problem=problem, model=model, prompt=prompt, repetition=repetition)
    with connect(name="answer", synthetic=synthetic) as connections:
        found = find_run(connections.engine, run)
        rows = read_answers(connections.engine, found.run_id, wanted)
        if not rows:
            raise UsageFault(_why_none(connections, found, wanted, synthetic=synthetic))
    if as_json:
        documents = [_document(found, row) for row in rows]
        print_json(documents[0] if len(documents) == 1 else {"answers": documents})
        return 0
    _print(found, rows, thinking=thinking)
    return 0


def _why_none(
    connections: Connections, found: Run, wanted: AnswerFilter, *, synthetic: bool
) -> str:
    problems = answered_problems(connections.engine, found.run_id)
    if wanted.problem not in problems:
        there = some_names(list(problems))
        return f"run {found.name} has no problem {wanted.problem!r}; it has {there}"
    if problems[wanted.problem]:
        return f"run {found.name} has answers to {wanted.problem}, but none with these options"
    hint = "" if synthetic else "; --synthetic includes answers of synthetic models"
    return f"run {found.name} has no answer to {wanted.problem} yet{hint}"


def _document(run: Run, row: Row) -> dict[str, Any]:
    """Return the JSON contract of one answer."""
    left_out = ("document", "steps", "problem")
    head = {"run": str(run.run_id), "name": run.name, "problem": row["problem"]}
    figures = {key: value for key, value in row.items() if key not in left_out}
    return head | figures | {"steps": _steps(row)}


def _steps(row: Row) -> list[dict[str, Any]]:
    return [
        {
            "id": step["id"],
            "verdict": _verdict(step)[0],
            "by": _verdict(step)[1],
            "rules": step["rules"],
            "evidence": _evidence(step),
            "reason": step["reason"] or "",
        }
        for step in row["steps"]
    ]


def _verdict(step: Row) -> tuple[str, str]:
    """Return the verdict that counts and who gave it: a person, else the judge, else the rules."""
    if step["review"] is not None:
        return step["review"], step["reviewer"]
    if step["judge_verdict"] is not None and step["rules"] in OPEN:
        return step["judge_verdict"], step["judge"]
    return step["rules"], "rules"


def _evidence(step: Row) -> dict[str, Any] | None:
    if step["start"] is None:
        return None
    return {"text": step["evidence"], "start": step["start"], "end": step["end"]}


def _print(run: Run, rows: list[dict[str, Any]], *, thinking: bool) -> None:
    screen = console()
    problem = _problem(rows[0])
    language = rows[0]["language"] or "en"
    if problem is not None:
        screen.print(Text(f"{rows[0]['problem']}, run {run.name}", style="bold"))
        screen.print(Text(problem.stated(language).strip()), "")
    for row in rows:
        screen.rule(_title(row), style="dim", align="left", characters="-")
        for part in _parts(row, problem, language, thinking=thinking):
            screen.print(part)
        screen.print()


def _title(row: Row) -> Text:
    return Text(f"{row['model']}, {row['prompt']}, repetition {row['repetition']}")


def _parts(row: Row, problem: Problem | None, language: str, *, thinking: bool) -> Iterator[Text]:
    """Yield the text with its passages, the verdicts, the score, and the times."""
    said = {} if problem is None else described(problem, language)
    steps = [
        ShownStep(
            step_id=step["id"],
            verdict=_verdict(step)[0],
            by=_verdict(step)[1],
            describe=said.get(step["id"], ""),
            start=step["start"],
            end=step["end"],
            reason=step["reason"] or "",
        )
        for step in row["steps"]
    ]
    start = visible(row["text"], finish_reason=row["finish_reason"]).start
    text, by = folded_thinking(row["text"], start, unfolded=thinking)
    shown = list(moved(steps, by, of=len(text)))
    yield marked_text(text, shown, named=not sys.stdout.isatty())
    yield Text("")
    yield from step_lines(shown)
    yield from _score_lines(row)
    yield Text(_times(row), style="dim")


def _score_lines(row: Row) -> Iterator[Text]:
    if row["score_id"] is None:
        yield Text("\nnot scored")
        return
    score = score_range(row["score7"], row["score7_high"])
    steps = f"rules: steps {row['steps_done']}/{row['steps_total']}, score {score} of 7"
    yield Text(f"\n{steps}, final answer {CORRECT[row['answer_correct']]}")
    guess = guess_text(
        suspected=row["guess_suspected"],
        correct=row["answer_correct"],
        score7=row["score7"],
        undetermined=sum(step["rules"] in ("undetermined", "unclear") for step in row["steps"]),
    )
    if guess is not None:
        yield guess


def _times(row: Row) -> str:
    shown = [f"{name} {form.format(row[key])}" for name, key, form in TIMES if row[key] is not None]
    shown.append(f"ended: {row['finish_reason']}")
    if row["flags"]:
        shown.append(f"flags: {', '.join(row['flags'])}")
    return ", ".join(shown)


def _problem(row: Row) -> Problem | None:
    try:
        return Problem.from_dict(row["document"])
    except ProblemError:
        return None
