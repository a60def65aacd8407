"""Compare what a model declares with what its engine runs; a difference ends the start."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from workers.engines.vllm.facts import FLASHINFER
from workers.errors import BACKEND_REFUSED, ModelUnavailable


def check_backends(
    model: str,
    options: Mapping[str, Any],
    facts: Mapping[str, str],
    *,
    device: Literal["cpu", "cuda"],
) -> None:
    """Raise ModelUnavailable (BACKEND_REFUSED) for the first difference: its numbers would mislead.

    ``facts`` are those of the log and of the running worker. The attention backend is FLASH_ATTN on
    CUDA unless declared, and must be known; FlashInfer is off unless declared, in attention,
    sampler, autotune and kernels, of which an unknown one passes. The linear kernel and the model
    runner are checked where they are declared.
    """
    checks = [*_declared(options, facts)]
    if device == "cuda":
        checks = [*_attention(options, facts), *_flashinfer(options, facts), *checks]
    for difference in checks:
        raise ModelUnavailable(
            f"model {model!r} declares {difference}", error_class=BACKEND_REFUSED
        )


def _attention(options: Mapping[str, Any], facts: Mapping[str, str]) -> Iterator[str]:
    wanted = _wanted_attention(options)
    running = facts.get("attention_backend", facts.get("attention_backend_log", "")).upper()
    if not running:
        yield f"attention backend {wanted}, which cannot be verified: the engine names none"
    elif running != wanted:
        yield f"attention backend {wanted}, the engine runs {running}: set attention_backend"


def _flashinfer(options: Mapping[str, Any], facts: Mapping[str, str]) -> Iterator[str]:
    in_attention = FLASHINFER in _wanted_attention(options).casefold()
    sampler = facts.get("sampler", "")
    # The log counts only where no running object reports it.
    if not in_attention and (
        sampler == FLASHINFER or (sampler != "native" and "flashinfer_sampler" in facts)
    ):
        yield (
            "no FlashInfer, the engine runs with the FlashInfer sampler: "
            "set VLLM_USE_FLASHINFER_SAMPLER=0 or attention_backend"
        )
    wanted = bool(options.get("enable_flashinfer_autotune"))
    if not wanted and not in_attention and facts.get("flashinfer_autotune") == "on":
        yield "no FlashInfer, the engine ran FlashInfer's autotune: set enable_flashinfer_autotune"
    if facts.get("fused_all_reduce") == "on" and "fuse_allreduce_rms" not in str(
        options.get("compilation_config")
    ):
        yield (
            "no FlashInfer, the engine fuses the sum over its GPUs with FlashInfer: "
            "set fuse_allreduce_rms in compilation_config"
        )
    for option, names in (
        ("linear_backend", ("linear_backend", "linear_kernel")),
        ("moe_backend", ("moe_backend", "moe_backend_log")),
    ):
        declared = str(
            options.get(
                option, options.get("linear_kernel", "") if option == "linear_backend" else ""
            )
        )
        found = [facts[name] for name in names if FLASHINFER in facts.get(name, "").casefold()]
        if found and FLASHINFER not in declared.casefold():
            yield f"no FlashInfer, the engine runs {found[0]}: set {option}"


def _declared(options: Mapping[str, Any], facts: Mapping[str, str]) -> Iterator[str]:
    kernel, found = options.get("linear_kernel"), facts.get("linear_kernel", "none that it names")
    if kernel is not None and str(kernel).casefold() not in {
        name.casefold() for name in _names(found)
    }:
        yield (
            f"linear kernel {kernel}, the engine runs {found}: set linear_backend or linear_kernel"
        )
    runner, running = options.get("model_runner"), facts.get("model_runner", "unknown")
    if runner is not None and str(runner).casefold() != running.casefold():
        yield (
            f"model runner {runner}, the engine runs {running}: "
            "set VLLM_USE_V2_MODEL_RUNNER or model_runner"
        )


def _wanted_attention(options: Mapping[str, Any]) -> str:
    return str(options.get("attention_backend", "FLASH_ATTN")).upper()


def _names(kernels: str) -> set[str]:
    """Return the kernels as the log names them and without their common suffix."""
    names = kernels.split(",")
    return {*names, *(name.removesuffix("LinearKernel") for name in names)}
