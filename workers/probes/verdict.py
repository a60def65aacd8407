"""Whether a trial was stable, and the word and sentence for why it was not."""

from __future__ import annotations

from dataclasses import dataclass

from db.states import PointOutcome
from workers.probes.load import Burst, percentile
from workers.probes.trial import MEMORY_GROWS, PREEMPTED, SLA, WAITING, XID

#: Memory may differ by so much from one trial of a level to another.
GROWTH_MIB = 64.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How a trial ended; the reason is None exactly where it was stable."""

    outcome: PointOutcome
    reason: str | None = None
    sentence: str | None = None


STABLE = Verdict(outcome=PointOutcome.STABLE)


def failed(burst: Burst, incidents: tuple[str, ...]) -> Verdict | None:
    """Return the verdict on requests that did not all come to their end, None where they did.

    An XID explains an engine's death better than its death does; running out of memory explains itself.
    """
    error = burst.error
    if error is None:
        return None
    reason = XID if "xid" in incidents and error.kind != "out_of_memory" else error.error_class
    sentence = f"{len(burst.errors)} of {burst.requests} requests failed: {error.sentence}"
    return Verdict(outcome=PointOutcome.FAILED, reason=reason, sentence=sentence)


def unsteady(burst: Burst, *, at_once: int, sla_s: float | None, incidents: tuple[str, ...] = ()) -> Verdict | None:
    """Return the verdict on requests that came to their end, but waited, were preempted or too slow; None for steady ones.

    ``at_once`` is how many the engine was to run in one step. What it does not tell is not held against it.
    """
    if "xid" in incidents:
        return _unstable(XID, "the card reported an XID meanwhile")
    if preemptions := burst.total("preemptions"):
        return _unstable(PREEMPTED, f"the scheduler preempted {preemptions} times: the KV cache was full")
    if waited := burst.most("waiting_steps"):
        return _unstable(WAITING, f"a request waited in {waited:.0f} steps after all had been let in")
    together = burst.most("running_peak")
    if together is not None and together < at_once:
        return _unstable(WAITING, f"of {at_once} requests at most {together:.0f} ran at once")
    p95_s = percentile([one.generation.e2e_s for one in burst.measured], 0.95)
    if sla_s is not None and p95_s is not None and p95_s > sla_s:
        return _unstable(SLA, f"the 95th percentile of E2E was {p95_s:.2f} s, above {sla_s:g} s")
    return None


def grown(after_mib: float | None, first_mib: float | None, *, allowed_mib: float = GROWTH_MIB) -> Verdict | None:
    """Return the verdict on memory in use after a trial, compared with that after the first of its level."""
    if after_mib is None or first_mib is None or after_mib - first_mib <= allowed_mib:
        return None
    return _unstable(
        MEMORY_GROWS, f"{after_mib - first_mib:.0f} MiB more are in use than after the first trial of this level"
    )


def _unstable(reason: str, sentence: str) -> Verdict:
    return Verdict(outcome=PointOutcome.UNSTABLE, reason=reason, sentence=sentence)
