"""What is known of workers: one that reports no more, one whose place another has taken."""

from __future__ import annotations

import uuid

import pytest
from sqlalchemy import Engine

from core.states import WorkerState
from db.queue.fleet import WorkerIdentity, list_workers, register_worker, report_worker
from tests.support.database import query
from tests.support.jobs import register


def listed(engine: Engine) -> list[str]:
    return sorted(row.name for row in list_workers(engine))


@pytest.mark.parametrize(
    ("changes", "left"),
    [
        ({"gpu_uuids": ("GPU-a",)}, ["new"]),
        ({"gpu_uuids": ("GPU-b", "GPU-a")}, ["new"]),
        ({"gpu_uuids": ("GPU-b",)}, ["new", "old"]),
        ({"gpu_uuids": ("GPU-a",), "host": "other"}, ["new", "old"]),
        ({}, ["new", "old"]),
    ],
    ids=["same GPU", "a group with it", "another GPU", "another host", "CPU"],
)
def test_the_worker_that_had_a_gpu_before_is_lost(
    engine: Engine, changes: dict[str, object], left: list[str]
) -> None:
    register(engine, name="old", gpu_uuids=("GPU-a",))
    register(engine, name="new", **changes)
    assert listed(engine) == left


def test_a_worker_that_a_supervisor_replaced_is_lost_and_no_other(engine: Engine) -> None:
    register(engine, name="old", pid=17)
    register(engine, name="beside", pid=18)
    register(engine, name="elsewhere", host="other", pid=17)
    new = WorkerIdentity(
        worker_id=uuid.uuid4(), name="new", host="h", pid=19, device="cpu", queues=(), version="0"
    )
    register_worker(engine, new, replaced_pid=17)
    assert listed(engine) == ["beside", "elsewhere", "new"]


def test_a_worker_that_was_thought_lost_and_reports_is_back(engine: Engine) -> None:
    old = register(engine, name="old", gpu_uuids=("GPU-a",))
    register(engine, name="new", gpu_uuids=("GPU-a",))
    report_worker(engine, old, WorkerState.BUSY, None)
    assert listed(engine) == ["new", "old"]


def test_a_worker_that_misses_reports_is_silent(engine: Engine) -> None:
    register(engine)
    assert not list_workers(engine)[0].silent
    query(engine, "UPDATE eval.worker SET last_seen_at = now() - interval '21 s'")
    assert list_workers(engine)[0].silent
