"""From what vLLM's worker process reads to the terms of a MemoryReport."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from pathlib import Path
from typing import Any, Literal

from core.gpus import GpuUnavailable
from workers.engines.protocol import MIB, EngineContext, MemoryReport
from workers.engines.vllm.log import backend_facts


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerReading:
    """What the worker processes reported: of each term the largest, as each has its GPU."""

    bytes_by_term: Mapping[str, int] = field(default_factory=dict)
    #: What each process reported, in the order of the ranks.
    by_rank: tuple[Mapping[str, int], ...] = ()
    reasons: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, str] = field(default_factory=dict)
    #: Pids of the ranks, in their order.
    pids: tuple[int, ...] = ()
    #: Environment variables that engines read, as the workers have them.
    variables: Mapping[str, str] = field(default_factory=dict)

    @property
    def num_blocks(self) -> int | None:
        """Blocks of the KV cache."""
        return self.bytes_by_term.get("num_blocks")

    @property
    def kv_block_bytes(self) -> float | None:
        """Bytes of one block over all layers."""
        blocks, reserved = self.num_blocks, self.bytes_by_term.get("kv_reserved")
        return reserved / blocks if blocks and reserved is not None else None

    def updated(self, later: WorkerReading) -> WorkerReading:
        """Return this reading with the terms of a later one in their place."""
        old, new = self.bytes_by_term, later.bytes_by_term
        kept = {term: size for term, size in old.items() if term not in later.reasons}
        reasons = {term: why for term, why in self.reasons.items() if term not in new}
        by_rank = tuple(
            {**{term: rank[term] for term in kept if term in rank}, **fresh}
            for rank, fresh in zip(self.by_rank, later.by_rank, strict=False)
        )
        return replace(
            self,
            bytes_by_term={**kept, **new},
            by_rank=by_rank,
            reasons={**reasons, **later.reasons},
        )

    def mib(self, term: str) -> float | None:
        """Return a term in MiB, None when the worker did not report it."""
        value = self.bytes_by_term.get(term)
        return None if value is None else value / MIB


def read_worker(answers: Sequence[Mapping[str, Mapping[str, Any]]]) -> WorkerReading:
    """Join the answers of all worker processes to ``evalctl_memory``."""
    largest: dict[str, int] = {}
    reasons: dict[str, str] = {}
    facts: dict[str, str] = {}
    variables: dict[str, str] = {}
    for answer in answers:
        for term, value in answer["bytes"].items():
            largest[term] = max(largest.get(term, 0), int(value))
        reasons |= answer["reasons"]
        facts |= answer["facts"]
        variables |= answer.get("variables", {})
    by_rank = tuple(
        {term: int(value) for term, value in answer["bytes"].items()} for answer in answers
    )
    return WorkerReading(
        bytes_by_term=largest,
        by_rank=by_rank,
        reasons=reasons,
        facts=facts,
        pids=tuple(int(answer["process"]["pid"]) for answer in answers if "process" in answer),
        variables=variables,
    )


def memory_report(
    reading: WorkerReading,
    *,
    graphs_mib: float | None,
    source: str,
    device: Literal["cpu", "cuda"],
    free_before_mib: Sequence[float],
    kv_used_mib: float | None,
) -> MemoryReport:
    """Return the terms: activation peak of profile and run, KV use's peak since the start.

    ``free_before_mib`` is that of each GPU before the start; empty where unknown. Of several GPUs
    each term is the largest one's.
    """
    reasons: dict[str, str] = {}

    def term(name: str, value: float | None, reason: str) -> float | None:
        if value is None:
            reasons[name] = reason
        return value

    contexts = [
        _context_mib(rank, free)
        for rank, free in zip(reading.by_rank, free_before_mib, strict=False)
    ]
    context = max((mib for mib in contexts if mib is not None), default=None)
    why = reading.reasons
    # The CPU engine repacks its weights into buffers that torch does not count: the file's size
    # stands for them.
    weights = reading.mib("weights") if device == "cuda" else _checkpoint_mib(source)
    return MemoryReport(
        kind="device" if device == "cuda" else "host",
        context_mib=term(
            "context_mib",
            context,
            why.get("device_free_at_init", "the GPU's memory before the start is not known"),
        ),
        weights_mib=term(
            "weights_mib", weights, why.get("weights", "the weights are in no local folder")
        ),
        buffers_mib=term("buffers_mib", reading.mib("buffers"), why.get("buffers", "not reported")),
        activation_peak_mib=term(
            "activation_peak_mib",
            reading.mib("activation_profiled"),
            why.get("activation_profiled", "not reported"),
        ),
        graphs_mib=term("graphs_mib", graphs_mib, "the log names no graph pool"),
        kv_reserved_mib=term(
            "kv_reserved_mib", reading.mib("kv_reserved"), why.get("kv_reserved", "not reported")
        ),
        kv_used_mib=term("kv_used_mib", kv_used_mib, "no request has run yet"),
        activation_run_mib=term(
            "activation_run_mib",
            reading.mib("activation_run"),
            why.get("activation_run", "not reported"),
        ),
        reasons=reasons,
        details_mib={
            name: value / MIB
            for name, value in reading.bytes_by_term.items()
            if name != "num_blocks"
        },
        per_gpu=_per_gpu(reading, contexts, graphs_mib)
        if device == "cuda" and len(reading.by_rank) > 1
        else (),
    )


def _context_mib(rank: Mapping[str, int], free_before_mib: float) -> float | None:
    # Free memory means the same to NVML and to CUDA. Used memory does not: to NVML the driver's
    # reserve is used, to CUDA it does not exist.
    at_init = rank.get("device_free_at_init")
    return None if at_init is None else free_before_mib - at_init / MIB


def _per_gpu(
    reading: WorkerReading, contexts: Sequence[float | None], graphs_mib: float | None
) -> tuple[Mapping[str, float | None], ...]:
    """Return the terms of each GPU; the log names one size of graphs, that of the largest pool."""
    reported = {
        "weights_mib": "weights",
        "buffers_mib": "buffers",
        "activation_peak_mib": "activation_profiled",
        "kv_reserved_mib": "kv_reserved",
        "activation_run_mib": "activation_run",
    }
    return tuple(
        {
            "context_mib": context,
            "graphs_mib": graphs_mib,
            **{
                term: None if (size := rank.get(name)) is None else size / MIB
                for term, name in reported.items()
            },
        }
        for rank, context in zip_longest(reading.by_rank, contexts)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class GpuBefore:
    """The GPUs before an engine starts, in MiB; unknown on the CPU and without NVML."""

    #: Total minus free of the fullest, the driver's reserve included.
    used_mib: float | None = None
    #: Of each, in the order of the engine's ranks.
    free_mib: tuple[float, ...] = ()


def gpu_before(context: EngineContext) -> GpuBefore:
    """Return the GPUs' memory as it is now."""
    if context.device != "cuda" or not context.gpu_uuids:
        return GpuBefore()
    from workers.gpu.nvml import open_gpus  # noqa: PLC0415

    try:
        with open_gpus(context.gpu_uuids) as gpus:
            return GpuBefore(
                used_mib=max(gpu.total_used_mib() for gpu in gpus),
                free_mib=tuple(gpu.free_mib() for gpu in gpus),
            )
    except GpuUnavailable:
        return GpuBefore()


def _checkpoint_mib(source: str) -> float | None:
    files = list(Path(source).glob("*.safetensors"))
    return sum(file.stat().st_size for file in files) / MIB if files else None


def graph_pool_mib(log: str, *, enforce_eager: bool) -> float | None:
    """Return the size of the CUDA graphs by a start's log; 0 without graphs, None if unknown."""
    if enforce_eager:
        return 0.0
    found = backend_facts(log).get("graph_pool_gib")
    return None if found is None else max(float(value) for value in found.split(",")) * 1024
