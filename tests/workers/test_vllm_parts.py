"""The vLLM engine's parts without vLLM: its log, options, memory terms, KV use."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from core.model_spec import ModelSpec
from workers import errors
from workers.engines import EngineContext, create_engine
from workers.engines.processes import EngineProcesses, environment
from workers.engines.vllm.kv_usage import KvRecorder
from workers.engines.vllm.launch import engine_arguments, graph_sizes, resolve_source
from workers.engines.vllm.log import (
    backend_facts,
    children_write_to,
    classify_failure,
    last_error_line,
)
from workers.engines.vllm.memory import graph_pool_mib, memory_report, read_worker
from workers.engines.vllm.worker_extension import MemoryExtension

CONTEXT = EngineContext(home=Path(), log_folder=Path())
CUDA = EngineContext(home=Path(), log_folder=Path(), device="cuda")
OOM = errors.EngineOutOfMemory
MIB = 1 << 20
FREE_MEMORY = (
    "ValueError: Free memory on device cuda:0 (3.1/79.2 GiB) on startup is less than desired"
)
MODEL_LENGTH = "ValueError: To serve at least one request with the models's max seq len"
PROFILING = "AssertionError: Error in memory profiling"
WEIGHTS = "RuntimeError: Cannot find any model weights"
ALLOCATOR = "RuntimeError: [enforce fail] DefaultCPUAllocator"


def spec(**options: Any) -> ModelSpec:
    return ModelSpec(name="m", engine="vllm", source="org/model", options=options)


@pytest.mark.parametrize(
    ("line", "error_class", "error"),
    [
        (f"{FREE_MEMORY} GPU memory utilization", "INIT_FREE_MEM", OOM),
        ("ValueError: No available memory for the cache blocks. Try", "INIT_NO_KV", OOM),
        (f"{MODEL_LENGTH} (8192), 9 GiB KV cache is needed", "INIT_KV_LT_MAXLEN", OOM),
        ("torch.OutOfMemoryError: CUDA out of memory. Tried to allocate", "INIT_CUDA_OOM", OOM),
        ("RuntimeError: CUDA driver error: out of memory", "INIT_CUDA_OOM", OOM),
        ("RuntimeError: Triton Error [CUDA]: out of memory", "INIT_CUDA_OOM", OOM),
        (f"{PROFILING}. Initial free memory", "PROFILE_ASSERT", errors.EngineStartFailed),
        (f"{WEIGHTS} with `x`", "MODEL_UNAVAILABLE", errors.ModelUnavailable),
        (f"{ALLOCATOR}: can't allocate memory", "HOST_OOM", OOM),
    ],
)
def test_the_log_names_the_class_of_a_failed_start(
    line: str, error_class: str, error: type[errors.EngineError]
) -> None:
    log = (
        f"INFO loading\n(EngineCore pid=1) ERROR 11-24 {line}\n"
        "RuntimeError: Engine core initialization failed.\n"
    )
    failure = classify_failure(log)
    assert failure is not None
    assert (failure.error_class, failure.error) == (error_class, error)
    assert line[:40] in failure.line
    assert "initialization failed" not in failure.line


def test_a_failure_that_the_log_names_twice_is_one_line() -> None:
    message = (
        "ValueError: Free memory on device cuda:0 (1.29/139.8 GiB) on startup is less than desired "
        "GPU memory utilization"
    )
    log = (
        f"ERROR {message} (0.01, 1.4 GiB).\nProcess EngineCore:\n"
        f"Traceback (most recent call last):\n{message} (0.01, 1.4 GiB).\n"
    )
    failure = classify_failure(log)
    assert failure is not None
    assert failure.line == f"ERROR {message} (0.01, 1.4 GiB)."


def test_log_of_an_unknown_failure_gives_its_last_error() -> None:
    log = "INFO fine\nValueError: the first\nKeyError: 'the last'\nINFO bye\n"
    assert classify_failure(log) is None
    assert last_error_line(log) == "KeyError: 'the last'"


def test_the_log_names_backends() -> None:
    log = (
        "INFO Using FLASH_ATTN attention backend out of potential backends: ['FLASH_ATTN', "
        "'FLASHINFER'].\n"
        "INFO Using FlashAttention version 3\n"
        "INFO Using MacheteLinearKernel for AutoAWQMarlinLinearMethod\n"
        "INFO CUDA graph pool memory: 0.07 GiB (actual), 0.09 GiB (estimated), difference: 0.02 "
        "GiB (28.6%).\n"
    )
    assert backend_facts(log) == {
        "attention_backend_log": "FLASH_ATTN",
        "flash_attention_version": "3",
        "linear_kernel": "MacheteLinearKernel",
        "graph_pool_gib": "0.07",
    }
    assert backend_facts("INFO Using AttentionBackendEnum.FLASH_ATTN backend.\n") == {
        "attention_backend_log": "FLASH_ATTN"
    }


def test_device_terms_are_joined_and_the_two_activation_peaks_stay_apart() -> None:
    given = {"weights": 2600, "kv_reserved": 20_000, "buffers": 220, "activation_profiled": 740}
    given |= {"activation_run": 100, "device_free_at_init": 80_000}
    sizes = {name: size * MIB for name, size in given.items()} | {"num_blocks": 1000}
    facts = {"attention_backend": "FLASH_ATTN"}
    reading = read_worker([{"bytes": sizes, "reasons": {}, "facts": facts}])
    report = memory_report(
        reading,
        graphs_mib=graph_pool_mib("CUDA graph pool memory: 0.07 GiB (actual)", enforce_eager=False),
        source="",
        device="cuda",
        free_before_mib=[80_500.0],
        kv_used_mib=60.0,
    )
    assert (report.kind, report.context_mib) == ("device", 500)
    assert (report.weights_mib, report.buffers_mib) == (2600, 220)
    assert (report.activation_peak_mib, report.kv_reserved_mib) == (740, 20_000)
    assert report.kv_used_mib == 60
    assert report.activation_run_mib == 100
    assert report.graphs_mib == pytest.approx(71.68)
    assert report.reasons == {}
    assert reading.kv_block_bytes == 20 * MIB


def test_terms_that_are_not_reported_have_reasons() -> None:
    report = memory_report(
        read_worker([{"bytes": {}, "reasons": {"weights": "broken"}, "facts": {}}]),
        graphs_mib=graph_pool_mib("", enforce_eager=False),
        source="",
        device="cuda",
        free_before_mib=[],
        kv_used_mib=None,
    )
    assert report.weights_mib is None
    assert report.reasons["weights_mib"] == "broken"
    terms = ("context", "weights", "buffers", "activation_peak", "graphs", "kv_reserved", "kv_used")
    assert set(report.reasons) == {f"{term}_mib" for term in (*terms, "activation_run")}


def test_a_later_reading_replaces_its_terms_and_keeps_the_rest() -> None:
    reasons = {"activation_run": "none yet"}
    first: dict[str, Any] = {"bytes": {"weights": 7}, "reasons": reasons, "facts": {"a": "b"}}
    second = {"bytes": {"activation_run": 5}, "reasons": {}, "facts": {}}
    later = read_worker([first | {"variables": {"V": "1"}}]).updated(read_worker([second]))
    assert (later.bytes_by_term, later.reasons) == ({"weights": 7, "activation_run": 5}, {})
    assert (later.facts, later.variables) == ({"a": "b"}, {"V": "1"})
    lost = later.updated(
        read_worker([{"bytes": {}, "reasons": {"activation_run": "broken"}, "facts": {}}])
    )
    assert lost.reasons == {"activation_run": "broken"}
    assert "activation_run" not in lost.bytes_by_term, "an old peak is dropped"


def test_peaks_are_read_apart_and_never_raise() -> None:
    answer = MemoryExtension().evalctl_peaks()
    assert (answer["bytes"], answer["facts"]) == ({}, {})
    assert set(answer["reasons"]) == {"activation_run", "torch_reserved_peak"}


def test_worker_reading_never_raises() -> None:
    answer = MemoryExtension().evalctl_memory()
    assert answer["bytes"] == {}
    assert "AttributeError" in answer["reasons"]["weights"]


def test_windows_keep_their_own_peaks() -> None:
    recorder = KvRecorder()
    with recorder.window() as first:
        recorder.record(usage=0.5, preemptions=1)
        with recorder.window() as second:
            recorder.record(usage=0.25, preemptions=0)
            recorder.record(usage=None, preemptions=0)
        recorder.record(usage=0.75, preemptions=0)
    recorder.record(usage=1.0, preemptions=5)
    assert (first.peak_usage, first.preemptions, first.steps) == (0.75, 1, 4)
    assert (second.peak_usage, second.preemptions, second.steps) == (0.25, 0, 2)
    assert recorder.idle


def test_windows_that_saw_the_same_are_not_taken_for_each_other() -> None:
    recorder = KvRecorder()
    with recorder.window() as first:
        with recorder.window() as second:
            recorder.record(usage=0.5, preemptions=0)
        recorder.record(usage=0.75, preemptions=0)
    assert (first.steps, second.steps) == (2, 1)
    assert recorder.idle


def test_unknown_option_is_refused_before_anything_starts() -> None:
    with pytest.raises(
        errors.ModelUnavailable, match=r"'max_modle_len'.*did you mean 'max_model_len'"
    ):
        create_engine(spec(max_modle_len=9), CONTEXT)


def test_prefix_caching_is_refused() -> None:
    with pytest.raises(errors.ModelUnavailable, match="stays off"):
        create_engine(spec(enable_prefix_caching=True), CONTEXT)


@dataclass
class NewArguments:
    """Fields of a vLLM that takes sizes for its graphs."""

    model: str
    revision: str | None = None
    trust_remote_code: bool = False
    max_num_seqs: int = 0
    max_num_batched_tokens: int | None = None
    enforce_eager: bool = False
    cudagraph_capture_sizes: list[int] | None = None
    max_cudagraph_capture_size: int | None = None
    compilation_config: dict[str, Any] | None = None


@pytest.mark.parametrize(
    ("max_num_seqs", "max_num_batched_tokens", "expected"),
    [
        (4, None, [1, 2, 4, 8, 128, 256, 288, 384, 512]),
        (1, None, [1, 2, 4, 128, 256, 288, 384, 512]),
        (16, 300, [1, 2, 4, 8, 16, 24, 32, 128, 256, 288]),
    ],
)
def test_graphs_are_captured_for_decoding_and_for_prompts(
    max_num_seqs: int, max_num_batched_tokens: int | None, expected: list[int]
) -> None:
    assert graph_sizes(max_num_seqs, max_num_batched_tokens) == expected
    options = {"max_num_seqs": max_num_seqs, "max_num_batched_tokens": max_num_batched_tokens}
    given = {name: value for name, value in options.items() if value is not None}
    assert (
        engine_arguments(spec(**given), CUDA, "/weights", NewArguments)["cudagraph_capture_sizes"]
        == expected
    )


def test_many_sequences_get_vllms_own_sizes_up_to_512() -> None:
    sizes = graph_sizes(1024, None)
    assert (sizes[-1], set(sizes) >= {*range(8, 257, 8), *range(256, 513, 16)}) == (512, True)
    assert len(sizes) == 3 + 31 + 17, "none beside them"


@pytest.mark.parametrize(
    "options",
    [
        {"enforce_eager": True},
        {"max_cudagraph_capture_size": 16},
        {"compilation_config": {"mode": 0}},
        {"cudagraph_capture_sizes": [1, 2]},
    ],
)
def test_a_model_may_have_its_own_way_with_graphs(options: dict[str, Any]) -> None:
    arguments = engine_arguments(spec(**options), CUDA, "/weights", NewArguments)
    assert arguments.get("cudagraph_capture_sizes") == options.get("cudagraph_capture_sizes")


def test_no_graph_sizes_on_a_cpu() -> None:
    assert "cudagraph_capture_sizes" not in engine_arguments(
        spec(), CONTEXT, "/weights", NewArguments
    )


@dataclass
class OldArguments:
    """The fields of a vLLM that knows neither a linear backend nor the autotune switch."""

    model: str
    revision: str | None = None
    trust_remote_code: bool = False
    max_model_len: int = 0
    attention_backend: str | None = None
    enable_prefix_caching: bool = True
    seed: int = 0


def test_pinned_values_yield_to_options_and_to_the_version() -> None:
    cuda = EngineContext(home=Path(), log_folder=Path(), device="cuda", seed=7)
    assert engine_arguments(spec(max_model_len=8192), cuda, "/weights", OldArguments) == {
        "model": "/weights",
        "revision": None,
        "trust_remote_code": False,
        "max_model_len": 8192,
        "attention_backend": "FLASH_ATTN",
        "enable_prefix_caching": False,
        "seed": 7,
    }
    verifier = replace(spec(max_model_len=8192), verifies=True)
    assert engine_arguments(verifier, cuda, "/weights", OldArguments)["enable_prefix_caching"]
    assert verifier.spec_hash != spec(max_model_len=8192).spec_hash
    with pytest.raises(
        errors.ModelUnavailable, match=r"'linear_backend', which vLLM .* does not have"
    ):
        engine_arguments(spec(linear_backend="marlin"), cuda, "/weights", OldArguments)


def test_missing_folder_is_unavailable_and_a_hub_id_is_passed_on(tmp_path: Path) -> None:
    assert resolve_source(spec(), CONTEXT) == "org/model"
    there = ModelSpec(name="m", engine="vllm", source=str(tmp_path))
    assert resolve_source(there, CONTEXT) == str(tmp_path.resolve())
    absent = ModelSpec(name="m", engine="vllm", source=str(tmp_path / "absent"))
    with pytest.raises(errors.ModelUnavailable, match="there is no folder"):
        resolve_source(absent, CONTEXT)


def test_engine_processes_are_found_and_killed_with_their_orphans() -> None:
    processes = EngineProcesses()
    program = (
        "import subprocess, sys; "
        "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])"
    )
    with processes.marked():
        subprocess.run([sys.executable, "-c", program], check=True)
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    assert "EVALCTL_ENGINE" not in os.environ
    assert processes.child_seen()
    assert len(processes.alive()) == 2
    assert processes.kill(within_s=5)
    assert processes.alive() == []
    assert child.wait(5) == -9


def test_child_writes_to_the_log_and_this_process_gets_its_streams_back(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    processes, log, seen = EngineProcesses(), tmp_path / "log", threading.Event()

    def child_seen() -> bool:
        if processes.child_seen():
            seen.set()
        return seen.is_set()

    with processes.marked(), children_write_to(log, child_seen):
        child = subprocess.Popen(
            [sys.executable, "-c", "import sys; sys.stdin.readline(); print('from the child')"],
            stdin=subprocess.PIPE,
        )
        assert seen.wait(5)
    print("from here")
    child.communicate(b"go\n")
    assert log.read_text() == "from the child\n"
    assert capfd.readouterr().out == "from here\n"


def test_environment_is_put_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVALCTL_TEST_A", "before")
    with environment({"EVALCTL_TEST_A": "within", "EVALCTL_TEST_B": "new"}):
        assert (os.environ["EVALCTL_TEST_A"], os.environ["EVALCTL_TEST_B"]) == ("within", "new")
    assert os.environ["EVALCTL_TEST_A"] == "before"
    assert "EVALCTL_TEST_B" not in os.environ
