"""How many engines of a model one card holds side by side: started one by one and kept busy together, ramp after ramp."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from core.states import PointOutcome
from db.claims import ClaimedJob
from workers.errors import EngineError
from workers.lifecycle.lease import Lease
from workers.measurement.sampler import watched
from workers.probes import outcome
from workers.probes.alone import Pattern, pattern
from workers.probes.burst import Burst, percentile, send
from workers.probes.colocated import ColocatedEngines, neighbours
from workers.probes.outcome import TrialOutcome
from workers.probes.plan import Plan
from workers.probes.ramps import is_news, next_ramp
from workers.probes.session import ProbeSession, starting
from workers.probes.sustained_load import Loaded, all_together, figures_of_all, hold
from workers.probes.trial import SLA, XID, Trial, is_finding


class MaxInstances:
    """Search the most engines of this model that start side by side and stay up while all of them are busy."""

    def __init__(self, session: ProbeSession) -> None:
        self._session = session

    def search(
        self, job: ClaimedJob, lease: Lease, done: Sequence[Trial], write: Callable[[Trial], None]
    ) -> None:
        """Run the ramps that are missing; one that was interrupted begins again, as its engines are gone."""
        assert job.probe is not None
        plan = Plan.from_probe(job.probe)
        tried = list(done)

        def put(trial: Trial) -> None:
            lease.claimed_s = time.monotonic()
            if is_news(trial, tried):
                write(trial)
                tried.append(trial)

        found: Pattern | None = None
        while (ramp := next_ramp(tried, ramps=plan.trials, most=plan.max_level)) is not None:
            try:
                found = found or pattern(self._session, job, lease, plan)
            except EngineError as error:
                # What has come up once does not fail to for the number's sake.
                if not is_finding(error) or any(trial.boot_id is not None for trial in tried):
                    raise
                put(self._none_alone(error, ramp))
            else:
                _Ramp(self._session, job, lease, plan=plan, found=found, number=ramp).run(put)

    def _none_alone(self, error: EngineError, ramp: int) -> Trial:
        """Return the trial of a model that does not even start alone."""
        return Trial(
            level=1,
            trial=ramp,
            outcome=PointOutcome.FAILED,
            reason=error.error_class,
            sentence=error.sentence,
            base_mib=self._session.base_mib,
            after_mib=self._session.used_mib(),
            details={"started": False, "alone": True},
        )


class _Ramp:
    """One engine after another, until a level is not stable."""

    def __init__(
        self,
        session: ProbeSession,
        job: ClaimedJob,
        lease: Lease,
        *,
        plan: Plan,
        found: Pattern,
        number: int,
    ) -> None:
        self._session = session
        self._job = job
        self._lease = lease
        self._plan = plan
        self._pattern = found
        self._number = number

    def run(self, put: Callable[[Trial], None]) -> None:
        """Try level after level; at the end all engines are gone and their memory is back."""
        last: Trial | None = None
        place = neighbours(
            self._session,
            self._job,
            self._pattern.spec,
            kind=self._pattern.kind,
            on_progress=self._lease.progress,
        )
        with place as engines:
            for level in range(1, self._plan.max_level + 1):
                last = self._level(engines, level)
                if not last.stable:
                    break
                put(last)
        after_mib = self._session.released(self._lease)
        if last is not None and not last.stable:
            put(dataclasses.replace(last, after_mib=after_mib))

    def _level(self, engines: ColocatedEngines, level: int) -> Trial:
        """Start the ``level``-th engine, keep all of them busy, and say what came of it."""
        began_s = time.monotonic()
        with watched(self._session.sampler) as watch:
            refused = self._refused(engines)
            loaded = () if refused is not None else self._held(engines, level)
        self._session.check()
        incidents = self._session.incidents_since(began_s)
        together = all_together(loaded, began_s, watch.trace)
        if refused is not None:
            found = _not_started(refused, level, incidents)
        else:
            found = (
                outcome.failed(together, incidents)
                or self._unsteady(together, incidents)
                or outcome.STABLE
            )
        return Trial(
            level=level,
            trial=self._number,
            outcome=found.outcome,
            reason=found.reason,
            sentence=found.sentence,
            boot_id=engines.up[-1].engine_start.boot_id if engines.up else None,
            base_mib=self._session.base_mib,
            peak_mib=None if watch.trace is None else watch.trace.peak_mib - self._session.held_mib,
            details={
                "started": refused is None,
                "seconds": round(time.monotonic() - began_s, 3),
                "incidents": list(incidents),
                **self._details(engines, loaded),
            },
            **figures_of_all(loaded, together, self._pattern.alone),
        )

    def _refused(self, engines: ColocatedEngines) -> EngineError | None:
        """Start one more engine; return why it did not come up, where that is a finding."""
        try:
            engines.start(on_progress=partial(starting, self._job, self._lease))
        except EngineError as error:
            if not is_finding(error):
                raise
            return error
        return None

    def _held(self, engines: ColocatedEngines, level: int) -> tuple[Loaded, ...]:
        """Keep all engines busy; the first request of the one that just started is slower and is thrown away."""
        job, seed = self._job, self._job.sampling.seed
        name = f"{job.job_id}-{job.attempt_no}-{self._number}-{level}"
        silence_s = self._session.timeouts.silence_s
        first = self._plan.requests(f"{name}-first", 1, seed)
        warm = send(
            engines.up[-1].host, first, lease=self._lease, sampler=None, silence_s=silence_s
        )
        if warm.error is not None:
            return (Loaded(requests=1, measured=(), errors=((time.monotonic(), warm.error),)),)
        return hold(engines.up, self._plan, self._lease, name=name, seed=seed, silence_s=silence_s)

    def _unsteady(self, together: Burst, incidents: tuple[str, ...]) -> TrialOutcome | None:
        """Return the verdict on engines that stayed up, but on a card that reported an XID, or too slow."""
        if "xid" in incidents:
            sentence = "the card reported an XID meanwhile"
            return TrialOutcome(outcome=PointOutcome.UNSTABLE, reason=XID, sentence=sentence)
        p95_s = percentile([one.generation.e2e_s for one in together.measured], 0.95)
        if self._plan.sla_s is not None and p95_s is not None and p95_s > self._plan.sla_s:
            sentence = f"the 95th percentile of E2E was {p95_s:.2f} s, above {self._plan.sla_s:g} s"
            return TrialOutcome(outcome=PointOutcome.UNSTABLE, reason=SLA, sentence=sentence)
        return None

    def _details(self, engines: ColocatedEngines, loaded: Sequence[Loaded]) -> dict[str, Any]:
        plan, smaller = self._plan, self._session.smaller
        return {
            "boot_ids": [one.engine_start.boot_id for one in engines.up],
            "starts_s": [round(one.start_s, 2) for one in engines.up],
            "requests": [one.requests for one in loaded],
            "kv_mib": self._pattern.kv_mib,
            "max_num_seqs": engines.up[0].engine_start.sequences if engines.up else None,
            "input_tokens": plan.input_tokens,
            "output_tokens": plan.output_tokens,
            "hold_s": plan.hold_s,
            "limit_mib": None if smaller is None else smaller.limit_mib,
            "held_mib": None if smaller is None else round(smaller.held_mib),
        }


def _not_started(error: EngineError, level: int, incidents: tuple[str, ...]) -> TrialOutcome:
    reason = XID if "xid" in incidents and error.kind != "out_of_memory" else error.error_class
    sentence = f"engine {level} did not start beside {level - 1} others: {error.sentence}"
    return TrialOutcome(outcome=PointOutcome.FAILED, reason=reason, sentence=sentence)
