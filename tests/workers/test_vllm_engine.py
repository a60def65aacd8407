"""vLLM on the CPU with the real tiny model: what it says, its times, its memory, its death.

One engine for most tests.
"""

from __future__ import annotations

import gc
import getpass
import hashlib
import json
import math
import os
import signal
import tempfile
import threading
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from core.model_spec import ModelSpec
from core.sampling_params import SamplingParams
from scoring.judging.request import VERDICTS, reply_schema
from workers import errors
from workers.bundled_model import ensure_embedded_model
from workers.engines import EngineContext
from workers.engines.host import EngineHost
from workers.engines.protocol import (
    MIB,
    Generation,
    GenerationRequest,
    Message,
    StartReport,
    TokenEvent,
)
from workers.lifecycle.marked_processes import TOKEN_VARIABLE
from workers.loading.start_row import start_row
from workers.loading.warm_up import WarmUp, WarmUpPlan, planned

pytestmark = [
    pytest.mark.vllm,
    pytest.mark.timeout(420),
    # vLLM and torch warn of deprecated calls.
    pytest.mark.filterwarnings("ignore"),
]

SPEC = ModelSpec(
    name="smollm2",
    engine="vllm",
    source="embedded:smollm2",
    quantisation="bf16",
    options={"max_model_len": 1024},
)
MARK = "test-engine-vllm"


@pytest.fixture(scope="module")
def host(embedded_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EngineHost]:
    host = EngineHost(
        EngineContext(
            home=embedded_home, log_folder=tmp_path_factory.mktemp("logs"), worker_mark=MARK
        )
    )
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        # What was compiled for engines before serves these as well.
        compiled = Path(tempfile.gettempdir()) / f"torchinductor_{getpass.getuser()}"
        patch.setenv("TORCHINDUCTOR_CACHE_DIR", str(compiled))
        patch.setattr(tempfile, "tempdir", folder)
        yield host
        host.close()
        gc.collect()
        assert engine_processes() == []
        left = {path.name for path in Path(folder).iterdir()}
        assert left == set()


@pytest.fixture(autouse=True)
def collected() -> Iterator[None]:
    """Collect what a failed start of vLLM leaves open while its warnings are still ignored."""
    yield
    gc.collect()


@pytest.fixture
def engine_start(host: EngineHost) -> StartReport:
    return host.load(SPEC, on_progress=lambda: None, timeout_s=300)


def test_what_it_puts_into_the_temporary_folder_is_in_a_folder_that_goes_with_it(
    engine_start: StartReport,
) -> None:
    folder = Path(tempfile.gettempdir())
    assert engine_start.ready_s > engine_start.started_s
    assert any(path.is_socket() for path in folder.rglob("*"))
    assert [path for path in folder.iterdir() if path.is_socket()] == []


def engine_processes() -> list[int]:
    """Return the living descendants of this process that carry an engine's token."""
    found = []
    for process in psutil.Process().children(recursive=True):
        try:
            if process.status() != psutil.STATUS_ZOMBIE and TOKEN_VARIABLE in process.environ():
                found.append(process.pid)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return found


def question(
    content: str = "What is 7+5?", request_id: str = "r", **sampling: Any
) -> GenerationRequest:
    return GenerationRequest(
        request_id=request_id,
        messages=(Message(role="user", content=content),),
        sampling=SamplingParams(**sampling),
    )


def generate(host: EngineHost, wanted: GenerationRequest) -> tuple[Generation, list[TokenEvent]]:
    events: list[TokenEvent] = []
    made = host.generate(wanted, on_token=events.append, cancel=threading.Event(), timeout_s=60)
    return made, events


