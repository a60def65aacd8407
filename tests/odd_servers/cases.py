"""What evalctl makes of odd servers: each case is one function under ``@case``."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from bench.prefix_cache import vllm_server
from core.model_spec import ModelSpec
from core.sampling_params import SamplingParams
from db.runs.submissions import ProblemRecord
from orchestrator.runs.submit import record_of
from problems.loader import load_set
from tests.odd_servers.server import OddServer
from tests.odd_servers.trial import OUTCOMES, STATES, Trial
from tests.support.database import query
from tests.support.jobs import quickstart
from workers.bundled_model import ensure_embedded_model

_CACHED = """
SELECT model, count(*) FILTER (WHERE cached_tokens > 0) AS cached,
       count(*) FILTER (WHERE 'cached' = ANY (flags)) AS flagged,
       count(*) FILTER (WHERE used) AS used
  FROM analytics_v1.generations GROUP BY model ORDER BY model
"""


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


@case("4 succeeded; 0 counted")
def limited_list(trial: Trial) -> str:
    """429 of the list of models for 6 s, while the model is loaded."""
    with OddServer() as server:
        address = server.base_url.replace("/v1", "/list-limited/v1")
        trial.run(server, "ok", problems=quickstart()[:2], fields={"base_url": address})
    return counted(trial)


@case("186 succeeded; 0 counted; first request after 40 s", long=True)
def late(trial: Trial) -> str:
    """62 problems x 3 against a server that is away for the first 40 s."""
    with OddServer() as server:
        server.stop()
        began_s = time.monotonic()
        threading.Timer(40, server.start).start()
        trial.run(server, "ok", within_s=500, problems=math62(), repetitions=3)
    after = min(at_s for at_s, _ in server.answers) - began_s >= 40
    return f"{counted(trial)}; first request {'after' if after else 'before'} 40 s"


@case("62 succeeded; 0 counted", long=True)
def killed(trial: Trial) -> str:
    """62 problems in throughput mode; the server is killed at the tenth and comes back in 45 s."""
    with OddServer(answer_s=2.0) as server:
        args = (server, ((10, 45.0),))
        threading.Thread(target=_disturb, args=args, daemon=True).start()
        trial.run(
            server, "slow", within_s=500, problems=math62(), repetitions=1, mode="throughput"
        )  # fmt: skip
    return counted(trial)


@case("12 succeeded; asked for no cache: 0 cached, 6 used; else: 4 cached, 4 flagged, 2 used",
      long=True)  # fmt: skip
def caches_prompts(trial: Trial) -> str:
    """2 problems x 3 against a real vllm serve with its defaults, which cache prompts."""
    folder = ensure_embedded_model(trial.home, "smollm2")
    with vllm_server(folder, trial.home / "vllm.log") as base_url:
        asked = ModelSpec(
            name="asked", engine="openai", source="tiny", base_url=base_url, queue="openai"
        )
        models = [asked, replace(asked, name="else", options={"no_cache": False})]
        trial.run_models(
            models, within_s=500, problems=quickstart()[:2], repetitions=3,
            prompts=("stepwise",), sampling=SamplingParams(max_tokens=8),
        )  # fmt: skip
    found = {row["model"]: row for row in query(trial.engine, _CACHED)}
    asked_for, other = found["asked"], found["else"]
    return (
        f"{trial.counted(STATES)}; asked for no cache: {asked_for['cached']} cached, "
        f"{asked_for['used']} used; else: {other['cached']} cached, {other['flagged']} flagged, "
        f"{other['used']} used"
    )


@case("186 succeeded; 0 counted; at most 4 at once", long=True)
def comes_and_goes(trial: Trial) -> str:
    """62 problems x 3: 429 above 4 at once, two restarts, away for two minutes; two workers."""
    with OddServer(limit=4, answer_s=1.0) as server:
        args = (server, ((30, 3.0), (70, 3.0), (110, 120.0)))
        threading.Thread(target=_disturb, args=args, daemon=True).start()
        took_s = trial.run(
            server,
            "slow",
            workers=2,
            within_s=500,
            fields={"concurrency": 4},
            problems=math62(),
            repetitions=3,
            mode="throughput",
        )
        statuses = [status for _, status in server.answers]
    refused = sum(status == 429 for status in statuses)
    print(f"  {took_s:.0f} s, {len(statuses)} requests, {refused} refused with 429")
    print(f"  attempts: {trial.counted(OUTCOMES)}")
    return f"{counted(trial)}; at most {server.most_at_once} at once"


def math62() -> tuple[ProblemRecord, ...]:
    """Return the shipped problems."""
    return tuple(record_of(problem) for problem in load_set("math62"))


def _disturb(server: OddServer, outages: Sequence[tuple[int, float]]) -> None:
    """Stop the server after N requests, each time for some seconds."""
    for after, away_s in outages:
        while len(server.answers) < after:
            time.sleep(0.05)
        server.stop()
        time.sleep(away_s)
        server.start()
