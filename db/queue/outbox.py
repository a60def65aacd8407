"""Publish the hints that transactions have left in the outbox."""

from __future__ import annotations

from collections import defaultdict

from sqlalchemy import Engine

from core.hints import HintBroker
from db.engine import rows, transaction
from db.statements import statement

BATCH = 500


def publish_outbox(engine: Engine, broker: HintBroker, *, limit: int | None = None) -> int:
    """Publish the hints that are due, in batches, and return how many the broker took.

    Hints for a full queue are dropped; the reconciler issues new ones when there is room. ``limit``
    bounds how many rows are processed, in whole batches. The rows are deleted in the transaction
    that publishes them: a crash in between publishes them again, which costs a few claims that find
    nothing. Raise ``ServiceUnreachable`` for the server that is down.
    """
    published = settled = 0
    while limit is None or settled < limit:
        taken, sent = _publish_batch(engine, broker)
        settled, published = settled + taken, published + sent
        if taken < BATCH:
            break
    return published


def _publish_batch(engine: Engine, broker: HintBroker) -> tuple[int, int]:
    with transaction(engine) as connection:
        due = rows(connection, statement("take_outbox"), {"limit": BATCH})
        by_queue: dict[str, list[int]] = defaultdict(list)
        for hint in due:
            by_queue[hint["queue"]].append(hint["job_id"])
        sent = sum(broker.publish(queue, sorted(job_ids)) for queue, job_ids in by_queue.items())
    return len(due), sent
