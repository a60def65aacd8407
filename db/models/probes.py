"""What probes found: one row per trial at one level of a search."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from core.states import PointOutcome, words
from db.models.base import Base, Created, Json


class ProbePoint(Base):
    """One trial at one level.

    Written as soon as it has ended, so that an interrupted search continues where it stopped.
    """

    __tablename__ = "probe_point"
    __table_args__ = (
        CheckConstraint(f"outcome IN ({words(PointOutcome)})", name="outcome"),
        CheckConstraint("(outcome = 'stable') = (reason IS NULL)", name="reason"),
    )

    job_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("eval.job.id"), primary_key=True)
    #: 1, 2, ... in the order in which they were tried.
    ordinal: Mapped[int] = mapped_column(primary_key=True)
    attempt_no: Mapped[int]
    #: The engine that was probed; the last one started where there were several; NULL where none
    #: started.
    boot_id: Mapped[int | None] = mapped_column(ForeignKey("eval.boot.id"))
    #: Sequences in flight, engines on the GPU, or tokens of the prompt.
    level: Mapped[int]
    #: 1, 2, ... at this level.
    trial: Mapped[int]
    outcome: Mapped[str]
    #: Stable word for why it was not stable, e.g. RUNTIME_CUDA_OOM, PREEMPTED, SLA.
    reason: Mapped[str | None]
    sentence: Mapped[str | None]
    requests: Mapped[int]
    errors: Mapped[int]
    preemptions: Mapped[int | None]
    #: Steps in which a sequence waited although all had been scheduled once.
    waiting_steps: Mapped[int | None]
    ttft_p50_ms: Mapped[float | None]
    ttft_p95_ms: Mapped[float | None]
    e2e_p50_s: Mapped[float | None]
    e2e_p95_s: Mapped[float | None]
    #: Output tokens of all sequences per second.
    tokens_per_s: Mapped[float | None]
    #: ``device`` or ``host``: what the memory columns are about.
    memory_kind: Mapped[str | None]
    #: Of all engines together.
    need_mib: Mapped[float | None]
    kv_used_mib: Mapped[float | None]
    #: Memory in use before the search, at the peak of the trial and after it, without what emulates
    #: a smaller GPU.
    base_mib: Mapped[float | None]
    peak_mib: Mapped[float | None]
    after_mib: Mapped[float | None]
    #: Whether the answer was right, of a probe with a question.
    answer_right: Mapped[bool | None]
    details: Mapped[Json]
    created_at: Mapped[Created]
