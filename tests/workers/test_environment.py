"""The environment of a start: it differs where a timing may change, and has no secret."""

from __future__ import annotations

import json
import platform
import sys
from pathlib import Path
from typing import Any

import pytest

from core.gpus import GpuUnavailable, find_gpu
from core.model_spec import canonical_hash
from tests.support.fake_nvml.pynvml import UUID
from tests.support.gpu_worker import FAKE_NVML
from tests.support.processes import run_program
from workers.engines import EngineContext, environment
from workers.engines.environment import gpu_facts, start_environment, variables_that_matter
from workers.gpu.nvml import open_gpu

EPYC = "model name\t: AMD EPYC\nflags\t\t"
UNNAMED = platform.processor()
CONTEXT = EngineContext(home=Path(), log_folder=Path())


def test_variables_that_engines_read_are_kept() -> None:
    kept = {
        "VLLM_USE_V2_MODEL_RUNNER": "1",
        "CUDA_LAUNCH_BLOCKING": "1",
        "NCCL_ALGO": "Ring",
        "TORCHINDUCTOR_COMPILE_THREADS": "1",
        "TORCH_NCCL_AVOID_RECORD_STREAMS": "1",
        "PYTORCH_CUDA_ALLOC_CONF": "expandable_segments:True",
        "TRITON_DEBUG": "1",
        "OMP_NUM_THREADS": "8",
        "MKL_NUM_THREADS": "8",
        "KMP_AFFINITY": "compact",
        "FLASHINFER_DISABLE_JIT": "1",
    }
    others = {"HOME": "/root", "PATH": "/bin", "EVALCTL_HOME": "/x", "MY_VLLM_X": "1"}
    assert variables_that_matter(kept | others) == kept


@pytest.mark.parametrize(
    "name",
    [
        *("VLLM_API_KEY", "TORCH_TOKEN", "NCCL_SECRET", "CUDA_PASSWORD"),
        *("VLLM_PASSWD", "VLLM_CREDENTIALS", "vllm_x"),
    ],
)
def test_secrets_and_strangers_are_not(name: str) -> None:
    assert variables_that_matter({name: "hush"}) == {}


def test_an_address_is_left_out_since_it_may_contain_a_password() -> None:
    assert variables_that_matter({"VLLM_STORE": "redis://user:hush@host"}) == {}


@pytest.mark.parametrize(
    "name",
    [
        *("VLLM_LOGGING_CONFIG_PATH", "VLLM_LOGGING_LEVEL", "VLLM_CACHE_ROOT", "TRITON_CACHE_DIR"),
        *("TORCHINDUCTOR_CACHE_DIR", "CUDA_VISIBLE_DEVICES", "CUDA_HOME", "VLLM_PORT"),
        *("VLLM_HOST_IP", "VLLM_DIST_IDENT", "VLLM_OBJECT_STORAGE_SHM_BUFFER_NAME"),
    ],
)
def test_what_differs_from_start_to_start_is_left_out(name: str) -> None:
    assert variables_that_matter({name: "1"}) == {}


def test_another_variable_is_another_environment() -> None:
    def hashed(**variables: str) -> str:
        return canonical_hash(start_environment(CONTEXT, variables_that_matter(variables)))

    one = hashed(VLLM_USE_V2_MODEL_RUNNER="1")
    assert one == hashed(VLLM_USE_V2_MODEL_RUNNER="1")
    assert one == hashed(
        VLLM_USE_V2_MODEL_RUNNER="1", VLLM_LOGGING_CONFIG_PATH="/elsewhere", VLLM_API_KEY="hush"
    )
    assert one != hashed(VLLM_USE_V2_MODEL_RUNNER="0")
    assert one != hashed(VLLM_USE_V2_MODEL_RUNNER="1", OMP_NUM_THREADS="4")


