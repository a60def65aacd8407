"""What a model declares against what its engine runs: a difference ends the start, since its numbers would mislead."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workers.engines.errors import BACKEND_REFUSED, ModelUnavailable


def check_backends(model: str, options: Mapping[str, Any], facts: Mapping[str, str]) -> None:
    """Raise ModelUnavailable (BACKEND_REFUSED) for the first of attention, sampler and linear kernel that differs.

    ``facts`` are those of the log and of the running worker, on CUDA. The attention backend is FLASH_ATTN unless
    declared; FlashInfer samples only where it is declared for attention; the linear kernel is checked where declared.
    """
    wanted = str(options.get("attention_backend", "FLASH_ATTN")).upper()
    running = facts.get("attention_backend", facts.get("attention_backend_log", "")).upper()
    if not running:
        raise _refused(model, f"attention backend {wanted}, which cannot be verified: the engine names none")
    if running != wanted:
        raise _refused(model, f"attention backend {wanted}, the engine runs {running}: set attention_backend")
    if "FLASHINFER" not in wanted and "flashinfer_sampler" in facts:
        raise _refused(model, "no FlashInfer, the engine runs with the FlashInfer sampler: set attention_backend")
    kernel, found = options.get("linear_kernel"), facts.get("linear_kernel", "none that it names")
    if kernel is not None and str(kernel).casefold() not in {name.casefold() for name in _names(found)}:
        raise _refused(model, f"linear kernel {kernel}, the engine runs {found}: set linear_backend or linear_kernel")


def _names(kernels: str) -> set[str]:
    """Return the kernels as the log names them and without what all names end in."""
    names = kernels.split(",")
    return {*names, *(name.removesuffix("LinearKernel") for name in names)}


def _refused(model: str, difference: str) -> ModelUnavailable:
    return ModelUnavailable(f"model {model!r} declares {difference}", error_class=BACKEND_REFUSED)
