"""Let only well-formed hints through to Celery; whatever else lies in a queue is thrown away, counted and logged.

kombu parses an entry of a Redis list inside the worker's event loop, where an error is taken for a fault of the worker:
one entry that is no JSON, or JSON without the expected keys, ends it (``Unrecoverable error``, seen with Celery 5.7 and
kombu 5.7). The entry is therefore looked at one step earlier, where redis-py hands over the answer to BRPOP: its
``set_response_callback`` is public and kept by the connection's client, so no transport, channel or poller has to be
replaced, and ``None``, the answer of a BRPOP that timed out, is what the loop sees for an entry that was refused.

Nothing written by others reaches Celery: of a good entry only the job's number is kept, and the message is written
anew. A delay, a chord or a callback smuggled into the headers is thus without effect. For the same reason the remote
control of Celery, which obeys whoever can write to the broker, is off.
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
    """Say why an entry of a queue is no hint."""


def job_of(entry: bytes) -> int:
    """Return the job that a hint names. Raise ``MalformedMessage`` for everything that is no hint."""
    if len(entry) > LONGEST_BYTES:
        raise MalformedMessage(f"longer than {LONGEST_BYTES} bytes")
    envelope = _parsed(entry, "the message")
    if not isinstance(envelope, dict) or not isinstance(envelope.get("headers"), dict):
        raise MalformedMessage("no message of Celery")
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
    """Look at the entries of a connection's queues before kombu does, from each connection to the next."""

    requires = ("celery.worker.consumer.tasks:Tasks",)
    #: Entries refused since the process started.
    refused = 0

    def start(self, consumer: Any) -> None:
        """Take over the answers to BRPOP on the channel that receives tasks."""
        consumer.task_consumer.channel.client.set_response_callback("BRPOP", self._admit)

    def _admit(self, answer: Sequence[bytes] | None, **_options: Any) -> tuple[bytes, bytes] | None:
        """Return key and message of an answer to BRPOP, or None where there is no good one."""
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
        """Count and log an entry that is no hint."""
        cls.refused += 1
        facts = {
            "queue": key.decode(errors="replace"),
            "size_bytes": len(entry),
            "refused": cls.refused,
        }
        log_event("message.rejected", level=logging.WARNING, error=str(error), **facts)


def add_message_check(app: Celery) -> None:
    """Give the workers of an application the step, and take Celery's remote control away."""
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
        raise MalformedMessage(f"{what} is no JSON") from error
