"""What came out: generations, memory traces and the verdicts on them."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base, BigId, Created


class Generation(Base):
    """The text, tokens, timings and memory of one committed attempt; at most one per job.

    Stamps named ``*_s`` are seconds of the worker's monotonic clock: only their differences mean
    something.
    """

    __tablename__ = "generation"
    __table_args__ = (
        ForeignKeyConstraint(
            ["job_id", "attempt_no"], ["eval.attempt.job_id", "eval.attempt.attempt_no"]
        ),
        CheckConstraint(
            "first_token_s >= submitted_s AND last_token_s >= first_token_s", name="stamps_ordered"
        ),
        CheckConstraint("memory_kind IN ('device', 'host')", name="memory_kind"),
        CheckConstraint(
            "num_nonnulls(energy_begin_j, energy_end_j, energy_method) IN (0, 3) "
            "AND energy_method IN ('counter', 'power') AND energy_end_j >= energy_begin_j",
            name="energy",
        ),
        # All requests that shared an engine, whichever their runs.
        Index(
            "ix_generation_energy",
            "boot_id",
            postgresql_where=text("energy_method IS NOT NULL"),
        ),
        # Who else has a text that is to be deleted?
        Index("ix_generation_output_text", "output_text_hash"),
        # What came in lately, in a few kB however many there are; so with scores.
        Index(
            "ix_generation_time",
            "created_at",
            postgresql_using="brin",
            postgresql_with={"autosummarize": "on"},
        ),
        Index("ix_generation_prompt_text", "prompt_text_hash"),
    )

    #: The key is the job alone: a second result for it cannot be stored.
    job_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    attempt_no: Mapped[int]
    boot_id: Mapped[int] = mapped_column(ForeignKey("eval.boot.id"))
    prompt_hash: Mapped[str]
    #: NULL where the prompt was token ids.
    prompt_text_hash: Mapped[str | None] = mapped_column(ForeignKey("eval.text_blob.hash"))
    #: Of the token ids, or of the text where the engine reports no ids.
    output_hash: Mapped[str]
    output_text_hash: Mapped[str] = mapped_column(ForeignKey("eval.text_blob.hash"))
    sampling_hash: Mapped[str]
    #: NULL where an imported file does not say it, as are those of the output.
    prompt_tokens: Mapped[int | None]
    #: NULL where the server does not report it.
    cached_tokens: Mapped[int | None]
    output_tokens: Mapped[int | None]
    finish_reason: Mapped[str]
    #: Seconds between the job becoming available and its claim, on the database's clock; NULL, as
    #: all times, for an imported answer.
    queue_wait_s: Mapped[float | None]
    submitted_s: Mapped[float | None]
    #: NULL for an answer without text.
    first_token_s: Mapped[float | None]
    last_token_s: Mapped[float | None]
    #: First token after the thinking; NULL where none came, or where the tokens are not text.
    first_answer_s: Mapped[float | None]
    engine_queued_s: Mapped[float | None]
    engine_scheduled_s: Mapped[float | None]
    engine_first_token_s: Mapped[float | None]
    engine_last_token_s: Mapped[float | None]
    preemptions: Mapped[int | None]
    #: Most sequences that the engine ran at once meanwhile, this one included.
    running_peak: Mapped[int | None]
    #: ``device`` or ``host``: what the memory columns are about; NULL where memory cannot be seen.
    memory_kind: Mapped[str | None]
    kv_used_mib: Mapped[float | None]
    #: Largest activation since the engine was last idle, next to the profiled one of its start.
    activation_run_mib: Mapped[float | None]
    #: Context + weights and buffers + activation peak (the larger of both) + graphs + KV used.
    #: Of an engine over several GPUs, that of the GPU that needed most.
    need_mib: Mapped[float | None]
    #: The same of each GPU, in the order of the engine's ranks; NULL where the engine has one GPU.
    need_per_gpu_mib: Mapped[list[float] | None] = mapped_column(ARRAY(Double))
    #: The GPU during the generation: median SM clock, highest temperature, mean power, every clock
    #: event reason of NVML.
    sm_clock_mhz: Mapped[float | None]
    temperature_c: Mapped[float | None]
    power_w: Mapped[float | None]
    clock_event_reasons: Mapped[int | None]
    #: Joules of the worker's GPUs when the request began and when it ended, on one scale for all
    #: requests of an engine start; ``counter`` of the driver, or the integral of its ``power``.
    energy_begin_j: Mapped[float | None]
    energy_end_j: Mapped[float | None]
    energy_method: Mapped[str | None]
    #: Tokens of the output spent on thinking, and those of them that were not streamed; NULL where
    #: the server does not report it, or in rows of earlier versions.
    reasoning_tokens: Mapped[int | None]
    hidden_tokens: Mapped[int | None]
    #: Why some times mean nothing: ``no_text``, ``buffered``, ``hidden_reasoning`` or ``imported``.
    untimed: Mapped[str | None]
    #: The model that the answer names.
    served_model: Mapped[str | None]
    #: Words that say why a row should be distrusted.
    flags: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    created_at: Mapped[Created]


class MemoryTrace(Base):
    """Memory over the time of one attempt, as one array."""

    __tablename__ = "memory_trace"

    job_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("eval.generation.job_id"), primary_key=True
    )
    #: ``device``: NVML's total - free of the whole GPU, reservation included; ``host``: resident
    #: memory of the engine.
    kind: Mapped[str]
    #: Monotonic second of the first sample, on the clock of the generation's stamps.
    started_s: Mapped[float]
    period_ms: Mapped[float]
    used_mib: Mapped[list[int]] = mapped_column(ARRAY(Integer))
    #: Of several GPUs, the fullest at each moment.
    peak_mib: Mapped[int]
    #: The peak of each GPU of the worker's group; NULL where it has one.
    peak_per_gpu_mib: Mapped[list[int] | None] = mapped_column(ARRAY(Integer))
    mean_mib: Mapped[float]
    #: Samples of the GPU's clock, power and temperature, fewer than those of memory; NULL where
    #: there were none. Monotonic seconds, MHz, degrees Celsius, W averaged by the driver, bits of
    #: NVML's clock event reasons.
    look_at_s: Mapped[list[float] | None] = mapped_column(ARRAY(Double))
    look_sm_clock_mhz: Mapped[list[int | None] | None] = mapped_column(ARRAY(Integer))
    look_temperature_c: Mapped[list[int | None] | None] = mapped_column(ARRAY(Integer))
    look_power_w: Mapped[list[float | None] | None] = mapped_column(ARRAY(Double))
    look_reasons: Mapped[list[int | None] | None] = mapped_column(ARRAY(BigInteger))
    #: The highest SM clock of the GPU.
    max_sm_clock_mhz: Mapped[int | None]


class Score(Base):
    """One scoring of one generation by one scorer version.

    Scoring again adds a row and keeps the old.
    """

    __tablename__ = "score"
    __table_args__ = (
        Index("ix_score_job", "job_id", "id"),
        Index(
            "ix_score_time",
            "created_at",
            postgresql_using="brin",
            postgresql_with={"autosummarize": "on"},
        ),
        CheckConstraint("steps_done >= 0 AND steps_done <= steps_total", name="steps"),
        CheckConstraint("score7 >= 0 AND score7 <= 7", name="score7"),
        CheckConstraint("score7_high >= score7 AND score7_high <= 7", name="score7_high"),
        CheckConstraint("steps_undetermined >= 0", name="steps_undetermined"),
        CheckConstraint("coverage >= 0 AND coverage <= 1", name="coverage"),
    )

    id: Mapped[BigId]
    job_id: Mapped[int] = mapped_column(ForeignKey("eval.generation.job_id"))
    scorer_version: Mapped[str]
    path_id: Mapped[str | None]
    steps_done: Mapped[int]
    steps_total: Mapped[int]
    score7: Mapped[float]
    #: ``score7`` if every undetermined step were done; NULL: the same.
    score7_high: Mapped[float | None]
    steps_undetermined: Mapped[int] = mapped_column(server_default=text("0"))
    #: Share of the steps, by weight, that the rules decided.
    coverage: Mapped[float] = mapped_column(server_default=text("1"))
    answer_correct: Mapped[bool | None]
    answer_text: Mapped[str | None]
    guess_suspected: Mapped[bool]
    #: Whether the job was scored again since; a trigger sees to it.
    superseded: Mapped[bool] = mapped_column(server_default=text("false"))
    created_at: Mapped[Created]


class StepVerdict(Base):
    """The verdict on one reference step, with its evidence in the output text."""

    __tablename__ = "step_verdict"
    __table_args__ = (
        CheckConstraint(
            "verdict IN ('done', 'present_invalid', 'wrong', 'missing', 'unclear', 'undetermined')",
            name="verdict",
        ),
    )

    score_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("eval.score.id"), primary_key=True)
    #: 1, 2, ... in the order of the reference path.
    ordinal: Mapped[int] = mapped_column(primary_key=True)
    step: Mapped[str]
    verdict: Mapped[str]
    evidence: Mapped[str | None]
    #: Character offsets into the output text.
    evidence_start: Mapped[int | None]
    evidence_end: Mapped[int | None]
    reason: Mapped[str | None]
