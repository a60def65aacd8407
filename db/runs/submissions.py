"""Submit: write a run, its jobs and hints in one transaction, or top up a run."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from sqlalchemy import Connection, Engine

from core.errors import DbError
from core.limits import HINTS_AT_MOST
from core.model_spec import ModelSpec
from core.sampling_params import SamplingParams
from db.adapters import dumps
from db.engine import rows, transaction
from db.statements import statement


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemRecord:
    """A problem as it is stored with the jobs that use it."""

    name: str
    content_hash: str
    category: str
    document: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptRecord:
    """A prompt as it is stored with the jobs that use it."""

    name: str
    version: str
    document: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeRequestRecord:
    """A request to a judge about one scoring; its worker makes it again and checks the hash."""

    score_id: int
    problem_id: int
    steps: Sequence[str]
    prompt_hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineRecord:
    """Who verifies the drafts of a run, and how."""

    verifier: ModelSpec
    deadline_ms: float
    prompt_version: str
    sampling: SamplingParams


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """Everything one submit writes: the cross product of models, problems, prompts and repetitions.

    Of a probe: models x repetitions, with its kind as the one prompt. Of a judge: its requests.
    """

    name: str
    #: Hash of what makes two submissions the same run.
    experiment_hash: str
    experiment: Mapping[str, Any]
    provenance: Mapping[str, Any]
    models: Sequence[ModelSpec]
    problems: Sequence[ProblemRecord]
    prompts: Sequence[str]
    repetitions: int
    mode: str
    #: Its seed is the base: repetition k runs with seed + k.
    sampling: SamplingParams
    #: Of each model by name, with the same seed; those not named have ``sampling``.
    samplings: Mapping[str, SamplingParams] = field(default_factory=dict)
    priority: int = 0
    max_attempts: int = 3
    #: Give each repetition an engine started for it.
    fresh_engine: bool = False
    #: The words of the prompts; one that is not among them is only known to the workers.
    templates: Sequence[PromptRecord] = ()
    #: What a probe searches for, and how; None for generations.
    probe: Mapping[str, Any] | None = None
    #: What judges are asked; None for anything else.
    judge_requests: Sequence[JudgeRequestRecord] | None = None
    #: Who verifies each answer as soon as it is committed; None where none is verified.
    pipeline: PipelineRecord | None = None
    #: Start a new run even where the experiment has one.
    new: bool = False
    #: GPU hours that the run may take; None leaves what it has.
    budget_gpu_hours: float | None = None

    @property
    def jobs(self) -> int:
        """Number of jobs."""
        if self.judge_requests is not None:
            return len(self.models) * len(self.judge_requests)
        per_repetition = 1 if self.probe is not None else len(self.problems) * len(self.prompts)
        return len(self.models) * per_repetition * self.repetitions


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted:
    """What a submit did."""

    run_id: uuid.UUID
    name: str
    jobs: int
    created: int
    new_run: bool
    #: The run was cancelled before.
    cancelled: bool
    #: The run is paused, and so are the jobs that were added.
    paused: bool = False
    #: Models of which the run has jobs with another spec already.
    changed_models: tuple[str, ...] = ()
    #: The name that was asked for, where a run of another experiment has it; else None.
    taken_name: str | None = None

    @property
    def existing(self) -> int:
        """Number of the planned jobs that existed already."""
        return self.jobs - self.created


class PromptsChanged(DbError):  # noqa: N818 - named for what happened
    """Say that a run has answers to a prompt in other words, which no mean may mix."""

    def __init__(self, run: str, prompts: Sequence[str]) -> None:
        super().__init__(
            f"run {run} has answers to the prompt {', '.join(prompts)} in other words; use --new "
            "for a new run, or give the style another name"
        )


class RunWasCancelled(DbError):  # noqa: N818 - named for what happened
    """Say that a run takes no more jobs, and how to run its experiment again."""

    def __init__(self, run: str) -> None:
        super().__init__(
            f"run {run} was cancelled and takes no more jobs; use --new to start a new run"
        )


def submit(engine: Engine, submission: Submission) -> Submitted:
    """Write run, jobs and hints in one transaction; when it returns, none of it can be lost.

    Jobs that the run already has stay as they are, so that submitting again tops it up. Raise
    ``RunWasCancelled``, and write nothing, where the user has cancelled the experiment's last run.
    """
    with transaction(engine) as connection:
        submitted = submit_in(connection, submission)
        if submitted.cancelled:
            raise RunWasCancelled(submitted.name)
        return submitted


def submit_in(connection: Connection, submission: Submission) -> Submitted:
    """Submit within a transaction in which the caller writes more."""
    rows(connection, statement("lift_statement_timeout", "connections"))
    model_ids = _store_models(connection, submission.models)
    problem_ids = _store_problems(connection, submission.problems)
    run = _find_or_make_run(connection, submission)
    if submission.pipeline is not None:
        _store_pipeline(connection, run, submission, submission.pipeline)
    given = {
        "run": run["id"],
        "models": model_ids,
        "repetitions": submission.repetitions,
        "mode": submission.mode,
        "sampling": dumps(submission.sampling.to_dict()),
        "priority": submission.priority,
        "max_attempts": submission.max_attempts,
        "hints": HINTS_AT_MOST * len({model.queue for model in submission.models}),
    }
    if submission.judge_requests is not None:
        insert = statement("insert_judge_jobs", "judgements")
        given["requests"] = dumps([asdict(one) for one in submission.judge_requests])
    elif submission.probe is None:
        insert = statement("insert_jobs", "runs")
        given |= {
            "samplings": dumps(
                [
                    submission.samplings.get(model.name, submission.sampling).to_dict()
                    for model in submission.models
                ],
            ),
            "seed": submission.sampling.seed,
            "problems": problem_ids,
            "prompts": list(submission.prompts),
            "templates": _store_prompts(connection, run, submission),
            "fresh_engine": submission.fresh_engine,
        }
    else:
        insert = statement("insert_searches", "probes")
        given |= {"kind": submission.prompts[0], "probe": dumps(dict(submission.probe))}
    counted = rows(connection, insert, given)[0]
    changed = rows(
        connection, statement("changed_models", "runs"), {"run": run["id"], "models": model_ids}
    )
    return Submitted(
        changed_models=tuple(row["name"] for row in changed),
        run_id=run["id"],
        name=run["name"],
        jobs=submission.jobs,
        created=counted["created"],
        new_run=run["new"],
        cancelled=run["cancelled_at"] is not None,
        paused=run["paused_at"] is not None,
        taken_name=run.get("taken_name"),
    )


def _store_pipeline(
    connection: Connection,
    run: Mapping[str, Any],
    submission: Submission,
    pipeline: PipelineRecord,
) -> None:
    """Make a run a pipeline before it has a job; topped up, it stays the one that it is."""
    (verifier,) = _store_models(connection, (pipeline.verifier,))
    given = {
        "run": run["id"],
        "verifier": verifier,
        "deadline_ms": pipeline.deadline_ms,
        "prompt_version": pipeline.prompt_version,
        "sampling": dumps(pipeline.sampling.to_dict()),
        "max_attempts": submission.max_attempts,
    }
    rows(connection, statement("insert_pipeline", "verification"), given)


def _store_models(connection: Connection, models: Sequence[ModelSpec]) -> list[int]:
    documents = [
        {
            "name": spec.name,
            "spec_hash": spec.spec_hash,
            "engine": spec.engine,
            "queue": spec.queue,
            "synthetic": spec.synthetic,
            "price_per_gpu_hour": spec.price_per_gpu_hour,
            "gpus": spec.gpus,
            "spec": spec.to_dict(),
        }
        for spec in models
    ]
    stored = rows(connection, statement("upsert_models", "runs"), {"models": dumps(documents)})
    ids = {row["name"]: row["id"] for row in stored}
    return [ids[spec.name] for spec in models]


def _store_problems(connection: Connection, problems: Sequence[ProblemRecord]) -> list[int]:
    documents = [
        {
            "name": problem.name,
            "content_hash": problem.content_hash,
            "category": problem.category,
            "document": dict(problem.document),
        }
        for problem in problems
    ]
    given = {"problems": dumps(documents)}
    rows(connection, statement("upsert_problems", "runs"), given)
    return [row["id"] for row in rows(connection, statement("problem_ids", "runs"), given)]


def _store_prompts(
    connection: Connection, run: Mapping[str, Any], submission: Submission
) -> list[int | None]:
    """Store the words of the prompts; return the id for each prompt, None without words.

    Raise ``PromptsChanged`` where the run has jobs with other words under the same name.
    """
    given = {"prompts": dumps([asdict(one) for one in submission.templates])}
    rows(connection, statement("upsert_prompts", "runs"), given)
    stored = rows(connection, statement("prompt_ids", "runs"), given)
    ids = {row["name"]: row["id"] for row in stored}
    changed = rows(
        connection,
        statement("changed_prompts", "runs"),
        {"run": run["id"], "templates": list(ids.values())},
    )
    if changed:
        raise PromptsChanged(run["name"], [row["name"] for row in changed])
    return [ids.get(prompt) for prompt in submission.prompts]


def _find_or_make_run(connection: Connection, submission: Submission) -> dict[str, Any]:
    given: dict[str, Any] = {"experiment_hash": submission.experiment_hash}
    last = rows(connection, statement("last_run_of_experiment", "runs"), given)[0]
    if last["id"] is not None and not submission.new:
        merged = _merged(last["experiment"], submission.experiment)
        given = {"run": last["id"], "experiment": dumps(merged)}
        given["budget"] = submission.budget_gpu_hours
        return (
            last
            | rows(connection, statement("update_experiment", "runs"), given)[0]
            | {"new": False}
        )
    ordinal = (last["ordinal"] or 0) + 1
    # Another experiment may have taken the name, e.g. the same one before its problems were
    # changed.
    wanted = {"name": submission.name}
    rows(connection, statement("lock_name", "runs"), wanted)
    name = rows(connection, statement("free_name", "runs"), wanted)[0]["name"]
    made = rows(
        connection,
        statement("insert_run", "runs"),
        {
            "name": name,
            "experiment_hash": submission.experiment_hash,
            "ordinal": ordinal,
            "mode": submission.mode,
            "experiment": dumps(dict(submission.experiment)),
            "provenance": dumps(dict(submission.provenance)),
            "budget": submission.budget_gpu_hours,
        },
    )[0]
    taken = submission.name if last["id"] is None and name != submission.name else None
    named = {"id": made["id"], "name": name, "taken_name": taken}
    return named | {"new": True, "cancelled_at": None, "paused_at": None}


def _merged(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """Return the experiment after a top-up: all models and prompts, the larger repetitions."""
    merged = dict(old) | dict(new)
    for key in ("models", "prompts"):
        merged[key] = list(dict.fromkeys([*old.get(key, []), *new.get(key, [])]))
    for key in ("repetitions", "wordings"):
        if key in merged:
            merged[key] = max(old.get(key, 0), new.get(key, 0))
    if merged.get("budget_gpu_hours") is None and "budget_gpu_hours" in old:
        merged["budget_gpu_hours"] = old["budget_gpu_hours"]
    return merged
