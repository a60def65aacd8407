"""Submit an experiment: plan its jobs, write them, then try to publish their hints."""

from __future__ import annotations

import platform
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from core.errors import ServiceUnreachable
from core.hints import HintBroker
from db.queue.outbox import publish_outbox
from db.runs.control import holding_runs
from db.runs.submissions import ProblemRecord, PromptRecord, Submission, Submitted, submit
from orchestrator.errors import UsageFault
from orchestrator.models.registry import Registry
from orchestrator.models.vllm_names import lacking_option
from orchestrator.runs.experiment import Experiment
from problems.loader import ProblemSet, load_set
from problems.prompt_styles import PromptTemplate, find_templates
from problems.schema import Problem

#: Hints that the submitter publishes itself; the reconciler publishes the rest.
PUBLISH_AT_MOST = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Outcome of a submit."""

    submitted: Submitted
    published: int
    warnings: tuple[str, ...] = field(default_factory=tuple)

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON contract of ``submit``."""
        return {
            "run": str(self.submitted.run_id),
            "name": self.submitted.name,
            "new": self.submitted.new_run,
            "jobs": self.submitted.jobs,
            "created": self.submitted.created,
            "existing": self.submitted.existing,
            "published": self.published,
            "warnings": list(self.warnings),
        }


def record_of(problem: Problem) -> ProblemRecord:
    """Return a problem as it is stored with its jobs."""
    return ProblemRecord(
        name=problem.id,
        content_hash=problem.content_hash,
        category=problem.level,
        document=problem.to_dict(),
    )


def record_of_prompt(template: PromptTemplate) -> PromptRecord:
    """Return a prompt as it is stored with its jobs."""
    return PromptRecord(name=template.name, version=template.version, document=template.to_dict())


def plan(experiment: Experiment, registry: Registry, *, new: bool = False) -> Submission:
    """Resolve models and problems; raise ``UsageFault`` or ``ProblemError`` for missing ones."""
    models = tuple(registry.runnable(name) for name in dict.fromkeys(experiment.models))
    problem_set = load_set(experiment.problems)
    if not len(problem_set):
        raise UsageFault(f"the problem set {experiment.problems!r} contains no problems")
    lacking = [one.id for one in problem_set if experiment.language not in one.statement]
    if lacking:
        raise UsageFault(
            f"{len(lacking)} of {len(problem_set)} problems have no statement in the language "
            f"{experiment.language!r}, e.g. {lacking[0]}"
        )
    templates = find_templates(experiment.prompts, experiment.wordings)
    speechless = [one.name for one in templates if experiment.language not in one.user]
    if speechless:
        raise UsageFault(
            f"the prompt {speechless[0]} has no wording in the language {experiment.language!r}"
        )
    problems = tuple(record_of(problem) for problem in problem_set)
    experiment_hash = experiment.identity_hash(problem_set.content_hash)
    hashes = {
        "problem_set_hash": problem_set.content_hash,
        "prompt_versions": {template.name: template.version for template in templates},
    }
    return Submission(
        name=experiment.name or f"{_slug(problem_set)}-{experiment_hash[:6]}",
        experiment_hash=experiment_hash,
        experiment=experiment.to_dict(),
        provenance=provenance() | hashes,
        models=models,
        problems=problems,
        prompts=tuple(template.name for template in templates),
        templates=tuple(record_of_prompt(template) for template in templates),
        repetitions=experiment.repetitions,
        mode=experiment.mode,
        sampling=experiment.sampling(models[0]),
        samplings={model.name: experiment.sampling(model) for model in models},
        priority=experiment.priority,
        max_attempts=experiment.max_attempts,
        fresh_engine=experiment.fresh_engine,
        new=new,
        budget_gpu_hours=experiment.budget_gpu_hours,
    )


#: Tokens below which a model that thinks before it answers is cut off in mid-thought.
REASONING_TOKENS = 8192


def submission_warnings(submission: Submission) -> tuple[str, ...]:
    """Return what a user should know before the jobs run: answers that will be cut off."""
    warnings = []
    for model in submission.models:
        if (lacks := lacking_option(model)) is not None:
            warnings.append(f"{lacks}; a worker with that version refuses its jobs")
        sampling = submission.samplings.get(model.name)
        if sampling is None or sampling.fixed_length:
            continue
        context = model.options.get("max_model_len")
        context = context if isinstance(context, int) and context > 0 else None
        room = min(sampling.max_tokens, context or sampling.max_tokens)
        if model.reasons and room < REASONING_TOKENS:
            limit = "max_tokens" if room == sampling.max_tokens else "its max_model_len"
            warnings.append(
                f"model {model.name} thinks before it answers, and {limit} leaves it {room} tokens:"
                f" many answers will be cut off; give it {REASONING_TOKENS} or more "
                "(--max-tokens, or sampling.max_tokens in the registry)"
            )
        elif context is not None and sampling.max_tokens > context:
            warnings.append(
                f"model {model.name}: max_tokens {sampling.max_tokens} is more than its "
                f"max_model_len {context}: the prompt and the answer share these"
            )
    return tuple(warnings)


def submit_experiment(engine: Engine, broker: HintBroker | None, submission: Submission) -> Outcome:
    """Write the jobs; then publish hints as far as the broker takes them."""
    submitted = submit(engine, submission)
    warnings = list(submission_warnings(submission))
    if submitted.taken_name is not None:
        warnings.append(
            f"a run of another experiment has the name {submitted.taken_name}; this one is "
            f"{submitted.name}"
        )
    if submitted.paused:
        warnings.append(_held_warning(submitted.name))
    warnings += [
        f"model {model} has changed since run {submitted.name} was first submitted: times of the "
        "two settings are kept apart, scores of one model are not; use --new for a new run"
        for model in submitted.changed_models
    ]
    published, trouble = publish_hints(engine, broker)
    return Outcome(submitted=submitted, published=published, warnings=(*warnings, *trouble))


def held_warnings(engine: Engine, job_ids: Sequence[int]) -> tuple[str, ...]:
    """Return a warning for each paused run that holds some of these jobs."""
    return tuple(_held_warning(run) for run in holding_runs(engine, job_ids))


def _held_warning(run: str) -> str:
    return f"run {run} is paused; resume it with `evalctl resume {run}`"


def publish_hints(engine: Engine, broker: HintBroker | None) -> tuple[int, tuple[str, ...]]:
    """Publish the outbox's first hints; return how many, and a warning where the broker is down."""
    if broker is None:
        return 0, ()
    try:
        return publish_outbox(engine, broker, limit=PUBLISH_AT_MOST), ()
    except ServiceUnreachable as error:
        return 0, (f"queued, but the broker is unreachable: {error}",)


def provenance() -> dict[str, Any]:
    """Return where a run is submitted from: versions, host, git commit where there is one."""
    versions = {"evalctl": _version("evalctl"), "python": platform.python_version()}
    return versions | {"host": platform.node(), "git_commit": _git_commit()}


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "unknown"


def _git_commit() -> str | None:
    root = Path(__file__).resolve().parents[2]
    command = ["git", "-C", str(root), "rev-parse", "HEAD"]
    try:
        found = subprocess.run(command, capture_output=True, text=True, timeout=5, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return found.stdout.strip() or None


def _slug(problem_set: ProblemSet) -> str:
    first, *more = problem_set.name.split(",")
    stem = Path(first).stem.strip() or "run"
    return f"{stem}-and-{len(more)}-more" if more else stem
