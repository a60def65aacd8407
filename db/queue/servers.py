"""Models behind a server, for all workers: hold them, let requests through, let them go again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine

from core.model_spec import ModelSpec
from core.states import JobState
from db.engine import long_transaction, rows, run_alone, transaction
from db.queue.claims import BACKOFF_S, ClaimedJob, Failure, LeaseLost
from db.statements import statement

#: The first hold of a model, and the longest.
HOLD_S, HOLD_AT_MOST_S = 5.0, 300.0
#: Requests keep this much more distance than the limit asks for: they do not travel alike.
MARGIN = 1.02
#: Errors that a request may cause: a job that has had one as often, while its model's server has
#: served others, pays with attempts from then on.
SUSPECT = frozenset({"CONNECTION_LOST", "SERVER_ERROR", "SERVER_UNREACHABLE", "STREAM_CUT"})
#: Those of them that come after an answer has begun, and may be paid for: the server is there.
BEGUN = frozenset({"CONNECTION_LOST", "STREAM_CUT"})
SUSPECT_AFTER = 20
#: Hints for the jobs of a model that is free again; the reconciler issues more.
HINTS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """Whether a request may be sent now."""

    #: ``free``; ``held``; ``tried``, while another request tries the server; ``full``, ``paced``.
    word: str
    #: Why the model is held.
    reason: str | None
    #: Seconds until the limits allow the next request; not above zero where they do now.
    wait_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A model that waits for its server."""

    failures: int
    held_s: float
    #: Whether the server has served none for all of the patience.
    exhausted: bool


def has_server(spec: ModelSpec) -> bool:
    """Return whether a model is another party's, behind a URL."""
    return spec.base_url is not None and spec.engine == "openai"


def let_through(engine: Engine, job: ClaimedJob, *, sends: bool, tokens: int) -> Passage:
    """Ask for a request's way to its server, on the database's clock; note it as sent if free.

    Without ``sends`` nothing counts towards the limits: the model is about to be loaded.
    """
    spec = job.spec
    with transaction(engine) as connection:
        rows(connection, statement("lock_server", "servers"), _key(spec))
        given = _key(spec) | _attempt(job)
        given |= {"sends": sends, "tokens": tokens, "concurrency": spec.concurrency}
        given |= {
            "request_s": MARGIN * 60 / spec.requests_per_minute if spec.requests_per_minute else 0,
            "tokens_s": tokens_s(spec, tokens),
        }
        found = rows(connection, statement("let_through", "servers"), given)[0]
    return Passage(word=found["word"], reason=found["error_message"], wait_s=found["wait_s"] or 0.0)


def tokens_s(spec: ModelSpec, tokens: int) -> float:
    """Return the seconds for which a number of tokens uses up a model's limit."""
    return MARGIN * 60 * tokens / spec.tokens_per_minute if spec.tokens_per_minute else 0.0


def answered(engine: Engine, job: ClaimedJob, *, unused_tokens: int = 0) -> bool:
    """Note that a server has answered a request; return whether that ended a hold."""
    given = _key(job.spec) | _attempt(job)
    given |= {"unused_s": tokens_s(job.spec, max(0, unused_tokens)), "hints": HINTS}
    found = run_alone(engine, statement("answered", "servers"), given)
    return bool(found and found[0]["frees"])


def hold(
    engine: Engine,
    job: ClaimedJob,
    failure: Failure,
    *,
    retry_after_s: float | None,
    patience_s: float,
) -> Hold:
    """Hold a job's model for all workers, and end jobs that have waited for all of the patience."""
    given = _key(job.spec) | _attempt(job) | _words(job.spec, failure, patience_s)
    given |= {"shortest_s": HOLD_S, "longest_s": HOLD_AT_MOST_S}
    given |= {"retry_after_s": None if retry_after_s is None else min(retry_after_s, patience_s)}
    with transaction(engine) as connection:
        rows(connection, statement("lock_server", "servers"), given)
        row = rows(connection, statement("hold_server", "servers"), given)[0]
    found = Hold(failures=row["failures"], held_s=row["held_s"], exhausted=bool(row["exhausted"]))
    if found.exhausted:
        with long_transaction(engine) as connection:
            rows(connection, statement("abandon_jobs", "servers"), given)
    return found


def hand_back(
    engine: Engine, job: ClaimedJob, failure: Failure, *, patience_s: float
) -> JobState | None:
    """Return a job to the queue at no cost to its attempts; return its state.

    It is dead once it has waited for all of the patience. None where the failure has to count, and
    nothing was written. Raise ``LeaseLost`` as ``give_up`` does.
    """
    at_most = SUSPECT_AFTER if failure.error_class in SUSPECT else None
    given = _key(job.spec) | _attempt(job) | _words(job.spec, failure, patience_s)
    given |= {
        "times_at_most": at_most,
        "begun": failure.error_class in BEGUN,
        "backoff_s": BACKOFF_S,
    }
    found = run_alone(engine, statement("hand_back", "servers"), given)
    if not found:
        raise LeaseLost(job.job_id, job.attempt_no)
    state = found[0]["state"]
    return None if state == "counted" else JobState(state)


def held_models(engine: Engine) -> list[dict[str, Any]]:
    """Return the models whose server fails: since when, why, and until when they are held."""
    with transaction(engine) as connection:
        return rows(connection, statement("held_models", "servers"))


def _key(spec: ModelSpec) -> dict[str, Any]:
    return {"base_url": spec.base_url, "source": spec.source}


def _attempt(job: ClaimedJob) -> dict[str, Any]:
    return {"job": job.job_id, "attempt_no": job.attempt_no}


def _words(spec: ModelSpec, failure: Failure, patience_s: float) -> dict[str, Any]:
    waited = f"model {spec.name!r}: {spec.base_url} has served no request of this job for "
    return {
        "error_class": failure.error_class,
        "error_message": failure.sentence,
        "exhausted_message": f"{waited}{patience_s:g} s (EVALCTL_PATIENCE_S): {failure.sentence}",
        "patience_s": patience_s,
    }
