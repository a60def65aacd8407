"""Whether a trial was stable, and the word and sentence for why it was not."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from core.states import PointOutcome
from workers.probes.burst import Burst, percentile
from workers.probes.trial import MEMORY_GROWS, PREEMPTED, SLA, WAITING, XID

#: Memory may climb by so much over the trials of a level.
GROWTH_MIB = 64.0
#: So many trials tell a climb from a step: an allocator keeps what a new pattern of requests took, once.
CLIMB_TRIALS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialOutcome:
    """How a trial ended; the reason is None exactly where it was stable."""

    outcome: PointOutcome
    reason: str | None = None
    sentence: str | None = None


STABLE = TrialOutcome(outcome=PointOutcome.STABLE)


def failed(burst: Burst, incidents: tuple[str, ...]) -> TrialOutcome | None:
    """Return the verdict on requests that did not all come to their end, None where they did.

    An XID explains an engine's death better than its death does; running out of memory explains itself.
    """
    error = burst.error
    if error is None:
        return None
    reason = XID if "xid" in incidents and error.kind != "out_of_memory" else error.error_class
    sentence = f"{len(burst.errors)} of {burst.requests} requests failed: {error.sentence}"
    return TrialOutcome(outcome=PointOutcome.FAILED, reason=reason, sentence=sentence)


def unsteady(
    burst: Burst, *, at_once: int, sla_s: float | None, incidents: tuple[str, ...] = ()
) -> TrialOutcome | None:
    """Return the verdict on requests that came to their end, but waited, were preempted or too slow; None for steady ones.

    ``at_once`` is how many the engine was to run in one step. What it does not tell is not held against it.
    """
    if "xid" in incidents:
        return _unstable(XID, "the card reported an XID meanwhile")
    if preemptions := burst.preemptions:
        return _unstable(
            PREEMPTED, f"the scheduler preempted {preemptions} times: the KV cache was full"
        )
    if waited := burst.most("waiting_steps"):
        return _unstable(
            WAITING, f"a request waited in {waited:.0f} steps after all had been let in"
        )
    together = burst.most("running_peak")
    if together is not None and together < at_once:
        return _unstable(
            WAITING,
            f"of {at_once} requests at most {together:.0f} ran at once, however often they were sent: ask for longer ones",
        )
    p95_s = percentile([one.generation.e2e_s for one in burst.measured], 0.95)
    if sla_s is not None and p95_s is not None and p95_s > sla_s:
        return _unstable(SLA, f"the 95th percentile of E2E was {p95_s:.2f} s, above {sla_s:g} s")
    return None


def grown(
    kept_mib: Sequence[float | None], *, allowed_mib: float = GROWTH_MIB
) -> TrialOutcome | None:
    """Return the verdict on memory kept after the trials of a level, oldest first: None where it does not climb each time."""
    kept = [mib for mib in kept_mib if mib is not None]
    climbs = all(later > sooner for sooner, later in itertools.pairwise(kept))
    if len(kept) < CLIMB_TRIALS or not climbs or kept[-1] - kept[0] <= allowed_mib:
        return None
    sentence = f"each trial of this level left more memory in use than the one before, {kept[-1] - kept[0]:.0f} MiB in all"
    return _unstable(MEMORY_GROWS, sentence)


def _unstable(reason: str, sentence: str) -> TrialOutcome:
    return TrialOutcome(outcome=PointOutcome.UNSTABLE, reason=reason, sentence=sentence)
