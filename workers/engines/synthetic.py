"""An engine that fakes everything, reproducibly by seed: for tests and load, never for results."""

from __future__ import annotations

import asyncio
import hashlib
import json
import math
import random
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from typing import Any, Literal

from core.model_spec import ModelSpec
from workers import errors
from workers.engines.answer_start import first_answer_s
from workers.engines.options import checked_options, request_settings
from workers.engines.protocol import (
    MEMORY_TERMS,
    EngineContext,
    Generation,
    GenerationRequest,
    MemoryReport,
    StartReport,
    TokenEvent,
    hash_text,
    hash_token_ids,
)

KNOWN_FAILURES = frozenset({"start", "every", "class", "by", "concurrent", "engines"})
#: How many engines of each model run in this process, as if they shared a GPU.
_up: Counter[str] = Counter()
_counting = threading.Lock()

_FAILURES: Mapping[str, tuple[type[errors.EngineError], str]] = {
    "ENGINE_DEAD": (errors.EngineDied, errors.ENGINE_DEAD),
    "OOM": (errors.EngineOutOfMemory, errors.RUNTIME_CUDA_OOM),
    "PROMPT_TOO_LONG": (errors.PromptRejected, errors.PROMPT_TOO_LONG),
}
_START_FAILURES: Mapping[str, type[errors.EngineError]] = {
    errors.INIT_CUDA_OOM: errors.EngineOutOfMemory,
    errors.INIT_FREE_MEM: errors.EngineOutOfMemory,
    errors.INIT_NO_KV: errors.EngineOutOfMemory,
    errors.MODEL_UNAVAILABLE: errors.ModelUnavailable,
}


