"""What the store should hold: the rules of the queue in plain Python."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from core.states import JOB_MOVES, AttemptOutcome, FailureKind, JobState
from db.queue.claims import Failure
from tests.support.oracle import JobKey

_MOVES = frozenset(JOB_MOVES)
OPEN = frozenset({JobState.QUEUED, JobState.RUNNING})


@dataclass(slots=True, kw_only=True)
class AttemptModel:
    """One execution, as far as the store records it."""

    attempt_no: int
    worker: uuid.UUID
    outcome: AttemptOutcome = AttemptOutcome.RUNNING
    error_class: str | None = None


@dataclass(slots=True, kw_only=True)
class JobModel:
    """One job and everything that was tried."""

    job_id: int
    key: JobKey
    queue: str
    priority: int
    max_attempts: int
    held: bool = False
    state: JobState = JobState.QUEUED
    retried_after: int = 0
    #: Attempts since then that were handed back at no cost.
    forgiven: int = 0
    #: Its pause after a failure is over.
    available: bool = True
    #: Its lease has expired, unnoticed so far.
    overdue: bool = False
    failure_kind: FailureKind | None = None
    attempts: list[AttemptModel] = field(default_factory=list)

    @property
    def attempt_no(self) -> int:
        """The fencing token of the last attempt; 0 before the first."""
        return len(self.attempts)

    @property
    def claimable(self) -> bool:
        """Whether a worker may have it now."""
        return self.state is JobState.QUEUED and self.available and not self.held

    def owned_by(self, attempt_no: int) -> bool:
        """Whether this attempt is the one that may write."""
        return self.state is JobState.RUNNING and self.attempt_no == attempt_no

    def claim(self, worker: uuid.UUID) -> int:
        """Start the next attempt and return its number."""
        self._move(JobState.RUNNING, "claim")
        self.attempts.append(AttemptModel(attempt_no=self.attempt_no + 1, worker=worker))
        return self.attempt_no

    def commit(self) -> None:
        """End with a result."""
        self._move(JobState.SUCCEEDED, "commit")
        self.attempts[-1].outcome = AttemptOutcome.SUCCEEDED
        self.failure_kind = None

    def give_up(self, failure: Failure, *, backoff: bool) -> JobState:
        """End an attempt with an error.

        ``backoff`` says whether the pause before the next is longer than nothing.
        """
        mine = self.attempts[-1]
        poison = failure.contagious and any(
            other.outcome is AttemptOutcome.FAILED
            and other.error_class == failure.error_class
            and other.worker != mine.worker
            for other in self.attempts[self.retried_after : -1]
        )
        mine.outcome, mine.error_class = AttemptOutcome.FAILED, failure.error_class
        self.failure_kind = FailureKind.POISON if poison and failure.retry else failure.kind
        self.max_attempts += failure.forgiven
        self.forgiven += failure.forgiven
        if not failure.retry:
            self._move(JobState.FAILED, "input refused")
        elif poison or self.attempt_no >= self.max_attempts:
            self._move(JobState.DEAD, "attempt failed or lease expired, no attempts left")
        else:
            self._move(JobState.QUEUED, "attempt failed or lease expired, attempts left")
            self.available = not backoff or failure.forgiven
        return self.state

    def expire(self) -> None:
        """Be taken from a worker that was not heard of."""
        mine = self.attempts[-1]
        mine.outcome, mine.error_class = AttemptOutcome.LOST, "LEASE_EXPIRED"
        self.failure_kind = FailureKind.INFRA
        if self.attempt_no >= self.max_attempts:
            self._move(JobState.DEAD, "attempt failed or lease expired, no attempts left")
        else:
            self._move(JobState.QUEUED, "attempt failed or lease expired, attempts left")
            self.available = True

    def cancel(self) -> None:
        """Be taken back by the user; an attempt that runs has nothing to write to any more."""
        if self.state is JobState.RUNNING:
            self.attempts[-1].outcome = AttemptOutcome.CANCELLED
        self._move(JobState.CANCELLED, "cancel")

    def retry(self, *, held: bool) -> None:
        """Be put back with as many attempts as at first."""
        self._move(JobState.QUEUED, "retry")
        self.max_attempts = self.attempt_no + self.max_attempts - self.retried_after - self.forgiven
        self.forgiven, self.retried_after = 0, self.attempt_no
        self.held, self.available, self.failure_kind = held, True, None

    def drop(self) -> None:
        """Be given up for good."""
        self._move(JobState.CANCELLED, "drop")

    def _move(self, to: JobState, cause: str) -> None:
        assert (self.state, to, cause) in _MOVES, (
            f"no move leads from {self.state} to {to} by {cause}"
        )
        self.state, self.overdue = to, False


@dataclass(slots=True, kw_only=True)
class RunModel:
    """One run."""

    experiment_hash: str
    paused: bool = False
    cancelled: bool = False


class StoreModel:
    """All runs and jobs."""

    def __init__(self) -> None:
        self.runs: dict[uuid.UUID, RunModel] = {}
        self.jobs: dict[int, JobModel] = {}

    def planned(self) -> set[JobKey]:
        """Return the keys of all jobs."""
        return {job.key for job in self.jobs.values()}

    def of_run(self, run_id: uuid.UUID) -> list[JobModel]:
        """Return the jobs of a run."""
        return [job for job in self.jobs.values() if job.key.run_id == run_id]

    def claimable(self, queues: Collection[str]) -> list[JobModel]:
        """Return what workers of these queues could claim now."""
        return [job for job in self.jobs.values() if job.claimable and job.queue in queues]

    def best(self, queues: Collection[str], loaded: str | None) -> JobModel | None:
        """Return the next job of a worker: its loaded model first, then priority, then age."""
        order = {
            job.job_id: (job.key.model != loaded, job.priority, job.job_id)
            for job in self.claimable(queues)
        }
        return self.jobs[min(order, key=lambda job_id: order[job_id])] if order else None

    def expire(self) -> int:
        """Take back every job whose lease has run out and return how many there were."""
        overdue = [job for job in self.jobs.values() if job.overdue]
        for job in overdue:
            job.expire()
        return len(overdue)

    def cancel(self, run_id: uuid.UUID) -> int:
        """Cancel what is open of a run and return how many jobs that were."""
        ended = [job for job in self.of_run(run_id) if job.state in OPEN]
        for job in ended:
            job.cancel()
        self.runs[run_id].cancelled = True
        return len(ended)

    def pause(self, run_id: uuid.UUID) -> tuple[int, int]:
        """Hold what is open of a run; return how many jobs were queued and how many run."""
        self.runs[run_id].paused = True
        marked = [job for job in self.of_run(run_id) if job.state in OPEN and not job.held]
        for job in marked:
            job.held = True
        running = sum(job.state is JobState.RUNNING for job in marked)
        return len(marked) - running, running

    def resume(self, run_id: uuid.UUID) -> int:
        """Release what is held of a run; return how many queued jobs that were."""
        self.runs[run_id].paused = False
        held = [job for job in self.of_run(run_id) if job.held]
        for job in held:
            job.held = False
        return sum(job.state is JobState.QUEUED for job in held)

    def retry(self, run_id: uuid.UUID | None, states: Sequence[JobState]) -> list[int]:
        """Put back the jobs in these states, of one run or of all, and return their ids."""
        picked = [job for job in self._of(run_id) if job.state in states]
        for job in picked:
            job.retry(held=self.runs[job.key.run_id].paused)
        return sorted(job.job_id for job in picked)

    def drop(self, run_id: uuid.UUID | None) -> list[int]:
        """Cancel the dead jobs, of one run or of all, and return their ids."""
        picked = [job for job in self._of(run_id) if job.state is JobState.DEAD]
        for job in picked:
            job.drop()
        return sorted(job.job_id for job in picked)

    def _of(self, run_id: uuid.UUID | None) -> Iterable[JobModel]:
        return self.jobs.values() if run_id is None else self.of_run(run_id)
