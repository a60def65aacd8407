"""The engine starts of one worker: bring up the engine that a job needs, record the start, know what is loaded."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Engine

from db.claims import ClaimedJob
from db.fleet import note_boot, record_boot
from workers import rows
from workers.deadlines import Deadlines
from workers.engine_host import EngineHost
from workers.engines.protocol import BootReport
from workers.log import log_event


@dataclass(frozen=True, slots=True, kw_only=True)
class Boot:
    """An engine start that serves now, as it is recorded."""

    boot_id: int
    report: BootReport


class Boots:
    """Starts of the engine in one host. Not safe for several threads: nothing may be loaded while another job runs."""

    def __init__(self, database: Engine, host: EngineHost, *, worker_id: uuid.UUID, deadlines: Deadlines) -> None:
        self._database = database
        self._host = host
        self._worker_id = worker_id
        self._deadlines = deadlines
        self._model_id: int | None = None
        self._group: tuple[uuid.UUID, int] | None = None
        self._boot: Boot | None = None
        self._loaded_at_s = time.monotonic()

    @property
    def model_id(self) -> int | None:
        """The model in memory, None when there is none or its engine died."""
        return self._model_id if self._host.loaded is not None else None

    @property
    def group(self) -> tuple[uuid.UUID, int] | None:
        """The run and boot group that the engine was started for, None where any job may use it."""
        return self._group if self._host.loaded is not None else None

    @property
    def boot_id(self) -> int | None:
        """The start that serves now, None when there is none or its engine died."""
        return self._boot.boot_id if self._boot is not None and self._host.loaded is not None else None

    @property
    def loaded_for_s(self) -> float:
        """Seconds since the last start."""
        return time.monotonic() - self._loaded_at_s

    def load(self, job: ClaimedJob, *, on_progress: Callable[[], None], on_start: Callable[[], None]) -> Boot:
        """Return the start that serves this job, bringing it up where it is not up already.

        ``on_start`` is called before an engine is started, ``on_progress`` about once a second while it comes up. Raise
        what ``EngineHost.load`` raises.
        """
        if self._boot is not None and self._host.loaded == job.spec and self._serves(job):
            return self._boot
        on_start()
        log_event("engine.starting", **job.log_context())
        self._host.unload()
        report = self._host.load(job.spec, on_progress=on_progress, timeout_s=self._deadlines.start_s)
        boot_id = record_boot(self._database, rows.boot_row(self._worker_id, job.model_id, report))
        note_boot(self._database, job.job_id, job.attempt_no, boot_id)
        self._boot = Boot(boot_id=boot_id, report=report)
        self._model_id = job.model_id
        self._group = _group_of(job)
        self._loaded_at_s = time.monotonic()
        log_event(
            "engine.ready", start_s=round(report.ready_s - report.started_s, 2), boot_id=boot_id, **job.log_context()
        )
        return self._boot

    def _serves(self, job: ClaimedJob) -> bool:
        """Tell whether the loaded engine may serve the job: one that wants an engine of its own group gets it."""
        wanted = _group_of(job)
        return wanted is None or wanted == self._group


def _group_of(job: ClaimedJob) -> tuple[uuid.UUID, int] | None:
    return None if job.boot_group is None else (job.run_id, job.boot_group)
