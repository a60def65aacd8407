"""How a command that queues jobs ends: what was queued, who works on it, what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from db.queue.fleet import list_workers
from db.runs.run import find_run
from orchestrator.connections import Connections
from orchestrator.console import console, print_json, say, warn
from orchestrator.runs.submit import Outcome
from orchestrator.runs.watch import watched
from orchestrator.supervisor import no_worker


def end_with(
    connections: Connections,
    outcome: Outcome,
    sentence: str,
    *,
    watch: bool,
    as_json: bool,
    more: Mapping[str, Any] | None = None,
) -> int:
    """Report a submission and watch its run where that is wanted; return the exit code.

    ``more`` joins the outcome's JSON document. Without a watch, warn where no worker runs.
    """
    warn(*outcome.warnings)
    document = outcome.to_dict() | dict(more or {})
    if not as_json:
        say(sentence)
    if watch:
        run = find_run(connections.engine, str(outcome.submitted.run_id))
        document["state"] = watched(connections.engine, run, console(as_json=as_json)).state
    elif not list_workers(connections.engine):
        warn(no_worker())
    if as_json:
        print_json(document)
    return 0 if document.get("state", "succeeded") == "succeeded" else 1
