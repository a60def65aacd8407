"""A worker that kills or freezes itself at a point of its second job.

``CHAOS_AT=kill:before-commit`` names action and point; a ``:1`` at its end means the first job.

The worker's own code stays as it is: the names that its executor calls are wrapped before it
starts. The points are before-ack, before-claim, after-claim, mid-generate, before-commit and
after-commit; ``stop`` in place of ``kill`` freezes the process there until it is continued, and
``spin`` has its thread run in a circle.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

import workers.__main__
import workers.consumer.hint_consumer
import workers.consumer.message_check
import workers.execution.executor
from workers.engines.host import EngineHost

#: By default a worker passes every point once in health: the engine runs, connections are warm.
AT_PASSAGE = 2


def main() -> int:
    """Wrap what was asked for and run the worker."""
    action, point, *passage = os.environ["CHAOS_AT"].split(":")
    _POINTS[point](_bomb(_ACTIONS[action], int(passage[0]) if passage else AT_PASSAGE))
    return workers.__main__.main()


def _bomb(act: Callable[[], None], at: int) -> Callable[[], None]:
    """Return what acts at its n-th call."""
    passages = iter(range(1, sys.maxsize))

    def pass_by() -> None:
        if next(passages) == at:
            act()

    return pass_by


def _spin() -> None:
    while True:
        pass


_ACTIONS: dict[str, Callable[[], None]] = {
    "kill": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "stop": lambda: os.kill(os.getpid(), signal.SIGSTOP),
    "spin": _spin,
}


def _before(owner: Any, name: str) -> Callable[[Callable[[], None]], None]:
    def wrap(bomb: Callable[[], None]) -> None:
        inner = getattr(owner, name)

        def outer(*given: Any, **named: Any) -> Any:
            bomb()
            return inner(*given, **named)

        setattr(owner, name, outer)

    return wrap


def _after(owner: Any, name: str) -> Callable[[Callable[[], None]], None]:
    def wrap(bomb: Callable[[], None]) -> None:
        inner = getattr(owner, name)

        def outer(*given: Any, **named: Any) -> Any:
            result = inner(*given, **named)
            if name != "claim" or result is not None:
                bomb()
            return result

        setattr(owner, name, outer)

    return wrap


def _mid_generate(bomb: Callable[[], None]) -> None:
    inner = EngineHost.generate

    def outer(host: EngineHost, *given: Any, on_token: Callable[[Any], None], **named: Any) -> Any:
        heard = []

        def token(event: Any) -> None:
            on_token(event)
            heard.append(event)
            if len(heard) == 1:
                bomb()

        return inner(host, *given, on_token=token, **named)

    EngineHost.generate = outer  # type: ignore[method-assign, assignment]


def _hint_in_hand(bomb: Callable[[], None]) -> None:
    """Wrap both ways in which a hint comes: through Celery's loop, and right after a job."""
    _before(workers.consumer.message_check, "job_of")(bomb)
    _before(workers.consumer.hint_consumer, "job_of")(bomb)


_POINTS: dict[str, Callable[[Callable[[], None]], None]] = {
    "before-ack": _hint_in_hand,
    "before-claim": _before(workers.execution.executor, "claim"),
    "after-claim": _after(workers.execution.executor, "claim"),
    "mid-generate": _mid_generate,
    "before-commit": _before(workers.execution.executor, "commit"),
    "after-commit": _after(workers.execution.executor, "commit"),
}

if __name__ == "__main__":
    sys.exit(main())
