"""How many sequences one engine runs at once: levels double, then bisect, with trials of each."""

from __future__ import annotations

import math
from collections.abc import Sequence

from workers.engines.protocol import GenerationRequest
from workers.errors import EngineError
from workers.loading.loader import EngineStart
from workers.probes.burst import Burst, send
from workers.probes.engine_starts import start_settled
from workers.probes.outcome import not_started, observed
from workers.probes.search_order import next_bisected
from workers.probes.session import ProbeSession
from workers.probes.trial import Trial, is_finding

#: How often requests are sent again that came too far apart to run at once, as short ones may on a
#: busy host.
SENT_AGAIN = 2
#: Tokens of one step, where the engine does not report them.
STEP_TOKENS = 2048


class MaxSequences:
    """Search the most sequences that run at once without error, preemption or waiting."""

    def __init__(self, session: ProbeSession) -> None:
        self._session = session
        self._engine_start: EngineStart | None = None
        self._warm = False

    def search(self) -> None:
        """Run the missing trials.

        The engine takes as many sequences as the highest level, so that only memory limits a
        lower one.
        """
        session, plan = self._session, self._session.plan
        while (
            wanted := next_bisected(session.trials, trials=plan.trials, most=plan.max_level)
        ) is not None:
            session.write(self._trial(*wanted))

    def _trial(self, level: int, number: int) -> Trial:
        session, plan = self._session, self._session.plan
        try:
            engine_start = self._serving()
        except EngineError as error:
            # A model that has started once can start: this failure is not the level's.
            if not is_finding(error) or session.has_started:
                raise
            return not_started(session, error, level=level, trial=number)
        settled = steps_until_all_run(level, plan.input_tokens, engine_start)
        name, seed = session.request_name(level, number), session.job.sampling.seed
        first = plan.requests(f"{name}-first", 1, seed)
        requests = plan.requests(name, level, seed, waiting_after_steps=settled)
        burst = self._sent(first, requests, sampled=engine_start.report.memory.kind is not None)
        tokens = plan.input_tokens + plan.output_tokens
        return observed(
            session,
            burst,
            engine_start,
            level=level,
            trial=number,
            at_once=level,
            sla_s=plan.sla_s,
            earlier=[
                one
                for one in session.trials
                if (one.level, one.boot_id) == (level, engine_start.boot_id)
            ],
            details={
                "analytic_bound": analytic_bound(engine_start, tokens),
                "max_num_seqs": engine_start.report.config.get("max_num_seqs"),
                "input_tokens": plan.input_tokens,
                "output_tokens": plan.output_tokens,
                "waiting_after_steps": settled,
            },
        )

    def _serving(self) -> EngineStart:
        """Return the start that serves; start the engine again where a trial has ended it."""
        session = self._session
        if self._engine_start is None or not session.serves(self._engine_start):
            self._engine_start, self._warm = None, False
            self._engine_start = start_settled(
                session, session.job.spec, max_num_seqs=session.plan.max_level
            )
        return self._engine_start

    def _sent(
        self,
        first: Sequence[GenerationRequest],
        requests: Sequence[GenerationRequest],
        *,
        sampled: bool,
    ) -> Burst:
        """Send until all ran at once; drop a new engine's first request, which is slow."""
        if not self._warm:
            burst = send(self._session, first, sampled=sampled)
            if burst.error is not None:
                return burst
            self._warm = True
        burst = send(self._session, requests, sampled=sampled)
        for _ in range(SENT_AGAIN):
            if missed(burst, len(requests)):
                burst = send(self._session, requests, sampled=sampled)
        return burst


def missed(burst: Burst, at_once: int) -> bool:
    """Return whether some requests ended before others came, so that not all ran at once."""
    together = burst.most("running_peak")
    hindered = burst.error is not None or burst.preemptions or burst.most("waiting_steps")
    return not hindered and together is not None and together < at_once


def steps_until_all_run(requests: int, input_tokens: int, engine_start: EngineStart) -> int:
    """Return after how many steps requests that come together must all run, where nothing is short.

    They reach the engine one by one, at worst one a step, and a step computes a limited number of
    prompt tokens.
    """
    step_tokens = engine_start.report.config.get("max_num_batched_tokens") or STEP_TOKENS
    return requests + math.ceil(requests * input_tokens / int(step_tokens))


def analytic_bound(engine_start: EngineStart, tokens: int) -> int | None:
    """Return how many sequences of ``tokens`` the KV cache can hold; None where unknown."""
    blocks, block_size = engine_start.report.kv_blocks, engine_start.report.config.get("block_size")
    if blocks is None or not block_size:
        return None
    # vLLM keeps one block for itself.
    return (blocks - 1) // math.ceil(tokens / int(block_size))
