"""What to say when a run has ended, or when its user stops watching it."""

from __future__ import annotations

from collections.abc import Iterator

from core.counts import counted
from core.states import JobState
from db.runs.run import Progress, Run


def ending_lines(run: Run, progress: Progress) -> Iterator[str]:
    """Yield what came of a run and what to do next; why, where it ended badly."""
    results = f"`evalctl results {run.name}` shows the results"
    if progress.state == "succeeded":
        yield f"run {run.name} succeeded; {results}"
        return
    done = progress.count(JobState.SUCCEEDED)
    yield f"run {run.name}: {progress.state}, {done} of {counted(progress.total, 'job')} succeeded"
    for failure in progress.failures:
        jobs = f"{counted(failure['jobs'], 'job')} {failure['state']}"
        example = (failure["example"] or "").strip() or "no message"
        yield f"  {jobs} ({failure['model']}, {failure['error_class']}): {example}"
    if progress.count(JobState.FAILED, JobState.DEAD):
        yield (
            f"`evalctl dead list {run.name}` shows the jobs, `evalctl logs engine JOB` the log of "
            f"a job's engine, `evalctl retry {run.name}` requeues them"
        )
    if progress.state == "paused":
        yield paused_line(run)
    if progress.state == "cancelled":
        yield "it was cancelled; submit its experiment with --new to run it again"
    if done:
        yield f"{results} so far"


def paused_line(run: Run) -> str:
    """Say why a run is paused, and how it goes on."""
    if run.pause_reason is None:
        return f"resume it with `evalctl resume {run.name}`"
    return (
        f"it is paused: {run.pause_reason}; `evalctl resume {run.name} --budget-gpu-hours N` "
        "goes on with a larger budget"
    )


def unwatched_line(run: Run, progress: Progress, *, workers: int) -> str:
    """Return what becomes of a run that is no longer watched."""
    again = f"`evalctl watch {run.name}` follows it again, `evalctl cancel {run.name}` ends it"
    if not progress.open:
        return f"stopped watching; run {run.name} has ended: {progress.state}"
    if not workers:
        return f"stopped watching; run {run.name} waits for a worker (`evalctl up`); {again}"
    return f"stopped watching; run {run.name} continues; {again}"
