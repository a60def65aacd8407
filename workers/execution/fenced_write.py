"""Writes about an attempt that wait for a database that is away; the fence makes that safe."""

from __future__ import annotations

import time
from collections.abc import Callable

from sqlalchemy.exc import SQLAlchemyError

from db.engine import DATABASE_ERRORS, is_refusal
from workers.lifecycle.event_log import log_event
from workers.lifecycle.lease import Lease

#: How long the commit of a result is repeated while the database is unreachable.
COMMIT_FOR_S = 600.0
RETRY_S = 1.0


def insist(lease: Lease, write: Callable[[], None]) -> None:
    """Repeat a fenced write until the database takes it or refuses it for what it is.

    The fence makes that safe. Any other error may pass: a finished generation is worth a wait.
    """
    deadline_s = time.monotonic() + COMMIT_FOR_S
    while True:
        try:
            write()
        except DATABASE_ERRORS as error:
            refused = isinstance(error, SQLAlchemyError) and is_refusal(error)
            if refused or time.monotonic() > deadline_s:
                raise
            log_event("job.write_delayed", error=str(error), **lease.job.log_context())
            lease.progress()
            time.sleep(RETRY_S)
        else:
            return
