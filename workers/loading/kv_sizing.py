"""Two starts of one model: the first is profiled, the second serves with a sized KV cache.

vLLM sizes its KV cache by profiling, and a cache of a given size skips the profile. So a model that
leaves the size to us is started once to be profiled and once more, with a cache of the size that
the declared rule gives, to serve.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from core.model_spec import ModelSpec, canonical_hash
from db.models import Boot
from db.queue.fleet import Profile
from workers.engines.protocol import START_TERMS, EngineContext, MemoryReport, StartReport
from workers.engines.vllm.log import read_log
from workers.errors import OPTION_REFUSED, ModelUnavailable

#: Own option: ``two`` (the default on a GPU) or ``single``.
STARTS_OPTION = "boots"
#: Options with which a model sizes its KV cache itself: it is started once, as it asks.
SIZED_BY = frozenset({"gpu_memory_utilization", "kv_cache_memory_bytes", "num_gpu_blocks_override"})
#: Only for vLLM's check that this share of the GPU is free; it does not bound a cache of a given
#: size.
MEASURED_UTILISATION = 0.05
#: vLLM keeps one block to itself, which no sequence gets.
NULL_BLOCKS = 1

#: Options that change nothing about a profile.
_NOT_PROFILED = frozenset({STARTS_OPTION, "warm_up_requests"})
#: Options that differ between the two starts of a pair, or follow from those.
_DIFFERS = frozenset({"gpu_memory_utilization", "kv_cache_memory_bytes", "num_gpu_blocks"})
_SIZE_FOLLOWS_FROM = ("max_num_seqs", "max_model_len", "block_size")
_WEIGHTS_WITHIN_MIB = 1.0
#: vLLM says so once for each range of sizes, as it compiles; where it finds the code on disk it
#: says "Directly load".
_COMPILED = re.compile(r"Compiling a graph for ")


def takes_two_starts(spec: ModelSpec, device: Literal["cpu", "cuda"]) -> bool:
    """Return whether a separate start profiles a model; raise ModelUnavailable if unknown."""
    if spec.engine != "vllm":
        return False
    wanted = spec.options.get(STARTS_OPTION, "two")
    if wanted not in {"two", "single"}:
        sentence = f"model {spec.name!r} has {STARTS_OPTION} = {wanted!r}: it is 'two' or 'single'"
        raise ModelUnavailable(sentence, error_class=OPTION_REFUSED)
    return device == "cuda" and wanted == "two" and not SIZED_BY & set(spec.options)


def profile_key(spec: ModelSpec, context: EngineContext, engine_version: str) -> str:
    """Return the hash of what decides a profile and is known before a start.

    That is model, options, engine version and GPU. The rest of the environment, and what the engine
    makes of its options, is known only when it runs: ``fitting`` compares that with the profiles of
    this key, and where none fits the model is profiled again.
    """
    options = {name: value for name, value in spec.options.items() if name not in _NOT_PROFILED}
    what: dict[str, Any] = {"engine": spec.engine, "source": spec.source, "options": options}
    what |= {"revision": spec.revision}
    trusted = {"trust_remote_code": spec.trust_remote_code}
    gpus = ", ".join(context.narrowed(spec.gpus).gpu_uuids) or None
    where = {"engine_version": engine_version, "gpu_uuid": gpus}
    return canonical_hash(what | trusted | where)


def compiled(log_path: Path | None) -> bool:
    """Return whether a start compiled its graphs, by its log: its profile includes the compiler."""
    return log_path is not None and _COMPILED.search(read_log(log_path)) is not None


def sizable(profiles: Iterable[Profile]) -> list[Profile]:
    """Return the profiles that contain all that the size of a KV cache follows from."""
    return [one for one in profiles if all(one.config.get(name) for name in _SIZE_FOLLOWS_FROM)]


def measured_spec(spec: ModelSpec, profile: Profile) -> ModelSpec:
    """Return the spec of the start that serves, with a KV cache of the declared rule."""
    size = {"kv_cache_memory_bytes": full_length_bytes(profile.config, profile.kv_block_bytes)}
    options = {**spec.options, **size, "gpu_memory_utilization": MEASURED_UTILISATION}
    return replace(spec, options=options)


def full_length_bytes(config: Mapping[str, Any], kv_block_bytes: float) -> int:
    """Return the bytes of a KV cache for ``max_num_seqs`` sequences of full length: the rule."""
    blocks = int(config["max_num_seqs"]) * math.ceil(
        int(config["max_model_len"]) / int(config["block_size"])
    )
    return math.ceil((blocks + NULL_BLOCKS) * kv_block_bytes)


def fitting(profiles: Iterable[Profile], engine_start: Boot) -> Profile | None:
    """Return the first profile that does not differ from a start, None if all do."""
    return next((profile for profile in profiles if not differences(profile, engine_start)), None)


def differences(profile: Profile, engine_start: Boot) -> list[str]:
    """Return the names in which a start differs from a profile; it fits if there are none."""
    weights = (profile.weights_mib, engine_start.weights_mib)
    # A folder may hold other weights than it did, under the same name.
    other = (
        weights[0] is not None
        and weights[1] is not None
        and abs(weights[0] - weights[1]) > _WEIGHTS_WITHIN_MIB
    )
    environment = _differing(profile.environment, engine_start.environment)
    config = _differing(profile.config, engine_start.config)
    return [*sorted(environment), *sorted(config - _DIFFERS), *(["weights_mib"] if other else [])]


def _differing(one: Mapping[str, Any], other: Mapping[str, Any]) -> set[str]:
    missing = object()
    names = one.keys() | other.keys()
    return {name for name in names if one.get(name, missing) != other.get(name, missing)}


def with_profile(memory: MemoryReport, profile: Profile) -> MemoryReport:
    """Return the terms of a start, the profile's where it reported none, and note their origin."""
    unknown = (name for name in START_TERMS if getattr(memory, name) is None)
    known = {name: getattr(profile, name) for name in unknown}
    taken = {name: value for name, value in known.items() if value is not None}
    origin = dict.fromkeys(taken, f"from the profile, start {profile.boot_id}")
    per_gpu = tuple(
        dict(terms) | {name: profiled.get(name) for name in taken if terms.get(name) is None}
        for terms, profiled in zip(memory.per_gpu, profile.gpu_memory, strict=False)
    )
    return replace(memory, **taken, per_gpu=per_gpu, reasons={**memory.reasons, **origin})


def without_profile(memory: MemoryReport, found: Sequence[str]) -> MemoryReport:
    """Return the terms of a start that differs even from the profile just made, and say in what."""
    reason = f"the profile just made is not this start's, they differ in {', '.join(found)}"
    return replace(memory, reasons={**memory.reasons, "profile": reason})


def with_compilation(report: StartReport) -> MemoryReport:
    """Return the terms of a start, with a note if it was profiled while compiling its graphs."""
    memory = report.memory
    if memory.activation_peak_mib is None or not compiled(report.log_path):
        return memory
    reason = "this start compiled its graphs: the activation peak counts the compiler's own memory"
    return replace(memory, reasons={**memory.reasons, "activation_peak_mib": reason})
