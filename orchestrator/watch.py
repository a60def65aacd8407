"""Follow a run until it ends: progress and expected time, drawn for people."""

from __future__ import annotations

import time
from collections.abc import Callable

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from sqlalchemy import Engine

from db.fleet import list_workers
from db.runs import Progress as RunProgress
from db.runs import Run, find_run, run_progress
from orchestrator.console import duration

POLL_S = 1.0


def follow(
    engine: Engine, run: Run, console: Console, *, check: Callable[[], None] = lambda: None
) -> RunProgress:
    """Draw a run's progress until no job is open; ``check``, called at each poll, may raise."""
    figures = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    columns = (TextColumn("{task.description}"), *figures)
    eta = TextColumn("{task.fields[eta]}")
    with Progress(*columns, eta, console=console, transient=not console.is_terminal) as bar:
        task = bar.add_task(run.name, total=None, eta="")
        shown: tuple[int, bool] | None = None
        while True:
            check()
            progress = run_progress(engine, find_run(engine, str(run.run_id)))
            finished = progress.total - progress.open
            note = _note(engine, progress)
            bar.update(task, total=progress.total, completed=finished, eta=note)
            mark = (finished, bool(progress.open))
            if not console.is_terminal and mark != shown and _prints_line(finished, progress):
                at, jobs = time.strftime("%H:%M:%S"), f"{finished} of {progress.total} jobs"
                console.print(f"{at} {run.name}: {jobs}, {note}")
                shown = mark
            if not progress.open:
                return progress
            time.sleep(POLL_S)


def _note(engine: Engine, progress: RunProgress) -> str:
    if not progress.open:
        return progress.state
    if progress.state == "paused":
        return "paused; resume it with `evalctl resume`"
    workers = list_workers(engine)
    if not workers:
        return "waiting for a worker; start one with `evalctl up`"
    states = ", ".join(sorted({f"{row.state} {row.model or ''}".strip() for row in workers}))
    return f"ETA {duration(progress.eta_s)} ({states})"


def _prints_line(finished: int, progress: RunProgress) -> bool:
    """Return whether to print a line where output is a file: once for every tenth of the jobs."""
    step = max(1, progress.total // 10)
    return finished % step == 0 or not progress.open
