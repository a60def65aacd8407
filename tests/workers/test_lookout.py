"""A worker that does not hear its hints is noticed; one that is busy, or has none, is left alone."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable

import pytest
import redis

from core.hints import HintBroker, queue_name
from workers.consumer.next_hint import NextHint
from workers.consumer.stall_watchdog import StallWatchdog


class Ears:
    """Answers to the question whether hints wait, and the number of questions."""

    def __init__(self, answer: Callable[[int], bool]) -> None:
        self._answer = answer
        self._numbers = itertools.count()
        self.asked_often = threading.Event()

    def waiting(self) -> bool:
        """Give the next answer."""
        number = next(self._numbers)
        if number > 20:
            self.asked_often.set()
        return self._answer(number)


def look(ears: Ears, deaf: threading.Event) -> StallWatchdog:
    return StallWatchdog(ears.waiting, deaf_s=0.1, look_every_s=0.02, on_deaf=deaf.set)


def test_an_idle_worker_with_waiting_hints_is_deaf() -> None:
    deaf = threading.Event()
    stall_watchdog = look(Ears(lambda _number: True), deaf)
    assert deaf.wait(10)
    stall_watchdog.close()


@pytest.mark.parametrize("answer", [lambda _number: False, lambda number: number % 4 != 0])
def test_a_queue_that_is_emptied_now_and_then_is_heard(answer: Callable[[int], bool]) -> None:
    ears, deaf = Ears(answer), threading.Event()
    stall_watchdog = look(ears, deaf)
    assert ears.asked_often.wait(10)
    stall_watchdog.close()
    assert not deaf.is_set()


def test_a_busy_worker_is_not_deaf_and_one_that_hears_is_not_either() -> None:
    ears, deaf = Ears(lambda _number: True), threading.Event()
    stall_watchdog = look(ears, deaf)
    with stall_watchdog.hearing():
        assert not deaf.wait(0.5)
    for _ in range(10):
        with stall_watchdog.hearing():
            pass
        assert not deaf.wait(0.05)
    assert deaf.wait(10), "it hears nothing any more"
    stall_watchdog.close()


def test_a_hint_that_lies_ready_is_seen_and_taken_once(broker: HintBroker, broker_url: str) -> None:
    hints = NextHint(broker_url, ("synthetic", "other"))
    assert not hints.waiting()
    assert not hints.take(1)
    broker.publish("other", [7])
    assert hints.waiting()
    assert hints.take(1)
    assert not hints.take(1)
    broker.publish("other", [7, 8])
    client = redis.Redis.from_url(broker_url)
    client.lpush(queue_name("synthetic"), "no hint")
    client.close()
    assert hints.take(3) == 2, "what is no hint is thrown away, and does not count"
    assert not hints.waiting()
    hints.close()


def test_a_broker_that_is_away_has_no_hints() -> None:
    hints = NextHint("redis://127.0.0.1:1/0", ("synthetic",))
    assert not hints.take(1)
    assert not hints.waiting()
