"""Read what the report page of a run shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine

from db.engine import rows, transaction
from db.results.reading import Results, read_results
from db.statements import statement

Row = Mapping[str, Any]

#: Nights that a page shows.
NIGHTS_AT_MOST = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRows:
    """The rows behind the page of one run."""

    head: Row
    models: Sequence[Row]
    #: Jobs without a result, by model, prompt, state and error.
    missing: Sequence[Row]
    #: The tables of ``evalctl results`` with their breakdown.
    results: Results
    #: Means over all problems, a row per model and prompt.
    overall: Sequence[Row]
    #: Medians over the repetitions, a row per model, prompt and problem.
    problem_scores: Sequence[Row]
    steps_shown: Sequence[Row]
    prompt_steps: Sequence[Row]
    distributions: Sequence[Row]
    traces: Sequence[Row]
    ladder: Sequence[Row]
    problems: Sequence[Row]
    #: Metrics of the last nights of the run's schedule up to the run; empty for any other run.
    nights: Sequence[Row]
    #: ``answers`` and ``unscored``: how many the run has, whether they are below or not.
    counts: Row
    answers: Sequence[Row]
    #: By scoring, in the order of the path.
    verdicts: Sequence[Row]
    #: What judges and people say of the same steps.
    second_readings: Sequence[Row]


def read_report(engine: Engine, run_id: UUID, *, answers: int) -> ReportRows:
    """Return the rows behind the page of a run, with at most this many answers."""
    results = read_results(engine, run_id, explained=True)
    given: dict[str, Any] = {"run": run_id}
    with transaction(engine) as connection:
        head = _read(connection, "head", given)[0]
        found = _read(connection, "answers", given | {"most": answers})
        scores = [row["score_id"] for row in found if row["score_id"] is not None]
        return ReportRows(
            head=head,
            results=results,
            counts=_read(connection, "answer_counts", given)[0],
            answers=found,
            verdicts=_read(connection, "verdicts", {"scores": scores}),
            second_readings=_read(connection, "second_readings", given | {"scores": scores}),
            traces=_traces(connection, results),
            ladder=_ladder(connection, results, head["name"]),
            models=_read(connection, "models", given),
            missing=_read(connection, "missing", given),
            overall=_read(connection, "overall", given),
            problem_scores=_read(connection, "problem_scores", given),
            steps_shown=_read(connection, "steps_shown", given),
            prompt_steps=_read(connection, "prompt_steps", given),
            distributions=_read(connection, "distributions", given),
            problems=_read(connection, "problems", given),
            nights=_read(connection, "nights", given | {"most": NIGHTS_AT_MOST}),
        )


def read_index(engine: Engine, *, most: int) -> list[dict[str, Any]]:
    """Return the newest runs with the mean score of each of their models."""
    with transaction(engine) as connection:
        return _read(connection, "index", {"most": most})


def _traces(connection: Connection, results: Results) -> list[dict[str, Any]]:
    """Return the memory over time of the result that stands for each line of the resources."""
    assert results.breakdown is not None
    jobs = [row["job_id"] for row in results.breakdown.typical]
    return _read(connection, "traces", {"jobs": jobs})


def _ladder(connection: Connection, results: Results, run: str) -> list[dict[str, Any]]:
    """Return the levels behind the limits of the run, and of those that other runs found."""
    runs = {limit["run"] for limit in results.limits} | ({run} if results.concurrency else set())
    models = {row["model"] for row in (*results.limits, *results.concurrency)}
    return _read(connection, "ladder", {"runs": sorted(runs), "models": sorted(models)})


def _read(connection: Connection, name: str, given: dict[str, Any]) -> list[dict[str, Any]]:
    return rows(connection, statement(name, "report"), given)
