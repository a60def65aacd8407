"""What is to be done and who tried: runs, jobs, attempts and the outbox of hints."""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.states import TERMINAL, AttemptOutcome, FailureKind, JobState, Mode, words
from db.models.base import SCHEMA, Base, BigId, Created, Json, Timestamp, UuidId

_TERMINAL = ", ".join(f"'{state.value}'" for state in sorted(TERMINAL))


class Run(Base):
    """One submitted experiment.

    The same experiment again tops it up, ``--new`` makes the next ordinal.
    """

    __tablename__ = "run"
    __table_args__ = (
        UniqueConstraint("experiment_hash", "ordinal"),
        UniqueConstraint("name"),
        CheckConstraint("budget_gpu_hours > 0", name="budget"),
    )

    id: Mapped[UuidId]
    name: Mapped[str]
    #: Hash of what the experiment holds fixed: problems, language, mode, sampling, seed, name.
    experiment_hash: Mapped[str]
    #: 1, 2, ... among the runs of one experiment.
    ordinal: Mapped[int]
    mode: Mapped[str] = mapped_column()
    #: The experiment as last submitted.
    experiment: Mapped[Json]
    #: Where it was submitted from: versions, git commit, host.
    provenance: Mapped[Json]
    created_at: Mapped[Created]
    cancelled_at: Mapped[Timestamp | None]
    paused_at: Mapped[Timestamp | None]
    #: Words that users give it, sorted.
    tags: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    #: GPU hours that it may take; NULL for no budget.
    budget_gpu_hours: Mapped[float | None]
    #: Why it is paused; NULL where a person paused it.
    pause_reason: Mapped[str | None]


class Job(Base):
    """One (model, problem, prompt, repetition) of a run, or one search of a probe.

    Exists exactly once.
    """

    __tablename__ = "job"
    __table_args__ = (
        UniqueConstraint("run_id", "model_id", "problem_id", "prompt", "repetition"),
        CheckConstraint(f"state IN ({words(JobState)})", name="state"),
        CheckConstraint(f"mode IN ({words(Mode)})", name="mode"),
        CheckConstraint(f"failure_kind IN ({words(FailureKind)})", name="failure_kind"),
        CheckConstraint(
            "(state = 'running') = (lease_expires_at IS NOT NULL)", name="running_has_lease"
        ),
        CheckConstraint(
            f"(state IN ({_TERMINAL})) = (finished_at IS NOT NULL)", name="terminal_has_finish"
        ),
        CheckConstraint(
            "state NOT IN ('failed', 'dead') OR failure_kind IS NOT NULL", name="failure_has_kind"
        ),
        CheckConstraint("attempt_no >= 0 AND attempt_no <= max_attempts", name="attempts_bounded"),
        CheckConstraint("(problem_id IS NULL) = (probe IS NOT NULL)", name="problem_or_probe"),
        CheckConstraint(
            "num_nonnulls(judged_score_id, judge_steps, judge_prompt_hash) IN (0, 3)", name="judged"
        ),
        # The natural key of a request to a judge.
        Index(
            "uq_job_judged",
            "run_id",
            "model_id",
            "judged_score_id",
            "judge_prompt_hash",
            unique=True,
            postgresql_where=text("judged_score_id IS NOT NULL"),
        ),
        # The natural key of a probe's searches: without a problem, the key above does not
        # distinguish them.
        Index(
            "uq_job_probe",
            "run_id",
            "model_id",
            "prompt",
            "repetition",
            unique=True,
            postgresql_where=text("problem_id IS NULL"),
        ),
        # For the deletion of a scoring: is a judge asked about it?
        Index(
            "ix_job_judged_score",
            "judged_score_id",
            postgresql_where=text("judged_score_id IS NOT NULL"),
        ),
        # The claim walks this index once per model; a queue of millions costs it nothing.
        Index(
            "ix_job_claimable",
            "model_id",
            "priority",
            "id",
            postgresql_where=text("state = 'queued' AND NOT held"),
        ),
        Index("ix_job_lease", "lease_expires_at", postgresql_where=text("state = 'running'")),
        # Partial, so that a claim writes nothing into them: the rate of a run, and its errors.
        Index(
            "ix_job_ended",
            "run_id",
            "finished_at",
            postgresql_where=text("state IN ('succeeded', 'failed', 'dead')"),
        ),
        Index(
            "ix_job_failed",
            "run_id",
            "finished_at",
            postgresql_where=text("state IN ('failed', 'dead')"),
        ),
    )

    id: Mapped[BigId]
    run_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("eval.run.id"))
    model_id: Mapped[int] = mapped_column(ForeignKey("eval.model.id"))
    #: NULL for a probe.
    problem_id: Mapped[int | None] = mapped_column(ForeignKey("eval.problem.id"))
    #: Prompt style; of a probe its kind: sequences, instances or context; of a judge job ``judge``,
    #: of a verification ``verify``.
    prompt: Mapped[str]
    #: 1, 2, ...; of a verification the number of the draft's job, which no other draft has.
    repetition: Mapped[int]
    mode: Mapped[str]
    #: Sampling parameters with the seed of this repetition.
    sampling: Mapped[Json]
    #: What a probe searches for, and how; NULL for a generation.
    probe: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    #: The scoring that a judge is asked about, the steps, and the hash of the request. Of a
    #: verification the scoring of its draft, no steps, and the version of the words that the
    #: verifier is sent. NULL for any other job.
    judged_score_id: Mapped[int | None] = mapped_column(
        ForeignKey("eval.score.id", use_alter=True, name="fk_job_judged_score_id")
    )
    judge_steps: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    judge_prompt_hash: Mapped[str | None]
    #: Jobs of one run and model with the same number share an engine that was started for them;
    #: NULL: any engine serves.
    boot_group: Mapped[int | None]
    #: The words of the prompt; NULL where only the workers of that version know them.
    prompt_template_id: Mapped[int | None] = mapped_column(ForeignKey("eval.prompt_template.id"))
    #: Lower runs sooner.
    priority: Mapped[int] = mapped_column(server_default=text("0"))
    state: Mapped[str] = mapped_column(server_default=text("'queued'"))
    #: Counts claims; the number of the running attempt is the fencing token of its writes.
    attempt_no: Mapped[int] = mapped_column(server_default=text("0"))
    max_attempts: Mapped[int] = mapped_column(server_default=text("3"))
    #: The attempt after which a user last put it back; only later ones count for what becomes of
    #: it.
    retried_after: Mapped[int] = mapped_column(server_default=text("0"))
    #: Its run is paused: it is not claimed, and an attempt that runs is the last for now.
    held: Mapped[bool] = mapped_column(server_default=text("false"))
    available_at: Mapped[Created]
    worker_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("eval.worker.id"))
    lease_expires_at: Mapped[Timestamp | None]
    created_at: Mapped[Created]
    finished_at: Mapped[Timestamp | None]
    failure_kind: Mapped[str | None]
    error_class: Mapped[str | None]
    error_message: Mapped[str | None]


