"""An engine that runs other backends than its model declares does not start."""

from __future__ import annotations

from typing import Any

import pytest

from workers.engines.errors import BACKEND_REFUSED, ModelUnavailable
from workers.engines.vllm_assertions import check_backends


@pytest.mark.parametrize(
    ("options", "facts"),
    [
        ({}, {"attention_backend": "FLASH_ATTN"}),
        ({}, {"attention_backend_log": "FLASH_ATTN", "linear_kernel": "MacheteLinearKernel"}),
        ({"attention_backend": "flashinfer"}, {"attention_backend": "FLASHINFER", "flashinfer_sampler": "yes"}),
        ({"linear_kernel": "Machete"}, {"attention_backend": "FLASH_ATTN", "linear_kernel": "MacheteLinearKernel"}),
    ],
)
def test_what_is_declared_passes(options: dict[str, Any], facts: dict[str, str]) -> None:
    check_backends("m", options, facts)


@pytest.mark.parametrize(
    ("options", "facts", "sentence"),
    [
        ({}, {}, "FLASH_ATTN, which cannot be verified"),
        ({}, {"attention_backend": "TRITON_ATTN"}, "FLASH_ATTN, the engine runs TRITON_ATTN"),
        ({}, {"attention_backend": "FLASH_ATTN", "flashinfer_sampler": "yes"}, "with the FlashInfer sampler"),
        (
            {"linear_kernel": "Machete"},
            {"attention_backend": "FLASH_ATTN", "linear_kernel": "MarlinLinearKernel"},
            "Machete, the engine runs MarlinLinearKernel",
        ),
        ({"linear_kernel": "Machete"}, {"attention_backend": "FLASH_ATTN"}, "Machete, the engine runs none"),
    ],
)
def test_what_differs_is_refused_in_one_sentence(options: dict[str, Any], facts: dict[str, str], sentence: str) -> None:
    with pytest.raises(ModelUnavailable, match=sentence) as refused:
        check_backends("m", options, facts)
    assert refused.value.error_class == BACKEND_REFUSED
