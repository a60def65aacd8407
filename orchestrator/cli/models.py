"""``evalctl models``: the registry, and which of its models can run here."""

from __future__ import annotations

from dataclasses import asdict

import click

from core.errors import ServiceUnreachable
from core.sampling_params import model_sampling
from core.settings import Settings
from db.queue.fleet import WorkerRow, list_workers
from orchestrator.cli.examples import examples
from orchestrator.connections import connect
from orchestrator.console import console, json_option, print_json, say
from orchestrator.models.check import ModelCheck, check_model
from orchestrator.models.registry import load_registry
from orchestrator.supervisor import SupervisorFile
from reports.tables.layout import listing


@click.group()
@examples("evalctl models check")
def models() -> None:
    """List registered models, check which can run here."""


@models.command(name="list")
@json_option
@examples("evalctl models list")
def list_models(*, as_json: bool) -> int:
    """List the registered models."""
    registry = load_registry(Settings.from_environment())
    if as_json:
        print_json({"models": [spec.to_dict() for spec in registry]})
        return 0
    lines = [
        (spec.name, spec.engine, spec.source, spec.quantisation or "-", spec.queue)
        for spec in registry
    ]
    columns = ("model", "engine", "source", "quantisation", "queue")
    console().print(listing(columns, lines))
    return 0


@models.command()
@click.argument("name")
@examples("evalctl models show smollm2")
def show(*, name: str) -> int:
    """Show one model as JSON."""
    spec = load_registry(Settings.from_environment()).get(name)
    asked = model_sampling(spec, seed=0, named={}).to_dict()
    del asked["seed"]
    known = {"spec_hash": spec.spec_hash, "reasons": spec.reasons, "job_sampling": asked}
    print_json(spec.to_dict() | known)
    return 0


@models.command()
@click.argument("names", nargs=-1)
@click.option(
    "--call",
    is_flag=True,
    help="Send each model's server one small request; a vendor may charge for it.",
)
@json_option
@examples("evalctl models check", "evalctl models check big-model --call")
def check(*, names: tuple[str, ...], call: bool, as_json: bool) -> int:
    """Check whether models can run here, and why not.

    For a model over several GPUs also which running workers have enough of them. With --call also
    what a server's answers report: tokens, times, the model's name, its cache. Exit code 1 if a
    named model cannot.
    """
    registry = load_registry(Settings.from_environment())
    specs = [registry.get(name) for name in names] or list(registry)
    workers = _running_workers()
    checks = [check_model(spec, call=call, workers=workers) for spec in specs]
    if as_json:
        print_json({"checks": [asdict(check) for check in checks]})
    else:
        lines = [(one.model, "yes" if one.ok else "no", one.found, one.mend) for one in checks]
        columns = ("model", "runs\nhere", "found", "fix")
        console().print(listing(columns, lines, figures=("runs\nhere",)))
        for spec, found in zip(specs, checks, strict=True):
            for line in found.call.sentences(spec.source) if found.call else ():
                say(f"{found.model}: {line}")
            if found.gpus > 1 and found.workers is not None:
                say(_able(found))
    return 1 if names and not all(check.ok for check in checks) else 0


def _running_workers() -> list[WorkerRow] | None:
    """Return the workers that run now; None without a database, which is not started for this."""
    settings = Settings.from_environment()
    if settings.database_url is None and SupervisorFile(settings).running() is None:
        return None
    try:
        with connect(name="models check") as connections:
            return list_workers(connections.engine)
    except ServiceUnreachable:
        return None


def _able(found: ModelCheck) -> str:
    if found.workers:
        return f"{found.model} takes {found.gpus} GPUs; it could run on {', '.join(found.workers)}"
    group = "+".join(str(index) for index in range(found.gpus))
    return (
        f"{found.model} takes {found.gpus} GPUs, and no running worker has that many: start one "
        f"with `evalctl up --gpus {group}`"
    )