#: How the number of a run's jobs has changed: the sum of its rows is how many are open (queued or
#: running), succeeded, ... Triggers on the table of jobs add rows; the reconciler replaces many by
#: their sum. None is ever updated.
RUN_TALLY = Table(
    "run_tally",
    Base.metadata,
    Column("run_id", Uuid, nullable=False),
    *(
        Column(name, BigInteger, nullable=False)
        for name in ("open", "succeeded", "failed", "dead", "cancelled")
    ),
    Index("ix_run_tally_run", "run_id"),
    schema=SCHEMA,
)


class KeptRun(Base):
    """A run whose results are kept in schema ``eval_kept``; triggers remove the row on a change.

    That schema's tables have the columns of the views that they serve, so SQL makes them
    (``eval.keep_view``) and no class does.
    """

    __tablename__ = "kept_run"

    run_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("eval.run.id", ondelete="CASCADE"), primary_key=True
    )
    #: Whether all its models are synthetic; NULL where only some are, so that nothing is kept.
    synthetic: Mapped[bool | None]
    kept_at: Mapped[Created]


class Attempt(Base):
    """One execution of a job by one worker."""

    __tablename__ = "attempt"
    __table_args__ = (
        CheckConstraint(f"outcome IN ({words(AttemptOutcome)})", name="outcome"),
        CheckConstraint("(outcome = 'running') = (ended_at IS NULL)", name="ended"),
        CheckConstraint(f"failure_kind IN ({words(FailureKind)})", name="failure_kind"),
        Index("ix_attempt_worker", "worker_id"),
        # What ended lately, in a few kB however many there are.
        Index(
            "ix_attempt_time",
            "started_at",
            "ended_at",
            postgresql_using="brin",
            postgresql_with={"autosummarize": "on"},
        ),
    )

    job_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("eval.job.id"), primary_key=True)
    attempt_no: Mapped[int] = mapped_column(primary_key=True)
    worker_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("eval.worker.id"))
    boot_id: Mapped[int | None] = mapped_column(ForeignKey("eval.boot.id"))
    outcome: Mapped[str] = mapped_column(server_default=text("'running'"))
    started_at: Mapped[Created]
    #: When its request might be sent to a model's server, and the tokens that it counted for.
    sent_at: Mapped[Timestamp | None]
    sent_tokens: Mapped[int | None]
    ended_at: Mapped[Timestamp | None]
    failure_kind: Mapped[str | None]
    error_class: Mapped[str | None]
    error_message: Mapped[str | None]


class Outbox(Base):
    """A hint that is still to be published; the row goes when the broker has taken it."""

    __tablename__ = "outbox"
    __table_args__ = (
        Index("ix_outbox_available", "available_at", "id"),
        Index("ix_outbox_job", "job_id"),
    )

    id: Mapped[BigId]
    job_id: Mapped[int] = mapped_column(ForeignKey("eval.job.id"))
    queue: Mapped[str]
    available_at: Mapped[Timestamp] = mapped_column(server_default=func.now())
