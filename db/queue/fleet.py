"""Workers and their engine starts, as the database knows them."""

from __future__ import annotations

import datetime as dt
import hashlib
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from sqlalchemy import ColumnElement, Engine, Text, cast, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session
from sqlalchemy.sql import func

from core.errors import DbError
from core.states import StartKind, WorkerState
from db.engine import transaction
from db.models import Attempt, Boot, Model, TextBlob, Worker

#: Workers report every 5 s.
SILENT_AFTER_S = 20.0
#: A worker in one of these has ended, in order or not.
ENDED = (WorkerState.STOPPED.value, WorkerState.LOST.value)


class AmbiguousWorker(DbError):  # noqa: N818 - named for what happened
    """Say that a prefix given for one worker matches several."""

    def __init__(self, given: str, names: Sequence[str]) -> None:
        super().__init__(f"{given!r} matches several workers: {', '.join(names)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerIdentity:
    """Identity of a worker process."""

    worker_id: uuid.UUID
    name: str
    host: str
    pid: int
    #: ``cpu`` or ``cuda``.
    device: str
    gpu_index: int | None = None
    gpu_uuid: str | None = None
    gpu_name: str | None = None
    #: All GPUs of its group; None on a CPU.
    gpu_indices: tuple[int, ...] | None = None
    gpu_uuids: tuple[str, ...] | None = None
    queues: tuple[str, ...]
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerRow:
    """A worker as it last reported."""

    worker_id: uuid.UUID
    name: str
    host: str
    gpu_index: int | None
    gpu_name: str | None
    #: Indices of all GPUs of its group; empty on a CPU.
    gpus: tuple[int, ...]
    queues: tuple[str, ...]
    state: WorkerState
    model: str | None
    last_seen_s: float
    drain_requested_at: dt.datetime | None
    messages_refused: int
    note: str | None

    @property
    def silent(self) -> bool:
        """Whether it has missed several reports: its state is what it was, not what it is."""
        return self.last_seen_s > SILENT_AFTER_S

    @classmethod
    def from_row(cls, worker: Worker, model: str | None, last_seen_s: float) -> WorkerRow:
        """Read a worker with the name of its model and the seconds since it last reported."""
        return cls(
            worker_id=worker.id,
            name=worker.name,
            host=worker.host,
            gpu_index=worker.gpu_index,
            gpu_name=worker.gpu_name,
            gpus=tuple(worker.gpu_indices or _one(worker.gpu_index)),
            queues=tuple(worker.queues),
            state=WorkerState(worker.state),
            model=model,
            last_seen_s=float(last_seen_s),
            drain_requested_at=worker.drain_requested_at,
            messages_refused=worker.messages_refused,
            note=worker.note,
        )


def _one(gpu_index: int | None) -> tuple[int, ...]:
    return () if gpu_index is None else (gpu_index,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What a profile start measured, for a start of the same model with a KV cache of a given size.

    Memory in MiB.
    """

    boot_id: int
    environment: dict[str, Any]
    config: dict[str, Any]
    context_mib: float | None
    weights_mib: float | None
    buffers_mib: float
    activation_peak_mib: float
    graphs_mib: float | None
    #: Bytes of one block of the KV cache over all layers.
    kv_block_bytes: float
    #: The terms of each GPU; empty where the engine has one.
    gpu_memory: list[dict[str, float | None]]


def register_worker(
    engine: Engine, identity: WorkerIdentity, *, replaced_pid: int | None = None
) -> None:
    """Add the row of a worker that starts, and mark those whose place it takes as lost.

    These are the earlier ones of its host that had one of its GPUs, which a living worker keeps to
    itself, or ``replaced_pid``, whose end its supervisor saw. Their leases expire by themselves.
    """
    values = asdict(identity)
    worker_id = values.pop("worker_id")
    same_gpu = Worker.gpu_uuids.overlap(list(identity.gpu_uuids or ()))
    earlier = [Worker.host == identity.host, Worker.state.not_in(ENDED)]
    earlier.append(or_(same_gpu, Worker.pid == replaced_pid))
    lost = {"state": WorkerState.LOST.value, "ended_at": func.now()}
    with Session(engine) as session, session.begin():
        session.execute(update(Worker).where(*earlier).values(**lost))
        session.add(
            Worker(
                id=worker_id,
                state=WorkerState.STARTING.value,
                **{key: _plain(value) for key, value in values.items()},
            )
        )


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def report_worker(
    engine: Engine,
    worker_id: uuid.UUID,
    state: WorkerState,
    model_id: int | None,
    *,
    note: str | None = None,
    messages_refused: int = 0,
) -> bool:
    """Record what a worker is doing, its heartbeat; return whether it has been asked to drain."""
    values: dict[str, Any] = {
        "state": state.value,
        "model_id": model_id,
        "last_seen_at": func.now(),
        "ended_at": func.now() if state is WorkerState.STOPPED else None,
        "note": note,
        "messages_refused": messages_refused,
    }
    mine = update(Worker).where(Worker.id == worker_id).values(**values)
    with transaction(engine) as connection:
        return (
            connection.execute(mine.returning(Worker.drain_requested_at)).scalar_one_or_none()
            is not None
        )


def list_workers(engine: Engine) -> list[WorkerRow]:
    """Return the workers that have neither stopped nor been lost, by name.

    Raise ``ServiceUnreachable``.
    """
    silent_s = func.extract("epoch", func.now() - Worker.last_seen_at)
    query = (
        select(Worker, Model.name, silent_s.label("last_seen_s"))
        .join(Model, Model.id == Worker.model_id, isouter=True)
        .where(Worker.state.not_in(ENDED))
        .order_by(Worker.name)
    )
    with transaction(engine) as connection, Session(connection) as session:
        return [WorkerRow.from_row(*row) for row in session.execute(query)]


def drain_workers(
    engine: Engine, *, worker: str | None = None, host: str | None = None
) -> tuple[str, ...]:
    """Ask running workers to drain, one, those of a host, or all; return their names.

    ``worker`` is a name or an id, or a prefix of either; raise ``AmbiguousWorker`` where several
    match. Repeating it changes nothing.
    """
    wanted: list[ColumnElement[bool]] = [Worker.state.not_in(ENDED)]
    if worker is not None:
        matches = Worker.name.startswith(worker, autoescape=True)
        wanted.append(or_(matches, cast(Worker.id, Text).startswith(worker, autoescape=True)))
    if host is not None:
        wanted.append(Worker.host == host)
    with transaction(engine) as connection:
        found = connection.execute(
            select(Worker.id, Worker.name).where(*wanted).order_by(Worker.name)
        ).all()
        exact = [row for row in found if worker in {row.name, str(row.id)}]
        if worker is not None and len(exact or found) > 1:
            raise AmbiguousWorker(worker, [row.name for row in found])
        chosen = exact or found
        asked_at = func.coalesce(Worker.drain_requested_at, func.now())
        mine = Worker.id.in_([row.id for row in chosen])
        connection.execute(update(Worker).where(mine).values(drain_requested_at=asked_at))
    return tuple(row.name for row in chosen)


def record_start(engine: Engine, boot: Boot, *, log: str | None = None) -> int:
    """Store an engine start, with the text of its log where that is kept, and return its id."""
    with Session(engine) as session, session.begin():
        if log is not None:
            boot.log_text_hash = hashlib.sha256(log.encode()).hexdigest()
            text = insert(TextBlob).values(hash=boot.log_text_hash, content=log)
            session.execute(text.on_conflict_do_nothing())
        session.add(boot)
        session.flush()
        return boot.id


def note_start(engine: Engine, job_id: int, attempt_no: int, boot_id: int) -> None:
    """Record which engine start an attempt runs on, so that a failure can be traced to its log."""
    with transaction(engine) as connection:
        mine = (Attempt.job_id == job_id, Attempt.attempt_no == attempt_no)
        connection.execute(update(Attempt).where(*mine).values(boot_id=boot_id))


def stored_profiles(engine: Engine, profile_key: str) -> list[Profile]:
    """Return the profile starts of a key that measured all terms, newest first."""
    known = (Boot.buffers_mib, Boot.activation_peak_mib, Boot.kv_block_bytes)
    query = (
        select(
            Boot.id.label("boot_id"), *(getattr(Boot, field.name) for field in fields(Profile)[1:])
        )
        .where(Boot.kind == StartKind.PROFILE.value, Boot.profile_key == profile_key)
        .where(*(term.is_not(None) for term in known))
        .order_by(Boot.id.desc())
    )
    with Session(engine) as session:
        return [Profile(**row) for row in session.execute(query).mappings()]


def note_idle_power(engine: Engine, boot_id: int, watts: float, method: str) -> None:
    """Record the power of an engine that is loaded and serves nothing."""
    with transaction(engine) as connection:
        noted = {"idle_power_w": watts, "idle_power_method": method}
        connection.execute(update(Boot).where(Boot.id == boot_id).values(**noted))


def note_warm_up(engine: Engine, boot_id: int, warm_up: Mapping[str, Any]) -> None:
    """Record the discarded requests that an engine served before its first job."""
    with transaction(engine) as connection:
        connection.execute(update(Boot).where(Boot.id == boot_id).values(warm_up=dict(warm_up)))
