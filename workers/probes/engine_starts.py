"""Start an engine whose limits are to be searched, with its compiled code on disk: what compiling takes is no part of them."""

from __future__ import annotations

from functools import partial

from core.model_spec import ModelSpec
from core.states import StartKind
from db.claims import ClaimedJob
from workers.errors import EngineOutOfMemory
from workers.lifecycle.lease import Lease
from workers.loading.kv_sizing import compiled
from workers.loading.loader import EngineStart
from workers.probes.session import ProbeSession, starting


def start_settled(
    session: ProbeSession,
    spec: ModelSpec,
    job: ClaimedJob,
    lease: Lease,
    *,
    kind: StartKind = StartKind.SINGLE,
) -> EngineStart:
    """Start the engine; on a GPU a second time where the first start compiled its graphs, or ran out of memory, maybe by that.

    A start that compiles profiles several hundred MiB more and leaves as much less to the KV cache, so that a search would
    find another limit than the next one. Raise what a start raises; nothing of an engine remains then.
    """
    start = partial(
        session.loader.start, spec, job, kind=kind, on_progress=partial(starting, job, lease)
    )
    try:
        engine_start = start()
    except EngineOutOfMemory:
        if not session.on_gpu:
            raise
    else:
        if not (session.on_gpu and compiled(engine_start.report.log_path)):
            return engine_start
    session.loader.forget()
    session.released(lease)
    return start()
