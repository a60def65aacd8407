"""Claim one job at a time, as a worker that serves one at a time does."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Engine

from db.claims import ClaimedJob, claim


def claim_one(
    engine: Engine,
    *,
    worker_id: uuid.UUID,
    queues: Sequence[str],
    loaded_model_id: int | None = None,
    loaded_for_s: float = 0.0,
    **more: Any,
) -> ClaimedJob | None:
    """Return the best job, or None when there is none."""
    found = claim(
        engine,
        worker_id=worker_id,
        queues=queues,
        loaded_model_id=loaded_model_id,
        loaded_for_s=loaded_for_s,
        **more,
    )
    assert len(found) <= 1
    return found[0] if found else None
