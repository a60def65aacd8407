"""Run deploy/slurm/worker.sbatch as Slurm does, with stand-ins for srun and scancel.

The batch shell, the worker and the signals are real. Slurm's own part is played: which process gets
which signal, and the variables of the job.
"""

from __future__ import annotations

import os
import shlex
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.support.processes import ROOT, LoggingProcess, lives, running

SCRIPT = ROOT / "deploy" / "slurm" / "worker.sbatch"
STAND_INS = ROOT / "tests" / "support" / "slurm"


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchJob:
    """One job of Slurm: its batch shell, and the file that names the tasks of its step."""

    shell: LoggingProcess
    step: Path

    def tasks(self) -> list[int]:
        """Return the pids of the tasks."""
        text = self.step.read_text(encoding="utf-8") if self.step.exists() else ""
        return [int(pid) for pid in text.split()]

    def before_the_limit(self, within_s: float = 60.0) -> int:
        """Signal the batch shell alone, as ``--signal=B:TERM@...`` does; return its exit code."""
        return self.shell.stop(signal.SIGTERM, within_s)

    def cancel(self, within_s: float = 30.0) -> int:
        """Signal all at once, as ``scancel JOB`` and the limit do 30 s before they kill."""
        for pid in self.tasks():
            os.kill(pid, signal.SIGTERM)
        return self.shell.stop(signal.SIGTERM, within_s)


def write_settings(folder: Path, environment: dict[str, str], mode: int = 0o600) -> Path:
    """Write the file of settings that the script reads, with these variables of evalctl."""
    path = folder / "cluster.env"
    ours = {key: value for key, value in environment.items() if key.startswith("EVALCTL_")}
    lines = [f"{key}={shlex.quote(value)}" for key, value in ours.items()]
    lines.append(f"PATH={shlex.quote(str(Path(sys.executable).parent))}:$PATH")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    path.chmod(mode)
    return path


@contextmanager
def batch_job(
    environment: dict[str, str],
    settings: Path,
    *arguments: str,
    job_id: int = 101,
    gpus: Sequence[str] = ("",),
) -> Iterator[BatchJob]:
    """Run the script for the block, a task per entry of ``gpus``, and kill what is left of it."""
    folder = settings.parent
    slurm = {
        "PATH": f"{STAND_INS}:/usr/local/bin:/usr/bin:/bin",
        "CLUSTER_ENV": str(settings),
        "SLURM_JOB_ID": str(job_id),
        "SLURM_NTASKS": str(len(gpus)),
        "STAND_IN_GPUS": " ".join(gpus),
        "STAND_IN_STEPS": str(folder),
    }
    kept = {key: value for key, value in environment.items() if not key.startswith("EVALCTL_")}
    with running(["bash", str(SCRIPT), *arguments], kept | slurm) as shell:
        job = BatchJob(shell=shell, step=folder / f"{job_id}.0")
        try:
            yield job
        finally:
            for pid in filter(lives, job.tasks()):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
