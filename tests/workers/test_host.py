"""The engine host, driven with the synthetic engine: one thread, blocking calls, clean ends."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.model_spec import ModelSpec
from core.sampling_params import SamplingParams
from workers import errors
from workers.engines import EngineContext
from workers.engines.host import EngineHost
from workers.engines.protocol import Generation, GenerationRequest, Message, TokenEvent


def spec(name: str = "fake", **options: Any) -> ModelSpec:
    return ModelSpec(name=name, engine="synthetic", source="synthetic", options=options)


def request(request_id: str = "r1", **sampling: Any) -> GenerationRequest:
    return GenerationRequest(
        request_id=request_id,
        messages=(Message(role="user", content="What is 7+5?"),),
        sampling=SamplingParams(**sampling),
    )


@pytest.fixture
def host(tmp_path: Path) -> Iterator[EngineHost]:
    host = EngineHost(EngineContext(home=tmp_path, log_folder=tmp_path))
    yield host
    host.close()


def load(host: EngineHost, model: ModelSpec, timeout_s: float = 5.0) -> None:
    host.load(model, on_progress=lambda: None, timeout_s=timeout_s)


def generate(host: EngineHost, wanted: GenerationRequest, timeout_s: float = 5.0) -> Generation:
    return host.generate(
        wanted, on_token=lambda _: None, cancel=threading.Event(), timeout_s=timeout_s
    )


def test_generation_agrees_with_the_tokens_seen(host: EngineHost) -> None:
    load(host, spec(text="The answer is 12", ttft_ms=5, tpot_ms=1))
    seen: list[TokenEvent] = []
    made = host.generate(request(), on_token=seen.append, cancel=threading.Event(), timeout_s=5)
    assert made.text == "The answer is 12" == "".join(event.text for event in seen)
    assert made.output_tokens == len(seen) == 4
    assert (
        made.submitted_s < made.first_token_s == seen[0].at_s < made.last_token_s == seen[-1].at_s
    )
    assert made.ttft_ms >= 5
    assert (made.last_token_s - made.first_token_s) * 1000 / (made.output_tokens - 1) >= 1
    assert made.finish_reason == "stop"


def test_tokens_are_handed_over_on_the_calling_thread(host: EngineHost) -> None:
    load(host, spec(text="a b"))
    threads = set()
    host.generate(
        request(),
        on_token=lambda _: threads.add(threading.get_ident()),
        cancel=threading.Event(),
        timeout_s=5,
    )
    assert threads == {threading.get_ident()}


def test_load_keeps_a_loaded_model_and_replaces_another(host: EngineHost) -> None:
    first = host.load(spec("a"), on_progress=lambda: None, timeout_s=5)
    assert host.load(spec("a"), on_progress=lambda: None, timeout_s=5) is first
    load(host, spec("b"))
    assert host.engine_start is not first
    host.unload()
    assert host.engine is None
    with pytest.raises(errors.EngineDied, match="no model is loaded"):
        generate(host, request())


def test_load_reports_progress_and_gives_up_at_the_deadline(host: EngineHost) -> None:
    reported: list[float] = []
    with pytest.raises(errors.EngineStartFailed) as caught:
        host.load(
            spec(start_s=60), on_progress=lambda: reported.append(time.monotonic()), timeout_s=1.2
        )
    assert caught.value.error_class == errors.INIT_TIMEOUT
    assert len(reported) >= 1
    assert host.engine is None


def test_failed_start_leaves_no_model(host: EngineHost) -> None:
    with pytest.raises(errors.EngineOutOfMemory) as caught:
        load(host, spec(fail={"start": "INIT_CUDA_OOM"}))
    assert (caught.value.kind, caught.value.error_class) == ("out_of_memory", "INIT_CUDA_OOM")
    assert host.engine is None


def test_cancel_aborts_and_the_engine_serves_on(host: EngineHost) -> None:
    load(host, spec(tokens=100_000, tpot_ms=2))
    cancel = threading.Event()
    with pytest.raises(errors.GenerationCancelled):
        host.generate(
            request(max_tokens=100_000), on_token=lambda _: cancel.set(), cancel=cancel, timeout_s=5
        )
    assert generate(host, request(max_tokens=3)).output_tokens == 3


def test_error_of_the_callback_aborts_and_comes_through(host: EngineHost) -> None:
    load(host, spec(tokens=100_000, tpot_ms=2))

    def lease_lost(_: TokenEvent) -> None:
        raise LookupError("lease lost")

    with pytest.raises(LookupError, match="lease lost"):
        host.generate(
            request(max_tokens=100_000), on_token=lease_lost, cancel=threading.Event(), timeout_s=5
        )
    assert host.engine is not None


def test_hang_is_a_time_out_and_the_engine_is_replaced(host: EngineHost) -> None:
    load(host, spec(fail={"class": "HANG"}))
    with pytest.raises(errors.GenerationTimedOut) as caught:
        generate(host, request(), timeout_s=0.3)
    assert caught.value.kind == "timed_out"
    assert host.engine is None


def test_death_disposes_of_the_engine_and_the_next_load_starts_afresh(host: EngineHost) -> None:
    dying = spec(fail={"class": "ENGINE_DEAD"})
    first = host.load(dying, on_progress=lambda: None, timeout_s=5)
    with pytest.raises(errors.EngineDied):
        generate(host, request())
    assert host.engine is None
    assert host.load(dying, on_progress=lambda: None, timeout_s=5) is not first


def test_rejected_prompt_leaves_the_engine_up(host: EngineHost) -> None:
    load(host, spec(max_model_len=3))
    with pytest.raises(errors.PromptRejected, match=r"3 tokens .* takes 3") as caught:
        generate(host, request())
    assert (caught.value.kind, caught.value.error_class) == ("rejected", "PROMPT_TOO_LONG")
    assert host.engine is not None


def test_several_threads_share_the_engine(host: EngineHost) -> None:
    load(host, spec(tokens=20, tpot_ms=2, max_num_seqs=4))
    made: list[Generation] = []
    threads = [
        threading.Thread(
            target=lambda index=index: made.append(generate(host, request(f"r{index}")))
        )
        for index in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert [generation.output_tokens for generation in made] == [20] * 4
    assert max(generation.first_token_s for generation in made) < min(
        generation.last_token_s for generation in made
    )


def together(
    host: EngineHost, count: int, timeout_s: float = 5.0
) -> list[Generation | BaseException]:
    """Send N requests at once and return the outcome of each."""
    outcomes: list[Generation | BaseException] = []

    def send(index: int) -> None:
        try:
            outcomes.append(generate(host, request(f"r{index}", max_tokens=100_000), timeout_s))
        except errors.EngineError as error:
            outcomes.append(error)

    threads = [threading.Thread(target=send, args=(index,)) for index in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    return outcomes


def test_an_engine_that_dies_under_several_fails_each_of_them_once_and_is_stopped_once(
    host: EngineHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(host, spec(tokens=100_000, tpot_ms=2, fail={"class": "ENGINE_DEAD", "concurrent": 3}))
    stops: list[object] = []
    assert host.engine is not None
    stop = host.engine.stop

    async def counted() -> None:
        stops.append(None)
        await stop()

    monkeypatch.setattr(host.engine, "stop", counted)
    outcomes = together(host, 4)
    assert [type(outcome) for outcome in outcomes] == [errors.EngineDied] * 4
    assert all(isinstance(outcome, errors.EngineError) and outcome.in_batch for outcome in outcomes)
    assert len(stops) == 1
    assert host.engine is None


def test_one_alone_in_a_dying_engine_is_not_in_a_batch(host: EngineHost) -> None:
    load(host, spec(fail={"class": "OOM"}))
    with pytest.raises(errors.EngineOutOfMemory) as caught:
        generate(host, request())
    assert not caught.value.in_batch


def test_a_silence_beside_others_ends_all_and_blames_none(host: EngineHost) -> None:
    load(host, spec(tokens=100_000, tpot_ms=2, fail={"class": "HANG", "concurrent": 2}))
    outcomes = together(host, 3, timeout_s=0.5)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == [
        "EngineDied",
        "EngineDied",
        "GenerationTimedOut",
    ]
    assert all(isinstance(outcome, errors.EngineError) and outcome.in_batch for outcome in outcomes)


def test_a_request_that_comes_after_the_death_of_its_engine_is_not_blamed(host: EngineHost) -> None:
    with pytest.raises(errors.EngineDied) as caught:
        generate(host, request())
    assert caught.value.in_batch


def test_a_generation_comes_with_the_memory_at_its_end(host: EngineHost) -> None:
    load(
        host,
        spec(memory={"weights_mib": 12.0}, kv_used_mib=3.0, max_num_seqs=2, tokens=5, tpot_ms=2),
    )
    made = host.generate(request(), on_token=lambda _: None, cancel=threading.Event(), timeout_s=5)
    assert (made.memory.weights_mib, made.memory.kv_used_mib) == (12.0, 3.0)
    assert made.running_peak == 1


def test_close_ends_the_thread(tmp_path: Path) -> None:
    host = EngineHost(EngineContext(home=tmp_path, log_folder=tmp_path))
    load(host, spec())
    host.close()
    assert not any(
        thread.name == "engine-host" and thread.is_alive() for thread in threading.enumerate()
    )
    host.close()
