"""What one trial is stored as: its figures, its verdict, and the memory before, in and after it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from core.states import PointOutcome
from workers.errors import EngineError
from workers.lifecycle.lease import Lease
from workers.loading.loader import EngineStart
from workers.probes import outcome
from workers.probes.burst import Burst, figures
from workers.probes.session import ProbeSession
from workers.probes.trial import Trial


def not_started(
    session: ProbeSession, lease: Lease, error: EngineError, *, level: int, trial: int
) -> Trial:
    """Return the trial of an engine that did not come up, once what it took is given back."""
    return Trial(
        level=level,
        trial=trial,
        outcome=PointOutcome.FAILED,
        reason=error.error_class,
        sentence=error.sentence,
        base_mib=session.base_mib,
        after_mib=session.released(lease),
        details={"started": False},
    )


def observed(
    session: ProbeSession,
    lease: Lease,
    burst: Burst,
    engine_start: EngineStart,
    *,
    level: int,
    trial: int,
    judged: Callable[..., outcome.TrialOutcome | None],
    earlier: Sequence[Trial] = (),
    details: Mapping[str, Any],
    answer_right: bool | None = None,
) -> Trial:
    """Return a trial from what came of its requests; after one that failed, the engine is gone and its memory is back.

    ``judged`` looks at requests that came to their end; ``earlier`` are the trials of the level on the same engine.
    """
    session.check()
    incidents = session.incidents_since(burst.began_s)
    found, told = outcome.failed(burst, incidents), figures(burst)
    kept_mib = None
    if found is None:
        after_mib = session.used_mib() if burst.trace is not None else None
        kept_mib = session.kept_mib() if burst.trace is not None else None
        found = (
            judged(burst, incidents=incidents) or _grown(burst, kept_mib, earlier) or outcome.STABLE
        )
    else:
        # Times and needs of those that were spared are no figures of this level.
        told = {name: told[name] for name in ("requests", "errors", "memory_kind")}
        session.loader.forget()
        after_mib = session.released(lease)
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
        **told,
    )


def _grown(
    burst: Burst, kept_mib: float | None, earlier: Sequence[Trial]
) -> outcome.TrialOutcome | None:
    if burst.trace is None:
        return None
    # On a CPU a block of the KV cache counts from its first use on, and each trial uses others.
    untouched_mib = 0.0
    if burst.trace.kind == "host":
        untouched_mib = (burst.most("kv_used_mib") or 0.0) * len(earlier)
    kept = [*(trial.details.get("kept_mib") for trial in earlier), kept_mib]
    return outcome.grown(kept, allowed_mib=outcome.GROWTH_MIB + untouched_mib)
