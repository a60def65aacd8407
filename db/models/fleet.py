"""Worker processes and the engines they have started."""

from __future__ import annotations

import uuid

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Integer, Text

from core.states import StartKind, WorkerState, words
from db.models.base import Base, BigId, Created, Json, Timestamp, UuidId


class Worker(Base):
    """One worker process; a restart is another row."""

    __tablename__ = "worker"
    __table_args__ = (CheckConstraint(f"state IN ({words(WorkerState)})", name="state"),)

    id: Mapped[UuidId]
    #: Host, device and pid, for people.
    name: Mapped[str]
    host: Mapped[str]
    pid: Mapped[int]
    #: ``cpu`` or ``cuda``.
    device: Mapped[str]
    #: The first GPU of its group.
    gpu_index: Mapped[int | None]
    gpu_uuid: Mapped[str | None]
    #: All GPUs of its group, in the order of the engine's ranks; NULL on a CPU and in rows of
    #: earlier versions, which had one GPU.
    gpu_indices: Mapped[list[int] | None] = mapped_column(ARRAY(Integer))
    gpu_uuids: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    gpu_name: Mapped[str | None]
    queues: Mapped[list[str]] = mapped_column(ARRAY(Text))
    version: Mapped[str]
    state: Mapped[str]
    model_id: Mapped[int | None] = mapped_column(ForeignKey("eval.model.id"))
    started_at: Mapped[Created]
    last_seen_at: Mapped[Created]
    ended_at: Mapped[Timestamp | None]
    #: When it was asked to finish its job and exit.
    drain_requested_at: Mapped[Timestamp | None]
    #: A sentence about itself, e.g. why its GPU is quarantined.
    note: Mapped[str | None]
    #: Broker messages that were not hints.
    messages_refused: Mapped[int] = mapped_column(server_default=text("0"))


class Boot(Base):
    """One engine start: its configuration, what it reports to run, where its memory went."""

    __tablename__ = "boot"
    __table_args__ = (
        CheckConstraint(f"kind IN ({words(StartKind)})", name="kind"),
        Index("ix_boot_profile", "profile_key", postgresql_where=text("kind = 'profile'")),
        Index(
            "ix_start_log_text",
            "log_text_hash",
            postgresql_where=text("log_text_hash IS NOT NULL"),
        ),
    )

    id: Mapped[BigId]
    kind: Mapped[str] = mapped_column(server_default=text("'single'"))
    #: The start whose terms replace those that a fixed KV cache keeps the engine from measuring.
    profile_boot_id: Mapped[int | None] = mapped_column(ForeignKey("eval.boot.id"))
    #: Hash of model, engine options and environment: starts that share it have the same profile.
    profile_key: Mapped[str | None]
    worker_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("eval.worker.id"))
    model_id: Mapped[int] = mapped_column(ForeignKey("eval.model.id"))
    engine_version: Mapped[str]
    #: Medians never cross these two hashes.
    config_hash: Mapped[str]
    environment_hash: Mapped[str]
    config: Mapped[Json]
    environment: Mapped[Json]
    backend_facts: Mapped[Json]
    #: NULL where none was started here: the answers were imported.
    start_s: Mapped[float | None]
    started_at: Mapped[Created]
    #: ``device`` or ``host``; NULL where the engine's memory cannot be seen from here.
    memory_kind: Mapped[str | None]
    context_mib: Mapped[float | None]
    weights_mib: Mapped[float | None]
    buffers_mib: Mapped[float | None]
    activation_peak_mib: Mapped[float | None]
    graphs_mib: Mapped[float | None]
    kv_reserved_mib: Mapped[float | None]
    #: Blocks of the KV cache, and bytes of one over all layers.
    kv_blocks: Mapped[int | None]
    kv_block_bytes: Mapped[float | None]
    #: The GPU: all of its memory, and what was in use before the engine started.
    device_total_mib: Mapped[float | None]
    device_base_mib: Mapped[float | None]
    #: Why a term is NULL, or where it comes from.
    memory_reasons: Mapped[Json]
    #: What the terms were computed from, in MiB, as the engine reported it.
    memory_details_mib: Mapped[Json]
    #: The terms of each GPU, in MiB, in the order of the engine's ranks; an empty list where the
    #: engine has one GPU. The columns hold the largest GPU's of each term.
    gpu_memory: Mapped[list[dict[str, float | None]]] = mapped_column(
        JSONB, server_default=text("'[]'::jsonb")
    )
    #: Power of the GPUs after the warm-up, with no request; how it was measured as for answers.
    idle_power_w: Mapped[float | None]
    idle_power_method: Mapped[str | None]
    #: The discarded requests: how many, their rates, and whether the rate had settled.
    warm_up: Mapped[Json]
    #: Where the engine writes its log on its host, and what it held when the engine was ready.
    log_path: Mapped[str | None]
    log_text_hash: Mapped[str | None] = mapped_column(ForeignKey("eval.text_blob.hash"))
