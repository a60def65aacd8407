"""How many sequences one engine runs at once: levels doubled, then bisected, each tried several times."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from core.model_spec import ModelSpec
from db.claims import ClaimedJob
from workers.engines.protocol import GenerationRequest
from workers.errors import EngineError
from workers.lifecycle.lease import Lease
from workers.loading.loader import EngineStart
from workers.probes import outcome
from workers.probes.burst import Burst, send
from workers.probes.engine_starts import start_settled
from workers.probes.observing import not_started, observed
from workers.probes.plan import Plan
from workers.probes.search_order import next_bisected
from workers.probes.session import ProbeSession
from workers.probes.trial import Trial, is_finding

#: Share of the card for vLLM, where the model does not say.
UTILISATION = 0.9
#: How often requests are sent again that came too far apart to run at once, as short ones may where the host is busy.
SENT_AGAIN = 2
#: Tokens of one step, where the engine does not tell.
STEP_TOKENS = 2048


class MaxSequences:
    """Search the most sequences that an engine of this model runs at once without error, preemption or waiting."""

    def __init__(self, session: ProbeSession) -> None:
        self._session = session
        self._engine_start: EngineStart | None = None
        self._warm = False

    def search(
        self, job: ClaimedJob, lease: Lease, done: Sequence[Trial], write: Callable[[Trial], None]
    ) -> None:
        """Run what is missing; the engine has room for the highest level, so that only memory can hold a lower one back."""
        assert job.probe is not None
        plan = Plan.from_probe(job.probe)
        tried = list(done)
        while (wanted := next_bisected(tried, trials=plan.trials, most=plan.max_level)) is not None:
            level, number = wanted
            trial = self._trial(job, lease, plan, level, number, tried=tried)
            write(trial)
            tried.append(trial)

    def _trial(
        self,
        job: ClaimedJob,
        lease: Lease,
        plan: Plan,
        level: int,
        number: int,
        *,
        tried: Sequence[Trial],
    ) -> Trial:
        try:
            engine_start = self._serving(job, lease, plan)
        except EngineError as error:
            # What has come up once does not fail to for the level's sake.
            if not is_finding(error) or any(trial.boot_id is not None for trial in tried):
                raise
            return not_started(self._session, lease, error, level=level, trial=number)
        name = f"{job.job_id}-{job.attempt_no}-{level}-{number}"
        settled = steps_until_all_run(level, plan.input_tokens, engine_start)
        requests = plan.requests(name, level, job.sampling.seed, waiting_after_steps=settled)
        first = plan.requests(f"{name}-first", 1, job.sampling.seed)
        burst = self._sent(lease, first, requests, seen=engine_start.report.memory.kind is not None)
        earlier = tuple(
            one for one in tried if one.level == level and one.boot_id == engine_start.boot_id
        )
        judged = partial(outcome.unsteady, at_once=level, sla_s=plan.sla_s)
        return observed(
            self._session,
            lease,
            burst,
            engine_start,
            level=level,
            trial=number,
            judged=judged,
            earlier=earlier,
            details={
                "analytic_bound": analytic_bound(
                    engine_start, plan.input_tokens + plan.output_tokens
                ),
                "max_num_seqs": engine_start.report.config.get("max_num_seqs"),
                "input_tokens": plan.input_tokens,
                "output_tokens": plan.output_tokens,
                "waiting_after_steps": settled,
            },
        )

    def _sent(
        self,
        lease: Lease,
        first: Sequence[GenerationRequest],
        requests: Sequence[GenerationRequest],
        *,
        seen: bool,
    ) -> Burst:
        """Send the requests until they ran at once; the first of a new engine is slower and thrown away, unless it failed."""
        sampler = self._session.sampler if seen else None
        ask = partial(
            send,
            self._session.host,
            lease=lease,
            silence_s=self._session.timeouts.silence_s,
            sampler=sampler,
        )
        if not self._warm and (burst := ask(first)).error is not None:
            return burst
        self._warm = True
        burst = ask(requests)
        for _ in range(SENT_AGAIN):
            if missed(burst, len(requests)):
                burst = ask(requests)
        return burst

    def _serving(self, job: ClaimedJob, lease: Lease, plan: Plan) -> EngineStart:
        """Return the start that serves, after bringing the engine up again where a trial has ended it."""
        if (
            self._engine_start is None
            or self._session.host.engine_start is not self._engine_start.report
        ):
            spec = with_options(job.spec, self._session, max_num_seqs=plan.max_level)
            self._engine_start, self._warm = None, False
            self._engine_start = start_settled(self._session, spec, job, lease)
        return self._engine_start


def with_options(spec: ModelSpec, session: ProbeSession, **options: Any) -> ModelSpec:
    """Return the model with options of a probe's own engine: on a GPU as much of the card as is probed."""
    own = {**spec.options, **options}
    if session.on_gpu and spec.engine == "vllm" and "kv_cache_memory_bytes" not in own:
        own["gpu_memory_utilization"] = session.utilisation(
            float(own.get("gpu_memory_utilization", UTILISATION))
        )
    return dataclasses.replace(spec, options=own)


def missed(burst: Burst, at_once: int) -> bool:
    """Tell whether requests did not all run at once although nothing kept them: some ended before others came."""
    together = burst.most("running_peak")
    kept = burst.error is not None or burst.preemptions or burst.most("waiting_steps")
    return not kept and together is not None and together < at_once


def steps_until_all_run(requests: int, input_tokens: int, engine_start: EngineStart) -> int:
    """Return after how many steps requests that come together must all have been let in, where nothing is short.

    They reach the engine one by one, at worst one a step, and their prompts are computed within the tokens of a step.
    """
    step_tokens = engine_start.report.config.get("max_num_batched_tokens") or STEP_TOKENS
    return requests + math.ceil(requests * input_tokens / int(step_tokens))


def analytic_bound(engine_start: EngineStart, tokens: int) -> int | None:
    """Return how many sequences of so many tokens the KV cache holds by calculation; None where it is not told."""
    blocks, block_size = engine_start.report.kv_blocks, engine_start.report.config.get("block_size")
    if blocks is None or not block_size:
        return None
    # One block is vLLM's own and never given out.
    return (blocks - 1) // math.ceil(tokens / int(block_size))
