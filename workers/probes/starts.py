"""Start an engine whose limits are to be searched, with its compiled code on disk: what compiling takes is no part of them."""

from __future__ import annotations

from functools import partial

from db.claims import ClaimedJob
from db.model_spec import ModelSpec
from db.states import BootKind
from workers.boots import Boot
from workers.engines.errors import EngineOutOfMemory
from workers.lease import Lease
from workers.probes.stand import Stand, starting
from workers.profile import compiled


def start_settled(
    stand: Stand, spec: ModelSpec, job: ClaimedJob, lease: Lease, *, kind: BootKind = BootKind.SINGLE
) -> Boot:
    """Start the engine; on a GPU a second time where the first start compiled its graphs, or ran out of memory, maybe by that.

    A start that compiles profiles several hundred MiB more and leaves as much less to the KV cache, so that a search would
    find another limit than the next one. Raise what a start raises; nothing of an engine remains then.
    """
    start = partial(stand.boots.start, spec, job, kind=kind, on_progress=partial(starting, job, lease))
    try:
        boot = start()
    except EngineOutOfMemory:
        if not stand.on_gpu:
            raise
    else:
        if not (stand.on_gpu and compiled(boot.report.log_path)):
            return boot
    stand.boots.forget()
    stand.released(lease)
    return start()
