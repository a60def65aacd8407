"""Rows as a worker would store them, for tests of what is done with them afterwards."""

from __future__ import annotations

from typing import Any

from db.models import Generation


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
