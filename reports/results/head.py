"""What a result is of: run, date, problems, prompts, language and mode, in a few lines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from db.runs.run import Run

#: Hexadecimal digits of a hash that people are shown.
DIGITS = 12


def run_head(run: Run) -> dict[str, Any]:
    """Return the keys of ``results`` that say what the run is; None where it is not known."""
    experiment, provenance = run.experiment, run.provenance
    return {
        "problem_set": experiment.get("problems"),
        "problem_set_hash": provenance.get("problem_set_hash"),
        "prompt_versions": dict.fromkeys(experiment.get("prompts", ()))
        | provenance.get("prompt_versions", {}),
        "language": experiment.get("language"),
        "mode": run.mode,
        "created_at": run.created_at,
    }


def head_lines(run: Run) -> Iterator[str]:
    """Yield lines for people: the run, then what it asked."""
    head = run_head(run)
    yield f"run {run.name} of {run.created_at:%Y-%m-%d %H:%M} UTC, {run.mode} mode"
    if head["problem_set"]:
        yield f"problems: {_with_hash(head['problem_set'], head['problem_set_hash'])}"
    if prompts := [_with_hash(*each) for each in head["prompt_versions"].items()]:
        yield f"prompts: {', '.join(prompts)}; language: {head['language'] or '-'}"


def _with_hash(name: str, digest: str | None) -> str:
    return f"{name} ({digest[:DIGITS]})" if digest else name