class SyntheticEngine:
    """Serve fake text at a set speed.

    The option ``fail`` orders failures: ``start`` names the error class with which every start
    fails; ``class`` is one of ENGINE_DEAD, OOM, PROMPT_TOO_LONG, HANG and hits one request in
    ``every`` (default 1), drawn by ``by``: ``seed`` (default: from the seed and the prompt, so a
    retry fails again), ``request`` (also from the request id) or ``count`` (each N-th request of
    this engine). ``concurrent`` limits the failure to more than N at once, ``engines`` both
    failures to more than N engines of the model in this process, the one that is starting included.
    """

    independent = False

    def __init__(self, spec: ModelSpec, context: EngineContext) -> None:
        self._spec = spec
        self._context = context
        self._options = checked_options(spec)
        self._fail: dict[str, Any] = dict(self._options.get("fail") or {})
        unknown = set(self._fail) - KNOWN_FAILURES
        if unknown or self._fail.get("class", "HANG") not in {*_FAILURES, "HANG"}:
            raise errors.ModelUnavailable(
                f"model {spec.name!r}: the option 'fail' takes "
                f"{', '.join(sorted(KNOWN_FAILURES))}, with class one of "
                f"{', '.join(sorted(_FAILURES))}, HANG; got {self._fail}",
                error_class=errors.OPTION_REFUSED,
            )
        self._slots: asyncio.Semaphore | None = None
        self._served = 0
        self._in_flight = 0
        #: For each request that is served now, the most that were served at once since it is.
        self._running_peaks: dict[int, int] = {}
        self._dead = False

    async def start(self) -> StartReport:
        """Wait ``start_s`` and run, or fail as ordered."""
        started_s = time.monotonic()
        await asyncio.sleep(float(self._options.get("start_s", 0)))
        if (wanted := self._fail.get("start")) and self._crowded(_up[self._spec.name] + 1):
            failure = _START_FAILURES.get(str(wanted), errors.EngineStartFailed)
            ordered = f"the synthetic model {self._spec.name!r} fails to start as ordered"
            raise failure(ordered, error_class=str(wanted))
        max_num_seqs = int(self._options.get("max_num_seqs", 4))
        self._slots = asyncio.Semaphore(
            min(max_num_seqs, int(self._options.get("kv_sequences", max_num_seqs)))
        )
        with _counting:
            _up[self._spec.name] += 1
        return StartReport(
            engine_version="synthetic-1",
            environment={"engine": "synthetic"},
            config={
                "max_model_len": self._max_model_len,
                "max_num_seqs": max_num_seqs,
                **request_settings(self._spec),
            },
            memory=await self.memory_report(),
            started_s=started_s,
            ready_s=time.monotonic(),
        )

    async def generate(self, request: GenerationRequest) -> AsyncIterator[TokenEvent | Generation]:
        """Yield one event a word, then the Generation."""
        if self._dead or self._slots is None:
            raise errors.EngineDied(f"the synthetic model {self._spec.name!r} is not running")
        submitted_s = time.monotonic()
        self._served += 1
        self._in_flight += 1
        try:
            prompt_text, prompt_tokens = self._prompt(request)
            await self._fail_if_ordered(request, prompt_text)
            waited = self._slots.locked()
            async with self._slots:
                scheduled_s = time.monotonic()
                self._begin_running(request)
                words = self._words(request, prompt_text)
                limit = request.sampling.output_limit
                events: list[TokenEvent] = []
                async for event in self._paced(words[:limit]):
                    events.append(event)
                    yield event
        finally:
            self._in_flight -= 1
            running_peak = self._running_peaks.pop(id(request), None)
        token_ids = [token_id for event in events for token_id in event.token_ids]
        yield Generation(
            text="".join(event.text for event in events),
            prompt_text=prompt_text,
            prompt_hash=hash_text(prompt_text),
            output_hash=hash_token_ids(token_ids),
            prompt_tokens=prompt_tokens,
            cached_tokens=0,
            output_tokens=len(token_ids),
            finish_reason="length"
            if len(words) > limit or request.sampling.fixed_output_tokens
            else "stop",
            submitted_s=submitted_s,
            first_token_s=events[0].at_s,
            last_token_s=events[-1].at_s,
            engine_queued_s=submitted_s,
            engine_scheduled_s=scheduled_s,
            engine_first_token_s=events[0].at_s,
            engine_last_token_s=events[-1].at_s,
            first_answer_s=None
            if request.sampling.fixed_length
            else first_answer_s(events, prompt_text),
            preemptions=0,
            engine_preemptions=0,
            running_peak=running_peak,
            waiting_steps=int(waited),
            kv_used_mib=self._kv_used_mib(prompt_tokens + len(token_ids)),
            label_logprobs=self._label_logprobs(request, prompt_text),
            labels_by=self._labels_by(request),
        )

    async def memory_report(self) -> MemoryReport:
        """Return the option ``memory``: no process has it, so only ``traced`` gives it a kind."""
        given = dict(self._options.get("memory") or {})
        terms: dict[str, Any] = {name: float(given[name]) for name in MEMORY_TERMS if name in given}
        if "kv_used_mib" in self._options:
            terms["kv_used_mib"] = float(self._options["kv_used_mib"])
        kind: Literal["host"] | None = "host" if self._options.get("traced") else None
        return MemoryReport(kind=kind, reasons={"*": "synthetic"}, **terms)

    async def stop(self) -> None:
        """Refuse further requests."""
        self._dead = True
        if self._slots is not None:
            self._slots = None
            with _counting:
                _up[self._spec.name] -= 1

    def _crowded(self, engines: int) -> bool:
        return engines > int(self._fail.get("engines", 0))

    @property
    def _max_model_len(self) -> int:
        return int(self._options.get("max_model_len", 4096))

    def _begin_running(self, request: GenerationRequest) -> None:
        running = len(self._running_peaks) + 1
        self._running_peaks = {key: max(peak, running) for key, peak in self._running_peaks.items()}
        self._running_peaks[id(request)] = running

    def _prompt(self, request: GenerationRequest) -> tuple[str, int]:
        if request.sampling.fixed_input_tokens is not None:
            seed = _draw(request.sampling.seed, "prompt")
            seeds = range(seed, seed + request.sampling.fixed_input_tokens)
            text = " ".join(f"t{number}" for number in seeds)
        else:
            text = "\n".join(f"<{message.role}>{message.content}" for message in request.messages)
        tokens = len(text.split())
        if tokens >= self._max_model_len:
            raise errors.PromptRejected(
                f"the prompt has {tokens} tokens and model {self._spec.name!r} takes "
                f"{self._max_model_len} in all"
            )
        return text, tokens

    async def _fail_if_ordered(self, request: GenerationRequest, prompt_text: str) -> None:
        if "class" not in self._fail or self._in_flight <= int(self._fail.get("concurrent", 0)):
            return
        if not self._crowded(_up[self._spec.name]):
            return
        every, by = int(self._fail.get("every", 1)), self._fail.get("by", "seed")
        parts = (request.sampling.seed, prompt_text, request.request_id if by == "request" else "")
        number = self._served if by == "count" else _draw(*parts)
        if number % every:
            return
        if self._fail["class"] == "HANG":
            await asyncio.Event().wait()
        failure, error_class = _FAILURES[self._fail["class"]]
        self._dead = failure is not errors.PromptRejected
        raise failure(
            f"the synthetic model {self._spec.name!r} fails as ordered", error_class=error_class
        )

    def _labels_by(self, request: GenerationRequest) -> str | None:
        if not request.labels:
            return None
        return "text" if "text" in self._options else "logprob_token_ids"

    def _label_logprobs(
        self, request: GenerationRequest, prompt_text: str
    ) -> tuple[tuple[str, float], ...] | None:
        """Return the fake log-probabilities of the labels; none where the option text answers."""
        if self._labels_by(request) != "logprob_token_ids":
            return None
        given = self._options.get("labels")
        if given is None:
            draw = random.Random(_draw(request.sampling.seed, self._spec.name, prompt_text))  # noqa: S311
            weights = [draw.random() ** 3 + 1e-6 for _ in request.labels]
            given = {
                label: weight / sum(weights)
                for label, weight in zip(request.labels, weights, strict=True)
            }
        return tuple(
            (label, math.log(given[label])) for label in request.labels if given.get(label)
        )

    def _words(self, request: GenerationRequest, prompt_text: str) -> list[str]:
        if logprobs := self._label_logprobs(request, prompt_text):
            return [max(logprobs, key=lambda one: one[1])[0]]
        wanted = request.sampling.fixed_output_tokens or self._options.get("tokens")
        seed = _draw(request.sampling.seed, self._spec.name, prompt_text)
        text = self._options.get("text") or (
            _pseudo_solution(seed)
            if request.schema is None
            else json.dumps(_pseudo_value(request.schema, random.Random(seed), prompt_text))  # noqa: S311
        )
        for stop in request.sampling.stop:
            text = str(text).partition(stop)[0]
        words = [word + " " for word in str(text).split(" ")]
        if wanted is None:
            return words
        return [words[index % len(words)] for index in range(int(wanted))]

    async def _paced(self, words: list[str]) -> AsyncIterator[TokenEvent]:
        tpot_s = float(self._options.get("tpot_ms", 0)) / 1000
        await asyncio.sleep(float(self._options.get("ttft_ms", 0)) / 1000)
        for index, word in enumerate(words):
            if index:
                await asyncio.sleep(tpot_s)
            text = word if index < len(words) - 1 else word.removesuffix(" ")
            yield TokenEvent(at_s=time.monotonic(), token_ids=(_draw(word) % 50_000,), text=text)

    def _kv_used_mib(self, tokens: int) -> float:
        return float(self._options.get("kv_used_mib", tokens / 16))


def _draw(*parts: object) -> int:
    """Return a number that depends on the parts alone, not on the machine or the process."""
    return int.from_bytes(hashlib.sha256(repr(parts).encode()).digest()[:6])


def _pseudo_solution(seed: int) -> str:
    draw = random.Random(seed)  # noqa: S311  (fake text needs repeatability, not secrecy)
    left, right = draw.randint(2, 40), draw.randint(2, 40)
    return (
        f"Step 1: let x = {left}.\nStep 2: then y = {right} and x + y = {left + right}.\n"
        f"Step 3: so x * y = {left * right}.\nThe answer is \\boxed{{{left * right}}}."
    )


def _pseudo_value(schema: Mapping[str, Any], draw: random.Random, prompt_text: str) -> Any:
    """Return a value that follows a JSON schema of objects and strings.

    A free string is a line of the prompt, as a quote would be.
    """
    if "properties" in schema:
        return {
            name: _pseudo_value(part, draw, prompt_text)
            for name, part in schema["properties"].items()
        }
    if "enum" in schema:
        return draw.choice(schema["enum"])
    return draw.choice(prompt_text.splitlines())[: schema.get("maxLength")]