@pytest.mark.parametrize(
    ("text", "model", "features"),
    [
        (
            f"{EPYC}: fpu avx avx2 fma\n\nmodel name\t: other\nflags\t: avx512f\n",
            "AMD EPYC",
            "avx2",
        ),
        (f"{EPYC}: avx512f avx2 avx512_bf16\n", "AMD EPYC", "avx2 avx512_bf16 avx512f"),
        ("processor\t: 0\nFeatures\t: fp asimd i8mm bf16\n", UNNAMED, "asimd bf16 i8mm"),
        (None, UNNAMED, ""),
    ],
)
def test_a_processor_is_identified_by_what_kernels_are_chosen_by(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str | None, model: str, features: str
) -> None:
    """Two processors of one name may run other kernels."""
    cpu_info = tmp_path / "cpuinfo"
    if text is not None:
        cpu_info.write_text(text, encoding="utf-8")
    monkeypatch.setattr(environment, "CPU_INFO", cpu_info)
    found = start_environment(CONTEXT, {})
    assert (found["cpu_model"], found["cpu_features"]) == (model, features)


def test_an_unknown_gpu_adds_nothing() -> None:
    assert gpu_facts("GPU-00000000-0000-0000-0000-000000000000") == {}
    assert start_environment(CONTEXT, {}).get("gpu_uuid") is None


def on_fake_gpu(tmp_path: Path, **state: Any) -> dict[str, Any]:
    """Return the environment of a start on a fake GPU, as a process with the fake NVML reads it."""
    (tmp_path / "gpu.json").write_text(json.dumps(state), encoding="utf-8")
    program = (
        "import json\n"
        "from pathlib import Path\n"
        "from workers.engines import EngineContext\n"
        "from workers.engines.environment import start_environment\n"
        "context = EngineContext(home=Path(), log_folder=Path(), device='cuda', "
        f"gpu_uuid={UUID!r})\n"
        "print(json.dumps(start_environment(context, {'VLLM_X': '1'})))\n"
    )
    fakes = {"PYTHONPATH": str(FAKE_NVML), "FAKE_GPU": str(tmp_path / "gpu.json")}
    done = run_program(sys.executable, "-c", program, env=fakes | {"PATH": "/usr/bin:/bin"})
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def test_a_gpus_settings_are_part_of_the_environment(tmp_path: Path) -> None:
    """Load and temperature make no difference; a power limit does; what is refused is left out."""
    clocks = {"max_sm_clock_mhz": 3105, "max_memory_clock_mhz": 10501}
    settings = {"power_limit_w": 450, "persistence_mode": 1} | clocks
    found = on_fake_gpu(tmp_path, **settings, temperature_c=40)
    assert {name: found[name] for name in settings} == settings | {"persistence_mode": "on"}
    assert (found["gpu_uuid"], found["gpu_name"]) == (UUID, "fake")
    assert (found["driver"], found["cuda_driver"]) == ("0", "13.0")
    assert found["env.VLLM_X"] == "1"
    assert {"ecc", "mig", "application_sm_clock_mhz", "cpu_features"} & found.keys() == set()
    assert on_fake_gpu(tmp_path, **settings, temperature_c=80) == found
    assert on_fake_gpu(tmp_path, **settings | {"power_limit_w": 425}) != found
    assert on_fake_gpu(tmp_path, **settings, ecc=0)["ecc"] == "off"


@pytest.mark.gpu
def test_a_real_gpu_reports_its_settings_and_a_sample() -> None:
    try:
        gpu = find_gpu(0)
    except GpuUnavailable:
        pytest.skip("no NVIDIA GPU")
    found = gpu_facts(gpu.uuid)
    assert (found["gpu_name"], found["driver"]) == (gpu.name, gpu.driver)
    assert float(found["power_limit_w"]) > 0
    assert int(found["max_sm_clock_mhz"]) > 0
    assert gpu_facts(gpu.uuid) == found
    with open_gpu(gpu.uuid) as reader:
        seen = reader.sample(1.0)
    assert seen.at_s == 1.0
    assert None not in (seen.sm_clock_mhz, seen.temperature_c, seen.power_w, seen.reasons)
    most_mhz = int(seen.max_sm_clock_mhz or 0)
    assert 0 < int(seen.sm_clock_mhz or 0) <= most_mhz == int(found["max_sm_clock_mhz"])
