"""How many engines of a model one GPU holds: started one by one and kept busy, ramp after ramp."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Sequence
from contextlib import closing
from typing import Any

from core.states import PointOutcome
from workers.errors import EngineError
from workers.measurement.sampler import watched
from workers.probes.burst import send
from workers.probes.colocated import ColocatedEngines
from workers.probes.engine_starts import InstanceSpec, instance_spec
from workers.probes.outcome import failed, judged
from workers.probes.search_order import is_news, next_ramp
from workers.probes.session import ProbeSession
from workers.probes.sustained_load import SustainedLoad, combined, combined_figures, sustain
from workers.probes.trial import Trial, is_finding


class MaxInstances:
    """Search the most engines that start on one GPU and keep running while all are busy."""

    def __init__(self, session: ProbeSession) -> None:
        self._session = session

    def search(self) -> None:
        """Run the missing ramps; an interrupted one begins again, as its engines have exited."""
        session, plan = self._session, self._session.plan
        instance: InstanceSpec | None = None
        while (
            ramp := next_ramp(session.trials, ramps=plan.trials, most=plan.max_level)
        ) is not None:
            try:
                instance = instance or instance_spec(session)
            except EngineError as error:
                # A model that has started once can start: this failure is not the number's.
                if not is_finding(error) or session.has_started:
                    raise
                _write_news(session, _not_started_alone(session, error, ramp))
            else:
                _Ramp(session, instance, ramp).run()


class _Ramp:
    """One engine after another, until a level is not stable."""

    def __init__(self, session: ProbeSession, instance: InstanceSpec, number: int) -> None:
        self._session = session
        self._instance = instance
        self._number = number

    def run(self) -> None:
        """Try level after level; at the end all engines have exited and their memory is back."""
        session, last = self._session, None
        with closing(ColocatedEngines(session, self._instance)) as engines:
            for level in range(1, session.plan.max_level + 1):
                last = self._level(engines, level)
                if not last.stable:
                    break
                _write_news(session, last)
        after_mib = session.released()
        if last is not None and not last.stable:
            _write_news(session, dataclasses.replace(last, after_mib=after_mib))

    def _level(self, engines: ColocatedEngines, level: int) -> Trial:
        """Start the ``level``-th engine, keep all of them busy, and return the trial."""
        session, began_s = self._session, time.monotonic()
        with watched(session.sampler) as watch:
            refused = _refused(engines)
            loads = () if refused is not None else self._sustained(engines, level)
        session.check()
        incidents = session.incidents_since(began_s)
        together = combined(loads, began_s, watch.trace)
        if refused is not None:
            sentence = (
                f"engine {level} did not start with {level - 1} already running: {refused.sentence}"
            )
            found = failed(refused, sentence, incidents)
        else:
            found = judged(together, incidents, sla_s=session.plan.sla_s)
        return Trial(
            level=level,
            trial=self._number,
            outcome=found.outcome,
            reason=found.reason,
            sentence=found.sentence,
            boot_id=engines.running[-1].engine_start.boot_id if engines.running else None,
            base_mib=session.base_mib,
            peak_mib=None if watch.trace is None else watch.trace.peak_mib - session.held_mib,
            details={
                "started": refused is None,
                "seconds": round(time.monotonic() - began_s, 3),
                "incidents": list(incidents),
                **self._details(engines, loads),
            },
            **combined_figures(loads, together, self._instance.alone),
        )

    def _sustained(self, engines: ColocatedEngines, level: int) -> tuple[SustainedLoad, ...]:
        """Keep all engines busy; the newest engine's first request is slow and dropped."""
        session = self._session
        name = session.request_name(self._number, level)
        first = session.plan.requests(f"{name}-first", 1, session.job.sampling.seed)
        warm = send(session, first, host=engines.running[-1].host)
        if warm.error is not None:
            errors = ((time.monotonic(), warm.error),)
            return (SustainedLoad(requests=1, measured=(), errors=errors),)
        return sustain(session, engines.running, name)

    def _details(self, engines: ColocatedEngines, loads: Sequence[SustainedLoad]) -> dict[str, Any]:
        plan, gpu, running = self._session.plan, self._session.emulated_gpu, engines.running
        return {
            "boot_ids": [one.engine_start.boot_id for one in running],
            "starts_s": [round(one.start_s, 2) for one in running],
            "requests": [load.requests for load in loads],
            "kv_mib": self._instance.kv_mib,
            "max_num_seqs": running[0].engine_start.sequences if running else None,
            "input_tokens": plan.input_tokens,
            "output_tokens": plan.output_tokens,
            "hold_s": plan.hold_s,
            "limit_mib": None if gpu is None else gpu.limit_mib,
            "held_mib": None if gpu is None else round(gpu.held_mib),
        }


def _write_news(session: ProbeSession, trial: Trial) -> None:
    session.restart_clock()
    if is_news(trial, session.trials):
        session.write(trial)


def _not_started_alone(session: ProbeSession, error: EngineError, ramp: int) -> Trial:
    """Return the trial of a model that does not even start without others."""
    return Trial(
        level=1,
        trial=ramp,
        outcome=PointOutcome.FAILED,
        reason=error.error_class,
        sentence=error.sentence,
        base_mib=session.base_mib,
        after_mib=session.used_mib(),
        details={"started": False, "alone": True},
    )


def _refused(engines: ColocatedEngines) -> EngineError | None:
    """Start one more engine; return why it did not start, where that is a finding."""
    try:
        engines.start()
    except EngineError as error:
        if not is_finding(error):
            raise
        return error
    return None
