"""How long a context an engine takes: an engine for each length, one prompt that fills it, one answer."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from functools import partial

from core.sampling_params import SamplingParams
from db.claims import ClaimedJob
from workers.engines.protocol import GenerationRequest, Message
from workers.errors import MODEL_UNAVAILABLE, EngineError
from workers.lifecycle.lease import Lease
from workers.loading.loader import EngineStart
from workers.probes import outcome
from workers.probes.burst import send
from workers.probes.engine_starts import start_settled
from workers.probes.max_sequences import with_options
from workers.probes.needle import ROUND, Needle, lines_for
from workers.probes.observing import not_started, observed
from workers.probes.plan import Plan
from workers.probes.search_order import next_in_turn
from workers.probes.session import ProbeSession
from workers.probes.trial import Trial, is_finding

#: Longest answer; it is part of the context that is probed.
ANSWER_TOKENS = 64
#: Length of a prompt that warms up an engine without a tokenizer.
WARM_TOKENS = 32
#: The model's own configuration allows no context of this length.
MODEL_MAX_LEN = "MODEL_MAX_LEN"


class MaxContext:
    """Search the longest context, prompt and answer together, in increasing steps up to the first that is not stable.

    Where the model has a tokenizer, the prompt defines a function at its beginning and asks for a value at its end. A wrong
    answer is a finding and no limit.
    """

    def __init__(self, session: ProbeSession) -> None:
        self._session = session
        self._level: int | None = None
        self._engine_start: EngineStart | None = None

    def search(
        self, job: ClaimedJob, lease: Lease, done: Sequence[Trial], write: Callable[[Trial], None]
    ) -> None:
        """Run the lengths that are missing."""
        assert job.probe is not None
        plan = Plan.from_probe(job.probe)
        tried = list(done)
        while (wanted := next_in_turn(tried, levels=plan.levels, trials=plan.trials)) is not None:
            trial = self._trial(job, lease, *wanted)
            write(trial)
            tried.append(trial)

    def _trial(self, job: ClaimedJob, lease: Lease, level: int, number: int) -> Trial:
        try:
            engine_start = self._serving(job, lease, level)
        except EngineError as error:
            if _too_long_for_model(error):
                error.error_class = MODEL_MAX_LEN
            elif not is_finding(error):
                raise
            return not_started(self._session, lease, error, level=level, trial=number)
        riddle = (
            None
            if job.spec.options.get("skip_tokenizer_init")
            else Needle.drawn(job.sampling.seed + number)
        )
        name = f"{job.job_id}-{job.attempt_no}-{level}-{number}"
        request = self._request(lease, riddle, name, level, seed=job.sampling.seed + number)
        sampler = self._session.sampler if engine_start.report.memory.kind is not None else None
        burst = send(
            self._session.host,
            [request],
            lease=lease,
            sampler=sampler,
            silence_s=self._session.timeouts.silence_s,
        )
        made = next((one.generation for one in burst.measured), None)
        return observed(
            self._session,
            lease,
            burst,
            engine_start,
            level=level,
            trial=number,
            judged=partial(outcome.unsteady, at_once=1, sla_s=None),
            answer_right=None if riddle is None or made is None else riddle.right(made.text),
            details={
                "analytic_bound": _tokens_of_cache(engine_start),
                "prompt_tokens": None if made is None else made.prompt_tokens,
                "output_tokens": None if made is None else made.output_tokens,
                "asked": None
                if riddle is None
                else dataclasses.asdict(riddle) | {"answer": riddle.answer},
                "output": None if riddle is None or made is None else made.text,
            },
        )

    def _serving(self, job: ClaimedJob, lease: Lease, level: int) -> EngineStart:
        """Return the start that serves this length."""
        up = (
            self._engine_start is not None
            and self._session.host.engine_start is self._engine_start.report
        )
        if self._engine_start is None or not up or self._level != level:
            # So that each length is measured alone, the one before is gone and its memory back.
            self._session.loader.forget()
            self._session.released(lease)
            spec = with_options(job.spec, self._session, max_model_len=level, max_num_seqs=1)
            self._engine_start = start_settled(self._session, spec, job, lease)
            self._level = level
        return self._engine_start

    def _request(
        self, lease: Lease, riddle: Needle | None, name: str, level: int, *, seed: int
    ) -> GenerationRequest:
        """Return the request that fills the context; short ones before it warm the engine up and count tokens."""
        if riddle is None:
            self._prompt_tokens(lease, _random(f"{name}-short", WARM_TOKENS, 1, seed))
            return _random(name, level - ANSWER_TOKENS, ANSWER_TOKENS, seed)
        counted = []
        for rounds in (1, 2):
            short = SamplingParams(max_tokens=1)
            counted.append(
                self._prompt_tokens(
                    lease, _asking(f"{name}-{rounds}", riddle, rounds * len(ROUND), short)
                )
            )
        lines = lines_for(level - ANSWER_TOKENS, one_round=counted[0], two_rounds=counted[1])
        return _asking(name, riddle, lines, SamplingParams(max_tokens=ANSWER_TOKENS))

    def _prompt_tokens(self, lease: Lease, request: GenerationRequest) -> int:
        silence_s = self._session.timeouts.silence_s
        burst = send(self._session.host, [request], lease=lease, sampler=None, silence_s=silence_s)
        if burst.error is not None:
            raise burst.error
        return burst.measured[0].generation.prompt_tokens


def _asking(name: str, riddle: Needle, lines: int, sampling: SamplingParams) -> GenerationRequest:
    message = Message(role="user", content=riddle.text(lines))
    return GenerationRequest(request_id=name, messages=(message,), sampling=sampling)


def _random(name: str, input_tokens: int, output_tokens: int, seed: int) -> GenerationRequest:
    sampling = SamplingParams(
        max_tokens=output_tokens,
        seed=seed,
        fixed_input_tokens=input_tokens,
        fixed_output_tokens=output_tokens,
    )
    return GenerationRequest(request_id=name, messages=(), sampling=sampling)


def _tokens_of_cache(engine_start: EngineStart) -> int | None:
    """Return how many tokens the KV cache holds; None where it is not told."""
    blocks, block_size = engine_start.report.kv_blocks, engine_start.report.config.get("block_size")
    return None if blocks is None or not block_size else (blocks - 1) * int(block_size)


def _too_long_for_model(error: EngineError) -> bool:
    """Tell whether the model's own configuration allows no context as long."""
    return error.error_class == MODEL_UNAVAILABLE and "max_model_len" in error.sentence
