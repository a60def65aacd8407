"""How long a context an engine takes: an engine a length, one prompt that fills it, one answer."""

from __future__ import annotations

import dataclasses

from core.sampling_params import SamplingParams
from workers.engines.protocol import GenerationRequest, Message
from workers.errors import MODEL_UNAVAILABLE, EngineError
from workers.loading.loader import EngineStart
from workers.probes.burst import send
from workers.probes.engine_starts import start_settled
from workers.probes.needle import HAYSTACK, Needle, lines_for
from workers.probes.outcome import not_started, observed
from workers.probes.search_order import next_in_turn
from workers.probes.session import ProbeSession
from workers.probes.trial import Trial, is_finding

#: Longest answer; it is part of the context that is probed.
ANSWER_TOKENS = 64
#: Length of a prompt that warms up an engine without a tokenizer.
WARM_TOKENS = 32
#: The model's own configuration does not allow a context of this length.
MODEL_MAX_LEN = "MODEL_MAX_LEN"


class MaxContext:
    """Search the longest context, prompt and answer together, up to the first that is not stable.

    Where the model has a tokenizer, the prompt defines a function at its beginning and asks for a
    value at its end. A wrong answer is a finding, not a limit.
    """

    def __init__(self, session: ProbeSession) -> None:
        self._session = session
        self._level: int | None = None
        self._engine_start: EngineStart | None = None

    def search(self) -> None:
        """Run the lengths that are missing."""
        session, plan = self._session, self._session.plan
        while wanted := next_in_turn(session.trials, levels=plan.levels, trials=plan.trials):
            session.write(self._trial(*wanted))

    def _trial(self, level: int, number: int) -> Trial:
        session = self._session
        try:
            engine_start = self._serving(level)
        except EngineError as error:
            if _too_long_for_model(error):
                error.error_class = MODEL_MAX_LEN
            elif not is_finding(error):
                raise
            return not_started(session, error, level=level, trial=number)
        seed = session.job.sampling.seed + number
        tokenizes = not session.job.spec.options.get("skip_tokenizer_init")
        needle = Needle.from_seed(seed) if tokenizes else None
        request = self._request(needle, session.request_name(level, number), level, seed=seed)
        burst = send(session, [request], sampled=engine_start.report.memory.kind is not None)
        made = next((one.generation for one in burst.measured), None)
        return observed(
            session,
            burst,
            engine_start,
            level=level,
            trial=number,
            at_once=1,
            sla_s=None,
            answer_right=None if needle is None or made is None else needle.right(made.text),
            details={
                "analytic_bound": _tokens_of_cache(engine_start),
                "prompt_tokens": None if made is None else made.prompt_tokens,
                "output_tokens": None if made is None else made.output_tokens,
                "asked": None
                if needle is None
                else dataclasses.asdict(needle) | {"answer": needle.answer},
                "output": None if needle is None or made is None else made.text,
            },
        )

    def _serving(self, level: int) -> EngineStart:
        """Return the start that serves this length."""
        session, served = self._session, self._engine_start
        if served is not None and session.serves(served) and self._level == level:
            return served
        # Each length is measured alone: the engine before is unloaded and its memory back.
        session.unload()
        self._level = level
        spec = session.job.spec
        self._engine_start = start_settled(session, spec, max_model_len=level, max_num_seqs=1)
        return self._engine_start

    def _request(
        self, needle: Needle | None, name: str, level: int, *, seed: int
    ) -> GenerationRequest:
        """Send short requests that warm up and count tokens; return one that fills the context."""
        if needle is None:
            self._prompt_tokens(_random(f"{name}-short", WARM_TOKENS, 1, seed))
            return _random(name, level - ANSWER_TOKENS, ANSWER_TOKENS, seed)
        one_round, two_rounds = (
            self._prompt_tokens(
                _request(f"{name}-{rounds}", needle, rounds * len(HAYSTACK), answer_tokens=1)
            )
            for rounds in (1, 2)
        )
        lines = lines_for(level - ANSWER_TOKENS, one_round=one_round, two_rounds=two_rounds)
        return _request(name, needle, lines, answer_tokens=ANSWER_TOKENS)

    def _prompt_tokens(self, request: GenerationRequest) -> int:
        burst = send(self._session, [request])
        if burst.error is not None:
            raise burst.error
        return burst.measured[0].generation.prompt_tokens


def _request(name: str, needle: Needle, lines: int, *, answer_tokens: int) -> GenerationRequest:
    message = Message(role="user", content=needle.prompt(lines))
    sampling = SamplingParams(max_tokens=answer_tokens)
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
    """Return how many tokens the KV cache holds; None where its size is unknown."""
    blocks, block_size = engine_start.report.kv_blocks, engine_start.report.config.get("block_size")
    return None if blocks is None or not block_size else (blocks - 1) * int(block_size)


def _too_long_for_model(error: EngineError) -> bool:
    """Return whether the model's own configuration does not allow a context of this length."""
    return error.error_class == MODEL_UNAVAILABLE and "max_model_len" in error.sentence
