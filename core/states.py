"""The states of jobs, attempts and workers, and the moves between them, in one place.

The CHECK constraints of the models mirror these words; ``docs/reference/states.md`` draws them.
"""

from __future__ import annotations

from enum import StrEnum


class JobState(StrEnum):
    """Where a job is in its life."""

    #: Waits to be claimed, from ``available_at`` on.
    QUEUED = "queued"
    #: Claimed by a worker that holds a lease.
    RUNNING = "running"
    #: A result is committed; a bad answer succeeds with a low score.
    SUCCEEDED = "succeeded"
    #: The input was refused, e.g. a prompt longer than the context; never retried by itself.
    FAILED = "failed"
    #: The infrastructure failed as often as ``max_attempts`` allows, or alike on two workers.
    DEAD = "dead"
    #: Taken back by the user before it finished, or dropped after it died.
    CANCELLED = "cancelled"


#: Every move a job may make: (from, to, cause).
JOB_MOVES: tuple[tuple[JobState, JobState, str], ...] = (
    (JobState.QUEUED, JobState.RUNNING, "claim"),
    (JobState.RUNNING, JobState.SUCCEEDED, "commit"),
    (JobState.RUNNING, JobState.FAILED, "input refused"),
    (JobState.RUNNING, JobState.QUEUED, "attempt failed or lease expired, attempts left"),
    (JobState.RUNNING, JobState.DEAD, "attempt failed or lease expired, no attempts left"),
    (JobState.QUEUED, JobState.DEAD, "its model's server served none for too long"),
    (JobState.QUEUED, JobState.CANCELLED, "cancel"),
    (JobState.RUNNING, JobState.CANCELLED, "cancel"),
    (JobState.DEAD, JobState.QUEUED, "retry"),
    (JobState.FAILED, JobState.QUEUED, "retry"),
    (JobState.DEAD, JobState.CANCELLED, "drop"),
)

#: Ended; from here only a user leads on, by the causes below.
TERMINAL = frozenset({JobState.SUCCEEDED, JobState.FAILED, JobState.DEAD, JobState.CANCELLED})

#: The causes that may lead out of a terminal state.
BY_HAND = frozenset({"retry", "drop"})


#: Ends of an answer that is a result of another kind than a plain answer: counted, never scored.
UNSCORED_ENDS = frozenset({"content_filter", "tool_calls"})


class AttemptOutcome(StrEnum):
    """How one execution of a job ended."""

    #: Still running, or its worker died unnoticed so far.
    RUNNING = "running"
    #: Committed the job's result.
    SUCCEEDED = "succeeded"
    #: Ended with an error that its worker reported.
    FAILED = "failed"
    #: Handed back at no cost to the job: its model's server was away, limited or failed.
    HANDED_BACK = "handed_back"
    #: Its lease expired: the worker died, froze or was cut off.
    LOST = "lost"
    #: The job was cancelled while it ran.
    CANCELLED = "cancelled"


class FailureKind(StrEnum):
    """What a failure means for the job."""

    #: Engine died, database lost, weights missing on this worker: try again, elsewhere if possible.
    INFRA = "infra"
    #: The same error on two different workers: the job itself does it, so it is not tried again.
    POISON = "poison"
    #: The input is refused by every engine of this model: no retry.
    REJECTED = "rejected"
    #: The engine ran out of memory.
    OUT_OF_MEMORY = "out_of_memory"
    #: No progress within the deadline.
    TIMED_OUT = "timed_out"


class WorkerState(StrEnum):
    """What a worker process is doing, as it last reported."""

    #: Registered, not yet listening.
    STARTING = "starting"
    #: Waits for hints.
    IDLE = "idle"
    #: Loads a model.
    LOADING = "loading"
    #: Runs a job.
    BUSY = "busy"
    #: Finishes its job and exits, on request.
    DRAINING = "draining"
    #: Its GPU cannot be trusted: it takes no jobs and waits for an operator.
    QUARANTINED = "quarantined"
    #: Ended in order.
    STOPPED = "stopped"
    #: Has not reported for too long.
    LOST = "lost"


class Mode(StrEnum):
    """How many sequences are in flight while a number is measured."""

    #: One at a time.
    LATENCY = "latency"
    #: As many as the engine takes.
    THROUGHPUT = "throughput"


class StartKind(StrEnum):
    """What an engine was started for."""

    #: Measures the memory terms with the KV cache left to the engine; serves nothing.
    PROFILE = "profile"
    #: Serves with a fixed KV cache; what it cannot measure comes from a profile.
    MEASURED = "measured"
    #: Serves and measures in one, with the KV cache that its options request.
    SINGLE = "single"
    #: Started elsewhere by another program, whose answers were imported.
    IMPORTED = "imported"


class PointOutcome(StrEnum):
    """How one trial at one level of a probe ended."""

    #: Ran to its end within all limits.
    STABLE = "stable"
    #: Ran to its end, but waited, was preempted or was too slow.
    UNSTABLE = "unstable"
    #: Did not run to its end: an engine did not start, died or refused.
    FAILED = "failed"


class NightState(StrEnum):
    """What is known of one night of a schedule that is compared with a baseline."""

    #: Submitted, and its hour has not come.
    OPEN = "open"
    #: Done; no baseline is pinned yet, so that nothing alarms.
    LEARNING = "learning"
    #: Done, and within what the baseline's nights do.
    QUIET = "quiet"
    #: A metric is past its limit for the first night; the next one decides.
    SUSPECT = "suspect"
    #: A metric whose rule warns jumped or drifted.
    WARNED = "warned"
    #: A metric whose rule blocks jumped or drifted.
    REGRESSED = "regressed"
    #: Done, but made under other conditions than the baseline.
    INCOMPARABLE = "incomparable"
    #: Not done by its hour.
    LATE = "late"
    #: Its slot has no run.
    MISSED = "missed"
    #: Ended with too few results, or cancelled.
    FAILED = "failed"


#: States that a person must hear of every night.
LOUD = frozenset(
    {
        NightState.WARNED,
        NightState.REGRESSED,
        NightState.LATE,
        NightState.MISSED,
        NightState.FAILED,
    }
)


class AlertChannel(StrEnum):
    """How a message about a night leaves."""

    #: A POST of a JSON document.
    WEBHOOK = "webhook"
    #: An e-mail.
    MAIL = "mail"
    #: A GET of a URL whose silence another system reports: only when a night is done.
    PING = "ping"


def words(enum: type[StrEnum]) -> str:
    """Return the members as the list of an SQL ``IN``."""
    return ", ".join(f"'{member.value}'" for member in enum)