def test_a_start_says_what_runs(engine_start: StartReport) -> None:
    assert engine_start.engine_version.startswith("vllm 0.")
    assert engine_start.config["dtype"] == "bfloat16"
    assert engine_start.config["enable_prefix_caching"] is False
    assert engine_start.config["max_num_seqs"] == 4
    assert engine_start.config["num_gpu_blocks"] > 1
    assert (
        engine_start.backend_facts["attention_backend"]
        == engine_start.config["attention_backend"]
        == "CPU_ATTN"
    )
    assert engine_start.config["sampler"] == "native"
    assert engine_start.config["model_runner"] in {"V1", "V2"}
    assert engine_start.config["compilation_mode"] == "NONE"
    assert engine_start.config["cudagraph_mode"] == "NONE"
    assert engine_start.config["block_size"] > 0
    assert engine_start.backend_facts["flashinfer_imported"] == "no"
    assert engine_start.backend_facts["weights"] == "folder"
    assert engine_start.environment["torch"]
    assert engine_start.environment["env.VLLM_USE_FLASHINFER_SAMPLER"] == "0"
    assert engine_start.environment["env.VLLM_WORKER_MULTIPROC_METHOD"] == "spawn"
    assert not [value for value in engine_start.environment.values() if str(value).startswith("/")]
    assert engine_start.started_s < engine_start.ready_s
    assert engine_start.log_path is not None
    assert "EngineCore" in engine_start.log_path.read_text()


def test_the_memory_of_a_start_is_the_hosts_and_gaps_have_reasons(
    engine_start: StartReport,
) -> None:
    memory = engine_start.memory
    assert memory.kind == "host"
    # 134.5 million parameters in bf16, the embedding shared with the head.
    assert memory.weights_mib == pytest.approx(256.6, abs=2)
    assert memory.kv_reserved_mib == pytest.approx(1024, rel=0.02)
    assert memory.graphs_mib == 0
    for term in ("context_mib", "buffers_mib", "activation_peak_mib"):
        assert getattr(memory, term) is None
        assert memory.reasons[term]


@pytest.mark.usefixtures("engine_start")
def test_a_judges_reply_follows_the_schema_of_its_request(host: EngineHost) -> None:
    """A model this small would not answer in JSON by itself: the engine masks its tokens."""
    schema = reply_schema(("s1",))
    schema["properties"]["s1"]["properties"]["quote"]["maxLength"] = 16
    asked = question("Judge step s1 of the answer a+b=5, so 13.", max_tokens=60)
    free, _ = generate(host, asked)
    made, _ = generate(host, replace(asked, request_id="schema", schema=schema))

    with pytest.raises(json.JSONDecodeError):
        json.loads(free.text)
    said = json.loads(made.text)
    assert list(said) == ["s1"]
    assert list(said["s1"]) == ["quote", "verdict"]
    assert len(said["s1"]["quote"]) <= 16
    assert said["s1"]["verdict"] in VERDICTS


@pytest.mark.usefixtures("engine_start")
def test_one_token_gives_the_log_probability_of_each_label(host: EngineHost) -> None:
    asked = replace(question("Reply with one letter: A, B, C or D."), labels=("A", "B", "C", "D"))
    for _ in range(2):
        made, events = generate(host, asked)
        assert (made.labels_by, made.output_tokens, len(events)) == ("logprob_token_ids", 1, 1)
        assert made.label_logprobs is not None
        shares = {label: math.exp(logprob) for label, logprob in made.label_logprobs}
        assert set(shares) == {"A", "B", "C", "D"}
        assert 0 < sum(shares.values()) <= 1
    assert generate(host, question("What is 2+2?"))[0].label_logprobs is None


@pytest.mark.usefixtures("engine_start")
def test_answer_is_right_and_times_are_in_order(host: EngineHost) -> None:
    made, events = generate(host, question(max_tokens=40))
    assert "12" in made.text
    assert made.text == "".join(event.text for event in events)
    assert made.output_tokens == sum(len(event.token_ids) for event in events)
    assert made.prompt_text is not None
    assert made.prompt_text.endswith("<|im_start|>assistant\n")
    assert made.prompt_hash == hashlib.sha256(made.prompt_text.encode()).hexdigest()
    assert made.cached_tokens == 0
    assert made.preemptions == 0
    stamps = (
        made.engine_queued_s,
        made.engine_scheduled_s,
        made.engine_first_token_s,
        made.engine_last_token_s,
    )
    assert all(stamp is not None for stamp in stamps)
    assert list(stamps) == sorted(stamps, key=float)  # type: ignore[arg-type]
    # Both clocks are this machine's monotonic one: the client sees what the core did a little
    # later.
    assert made.submitted_s < stamps[2] <= made.first_token_s  # type: ignore[operator]
    assert stamps[3] <= made.last_token_s  # type: ignore[operator]
    print(
        f"TTFT {made.ttft_ms:.0f} ms, E2E {made.e2e_s:.2f} s, {made.output_tokens} tokens, "
        f"{made.text!r}"
    )


