"""Let only well-formed hints through to Celery; all else is discarded, counted and logged.

kombu parses an entry of a Redis list inside the worker's event loop, where an error counts as a
fault of the worker: one entry that is not JSON, or JSON without the expected keys, ends it
(``Unrecoverable error``, seen with Celery 5.7 and kombu 5.7). The entry is therefore checked one
step earlier, where redis-py hands over the answer to BRPOP: its ``set_response_callback`` is public
and kept by the connection's client, so no transport, channel or poller has to be replaced, and
``None``, the answer of a BRPOP that timed out, is what the loop sees for an entry that was refused.

Nothing written by others reaches Celery: of a good entry only the job's number is kept, and the
message is written anew. A delay, a chord or a callback smuggled into the headers thus has no
effect. For the same reason the remote control of Celery, which obeys anything that can write to the
broker, is off.
"""

from __future__ import annotations

import base64
import binascii
import json
import logging
from collections.abc import Callable, Sequence
from typing import Any

from celery import Celery, bootsteps

from core.hints import HINT_TASK, message_for
from workers.lifecycle.event_log import log_event

#: A hint is under 1 KiB; more is not even parsed.
LONGEST_BYTES = 16_384
_LARGEST_JOB_ID = 2**63 - 1


class MalformedMessage(ValueError):  # noqa: N818 - named for what it is about
    """Say why an entry of a queue is not a hint."""


def job_of(entry: bytes) -> int:
    """Return the job that a hint names. Raise ``MalformedMessage`` for anything else."""
    if len(entry) > LONGEST_BYTES:
        raise MalformedMessage(f"longer than {LONGEST_BYTES} bytes")
    envelope = _parsed(entry, "the message")
    if not isinstance(envelope, dict) or not isinstance(envelope.get("headers"), dict):
        raise MalformedMessage("not a Celery message")
    if envelope.get("content-type") != "application/json":
        raise MalformedMessage("its content type is not application/json")
    if envelope["headers"].get("task") != HINT_TASK:
        raise MalformedMessage("an unknown task")
    match _parsed(_body(envelope), "its body"):
        case [[int(job_id)], {**named}, {**_links}] if not named and not isinstance(job_id, bool):
            if 0 < job_id <= _LARGEST_JOB_ID:
                return job_id
    raise MalformedMessage("its arguments are not one job")


class MessageCheck(bootsteps.StartStopStep):  # type: ignore[misc]
    """Check the entries of a connection's queues before kombu does, anew for each connection."""

    requires = ("celery.worker.consumer.tasks:Tasks",)
    #: Entries refused since the process started.
    refused = 0

    def start(self, consumer: Any) -> None:
        """Take over the answers to BRPOP on the channel that receives tasks."""
        consumer.task_consumer.channel.client.set_response_callback("BRPOP", self._check)

    def _check(self, answer: Sequence[bytes] | None, **_options: Any) -> tuple[bytes, bytes] | None:
        """Return key and message of an answer to BRPOP, or None where it has no valid hint."""
        if not answer:
            return None
        key, entry = answer
        try:
            return key, message_for(job_of(entry), key.decode(errors="replace"))
        except MalformedMessage as error:
            self.refuse(key, entry, error)
            return None

    @classmethod
    def refuse(cls, key: bytes, entry: bytes, error: MalformedMessage) -> None:
        """Count and log an entry that is not a hint."""
        cls.refused += 1
        queue = key.decode(errors="replace")
        facts = {"queue": queue, "size_bytes": len(entry), "refused": cls.refused}
        log_event("message.rejected", level=logging.WARNING, error=str(error), **facts)


def add_message_check(app: Celery) -> None:
    """Add the step to the workers of an application, and turn Celery's remote control off."""
    app.steps["consumer"].add(MessageCheck)
    app.conf.worker_enable_remote_control = False


def _body(envelope: dict[str, Any]) -> bytes:
    body, properties = envelope.get("body"), envelope.get("properties")
    encoding = properties.get("body_encoding") if isinstance(properties, dict) else None
    if not isinstance(body, str):
        raise MalformedMessage("it has no body")
    try:
        return base64.b64decode(body, validate=True) if encoding == "base64" else body.encode()
    except (binascii.Error, ValueError) as error:
        raise MalformedMessage("its body cannot be decoded") from error


def _parsed(text: bytes, what: str) -> Any:
    reader: Callable[[bytes], Any] = json.loads
    try:
        return reader(text)
    except (ValueError, RecursionError) as error:
        raise MalformedMessage(f"{what} is not JSON") from error
