"""What stands in the database: rows as a worker would store them, questions, and a lease that runs out."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine

from core.hints import HintBroker
from db.engine import rows, transaction
from db.models import Generation
from orchestrator.reconciler import Reconciler


def query(engine: Engine, sql: str, **given: Any) -> list[dict[str, Any]]:
    """Return the rows of a query."""
    with transaction(engine) as connection:
        return rows(connection, sql, given)


def take_back(engine: Engine, broker: HintBroker) -> None:
    """Have what runs taken back, as if its lease had run out, and its hints published at once."""
    query(engine, "UPDATE eval.job SET lease_expires_at = now() - interval '1 s'")
    reconciler = Reconciler(engine, broker)
    reconciler.tick()
    for table in ("job", "outbox"):
        query(engine, f"UPDATE eval.{table} SET available_at = now()")
    reconciler.tick()


def generation_row(boot_id: int, **columns: Any) -> Generation:
    """Return a small generation: 5 tokens, the first after 0.1 s, the last after 0.5 s; its output text is ``text``."""
    values: dict[str, Any] = {
        "prompt_hash": "prompt",
        "output_hash": "output",
        "output_text_hash": "text",
        "sampling_hash": "sampling",
        "prompt_tokens": 3,
        "cached_tokens": 0,
        "output_tokens": 5,
        "finish_reason": "stop",
        "queue_wait_s": 0.0,
        "submitted_s": 1.0,
        "first_token_s": 1.1,
        "last_token_s": 1.5,
    }
    return Generation(boot_id=boot_id, **values | columns)
