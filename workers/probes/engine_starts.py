"""Start the engines of a search with their compiled code on disk: compiling would lower a limit."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from core.model_spec import ModelSpec
from core.states import StartKind
from workers.engines.protocol import MIB, StartReport
from workers.errors import OPTION_REFUSED, EngineOutOfMemory, ModelUnavailable
from workers.loading.kv_sizing import SIZED_BY, compiled, full_length_bytes
from workers.loading.loader import EngineStart
from workers.probes.session import ProbeSession

#: Share of the GPU for vLLM, where the model does not set one.
UTILISATION = 0.9
#: The same for colocated engines: vLLM wants this share of the whole GPU to be free, whatever else
#: runs on it. A KV cache of a given size is not bounded by it.
COLOCATED_UTILISATION = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceSpec:
    """How each of several colocated engines is started."""

    spec: ModelSpec
    kind: StartKind
    #: KV cache of each; None where the engine has none.
    kv_mib: float | None = None
    #: A start without others, for the memory terms that an engine with a given KV cache size does
    #: not report.
    alone: EngineStart | None = None


def probed_spec(session: ProbeSession, spec: ModelSpec, **options: Any) -> ModelSpec:
    """Return the model with the options of a probe, on a GPU with its share of the probed GPU."""
    own = {**spec.options, **options}
    if session.on_gpu and spec.engine == "vllm" and "kv_cache_memory_bytes" not in own:
        share, gpu = float(own.get("gpu_memory_utilization", UTILISATION)), session.emulated_gpu
        own["gpu_memory_utilization"] = share if gpu is None else gpu.utilisation(share)
    return replace(spec, options=own)


def start_settled(
    session: ProbeSession, spec: ModelSpec, *, kind: StartKind = StartKind.SINGLE, **options: Any
) -> EngineStart:
    """Start the engine; on a GPU start it again where it compiled or ran out of memory.

    A start that compiles profiles several hundred MiB more and leaves as much less to the KV cache,
    so that a search would find another limit than the next one. It may run out of memory for that
    reason alone. Raise what a start raises; nothing of an engine remains then.
    """
    wanted = probed_spec(session, spec, **options)
    load = partial(session.loader.start, wanted, session.job)
    start = partial(load, kind=kind, on_progress=session.progress)
    try:
        engine_start = start()
    except EngineOutOfMemory:
        if not session.on_gpu:
            raise
    else:
        if not (session.on_gpu and compiled(engine_start.report.log_path)):
            return engine_start
    session.unload()
    return start()


def instance_spec(session: ProbeSession) -> InstanceSpec:
    """Return how to start each engine of a ramp, where needed after a start without others.

    That start compiles what is not on disk yet, profiles, which an engine with a given KV cache
    size does not, and reports the bytes of a block; the GPU is empty again then. Each KV cache has
    room for ``max_num_seqs`` sequences of full length, unless the plan or the model sets a size.
    Raise what a start raises.
    """
    spec, kv_mib = session.job.spec, session.plan.kv_mib
    if spec.engine != "vllm":
        return InstanceSpec(spec=spec, kind=StartKind.SINGLE)
    given = spec.options.get("kv_cache_memory_bytes") if kv_mib is None else kv_mib * MIB
    alone = _started_alone(session) if session.on_gpu or given is None else None
    if given is None and alone is not None:
        given = _full_length_bytes(spec, alone.report)
    assert given is not None
    size = {
        "kv_cache_memory_bytes": math.ceil(given),
        "gpu_memory_utilization": COLOCATED_UTILISATION,
    }
    sized = replace(spec, options={**_unsized(spec), **size})
    return InstanceSpec(spec=sized, kind=StartKind.MEASURED, kv_mib=given / MIB, alone=alone)


def _full_length_bytes(spec: ModelSpec, report: StartReport) -> int:
    if report.kv_block_bytes is None:
        raise ModelUnavailable(
            f"the engine of model {spec.name!r} does not report the size of a KV cache block: "
            "set kv_cache_memory_bytes",
            error_class=OPTION_REFUSED,
        )
    return full_length_bytes(report.config, report.kv_block_bytes)


def _started_alone(session: ProbeSession) -> EngineStart:
    """Start the model without others and unload it, whether it started or not."""
    spec = session.job.spec
    try:
        unsized = replace(spec, options=_unsized(spec))
        return start_settled(session, unsized, kind=StartKind.PROFILE)
    finally:
        session.unload()


def _unsized(spec: ModelSpec) -> dict[str, Any]:
    """Return the options without those that size the KV cache, except the utilisation."""
    left_out = SIZED_BY - {"gpu_memory_utilization"}
    return {name: value for name, value in spec.options.items() if name not in left_out}
