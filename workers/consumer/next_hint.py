"""Take the next hint straight from the broker when a job has ended, without a turn of Celery's event loop.

The loop needs over a millisecond for each message, and with ``worker_disable_prefetch`` it begins only when the job
before is done. A worker that has just finished a job therefore asks the broker itself, in one round trip. The loop is
what waits: where no hint lies ready, the task ends and the loop listens again. A hint still permits one claim; a claim that
takes several jobs at once spends as many.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kombu.exceptions import KombuError
from redis.exceptions import RedisError

from core.hints import one_try_app, queue_name
from workers.consumer.message_check import MalformedMessage, MessageCheck, job_of


class NextHint:
    """The queues of one worker, read on a connection beside Celery's own."""

    def __init__(self, broker_url: str, queues: Sequence[str]) -> None:
        self._app = one_try_app(broker_url)
        self._keys = [queue_name(queue) for queue in queues]
        self._connection: Any = None

    def take(self, at_most: int) -> int:
        """Return how many hints lay ready, of so many at most; they are spent then. A broker that is away has none."""
        taken = 0
        try:
            client = self._client()
            # Celery's consumer takes from the right as well.
            while taken < at_most and (
                found := client.lmpop(
                    len(self._keys), *self._keys, direction="RIGHT", count=at_most - taken
                )
            ):
                key, entries = found
                taken += sum(_is_hint(key, entry) for entry in entries)
        except (OSError, KombuError, RedisError):
            self.close()
        return taken

    def waiting(self) -> bool:
        """Tell whether a hint lies ready, and leave it there; any thread may ask."""
        try:
            client = self._client()
            return any(client.llen(key) for key in self._keys)
        except (OSError, KombuError, RedisError):
            self.close()
            return False

    def close(self) -> None:
        """Close the connection; the next question opens another."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.release()

    def _client(self) -> Any:
        if self._connection is None:
            self._connection = self._app.connection_for_read()
        return self._connection.default_channel.client


def _is_hint(key: bytes, entry: bytes) -> bool:
    try:
        job_of(entry)
    except MalformedMessage as error:
        MessageCheck.refuse(key, entry, error)
        return False
    return True
