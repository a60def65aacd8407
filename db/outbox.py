"""Publish the hints that transactions have left in the outbox."""

from __future__ import annotations

from collections import defaultdict

from sqlalchemy import Engine

from db.engine import rows, transaction
from db.hints import HintBroker
from db.statements import statement

BATCH = 500


def publish_outbox(engine: Engine, broker: HintBroker, *, limit: int | None = None) -> int:
    """Publish the hints that are due, in batches, and return how many.

    A batch is deleted after the broker took it, in the transaction that locked it: a crash in between publishes it
    again, which costs a few claims that find nothing. Raise ``ServiceUnreachable`` for the server that is away.
    """
    published = 0
    while limit is None or published < limit:
        batch = _publish_batch(engine, broker)
        published += batch
        if batch < BATCH:
            break
    return published


def _publish_batch(engine: Engine, broker: HintBroker) -> int:
    with transaction(engine) as connection:
        noted = [hint["id"] for hint in rows(connection, statement("note_hints"), {"limit": BATCH})]
    if not noted:
        return 0
    with transaction(engine) as connection:
        due = rows(connection, statement("take_outbox"), {"ids": noted})
        by_queue: dict[str, list[int]] = defaultdict(list)
        for hint in due:
            by_queue[hint["queue"]].append(hint["job_id"])
        for queue, job_ids in by_queue.items():
            broker.publish(queue, job_ids)
        rows(connection, statement("clear_outbox"), {"ids": [hint["id"] for hint in due]})
    return len(due)
