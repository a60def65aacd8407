"""What evalctl makes of odd servers: each case is one function under ``@case``."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from orchestrator.submit import record_of
from problems.loader import load_set
from tests.odd_servers.server import OddServer
from tests.odd_servers.trial import OUTCOMES, STATES, Trial
from tests.support.database import query
from tests.support.jobs import quickstart


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What a server does, what is right, and how to see it."""

    name: str
    expected: str
    #: Returns what was seen; it is right where it equals ``expected``.
    see: Callable[[Trial], str]
    #: Takes minutes: only run by name.
    long: bool = False


CASES: list[Case] = []


def case(expected: str, *, long: bool = False) -> Callable[[Callable[[Trial], str]], None]:
    """Add a function as a case; the first line of its docstring is the name."""

    def add(see: Callable[[Trial], str]) -> None:
        name = (see.__doc__ or see.__name__).splitlines()[0].rstrip(".")
        CASES.append(Case(name=name, expected=expected, see=see, long=long))

    return add


def counted(trial: Trial) -> str:
    """Return how the jobs ended, and the attempts that cost something without a result."""
    sql = "SELECT count(*) AS n FROM eval.attempt WHERE outcome NOT IN ('succeeded', 'handed_back')"
    return f"{trial.counted(STATES)}; {query(trial.engine, sql)[0]['n']} counted"


@case("3 succeeded; 0 counted; again after 6 s")
def limited(trial: Trial) -> str:
    """429 with Retry-After: 6."""
    with OddServer() as server:
        trial.run(server, "r429", problems=quickstart()[:1], repetitions=3)
    refused = [at_s for at_s, status in server.answers if status == 429]
    served = [at_s for at_s, status in server.answers if status == 200]
    waited = served and refused and min(served) - refused[0] >= 6
    return f"{counted(trial)}; again {'after' if waited else 'before'} 6 s"


@case("6 succeeded; 0 counted")
def gateway(trial: Trial) -> str:
    """Get a gateway's 502 in HTML for 6 s, two workers."""
    with OddServer() as server:
        trial.run(server, "s502-html", workers=2, problems=quickstart()[:1], repetitions=6)
    return counted(trial)


def _once(status: int) -> None:
    def see(trial: Trial) -> str:
        with OddServer() as server:
            trial.run(server, f"s{status}", problems=quickstart()[:1], max_attempts=1)
        return counted(trial)

    see.__doc__ = f"{status} once."
    case("2 succeeded; 0 counted")(see)


for _status in (402, 408, 409, 425, 429, 500, 503, 529):
    _once(_status)


@case("12 succeeded; 0 counted")
def resets(trial: Trial) -> str:
    """Every fourth connection reset within an answer, four at once."""
    with OddServer() as server:
        trial.run(server, "some-drop", problems=quickstart()[:3], repetitions=4, mode="throughput")
    return counted(trial)


@case("186 succeeded; 0 counted; at most 4 at once", long=True)
def comes_and_goes(trial: Trial) -> str:
    """62 problems x 3: 429 above 4 at once, two restarts, away for two minutes; two workers."""
    problems = tuple(record_of(problem) for problem in load_set("math62"))
    with OddServer(limit=4, answer_s=1.0) as server:
        threading.Thread(target=_disturb, args=(server,), daemon=True).start()
        took_s = trial.run(
            server,
            "slow",
            workers=2,
            within_s=500,
            fields={"concurrency": 4},
            problems=problems,
            repetitions=3,
            mode="throughput",
        )
        statuses = [status for _, status in server.answers]
    refused = sum(status == 429 for status in statuses)
    print(f"  {took_s:.0f} s, {len(statuses)} requests, {refused} refused with 429")
    print(f"  attempts: {trial.counted(OUTCOMES)}")
    return f"{counted(trial)}; at most {server.most_at_once} at once"


def _disturb(server: OddServer) -> None:
    for after, away_s in ((30, 3.0), (70, 3.0), (110, 120.0)):
        while len(server.answers) < after:
            time.sleep(0.05)
        server.stop()
        time.sleep(away_s)
        server.start()
