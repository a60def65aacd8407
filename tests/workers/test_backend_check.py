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
AUTOTUNED = OFF | {"flashinfer_autotune": "on"}
FLASH, FLASHINFER, TRITON, BOTH = (
    {"attention_backend": name}
    for name in ("FLASH_ATTN", "FLASHINFER", "TRITON_ATTN", "FLASHINFER,FLASH_ATTN")
)
MACHETE = {"linear_kernel": "Machete"}
MARLIN, FP8 = "MarlinLinearKernel", "FlashInferFP8LinearKernel"
CUTLASS, TRTLLM = "flashinfer_cutlass", "FLASHINFER_TRTLLM"
SAMPLER = "with the FlashInfer sampler"
RUNNER, USE_V2 = "model runner", "VLLM_USE_V2_MODEL_RUNNER"


@pytest.mark.parametrize(
    ("options", "facts"),
    [
        ({}, OFF),
        ({}, FLASH),
        ({}, OFF | dict.fromkeys(("sampler", "flashinfer_autotune", "model_runner"), "unknown")),
        ({}, OFF | {"flashinfer_sampler": "Using FlashInfer for top-p"}),
        ({}, {"attention_backend_log": "FLASH_ATTN", "linear_kernel": "MacheteLinearKernel"}),
        ({"attention_backend": "flashinfer"}, OFF | FLASHINFER | {"sampler": "flashinfer"}),
        ({"attention_backend": "FLASHINFER"}, AUTOTUNED | FLASHINFER),
        ({"enable_flashinfer_autotune": True}, AUTOTUNED),
        ({"linear_backend": CUTLASS}, OFF | {"linear_backend": CUTLASS}),
        ({"moe_backend": "flashinfer_trtllm"}, OFF | {"moe_backend_log": TRTLLM}),
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
        ({}, TRITON, "FLASH_ATTN, the engine runs TRITON_ATTN: set attention_backend"),
        ({}, BOTH, "the engine runs FLASHINFER,FLASH_ATTN"),
        ({}, OFF | {"sampler": "flashinfer"}, f"{SAMPLER}: set VLLM_USE_FLASHINFER_SAMPLER=0"),
        ({}, FLASH | {"flashinfer_sampler": "yes"}, SAMPLER),
        ({}, OFF | {"sampler": "unknown", "flashinfer_sampler": "yes"}, SAMPLER),
        ({}, AUTOTUNED, "FlashInfer's autotune: set enable_flashinfer_autotune"),
        ({}, OFF | {"linear_backend": CUTLASS}, f"runs {CUTLASS}: set linear_backend"),
        ({}, OFF | {"linear_kernel": FP8}, f"{FP8}: set linear_backend"),
        ({}, OFF | {"moe_backend_log": TRTLLM}, f"runs {TRTLLM}: set moe_backend"),
        (MACHETE, FLASH | {"linear_kernel": MARLIN}, f"Machete, the engine runs {MARLIN}"),
        (MACHETE, FLASH, "Machete, the engine runs none"),
        ({"model_runner": "V1"}, OFF, f"{RUNNER} V1, the engine runs V2: set {USE_V2}"),
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
