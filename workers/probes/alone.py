"""A start of a model alone on its card, before engines are started side by side: what each of them is to be.

It compiles what is not on disk yet, so that no neighbour has to; it is profiled, which an engine with a KV cache of a given
size is not; and it tells the bytes of a block, from which that size follows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

from core.model_spec import ModelSpec
from core.states import StartKind
from db.claims import ClaimedJob
from workers.engines.protocol import MIB, StartReport
from workers.errors import OPTION_REFUSED, ModelUnavailable
from workers.lifecycle.lease import Lease
from workers.loading.kv_sizing import SIZED_BY, full_length_bytes
from workers.loading.loader import EngineStart
from workers.probes.engine_starts import start_settled
from workers.probes.max_sequences import with_options
from workers.probes.plan import Plan
from workers.probes.session import ProbeSession

#: For vLLM's check alone, which knows no neighbours: it wants so much of the whole card to be free. A KV cache of a given
#: size is not bounded by it.
UTILISATION = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """What is started side by side."""

    spec: ModelSpec
    kind: StartKind
    #: KV cache of each; None where the engine has none.
    kv_mib: float | None = None
    #: The start alone, for the terms of memory that an engine with a KV cache of a given size does not tell.
    alone: EngineStart | None = None


def pattern(session: ProbeSession, job: ClaimedJob, lease: Lease, plan: Plan) -> Pattern:
    """Return what to start side by side, after a start alone where that tells something; the card is empty again then.

    Each engine's KV cache has room for as many sequences as the model takes, each of full length, unless the plan or the
    model says another size. Raise what a start raises.
    """
    spec = job.spec
    if spec.engine != "vllm":
        return Pattern(spec=spec, kind=StartKind.SINGLE)
    given = spec.options.get("kv_cache_memory_bytes") if plan.kv_mib is None else plan.kv_mib * MIB
    alone = _alone(session, job, lease) if session.on_gpu or given is None else None
    if given is None and alone is not None:
        given = _full_length_bytes(spec, alone.report)
    assert given is not None
    size = {"kv_cache_memory_bytes": math.ceil(given), "gpu_memory_utilization": UTILISATION}
    options = {**_unsized(spec), **size}
    return Pattern(
        spec=replace(spec, options=options),
        kind=StartKind.MEASURED,
        kv_mib=given / MIB,
        alone=alone,
    )


def _full_length_bytes(spec: ModelSpec, report: StartReport) -> int:
    if report.kv_block_bytes is None:
        raise ModelUnavailable(
            f"the engine of model {spec.name!r} does not tell how large a block of its KV cache is: set kv_cache_memory_bytes",
            error_class=OPTION_REFUSED,
        )
    return full_length_bytes(report.config, report.kv_block_bytes)


def _alone(session: ProbeSession, job: ClaimedJob, lease: Lease) -> EngineStart:
    """Start the model alone and end it, whether it came up or not."""
    spec = with_options(replace(job.spec, options=_unsized(job.spec)), session)
    try:
        return start_settled(session, spec, job, lease, kind=StartKind.PROFILE)
    finally:
        session.loader.forget()
        session.released(lease)


def _unsized(spec: ModelSpec) -> dict[str, Any]:
    """Return the options without those that size the KV cache; on a GPU ``with_options`` puts a utilisation in."""
    return {
        name: value
        for name, value in spec.options.items()
        if name not in SIZED_BY - {"gpu_memory_utilization"}
    }
