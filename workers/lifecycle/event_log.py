"""Log events as JSON lines on stderr, each with one name listed in docs/reference/events.md."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any

_LOGGER = logging.getLogger("evalctl.worker")


class _JsonLines(logging.Formatter):
    """Write a record as one line of JSON; foreign records keep their text under ``message``."""

    def format(self, record: logging.LogRecord) -> str:
        event: dict[str, Any] = getattr(record, "event", None) or {
            "event": "log",
            "message": record.getMessage(),
        }
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        head = {"at": at, "level": record.levelname.lower(), "logger": record.name}
        if record.exc_info:
            event = event | {"traceback": self.formatException(record.exc_info)}
        return json.dumps(head | event, default=str, ensure_ascii=False)


def set_up_logging(level: str = "INFO") -> None:
    """Send every log record of this process to stderr, and every warning of a library."""
    logging.captureWarnings(True)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    # Celery's own lines about hints received and done would repeat ours.
    # The HTTP client's name a server's address with what stands in it.
    for name in ("celery.worker.strategy", "celery.app.trace", "httpx", "httpx2", "httpcore"):
        logging.getLogger(name).setLevel("WARNING")


def log_event(
    name: str, *, level: int = logging.INFO, error: BaseException | str | None = None, **facts: Any
) -> None:
    """Log one event with its facts."""
    event = {"event": name, **facts} | ({} if error is None else {"error": str(error)})
    trace = error if isinstance(error, BaseException) else None
    _LOGGER.log(level, name, extra={"event": event}, exc_info=trace)
