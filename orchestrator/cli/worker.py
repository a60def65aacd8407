"""``evalctl worker``: run a worker in the foreground, list the running ones, drain them."""

from __future__ import annotations

import os
import sys
from dataclasses import asdict
from typing import Any

import click
from click import option
from rich.table import Table

from core.gpus import gpu_groups
from db.queue.fleet import WorkerRow, drain_workers, list_workers
from orchestrator.cli.examples import examples
from orchestrator.cli.numbers import finite, whole
from orchestrator.connections import connect
from orchestrator.console import console, json_option, print_json, say
from orchestrator.errors import UsageFault
from orchestrator.supervisor import no_worker
from reports.tables.layout import listing


@click.group(invoke_without_command=True)
@option("--gpu", type=whole(), metavar="INDEX", help="Run on this GPU.")
@option("--gpus", metavar="LIST", help="Run on these GPUs together, e.g. 0,1.")
@option("--cpu", is_flag=True, help="Run on the CPU.")
@option(
    "--queue",
    "queues",
    multiple=True,
    metavar="NAME",
    help="Serve only these queues; may be repeated.",
)
@option(
    "--grace",
    type=finite(0),
    metavar="SECONDS",
    help="On shutdown, how long the current job may take before it is handed back.  [default: 600]",
)
@click.pass_context
@examples(
    "evalctl worker --gpu 0",
    "evalctl worker --gpus 0,1",
    "evalctl worker --cpu --queue vllm --grace 120",
)
def worker(
    context: click.Context,
    *,
    gpu: int | None,
    gpus: str | None,
    cpu: bool,
    queues: tuple[str, ...],
    grace: float | None,
) -> None:
    """Run a worker on a GPU, a group of GPUs or the CPU.

    By default it takes the first GPU, or the CPU if there is none. A group runs models over several
    GPUs, with tensor_parallel_size or pipeline_parallel_size in their options. SIGTERM or Ctrl-C
    lets it finish its job and exit; a second one hands the job back at once. It refuses a GPU that
    other processes use.
    """
    if (gpu is not None) + (gpus is not None) + cpu > 1:
        raise click.UsageError("--gpu, --gpus and --cpu cannot be combined")
    chosen = ["--cpu"] if cpu else [] if gpu is None else ["--gpus", str(gpu)]
    if gpus is not None:
        chosen = ["--gpus", _group(gpus)]
    listened = [part for queue in queues for part in ("--queue", queue)]
    waited = [] if grace is None else ["--grace", str(grace)]
    if context.invoked_subcommand is not None:
        if chosen or listened or waited:
            subcommand = context.invoked_subcommand
            raise click.UsageError(f"options before {subcommand} only apply to running a worker")
        return
    # The worker replaces this process, so that signals and exit codes are its own.
    os.execv(sys.executable, [sys.executable, "-m", "workers", *chosen, *listened, *waited])  # noqa: S606


@worker.command(name="list")
@json_option
@examples("evalctl worker list")
def list_(*, as_json: bool) -> int:
    """List the running workers and what they report."""
    with connect(name="worker list") as connections:
        workers = list_workers(connections.engine)
    if as_json:
        print_json({"workers": [_document(row) for row in workers]})
    elif not workers:
        say(no_worker())
    else:
        console().print(_table(workers))
        for row in workers:
            if row.note:
                say(f"{row.name}: {row.note}")
    return 0


@worker.command()
@click.argument("name", metavar="[WORKER]", required=False)
@option("--all", "all_workers", is_flag=True, help="Drain all workers.")
@option("--host", metavar="HOST", help="Drain the workers of this host.")
@json_option
@examples("evalctl worker drain gpu0-4711@host1", "evalctl worker drain --host host1")
def drain(*, name: str | None, all_workers: bool, host: str | None, as_json: bool) -> int:
    """Ask workers to finish their job and exit. They notice within about 5 seconds.

    WORKER is a name from `evalctl worker list`, an id, or a prefix of either. A job that has not
    finished within the worker's grace period is handed back for another worker. A worker started by
    `evalctl up` stays down until the next `evalctl up`.
    """
    if (name is not None) + all_workers + (host is not None) != 1:
        raise UsageFault("give one of WORKER, --host HOST or --all")
    with connect(name="worker drain") as connections:
        draining = drain_workers(connections.engine, worker=name, host=host)
    if not draining and not all_workers:
        nowhere = f"no worker is running on host {host!r}"
        raise UsageFault(f"no running worker matches {name!r}" if name else nowhere)
    if as_json:
        print_json({"draining": list(draining)})
    else:
        say(f"draining: {', '.join(draining)}" if draining else "no worker is running")
    return 0


def _group(gpus: str) -> str:
    """Return the one group that is meant, as a worker takes it."""
    try:
        (group,) = gpu_groups(gpus.replace(",", "+"))
    except ValueError as error:
        raise click.UsageError(f"--gpus {error}") from error
    return "+".join(str(index) for index in group)


def _table(workers: list[WorkerRow]) -> Table:
    lines = []
    for row in workers:
        state = "silent" if row.silent else row.state.value
        drains = row.drain_requested_at is not None and state not in {"draining", "quarantined"}
        lines.append(
            (
                row.name,
                "+".join(str(index) for index in row.gpus) or "-",
                f"{state} (to drain)" if drains else state,
                row.model or "-",
                ", ".join(row.queues),
                f"{row.last_seen_s:.0f} s ago",
                str(row.messages_refused or "-"),
            )
        )
    columns = ("worker", "gpu", "state", "model", "queues", "last seen", "refused")
    return listing(columns, lines, figures=("gpu", "last seen", "refused"))


def _document(row: WorkerRow) -> dict[str, Any]:
    rest = asdict(row)
    named = {"worker": "name", "id": "worker_id", "gpu": "gpu_index"}
    return {key: rest.pop(name) for key, name in named.items()} | rest | {"silent": row.silent}
