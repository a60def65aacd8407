"""Requests before the first job: until the rate settles, some at once on a GPU, none a result."""

from __future__ import annotations

import itertools
import threading
from pathlib import Path
from typing import Any, Literal

import pytest

from core.model_spec import ModelSpec
from tests.support.fake_host import FakeHost
from workers.errors import GenerationCancelled
from workers.loading.warm_up import WarmUp, WarmUpPlan, planned, settled


def warm_up(
    folder: Path, rates: list[float], device: Literal["cpu", "cuda"] = "cuda", **options: Any
) -> tuple[dict[str, Any], FakeHost]:
    """Warm a fake engine up and return what is stored, and what was sent."""
    host = FakeHost.on(folder, device, rates=rates)
    spec = ModelSpec(name="m", engine="vllm", source="org/m", options=options)
    plan = planned(spec, host.load(spec, on_progress=lambda: None, timeout_s=1), device)
    assert plan is not None
    return WarmUp(host=host.as_host, plan=plan, on_progress=lambda: None, timeout_s=1).run(), host


def test_short_and_long_prompts_take_turns_until_both_have_settled(tmp_path: Path) -> None:
    stored, host = warm_up(tmp_path, [20.0] * 11 + [100.0, 60.0, 104.0, 61.0, 99.0, 62.0])
    alone = [kind for kind in stored["kinds"] if kind.endswith("1 at once")]
    assert alone == ["16 tokens, 1 at once", "512 tokens, 1 at once"] * 4
    assert (stored["requests"], stored["settled"]) == (17, True)
    assert stored["rates"][-6:] == pytest.approx([100.0, 60.0, 104.0, 61.0, 99.0, 62.0])
    assert stored["seconds"] >= 0
    assert {request.sampling.fixed_output_tokens for request in host.asked} == {16}
    assert len({request.sampling.seed for request in host.asked}) == len(host.asked)


def test_on_a_gpu_two_three_and_four_come_at_once(tmp_path: Path) -> None:
    together = [count for count in (1, 1, 2, 3, 4, 1, 1, 1, 1) for _ in range(count)]
    meetings = {count: threading.Barrier(count, timeout=10) for count in (1, 2, 3, 4)}
    numbers = itertools.count()
    host = FakeHost.on(tmp_path)
    plan = WarmUpPlan(least=10, most=30, prompts=(16, 512), at_once=4)

    def meet() -> None:
        meetings[together[next(numbers)]].wait()

    stored = WarmUp(host=host.as_host, plan=plan, on_progress=meet, timeout_s=1).run()
    assert [int(kind.split(", ")[1].split()[0]) for kind in stored["kinds"]] == together


def test_a_rate_that_never_settles_is_stored_as_it_is(tmp_path: Path) -> None:
    stored, _ = warm_up(tmp_path, [50.0, 50.0, 100.0, 100.0] * 20)
    assert (stored["requests"], stored["settled"]) == (30, False)


def test_a_model_may_want_fewer(tmp_path: Path) -> None:
    stored, host = warm_up(tmp_path, [100.0], warm_up_requests=4)
    assert (stored["requests"], len(host.asked), stored["settled"]) == (4, 4, False)


@pytest.mark.parametrize(
    ("rates", "requests"), [([9.0], 3), ([5.0, 9.0, 9.0, 9.0], 4), ([1.0, 2.0, 4.0, 8.0, 9.0], 5)]
)
def test_on_a_cpu_a_few_short_ones_must_do(
    tmp_path: Path, rates: list[float], requests: int
) -> None:
    stored, _ = warm_up(tmp_path, rates, "cpu")
    assert stored["kinds"] == ["16 tokens, 1 at once"] * requests
    assert stored["settled"] is (requests < 5)


@pytest.mark.parametrize(
    ("engine", "options"), [("synthetic", {}), ("openai", {}), ("vllm", {"warm_up_requests": 0})]
)
def test_some_engines_have_none(tmp_path: Path, engine: str, options: dict[str, Any]) -> None:
    host = FakeHost.on(tmp_path)
    spec = ModelSpec(name="m", engine=engine, source="m", options=options)
    assert planned(spec, host.load(spec, on_progress=lambda: None, timeout_s=1), "cuda") is None


def test_prompts_fit_a_short_context(tmp_path: Path) -> None:
    host = FakeHost.on(tmp_path)
    spec = ModelSpec(name="m", engine="vllm", source="m")
    report = host.load(spec, on_progress=lambda: None, timeout_s=1)
    lengths = {}
    for context in (16, 20, 40, 400, 4000):
        report.config["max_model_len"] = context  # type: ignore[index]
        plan = planned(spec, report, "cuda")
        lengths[context] = None if plan is None else plan.prompts
    assert lengths == {16: None, 20: (3,), 40: (16, 23), 400: (16, 383), 4000: (16, 512)}


@pytest.mark.parametrize(
    ("rates", "expected"),
    [([1.0, 1.0], False), ([5.0, 100.0, 91.0, 95.0], True), ([100.0, 89.0, 95.0], False)],
)
def test_a_rate_has_settled_when_the_last_three_are_within_a_tenth(
    rates: list[float], expected: bool
) -> None:
    assert settled(rates) is expected


@pytest.mark.parametrize("at_request", [0, 2])
def test_it_ends_with_the_lease(tmp_path: Path, at_request: int) -> None:
    host = FakeHost.on(tmp_path)

    def on_progress() -> None:
        if len(host.asked) > at_request:
            raise GenerationCancelled("the lease is over")

    plan = WarmUpPlan(least=10, most=30, prompts=(16, 512), at_once=4)
    with pytest.raises(GenerationCancelled):
        WarmUp(host=host.as_host, plan=plan, on_progress=on_progress, timeout_s=1).run()
    assert len(host.asked) <= at_request + 2
