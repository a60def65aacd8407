"""Requests before the first job, until the engine's rate has settled; none is a result."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Any, Literal

from core.model_spec import ModelSpec
from core.sampling_params import SamplingParams
from workers.engines.host import EngineHost
from workers.engines.protocol import Generation, GenerationRequest, StartReport
from workers.errors import OPTION_REFUSED, GenerationCancelled, ModelUnavailable

#: Own option of a vLLM model: the most requests of a warm-up, 0 for none.
WARM_UP_OPTION = "warm_up_requests"
SHORT_TOKENS = 16
OUTPUT_TOKENS = 16
#: The last rates of like requests that must agree, and how far the slowest may be below the
#: fastest.
LIKE_REQUESTS = 3
WITHIN = 0.10
MOST_AT_ONCE = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class WarmUpPlan:
    """What an engine computes before its first job."""

    #: Requests at least, unless ``most`` is less, and at most.
    least: int
    most: int
    #: Lengths of the prompts that alternate, in tokens.
    prompts: tuple[int, ...]
    #: Requests at once, at most.
    at_once: int = 1


def planned(
    spec: ModelSpec, report: StartReport, device: Literal["cpu", "cuda"]
) -> WarmUpPlan | None:
    """Return the warm-up of an engine that started, None for an engine without one.

    On a GPU at least 10 requests and 30 at most, short prompts and the longest that the engine
    computes at once; on a CPU, where a request takes about a second, 3 to 5 short ones. Raise
    ModelUnavailable for an invalid number.
    """
    most = most_requests(spec, device)
    if most == 0:
        return None
    config = report.config
    room = int(config["max_model_len"]) - OUTPUT_TOKENS - 1
    longest = min(room, int(config.get("max_num_batched_tokens") or room))
    short = min(SHORT_TOKENS, longest)
    if short < 1:
        return None
    if device == "cpu":
        return WarmUpPlan(least=3, most=most, prompts=(short,))
    at_once = min(int(config.get("max_num_seqs") or 1), MOST_AT_ONCE)
    prompts = tuple(dict.fromkeys((short, longest)))
    return WarmUpPlan(least=10, most=most, prompts=prompts, at_once=at_once)


def most_requests(spec: ModelSpec, device: Literal["cpu", "cuda"]) -> int:
    """Return the most requests of a model's warm-up; raise ModelUnavailable for a bad number."""
    if spec.engine != "vllm":
        return 0
    most = spec.options.get(WARM_UP_OPTION, 30 if device == "cuda" else 5)
    if isinstance(most, bool) or not isinstance(most, int) or most < 0:
        wrong = f"model {spec.name!r} has {WARM_UP_OPTION} = {most!r}"
        sentence = f"{wrong}: it is a number of requests, 0 for none"
        raise ModelUnavailable(sentence, error_class=OPTION_REFUSED)
    return most


@dataclass(slots=True)
class WarmUp:
    """One warm-up of a host's engine; ``on_progress`` is called at each token and may end it."""

    host: EngineHost
    plan: WarmUpPlan
    on_progress: Callable[[], None]
    #: Bounds the silence before and between tokens.
    timeout_s: float
    _rates: list[float] = field(default_factory=list)
    _kinds: list[str] = field(default_factory=list)

    def run(self) -> dict[str, Any]:
        """Make the requests and return what is stored.

        That is ``requests``, ``rates`` (tokens/s), ``kinds``, ``settled`` and ``seconds``.

        First each prompt alone, then 2, 3 ... short ones at once, so that no batch size is new to
        the first job; then each prompt alone in turn, until the last three rates of every prompt
        are within 10 % of each other. Raise what ``EngineHost.generate`` raises.
        """
        started_s = time.monotonic()
        plan = self.plan
        for length in plan.prompts:
            self._alone(length)
        for count in range(2, plan.at_once + 1):
            self._together(plan.prompts[0], count)
        for length in itertools.cycle(plan.prompts):
            enough = len(self._rates) >= plan.least and self._settled()
            if enough or len(self._rates) >= plan.most:
                break
            self._alone(length)
        seconds = round(time.monotonic() - started_s, 3)
        found = {"requests": len(self._rates), "rates": self._rates, "kinds": self._kinds}
        return found | {"settled": self._settled(), "seconds": seconds}

    def _settled(self) -> bool:
        return all(settled(self._like(_kind(length, 1))) for length in self.plan.prompts)

    def _like(self, kind: str) -> list[float]:
        return [rate for rate, found in zip(self._rates, self._kinds, strict=True) if found == kind]

    def _alone(self, length: int) -> None:
        if len(self._rates) < self.plan.most:
            self._take([self._request(len(self._rates), length, threading.Event())], length)

    def _together(self, length: int, count: int) -> None:
        if len(self._rates) + count > self.plan.most:
            return
        cancel = threading.Event()
        with ThreadPoolExecutor(count, thread_name_prefix="warm-up") as pool:
            first = len(self._rates)
            sent = [pool.submit(self._request, first + at, length, cancel) for at in range(count)]
            wait(sent, return_when=FIRST_EXCEPTION)
            if any(future.done() and future.exception() for future in sent):
                cancel.set()
        self._take([future.result() for future in _cause_first(sent)], length)

    def _request(self, number: int, length: int, cancel: threading.Event) -> Generation:
        sampling = SamplingParams(
            seed=number, fixed_input_tokens=length, fixed_output_tokens=OUTPUT_TOKENS
        )
        return self.host.generate(
            GenerationRequest(request_id=f"warm-up-{number}", messages=(), sampling=sampling),
            on_token=lambda _event: self.on_progress(),
            cancel=cancel,
            timeout_s=self.timeout_s,
        )

    def _take(self, made: Sequence[Generation], length: int) -> None:
        self._rates += [round(one.output_tokens / one.e2e_s, 2) for one in made]
        self._kinds += [_kind(length, len(made))] * len(made)


def settled(rates: Sequence[float]) -> bool:
    """Return whether the last three rates are within a tenth of the fastest of them."""
    last = rates[-LIKE_REQUESTS:]
    return len(last) == LIKE_REQUESTS and min(last) >= (1 - WITHIN) * max(last)


def _cause_first(sent: Sequence[Future[Generation]]) -> list[Future[Generation]]:
    """Return the requests, first those that failed themselves instead of being cancelled."""
    return sorted(
        sent, key=lambda future: isinstance(future.exception(), GenerationCancelled | None)
    )


def _kind(length: int, count: int) -> str:
    return f"{length} tokens, {count} at once"
