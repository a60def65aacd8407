"""What a failed attempt writes: what the error means for its job, and for the server it met."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine

from core.states import FailureKind
from db.queue.claims import (
    ClaimedJob,
    Failure,
    LeaseLost,
    give_up,
    in_batch,
)
from db.queue.servers import hand_back, has_server, hold
from workers.errors import (
    EngineError,
    GenerationCancelled,
    ServerUnavailable,
)
from workers.execution.fenced_write import insist
from workers.lifecycle.event_log import log_event
from workers.lifecycle.lease import EndReason, Lease
from workers.lifecycle.shutdown import Shutdown
from workers.lifecycle.timeouts import Timeouts


class FailureWriter:
    """Write the failures of one worker's attempts."""

    def __init__(self, database: Engine, shutdown: Shutdown, timeouts: Timeouts) -> None:
        self._database = database
        self._shutdown = shutdown
        self._timeouts = timeouts

    def write(self, job: ClaimedJob, lease: Lease, error: Exception) -> None:
        """Write the failure of an attempt. Raise LeaseLost where the attempt is not its job's."""
        if isinstance(error, GenerationCancelled) and lease.reason is EndReason.LOST:
            raise LeaseLost(job.job_id, job.attempt_no) from error
        failure = self._failure(job, lease, error)
        held_s = self._hold(job, lease, failure, error)

        facts: dict[str, Any]

        def store() -> None:
            nonlocal facts
            if isinstance(error, ServerUnavailable) and has_server(job.spec):
                patience_s = self._timeouts.patience_s
                back = hand_back(self._database, job, failure, patience_s=patience_s)
                if back is not None:
                    facts = {"error_class": failure.error_class, "state": back.value}
                    facts |= {"held_s": held_s}
                    log_event(
                        "job.handed_back", error=failure.sentence, **facts, **job.log_context()
                    )
                    return
            state = give_up(self._database, job.job_id, job.attempt_no, failure)
            facts = {"kind": failure.kind.value, "error_class": failure.error_class}
            facts |= {"state": state.value}
            log_event("job.failed", error=failure.sentence, **facts, **job.log_context())

        insist(lease, store)

    def _hold(
        self, job: ClaimedJob, lease: Lease, failure: Failure, error: Exception
    ) -> float | None:
        """Hold the model of a server that failed, for all workers; return for how long."""
        if not isinstance(error, ServerUnavailable) or not error.holds:
            return None
        held: list[float] = []

        def store() -> None:
            found = hold(
                self._database,
                job,
                failure,
                retry_after_s=error.retry_after_s,
                patience_s=self._timeouts.patience_s,
            )
            held.append(round(found.held_s, 1))
            log_event(
                "model.held",
                held_s=held[0],
                failures=found.failures,
                error=failure.sentence,
                **job.log_context(),
            )

        if has_server(job.spec):
            insist(lease, store)
        return held[0] if held else None

    def _failure(self, job: ClaimedJob, lease: Lease, error: Exception) -> Failure:
        """Return what an error means for a job; one that ended several at once blames none."""
        if isinstance(error, GenerationCancelled):
            if lease.reason is EndReason.OVERDUE:
                kind, error_class = FailureKind.TIMED_OUT, "JOB_OVERDUE"
                sentence = f"the attempt took longer than {self._timeouts.job_s:g} s"
            else:
                kind, error_class = FailureKind.INFRA, self._shutdown.error_class
                sentence = self._shutdown.sentence
        elif isinstance(error, EngineError):
            kind, sentence = FailureKind(error.kind), error.sentence
            error_class = in_batch(error.error_class) if error.in_batch else error.error_class
        else:
            log_event("job.error", error=error, **job.log_context())
            kind, error_class = FailureKind.INFRA, "WORKER_ERROR"
            sentence = f"{type(error).__name__}: {error}"
        return Failure(kind=kind, error_class=error_class, sentence=sentence)
