"""What vLLM's CPU build cannot compute on this processor, checked before an engine starts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from workers.errors import NO_KERNEL, ModelUnavailable

#: The only operator with which vLLM 0.32 multiplies by 4-bit weights on a CPU. On x86-64 its builds
#: have it from AVX-512 on.
FOUR_BIT_OPERATOR = "cpu_gemm_wna16"


def check_kernels(model: str, hf_config: Any) -> None:
    """Refuse (NO_KERNEL) 4-bit weights without an operator: vLLM would die at its first request."""
    if 4 in weight_bits(hf_config) and _lacks(FOUR_BIT_OPERATOR):
        raise ModelUnavailable(
            f"model {model!r} has 4-bit weights, which vLLM cannot compute on this processor: on "
            "x86-64 it needs AVX-512; run the model on a GPU or another machine, or an unquantised "
            "one here",
            error_class=NO_KERNEL,
        )


def weight_bits(hf_config: Any) -> set[int]:
    """Return the bits of a configuration's quantised weights: AWQ, GPTQ or compressed-tensors."""
    return set(_bits(getattr(hf_config, "quantization_config", None)))


def _bits(quantization: Any) -> Iterator[int]:
    if not isinstance(quantization, Mapping):
        return
    if isinstance(bits := quantization.get("bits"), int):
        yield bits
    groups = quantization.get("config_groups")
    for group in groups.values() if isinstance(groups, Mapping) else ():
        if isinstance(bits := (group.get("weights") or {}).get("num_bits"), int):
            yield bits


def _lacks(operator: str) -> bool:
    """Return whether this vLLM calls an operator that its library for this processor lacks."""
    import torch  # noqa: PLC0415
    from vllm import _custom_ops  # noqa: PLC0415
    from vllm.platforms import current_platform  # noqa: PLC0415

    current_platform.import_kernels()
    # Where vLLM registers its operators.
    return hasattr(_custom_ops, operator) and not hasattr(torch.ops._C, operator)  # noqa: SLF001
