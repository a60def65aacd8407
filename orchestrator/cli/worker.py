"""``evalctl worker``: run one in the foreground, list those that live, ask them to drain."""

from __future__ import annotations

import os
import sys
from dataclasses import asdict
from typing import Any

import click
from rich.table import Table

from db.fleet import WorkerRow, drain_workers, list_workers
from orchestrator.console import console, json_option, print_json
from orchestrator.errors import UsageFault
from orchestrator.session import open_session


@click.group(invoke_without_command=True)
@click.option("--gpu", type=int, metavar="INDEX", help="Pin the worker to this GPU.")
@click.option("--cpu", is_flag=True, help="Run on the CPU.")
@click.option(
    "--queue",
    "queues",
    multiple=True,
    metavar="NAME",
    help="Serve only these queues; may be repeated.",
)
@click.option(
    "--grace",
    type=click.FloatRange(min=0),
    metavar="SECONDS",
    help="How long the running job may still take when the worker is to end; then it is handed back.  [default: 600]",
)
@click.pass_context
def worker(
    context: click.Context,
    *,
    gpu: int | None,
    cpu: bool,
    queues: tuple[str, ...],
    grace: float | None,
) -> None:
    """Run one worker in the foreground: it owns one GPU (default: the first one, or the CPU where there is none).

    SIGTERM or Ctrl-C lets it finish its job and exit; a second one hands the job back at once. It refuses a GPU that
    others use.

    \b
    Example:
      evalctl worker --gpu 0
      evalctl worker --cpu --queue vllm --grace 120
    """
    if gpu is not None and cpu:
        raise click.UsageError("--gpu and --cpu exclude each other")
    chosen = ["--cpu"] if cpu else [] if gpu is None else ["--gpu", str(gpu)]
    listened = [part for queue in queues for part in ("--queue", queue)]
    waited = [] if grace is None else ["--grace", str(grace)]
    if context.invoked_subcommand is not None:
        if chosen or listened or waited:
            raise click.UsageError(
                f"options before {context.invoked_subcommand} are for running a worker"
            )
        return
    # The worker takes this process over, so that signals and exit codes are its own.
    os.execv(sys.executable, [sys.executable, "-m", "workers", *chosen, *listened, *waited])  # noqa: S606


@worker.command(name="list")
@json_option
def list_(*, as_json: bool) -> int:
    """List the workers that live, with what each says of itself.

    \b
    Example:
      evalctl worker list
    """
    with open_session(name="worker list") as session:
        workers = list_workers(session.engine)
    if as_json:
        print_json({"workers": [_document(row) for row in workers]})
    elif not workers:
        click.echo("no worker is running; start one with `evalctl up` or `evalctl worker`")
    else:
        console().print(_table(workers))
    return 0


@worker.command()
@click.argument("name", metavar="[WORKER]", required=False)
@click.option("--all", "everyone", is_flag=True, help="All workers.")
@click.option("--host", metavar="HOST", help="The workers of one host.")
@json_option
def drain(*, name: str | None, everyone: bool, host: str | None, as_json: bool) -> int:
    """Ask workers to finish their job, take no other and end. They notice within some 5 seconds.

    WORKER is a name as `evalctl worker list` shows it, an id, or the beginning of either. A job that is not done when the
    worker's grace is over is handed back, and another worker runs it. A worker of `evalctl up` stays down until that is
    said again.

    \b
    Example:
      evalctl worker drain gpu0-4711@host1
      evalctl worker drain --host host1
    """
    if (name is not None) + everyone + (host is not None) != 1:
        raise UsageFault("name one WORKER, or --host HOST, or --all")
    with open_session(name="worker drain") as session:
        asked = drain_workers(session.engine, worker=name, host=host)
    if not asked and not everyone:
        raise UsageFault(
            f"no living worker is called {name!r}" if name else f"no worker lives on host {host!r}"
        )
    if as_json:
        print_json({"draining": list(asked)})
    else:
        click.echo(f"asked to drain: {', '.join(asked)}" if asked else "no worker is running")
    return 0


def _table(workers: list[WorkerRow]) -> Table:
    table = Table("worker", "gpu", "state", "model", "queues", "last seen", "refused", "note")
    for row in workers:
        drains = row.drain_requested_at is not None and row.state.value not in {
            "draining",
            "quarantined",
        }
        table.add_row(
            row.name,
            "-" if row.gpu_index is None else str(row.gpu_index),
            f"{row.state.value} (to drain)" if drains else row.state.value,
            row.model or "-",
            ", ".join(row.queues),
            f"{row.last_seen_s:.0f} s ago",
            str(row.messages_refused),
            row.note or "-",
        )
    return table


def _document(row: WorkerRow) -> dict[str, Any]:
    values = asdict(row)
    return {
        "worker": values.pop("name"),
        "id": values.pop("worker_id"),
        "gpu": values.pop("gpu_index"),
    } | values
