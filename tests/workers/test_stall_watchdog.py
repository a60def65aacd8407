"""A worker that does not receive its hints is noticed; a busy one, or one without hints, is not."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable

import pytest

from workers.consumer.stall_watchdog import StallWatchdog


class Queue:
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


def watch(hints: Queue, stalled: threading.Event) -> StallWatchdog:
    return StallWatchdog(hints.waiting, stalled_s=0.1, poll_every_s=0.02, on_stall=stalled.set)


def test_an_idle_worker_with_waiting_hints_is_stalled() -> None:
    stalled = threading.Event()
    stall_watchdog = watch(Queue(lambda _number: True), stalled)
    assert stalled.wait(10)
    stall_watchdog.close()


@pytest.mark.parametrize("answer", [lambda _number: False, lambda number: number % 4 != 0])
def test_a_queue_that_is_emptied_now_and_then_is_fine(answer: Callable[[int], bool]) -> None:
    hints, stalled = Queue(answer), threading.Event()
    stall_watchdog = watch(hints, stalled)
    assert hints.asked_often.wait(10)
    stall_watchdog.close()
    assert not stalled.is_set()


def test_a_busy_worker_is_not_stalled_and_one_that_receives_is_not_either() -> None:
    hints, stalled = Queue(lambda _number: True), threading.Event()
    stall_watchdog = watch(hints, stalled)
    with stall_watchdog.busy():
        assert not stalled.wait(0.5)
    for _ in range(10):
        with stall_watchdog.busy():
            pass
        assert not stalled.wait(0.05)
    assert stalled.wait(10), "it receives nothing any more"
    stall_watchdog.close()
