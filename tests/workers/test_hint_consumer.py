"""The hints that wait in the broker: seen, taken once, and none while it is unreachable."""

from __future__ import annotations

import redis

from core.hints import HintBroker, queue_name
from workers.consumer.hint_consumer import WaitingHints


def test_a_waiting_hint_is_seen_and_taken_once(broker: HintBroker, broker_url: str) -> None:
    hints = WaitingHints(broker_url, ("synthetic", "other"))
    assert not hints.any()
    assert not hints.take(1)
    broker.publish("other", [7])
    assert hints.any()
    assert hints.take(1)
    assert not hints.take(1)
    broker.publish("other", [7, 8])
    client = redis.Redis.from_url(broker_url)
    client.lpush(queue_name("synthetic"), "not a hint")
    client.close()
    assert hints.take(3) == 2, "anything else is discarded and does not count"
    assert not hints.any()
    hints.close()


def test_an_unreachable_broker_has_no_hints() -> None:
    hints = WaitingHints("redis://127.0.0.1:1/0", ("synthetic",))
    assert not hints.take(1)
    assert not hints.any()
