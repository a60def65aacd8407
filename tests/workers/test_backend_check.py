"""An engine that runs other backends than its model declares does not start."""

from __future__ import annotations

from typing import Any

import pytest

from workers.engines.vllm.backend_check import check_backends
from workers.errors import BACKEND_REFUSED, ModelUnavailable

#: What a healthy engine on CUDA reports with FlashInfer off.
OFF = {
    "attention_backend": "FLASH_ATTN",
    "sampler": "native",
    "flashinfer_autotune": "off",
    "flashinfer_imported": "yes",
    "linear_backend": "auto",
    "moe_backend": "auto",
    "linear_kernel": "MacheteLinearKernel",
    "model_runner": "V2",
}


@pytest.mark.parametrize(
    ("options", "facts"),
    [
        ({}, OFF),
        ({}, {"attention_backend": "FLASH_ATTN"}),
        (
            {},
            OFF
            | {"sampler": "unknown", "flashinfer_autotune": "unknown", "model_runner": "unknown"},
        ),
        ({}, OFF | {"flashinfer_sampler": "Using FlashInfer for top-p"}),
        ({}, {"attention_backend_log": "FLASH_ATTN", "linear_kernel": "MacheteLinearKernel"}),
        (
            {"attention_backend": "flashinfer"},
            OFF | {"attention_backend": "FLASHINFER", "sampler": "flashinfer"},
        ),
        (
            {"attention_backend": "FLASHINFER"},
            OFF | {"attention_backend": "FLASHINFER", "flashinfer_autotune": "on"},
        ),
        ({"enable_flashinfer_autotune": True}, OFF | {"flashinfer_autotune": "on"}),
        ({"linear_backend": "flashinfer_cutlass"}, OFF | {"linear_backend": "flashinfer_cutlass"}),
        ({"moe_backend": "flashinfer_trtllm"}, OFF | {"moe_backend_log": "FLASHINFER_TRTLLM"}),
        ({"linear_kernel": "Machete"}, OFF),
        ({"linear_kernel": "MacheteLinearKernel", "model_runner": "v2"}, OFF),
    ],
)
def test_what_is_declared_passes(options: dict[str, Any], facts: dict[str, str]) -> None:
    check_backends("m", options, facts, device="cuda")


@pytest.mark.parametrize(
    ("options", "facts", "sentence"),
    [
        ({}, {}, "FLASH_ATTN, which cannot be verified"),
        (
            {},
            {"attention_backend": "TRITON_ATTN"},
            "FLASH_ATTN, the engine runs TRITON_ATTN: set attention_backend",
        ),
        (
            {},
            {"attention_backend": "FLASHINFER,FLASH_ATTN"},
            "the engine runs FLASHINFER,FLASH_ATTN",
        ),
        (
            {},
            OFF | {"sampler": "flashinfer"},
            "with the FlashInfer sampler: set VLLM_USE_FLASHINFER_SAMPLER=0",
        ),
        (
            {},
            {"attention_backend": "FLASH_ATTN", "flashinfer_sampler": "yes"},
            "with the FlashInfer sampler",
        ),
        (
            {},
            OFF | {"sampler": "unknown", "flashinfer_sampler": "yes"},
            "with the FlashInfer sampler",
        ),
        (
            {},
            OFF | {"flashinfer_autotune": "on"},
            "FlashInfer's autotune: set enable_flashinfer_autotune",
        ),
        (
            {},
            OFF | {"linear_backend": "flashinfer_cutlass"},
            "runs flashinfer_cutlass: set linear_backend",
        ),
        (
            {},
            OFF | {"linear_kernel": "FlashInferFP8LinearKernel"},
            "FlashInferFP8LinearKernel: set linear_backend",
        ),
        (
            {},
            OFF | {"moe_backend_log": "FLASHINFER_TRTLLM"},
            "runs FLASHINFER_TRTLLM: set moe_backend",
        ),
        (
            {"linear_kernel": "Machete"},
            {"attention_backend": "FLASH_ATTN", "linear_kernel": "MarlinLinearKernel"},
            "Machete, the engine runs MarlinLinearKernel",
        ),
        (
            {"linear_kernel": "Machete"},
            {"attention_backend": "FLASH_ATTN"},
            "Machete, the engine runs none",
        ),
        (
            {"model_runner": "V1"},
            OFF,
            "model runner V1, the engine runs V2: set VLLM_USE_V2_MODEL_RUNNER",
        ),
    ],
)
def test_what_differs_is_refused_in_one_sentence(
    options: dict[str, Any], facts: dict[str, str], sentence: str
) -> None:
    with pytest.raises(ModelUnavailable, match=sentence) as refused:
        check_backends("m", options, facts, device="cuda")
    assert refused.value.error_class == BACKEND_REFUSED


def test_on_a_cpu_only_what_is_declared_is_checked() -> None:
    check_backends("m", {}, {"attention_backend": "CPU_ATTN"}, device="cpu")
    with pytest.raises(ModelUnavailable, match="model runner V2, the engine runs V1"):
        check_backends("m", {"model_runner": "V2"}, {"model_runner": "V1"}, device="cpu")
