"""The quickstart: written answers through queue and scorer, then two tiny models through vLLM."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from core.settings import Settings
from db.results.reading import Results, read_results
from db.runs.run import Progress, Run, cancel_run, find_run
from orchestrator.connections import Connections, connect
from orchestrator.console import duration
from orchestrator.errors import UsageFault
from orchestrator.models.registry import load_registry
from orchestrator.runs.experiment import Experiment
from orchestrator.runs.submit import plan, submit_experiment
from orchestrator.runs.watch import follow
from orchestrator.supervisor import Supervisor, SupervisorFile, reconciler_spec, worker_specs
from reports.results.document import result_document
from reports.tables.results import result_tables

BASE = "smollm2"
#: The base's 4-bit sibling, and its replacement on processors for which vLLM has no 4-bit kernel.
FOUR_BIT, ROUNDED = "smollm2-awq", "smollm2-rounded"
#: Written answers, the careful ones first.
WRITTEN = ("example:complete", "example:hasty")
#: How long a job may continue after Ctrl-C.
GRACE_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One run of a quickstart, as it ended."""

    run: Run
    progress: Progress
    results: Results

    def tables(self) -> list[Table]:
        """Return the run's tables."""
        return result_tables(result_document(self.results))


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """What a quickstart left behind."""

    #: The written answers; no model.
    written: Part
    #: The tiny models.
    compared: Part
    folder: Path
    took_s: float

    @property
    def parts(self) -> tuple[Part, Part]:
        """Both runs in their order."""
        return self.written, self.compared


def models(cpuinfo: str) -> tuple[str, str]:
    """Return the models to compare: vLLM computes in 4 bits only with AVX-512."""
    flags = next((line for line in cpuinfo.splitlines() if line.startswith("flags")), "")
    return BASE, FOUR_BIT if "avx512f" in flags.split() else ROUNDED


def written_experiment() -> Experiment:
    """Return the experiment of the written answers: they are the same each time, so once."""
    return Experiment(
        name="quickstart-written",
        models=WRITTEN,
        problems="examples",
        repetitions=1,
        priority=-101,
    )


def experiment(compared: tuple[str, str], *, repetitions: int, max_tokens: int) -> Experiment:
    """Return the experiment: the tiny model in bf16 against itself rounded to 4 bits."""
    return Experiment(
        name="quickstart",
        models=compared,
        problems="starter",
        repetitions=repetitions,
        max_tokens=max_tokens,
        temperature=0.0,
        # Ahead of everything else in this database: the user is watching.
        priority=-100,
    )


def run_quickstart(console: Console, *, repetitions: int, max_tokens: int) -> Finished:
    """Run both experiments and write the results; stop what was started, leave what already ran."""
    started_s = time.monotonic()
    settings = Settings.from_environment()
    compared = models(Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace"))
    if ROUNDED in compared:
        lacks = "this processor lacks AVX-512, so vLLM cannot compute in 4 bits"
        console.print(f"{lacks}; the rounded weights are stored in bf16")
    _make_models(console, compared)
    wanted = experiment(compared, repetitions=repetitions, max_tokens=max_tokens)
    with connect(broker=True, name="quickstart") as connections:
        place = f"embedded, under {settings.home}" if connections.endpoints.embedded else "yours"
        console.print(f"database and broker: {place}")
        runs = [_submit(connections, settings, one, console)
                for one in (written_experiment(), wanted)]  # fmt: skip
        ended = _work(connections, settings, runs, console)
        written, tiny = (
            Part(run=run, progress=progress, results=read_results(connections.engine, run.run_id))
            for run, progress in zip(runs, ended, strict=True)
        )
    folder = _write(settings, (written, tiny))
    took_s = time.monotonic() - started_s
    return Finished(written=written, compared=tiny, folder=folder, took_s=took_s)


def next_commands(run: str) -> tuple[str, ...]:
    """Return what to try next, each as it works from here."""
    program = _program()
    columns, scores = "problem, repetition, score7, answer_correct", "analytics_v1.scores"
    query = f"\"SELECT {columns} FROM {scores} WHERE run = '{run}'\""  # noqa: S608 - printed
    return (
        f"{program} report {run} -o report.html",
        f"{program} db shell -- -c {query}",
        (
            f"{program} up && {program} submit --model {BASE} --problems starter --prompt plain "
            f"--prompt stepwise --max-tokens 96 --watch; {program} down"
        ),
    )


def _program() -> str:
    """Return how this environment's evalctl is called from here: by its name or its path."""
    installed = Path(sys.executable).parent / "evalctl"
    found = shutil.which("evalctl")
    if found is not None and os.path.realpath(found) == os.path.realpath(installed):
        return "evalctl"
    here = Path.cwd()
    return str(installed.relative_to(here) if installed.is_relative_to(here) else installed)


def _make_models(console: Console, names: tuple[str, ...]) -> None:
    """Create the bundled models' folders in a process of the workers."""
    started_s = time.monotonic()
    command = [sys.executable, "-m", "workers.bundled_model", *names]
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    if made.returncode:
        reason = (made.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise UsageFault(f"the tiny models could not be created: {reason}")
    console.print(f"tiny models are ready ({duration(time.monotonic() - started_s)})")


def _submit(
    connections: Connections, settings: Settings, wanted: Experiment, console: Console
) -> Run:
    planned = plan(wanted, load_registry(settings), new=True)
    done = submit_experiment(connections.engine, connections.broker, planned).submitted
    sizes = f"{len(planned.models)} models x {len(planned.problems)} problems"
    if planned.models[0].engine == "replay":
        sizes = f"{len(planned.models)} sources of written answers x {len(planned.problems)}"
    console.print(f"run {done.name}: {done.jobs} jobs ({sizes} x {wanted.repetitions})")
    return find_run(connections.engine, str(done.run_id))


def _work(
    connections: Connections, settings: Settings, runs: list[Run], console: Console
) -> list[Progress]:
    """Follow the runs with their own reconciler and CPU worker, unless `evalctl up` has some."""
    if SupervisorFile(settings).running() is not None:
        return [follow(connections.engine, run, console) for run in runs]
    supervisor = Supervisor(settings, [reconciler_spec(), *worker_specs([], 1)])
    try:
        ended = [follow(connections.engine, run, console, check=supervisor.poll) for run in runs]
    except BaseException:
        # Ctrl-C: the rest must not delay the next quickstart.
        for run in runs:
            cancel_run(connections.engine, run)
        supervisor.end(GRACE_S)
        raise
    supervisor.end()
    return ended


def _write(settings: Settings, parts: tuple[Part, Part]) -> Path:
    """Write each run's results into a folder of its name; return that of the last one."""
    for part in parts:
        folder = settings.home / "results" / part.run.name
        folder.mkdir(parents=True, exist_ok=True)
        document = {"run": str(part.run.run_id), "name": part.run.name}
        document |= {"state": part.progress.state} | result_document(part.results)
        text = json.dumps(document, indent=2, default=float, ensure_ascii=False)
        (folder / "results.json").write_text(text, encoding="utf-8")
        with (folder / "tables.txt").open("w", encoding="utf-8") as file:
            plain = Console(file=file, width=160)
            for table in part.tables():
                plain.print(table)
    return folder
