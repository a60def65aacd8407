"""Workers and their engine starts, as the database knows them."""

from __future__ import annotations

import uuid
from dataclasses import asdict, dataclass

from sqlalchemy import Engine, update
from sqlalchemy.orm import Session
from sqlalchemy.sql import func

from db.engine import transaction
from db.models import Attempt, Boot, Worker
from db.states import WorkerState


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerIdentity:
    """Who a worker process is."""

    worker_id: uuid.UUID
    name: str
    host: str
    pid: int
    #: ``cpu`` or ``cuda``.
    device: str
    gpu_index: int | None = None
    gpu_uuid: str | None = None
    gpu_name: str | None = None
    queues: tuple[str, ...]
    version: str


def register_worker(engine: Engine, identity: WorkerIdentity) -> None:
    """Add the row of a worker that starts."""
    values = asdict(identity)
    worker_id = values.pop("worker_id")
    with Session(engine) as session, session.begin():
        session.add(
            Worker(id=worker_id, state=WorkerState.STARTING.value, **values | {"queues": list(identity.queues)})
        )


def report_worker(engine: Engine, worker_id: uuid.UUID, state: WorkerState, model_id: int | None) -> None:
    """Say what a worker is doing; this is also its sign of life."""
    values = {"state": state.value, "model_id": model_id, "last_seen_at": func.now()}
    if state is WorkerState.STOPPED:
        values["ended_at"] = func.now()
    with transaction(engine) as connection:
        connection.execute(update(Worker).where(Worker.id == worker_id).values(**values))


def record_boot(engine: Engine, boot: Boot) -> int:
    """Store an engine start and return its id."""
    with Session(engine) as session, session.begin():
        session.add(boot)
        session.flush()
        return boot.id


def note_boot(engine: Engine, job_id: int, attempt_no: int, boot_id: int) -> None:
    """Note which engine start an attempt runs on, so that a failed one can be traced to its log."""
    with transaction(engine) as connection:
        mine = (Attempt.job_id == job_id, Attempt.attempt_no == attempt_no)
        connection.execute(update(Attempt).where(*mine).values(boot_id=boot_id))
