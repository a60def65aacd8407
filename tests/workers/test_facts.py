"""What is read from vLLM's running objects: fake ones in the shapes of both model runners."""

from __future__ import annotations

import json
import subprocess
import sys
from enum import IntEnum
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from workers.engines.vllm.facts import CONFIGURED, FACTS
from workers.engines.vllm.memory import read_worker


class Mode(IntEnum):
    """As vLLM's own."""

    VLLM_COMPILE = 3


class Backend:
    """As vLLM's own."""

    @staticmethod
    def get_name() -> str:
        """Name the backend."""
        return "FLASH_ATTN"


class Sampling:
    """The sampler of model runner V1: which method is ``forward`` reports who samples."""

    def __init__(self, chosen: str) -> None:
        self.forward = getattr(self, chosen)

    def forward_cuda(self) -> None:
        """Sample by FlashInfer."""

    def forward_native(self) -> None:
        """Sample by torch."""


def worker(
    sampler: Any, runner_module: str = "vllm.v1.worker.gpu.model_runner", **kernel: Any
) -> Any:
    runner = type("GPUModelRunner", (SimpleNamespace,), {"__module__": runner_module})
    return SimpleNamespace(
        device=SimpleNamespace(type="cuda"),
        model_runner=runner(sampler=sampler, attn_groups=[[SimpleNamespace(backend=Backend)]]),
        vllm_config=SimpleNamespace(
            kernel_config=SimpleNamespace(**kernel),
            compilation_config=SimpleNamespace(mode=Mode.VLLM_COMPILE, cudagraph_mode=None),
        ),
    )


@pytest.fixture
def allowed(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """Stand in for ``vllm.envs``, which most machines that test have not installed for CUDA."""
    envs = SimpleNamespace(VLLM_USE_FLASHINFER_SAMPLER=True)
    package = ModuleType("vllm")
    package.envs = envs  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "vllm", package)
    return envs


@pytest.mark.parametrize(
    ("sampler", "expected"),
    [
        (SimpleNamespace(use_flashinfer=True), "flashinfer"),
        (SimpleNamespace(use_flashinfer=False), "native"),
        (SimpleNamespace(topk_topp_sampler=Sampling("forward_cuda")), "flashinfer"),
        (SimpleNamespace(topk_topp_sampler=Sampling("forward_native")), "native"),
    ],
)
def test_either_runner_reports_the_sampler(sampler: Any, expected: str) -> None:
    assert FACTS["sampler"](worker(sampler)) == expected


def test_a_sampler_that_no_object_reports_is_unknown_unless_it_is_forbidden(
    allowed: SimpleNamespace,
) -> None:
    assert FACTS["sampler"](worker(None)) == "unknown"
    allowed.VLLM_USE_FLASHINFER_SAMPLER = False
    assert FACTS["sampler"](worker(SimpleNamespace())) == "native"


@pytest.mark.parametrize(("chosen", "expected"), [(True, "on"), (False, "off"), (None, "unknown")])
def test_autotune_is_known_from_the_configuration(chosen: bool | None, expected: str) -> None:
    assert FACTS["flashinfer_autotune"](worker(None, enable_flashinfer_autotune=chosen)) == expected


@pytest.mark.parametrize(
    ("module", "expected"),
    [
        ("vllm.v1.worker.gpu.model_runner", "V2"),
        ("vllm.v1.worker.cpu.model_runner", "V2"),
        ("vllm.v1.worker.gpu_model_runner", "V1"),
        ("vllm.v1.worker.cpu_model_runner", "V1"),
        ("vllm.v1.worker.gpu.other", "unknown"),
        ("elsewhere", "unknown"),
    ],
)
def test_the_model_runner_is_known_from_its_module(module: str, expected: str) -> None:
    assert FACTS["model_runner"](worker(None, module)) == expected


def test_flashinfer_in_memory_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    assert FACTS["flashinfer_imported"](worker(None)) == "no"
    monkeypatch.setitem(sys.modules, "flashinfer.sampling", ModuleType("flashinfer.sampling"))
    assert FACTS["flashinfer_imported"](worker(None)) == "yes"


def test_the_rest_is_reported_by_name() -> None:
    of = worker(None, linear_backend="machete")
    assert FACTS["attention_backend"](of) == "FLASH_ATTN"
    assert FACTS["linear_backend"](of) == "machete"
    assert FACTS["moe_backend"](of) == "unknown"
    assert FACTS["compilation_mode"](of) == "VLLM_COMPILE"
    assert FACTS["cudagraph_mode"](of) == "unknown"
    assert set(CONFIGURED) - set(FACTS) == {"linear_kernel"}


def test_the_workers_variables_come_with_its_memory() -> None:
    """As the worker was started: libraries set more on a cold start than on a warm one."""
    program = (
        "import json, os\n"
        "os.environ['TORCH_WARM_POOL'] = '0'\n"
        "from workers.engines.vllm.worker_extension import MemoryExtension\n"
        "print(json.dumps(MemoryExtension().evalctl_memory()))\n"
    )
    given = {
        "VLLM_ENABLE_STARTUP_PLAN": "0",
        "VLLM_API_KEY": "hush",
        "PATH": "/usr/bin:/bin",
        "OMP_NUM_THREADS": "2",
    }
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=root, env=given, capture_output=True, check=True
    )
    answer = json.loads(done.stdout)
    assert answer["variables"] == {"VLLM_ENABLE_STARTUP_PLAN": "0", "OMP_NUM_THREADS": "2"}
    assert read_worker([answer]).variables == answer["variables"]
