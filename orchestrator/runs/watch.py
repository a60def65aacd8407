"""Follow a run until it ends: progress and expected time, drawn for people."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Column
from sqlalchemy import Engine

from core.counts import counted
from core.states import JobState
from db.queue.fleet import WorkerRow, list_workers
from db.runs.run import Progress as RunProgress
from db.runs.run import Run, find_run, run_progress
from orchestrator.console import duration, say
from orchestrator.runs.ending import ending_lines, unwatched_line

POLL_S = 1.0


def follow(
    engine: Engine, run: Run, console: Console, *, check: Callable[[], None] = lambda: None
) -> RunProgress:
    """Draw a run's progress until no job is open, or its budget has paused it.

    ``check``, called at each poll, may raise.
    """
    clock = TextColumn("{task.fields[age]}")  # of the run, not of watching it
    figures = (BarColumn(bar_width=20), MofNCompleteColumn(), clock)
    columns = (TextColumn("{task.description}"), *figures)
    # Where 80 columns do not hold all, the note goes on in the next line; the others stay whole.
    eta = TextColumn("{task.fields[eta]}", table_column=Column())
    with Progress(*columns, eta, console=console, transient=not console.is_terminal) as bar:
        task = bar.add_task(run.name, total=None, eta="", age="")
        shown: tuple[int, bool] | None = None
        while True:
            check()
            now = find_run(engine, str(run.run_id))
            progress = run_progress(engine, now)
            finished = progress.total - progress.open
            note = _note(engine, progress)
            age = _age(run) if progress.open else ""
            bar.update(task, total=progress.total, completed=finished, eta=note, age=age)
            mark = (finished, bool(progress.open))
            if not console.is_terminal and mark != shown and _prints_line(finished, progress):
                done = f"{finished} of {counted(progress.total, 'job')}"
                console.print(f"{time.strftime('%H:%M:%S')} {run.name}: {done}, {note}")
                shown = mark
            if not progress.open or _waits_for_a_budget(now, progress):
                return progress
            time.sleep(POLL_S)


def watched(
    engine: Engine, run: Run, console: Console, *, check: Callable[[], None] = lambda: None
) -> RunProgress:
    """Follow a run to its end and say what came of it; Ctrl-C says what becomes of the run."""
    try:
        progress = follow(engine, run, console, check=check)
    except KeyboardInterrupt:
        progress = run_progress(engine, find_run(engine, str(run.run_id)))
        workers = len(list_workers(engine))
        say(unwatched_line(run, progress, workers=workers), err=True)
        raise
    say(*ending_lines(find_run(engine, str(run.run_id)), progress), err=console.stderr)
    return progress


def _note(engine: Engine, progress: RunProgress) -> str:
    if not progress.open:
        return progress.state
    if progress.state == "paused":
        return "paused; resume it with `evalctl resume`"
    workers = list_workers(engine)
    if not workers:
        return "no worker: run `evalctl up`"  # with the run's name within 80 columns
    states = ", ".join(sorted({_doing(row) for row in workers}))
    eta = "no ETA yet" if progress.eta_s is None else f"ETA {duration(progress.eta_s)}"
    return f"{eta} ({states})"


def _doing(worker: WorkerRow) -> str:
    return f"{'silent' if worker.silent else worker.state} {worker.model or ''}".strip()


def _waits_for_a_budget(run: Run, progress: RunProgress) -> bool:
    """Return whether nothing goes on until a person gives the run more."""
    paused = progress.state == "paused" and run.pause_reason is not None
    return paused and not progress.count(JobState.RUNNING)


def _age(run: Run) -> str:
    """Return how long ago the run was submitted."""
    return duration(max(0.0, (dt.datetime.now(dt.UTC) - run.created_at).total_seconds()))


def _prints_line(finished: int, progress: RunProgress) -> bool:
    """Return whether to print a line where output is a file: once for every tenth of the jobs."""
    step = max(1, progress.total // 10)
    return finished % step == 0 or not progress.open
