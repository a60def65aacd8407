"""The quickstart: a real comparison of two tiny models through vLLM on the CPU."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from core.settings import Settings
from db.results import Results, read_results
from db.runs import Progress, Run, cancel_run, find_run
from orchestrator.connections import Connections, connect
from orchestrator.console import duration
from orchestrator.errors import UsageFault
from orchestrator.experiment import Experiment
from orchestrator.registry import load_registry
from orchestrator.submit import plan, submit_experiment
from orchestrator.supervisor import Supervisor, SupervisorFile, reconciler_spec, worker_specs
from orchestrator.watch import follow
from reports.result_document import result_document
from reports.tables import result_tables

BASE = "smollm2"
#: The base's 4-bit sibling, and its replacement on processors for which vLLM has no 4-bit kernel.
FOUR_BIT, ROUNDED = "smollm2-awq", "smollm2-rounded"
#: How long a job may continue after Ctrl-C.
GRACE_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """What a quickstart left behind."""

    run: Run
    progress: Progress
    results: Results
    folder: Path
    took_s: float


def models(cpuinfo: str) -> tuple[str, str]:
    """Return the models to compare: vLLM computes in 4 bits only with AVX-512."""
    flags = next((line for line in cpuinfo.splitlines() if line.startswith("flags")), "")
    return BASE, FOUR_BIT if "avx512f" in flags.split() else ROUNDED


def experiment(compared: tuple[str, str], *, repetitions: int, max_tokens: int) -> Experiment:
    """Return the experiment: the tiny model in bf16 against itself rounded to 4 bits."""
    return Experiment(
        name="quickstart",
        models=compared,
        problems="quickstart",
        repetitions=repetitions,
        max_tokens=max_tokens,
        temperature=0.7,
        top_p=0.9,
        # Ahead of everything else in this database: the user is watching.
        priority=-100,
    )


def run_quickstart(console: Console, *, repetitions: int, max_tokens: int) -> Finished:
    """Run the comparison and write its results; stop what was started, leave what already ran."""
    started_s = time.monotonic()
    settings = Settings.from_environment()
    compared = models(Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace"))
    if ROUNDED in compared:
        lacks = "this processor lacks AVX-512, so vLLM cannot compute in 4 bits"
        console.print(f"{lacks}; the rounded weights are stored in bf16")
    _make_models(console, compared)
    with connect(broker=True, name="quickstart") as connections:
        place = f"embedded, under {settings.home}" if connections.endpoints.embedded else "yours"
        console.print(f"database and broker: {place}")
        comparison = experiment(compared, repetitions=repetitions, max_tokens=max_tokens)
        wanted = plan(comparison, load_registry(settings), new=True)
        submitted = submit_experiment(connections.engine, connections.broker, wanted).submitted
        sizes = f"{len(wanted.models)} models x {len(wanted.problems)} problems"
        jobs = f"{submitted.jobs} jobs ({sizes} x {repetitions} repetitions)"
        console.print(f"run {submitted.name}: {jobs}")
        run = find_run(connections.engine, str(submitted.run_id))
        progress = _work(connections, settings, run, console)
        results = read_results(connections.engine, run.run_id)
        folder = _write(settings, run, progress, results)
    took_s = time.monotonic() - started_s
    return Finished(run=run, progress=progress, results=results, folder=folder, took_s=took_s)


def _make_models(console: Console, names: tuple[str, ...]) -> None:
    """Create the bundled models' folders in a process of the workers."""
    started_s = time.monotonic()
    command = [sys.executable, "-m", "workers.bundled_model", *names]
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    if made.returncode:
        reason = (made.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise UsageFault(f"the tiny models could not be created: {reason}")
    console.print(f"tiny models are ready ({duration(time.monotonic() - started_s)})")


def _work(connections: Connections, settings: Settings, run: Run, console: Console) -> Progress:
    """Follow the run with its own reconciler and CPU worker, unless `evalctl up` provides them."""
    if SupervisorFile(settings).running() is not None:
        return follow(connections.engine, run, console)
    supervisor = Supervisor(settings, [reconciler_spec(), *worker_specs([], 1)])
    try:
        progress = follow(connections.engine, run, console, check=supervisor.poll)
    except BaseException:
        # Ctrl-C: the rest must not delay the next quickstart.
        cancel_run(connections.engine, run)
        supervisor.end(GRACE_S)
        raise
    supervisor.end()
    return progress


def _write(settings: Settings, run: Run, progress: Progress, results: Results) -> Path:
    folder = settings.home / "results" / run.name
    folder.mkdir(parents=True, exist_ok=True)
    document = {"run": str(run.run_id), "name": run.name, "state": progress.state}
    document |= result_document(results)
    text = json.dumps(document, indent=2, default=float, ensure_ascii=False)
    (folder / "results.json").write_text(text, encoding="utf-8")
    with (folder / "tables.txt").open("w", encoding="utf-8") as file:
        plain = Console(file=file, width=160)
        for table in result_tables(result_document(results)):
            plain.print(table)
    return folder