@pytest.mark.usefixtures("engine_start")
def test_greedy_repeats_and_the_cache_stays_cold(host: EngineHost) -> None:
    long = "Count: " + " ".join(str(number) for number in range(100))
    first, _ = generate(host, question(long, max_tokens=5))
    again, _ = generate(host, question(long, max_tokens=5))
    assert first.output_hash == again.output_hash
    assert again.cached_tokens == 0
    assert first.finish_reason == "length"


@pytest.mark.usefixtures("engine_start")
def test_fixed_lengths_are_exact_and_kv_use_follows_the_closed_form(host: EngineHost) -> None:
    fixed: dict[str, Any] = {"fixed_input_tokens": 256, "fixed_output_tokens": 24}
    made, _ = generate(host, question(seed=3, **fixed))
    assert (made.prompt_tokens, made.output_tokens, made.finish_reason) == (256, 24, "length")
    assert made.prompt_text is None
    other, _ = generate(host, question(seed=4, **fixed))
    assert other.prompt_hash != made.prompt_hash
    engine_start = host.engine_start
    assert engine_start is not None
    block, blocks = engine_start.config["block_size"], engine_start.config["num_gpu_blocks"]
    assert engine_start.memory.kv_reserved_mib is not None
    per_block = engine_start.memory.kv_reserved_mib / blocks
    assert made.kv_used_mib == pytest.approx(-(-(256 + 24) // block) * per_block, abs=per_block)
    assert made.memory.kv_used_mib == pytest.approx(made.kv_used_mib, abs=per_block)


def test_warm_up_leaves_nothing_behind_for_the_request_after_it(
    host: EngineHost, engine_start: StartReport
) -> None:
    assert planned(SPEC, engine_start, "cpu") == WarmUpPlan(least=3, most=5, prompts=(16,))
    plan = WarmUpPlan(least=3, most=4, prompts=(16, 400), at_once=2)
    tokens: list[None] = []
    stored = WarmUp(
        host=host, plan=plan, on_progress=lambda: tokens.append(None), timeout_s=60
    ).run()
    assert (stored["requests"], len(stored["rates"])) == (4, 4)
    assert min(stored["rates"]) > 0
    assert len(tokens) > 4
    made, _ = generate(host, question(fixed_input_tokens=16, fixed_output_tokens=2, seed=99))
    assert made.cached_tokens == 0
    assert made.kv_used_mib is not None
    # 400 tokens of the warm-up would be twenty times as many.
    assert 0 < made.kv_used_mib * MIB <= 3 * engine_start.kv_block_bytes  # type: ignore[operator]


@pytest.mark.usefixtures("engine_start")
def test_too_long_a_prompt_is_rejected_with_both_numbers(host: EngineHost) -> None:
    with pytest.raises(errors.PromptRejected, match=r"1024 tokens.*takes 1024") as caught:
        generate(host, question(fixed_input_tokens=1024, fixed_output_tokens=1))
    assert caught.value.error_class == errors.PROMPT_TOO_LONG
    with pytest.raises(errors.PromptRejected, match="takes 1024"):
        generate(host, question("one two three " * 500))
    assert host.engine is not None


@pytest.mark.usefixtures("engine_start")
def test_cancel_frees_the_engine(host: EngineHost) -> None:
    cancel = threading.Event()
    with pytest.raises(errors.GenerationCancelled):
        host.generate(
            question(fixed_input_tokens=8, fixed_output_tokens=900),
            on_token=lambda _: cancel.set(),
            cancel=cancel,
            timeout_s=60,
        )
    made, _ = generate(host, question(max_tokens=3))
    # Were the aborted request still running, its blocks would count as well.
    assert made.kv_used_mib is not None
    engine_start = host.engine_start
    assert engine_start is not None
    assert engine_start.memory.kv_reserved_mib is not None
    assert (
        made.kv_used_mib
        <= 2 * engine_start.memory.kv_reserved_mib / engine_start.config["num_gpu_blocks"]
    )


def test_killed_core_is_noticed_and_replaced_by_an_equal_start(
    host: EngineHost, engine_start: StartReport
) -> None:
    victims = engine_processes()
    # The core and its worker, both renamed by vLLM and still to be known by their environment.
    assert len(victims) >= 2
    cancel = threading.Event()

    def kill_all(_: TokenEvent) -> None:
        for pid in victims:
            if psutil.pid_exists(pid):
                os.kill(pid, signal.SIGKILL)

    with pytest.raises(errors.EngineDied) as caught:
        host.generate(
            question(fixed_input_tokens=8, fixed_output_tokens=900),
            on_token=kill_all,
            cancel=cancel,
            timeout_s=60,
        )
    assert caught.value.kind == "infra"
    assert host.engine is None
    assert engine_processes() == []
    # And the next engine serves in the same process.
    again = host.load(SPEC, on_progress=lambda: None, timeout_s=300)
    assert again.started_s > engine_start.ready_s
    made, _ = generate(host, question(fixed_input_tokens=20, fixed_output_tokens=5))
    assert (made.prompt_tokens, made.output_tokens) == (20, 5)
    rows = [start_row(uuid.UUID(int=0), 1, report) for report in (engine_start, again)]
    assert rows[0].environment == rows[1].environment
    assert rows[0].environment_hash == rows[1].environment_hash
    assert rows[0].config_hash == rows[1].config_hash


def test_start_that_does_not_fit_is_out_of_memory_with_the_childs_reason(
    host: EngineHost, embedded_home: Path
) -> None:
    greedy = ModelSpec(
        name="greedy",
        engine="vllm",
        source="embedded:smollm2",
        options={"kv_cache_memory_bytes": 1 << 50},
    )
    with pytest.raises(
        errors.EngineOutOfMemory, match="less than requested memory for kv"
    ) as caught:
        host.load(greedy, on_progress=lambda: None, timeout_s=300)
    assert (caught.value.kind, caught.value.error_class) == ("out_of_memory", errors.INIT_NO_KV)
    assert engine_processes() == []
    empty = embedded_home / "empty"
    empty.mkdir(exist_ok=True)
    with pytest.raises(errors.ModelUnavailable):
        host.load(
            ModelSpec(name="empty", engine="vllm", source=str(empty)),
            on_progress=lambda: None,
            timeout_s=300,
        )


def test_start_that_takes_too_long_is_given_up_and_leaves_nothing(host: EngineHost) -> None:
    with pytest.raises(errors.EngineStartFailed) as caught:
        host.load(SPEC, on_progress=lambda: None, timeout_s=5)
    assert caught.value.error_class == errors.INIT_TIMEOUT
    assert host.engine is None
    assert engine_processes() == []


def test_a_4_bit_model_runs_or_is_refused_before_it_is_started(
    host: EngineHost, embedded_home: Path
) -> None:
    """It depends on the processor which; vLLM would load it and die at the first request."""
    source = "embedded:smollm2-awq"
    spec = replace(SPEC, name="smollm2-awq", source=source, quantisation="awq-format-rtn-4bit-g64")
    ensure_embedded_model(embedded_home, "smollm2-awq")
    if "avx512f" in Path("/proc/cpuinfo").read_text():
        host.load(spec, on_progress=lambda: None, timeout_s=300)
        made, _ = generate(host, question(max_tokens=4))
        assert made.output_tokens > 0
    else:
        with pytest.raises(errors.ModelUnavailable, match="AVX-512") as caught:
            host.load(spec, on_progress=lambda: None, timeout_s=300)
        assert caught.value.error_class == errors.NO_KERNEL
        assert engine_processes() == []
