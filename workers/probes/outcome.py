"""Whether a trial was stable and why not, and the trial as it is stored."""

from __future__ import annotations

import itertools
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.counts import counted
from core.states import PointOutcome
from workers.errors import EngineError
from workers.loading.loader import EngineStart
from workers.probes.burst import Burst, figures, percentile
from workers.probes.session import ProbeSession
from workers.probes.trial import MEMORY_GROWS, PREEMPTED, SLA, WAITING, XID, Trial

#: Memory may grow by this much over the trials of a level.
GROWTH_MIB = 64.0
#: This many trials distinguish growth from a step: an allocator keeps, once, what a new pattern of
#: requests took.
GROWTH_TRIALS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialOutcome:
    """How a trial ended; the reason is None exactly where it was stable."""

    outcome: PointOutcome
    reason: str | None = None
    sentence: str | None = None


STABLE = TrialOutcome(outcome=PointOutcome.STABLE)


def not_started(session: ProbeSession, error: EngineError, *, level: int, trial: int) -> Trial:
    """Return the trial of an engine that did not start, once its memory is returned."""
    return Trial(
        level=level,
        trial=trial,
        outcome=PointOutcome.FAILED,
        reason=error.error_class,
        sentence=error.sentence,
        base_mib=session.base_mib,
        after_mib=session.released(),
        details={"started": False},
    )


def observed(
    session: ProbeSession,
    burst: Burst,
    engine_start: EngineStart,
    *,
    level: int,
    trial: int,
    at_once: int,
    sla_s: float | None,
    details: Mapping[str, Any],
    earlier: Sequence[Trial] = (),
    answer_right: bool | None = None,
) -> Trial:
    """Return the trial that these requests make; after a failure, unload the engine.

    ``at_once`` is the number of requests that the engine was to run in one step, ``earlier`` the
    trials of the level on the same engine, over which memory must not grow.
    """
    session.check()
    incidents = session.incidents_since(burst.began_s)
    found = judged(burst, incidents, sla_s=sla_s, at_once=at_once)
    numbers, kept_mib = figures(burst), None
    if found.outcome is PointOutcome.FAILED:
        # Times and needs of the requests that survived are not figures of this level.
        numbers = {name: numbers[name] for name in ("requests", "errors", "memory_kind")}
        after_mib = session.unload()
    else:
        sampled = burst.trace is not None
        after_mib = session.used_mib() if sampled else None
        kept_mib = session.kept_mib() if sampled else None
        if found is STABLE:
            found = _grown(burst, kept_mib, earlier) or STABLE
    together = burst.most("running_peak")
    return Trial(
        level=level,
        trial=trial,
        outcome=found.outcome,
        reason=found.reason,
        sentence=found.sentence,
        boot_id=engine_start.boot_id,
        base_mib=session.base_mib,
        peak_mib=None if burst.trace is None else burst.trace.peak_mib - session.held_mib,
        after_mib=after_mib,
        details={
            "started": True,
            "seconds": round(time.monotonic() - burst.began_s, 3),
            "incidents": list(incidents),
            "running_peak": None if together is None else int(together),
            "kept_mib": kept_mib,
            **details,
        },
        answer_right=answer_right,
        **numbers,
    )


def judged(
    burst: Burst, incidents: tuple[str, ...], *, sla_s: float | None, at_once: int | None = None
) -> TrialOutcome:
    """Return the outcome of requests that were sent together.

    ``at_once`` is the number of requests that a separate engine was to run in one step; None
    where others were in flight too. What an engine does not report is not held against it.
    """
    if burst.error is not None:
        sentence = f"{len(burst.errors)} of {counted(burst.requests, 'request')} failed"
        return failed(burst.error, f"{sentence}: {burst.error.sentence}", incidents)
    if "xid" in incidents:
        return _unstable(XID, "the GPU reported an XID error during the trial")
    if at_once is not None and (hindered := _hindered(burst, at_once)):
        return hindered
    p95_s = percentile([one.generation.e2e_s for one in burst.measured], 95)
    if sla_s is not None and p95_s is not None and p95_s > sla_s:
        return _unstable(
            SLA, f"the 95th percentile of E2E was {p95_s:.2f} s, above the limit of {sla_s:g} s"
        )
    return STABLE


def failed(error: EngineError, sentence: str, incidents: tuple[str, ...]) -> TrialOutcome:
    """Return the outcome of an error.

    An XID explains an engine's death better than the death itself; running out of memory needs no
    other explanation.
    """
    reason = XID if "xid" in incidents and error.kind != "out_of_memory" else error.error_class
    return TrialOutcome(outcome=PointOutcome.FAILED, reason=reason, sentence=sentence)


def grown(
    kept_mib: Sequence[float | None], *, allowed_mib: float = GROWTH_MIB
) -> TrialOutcome | None:
    """Return the outcome of memory kept after each trial, oldest first, that grew; else None."""
    kept = [mib for mib in kept_mib if mib is not None]
    grows = all(later > sooner for sooner, later in itertools.pairwise(kept))
    if len(kept) < GROWTH_TRIALS or not grows or kept[-1] - kept[0] <= allowed_mib:
        return None
    return _unstable(
        MEMORY_GROWS,
        "memory in use grew with each trial of this level, by "
        f"{kept[-1] - kept[0]:.0f} MiB in total",
    )


def _grown(burst: Burst, kept_mib: float | None, earlier: Sequence[Trial]) -> TrialOutcome | None:
    if burst.trace is None:
        return None
    # On a CPU a block of the KV cache counts from its first use on, and each trial uses others.
    untouched_mib = 0.0
    if burst.trace.kind == "host":
        untouched_mib = (burst.most("kv_used_mib") or 0.0) * len(earlier)
    kept = [*(trial.details.get("kept_mib") for trial in earlier), kept_mib]
    return grown(kept, allowed_mib=GROWTH_MIB + untouched_mib)


def _hindered(burst: Burst, at_once: int) -> TrialOutcome | None:
    """Return the outcome of requests that the scheduler did not run all at once."""
    if preemptions := burst.preemptions:
        times = "once" if preemptions == 1 else f"{preemptions} times"
        return _unstable(
            PREEMPTED, f"the scheduler preempted requests {times}: the KV cache was full"
        )
    if waited := burst.most("waiting_steps"):
        steps = "1 step" if waited == 1 else f"{waited:.0f} steps"
        return _unstable(WAITING, f"a request still waited in {steps} when all should have run")
    together = burst.most("running_peak")
    if together is not None and together < at_once:
        fewer = f"at most {together:.0f} of {counted(at_once, 'request')} ran at once"
        return _unstable(WAITING, f"{fewer}, however often they were sent: use longer requests")
    return None


def _unstable(reason: str, sentence: str) -> TrialOutcome:
    return TrialOutcome(outcome=PointOutcome.UNSTABLE, reason=reason, sentence=sentence)
