"""``evalctl models``: the registry, and which of its models can run here."""

from __future__ import annotations

from dataclasses import asdict

import click
from rich.table import Table

from core.sampling_params import model_sampling
from core.settings import Settings
from orchestrator.cli.examples import examples
from orchestrator.console import console, json_option, print_json
from orchestrator.model_check import check_model
from orchestrator.registry import load_registry


@click.group()
@examples("evalctl models check")
def models() -> None:
    """List the registered models and check which can run here."""


@models.command(name="list")
@json_option
@examples("evalctl models list")
def list_models(*, as_json: bool) -> int:
    """List the registered models."""
    registry = load_registry(Settings.from_environment())
    if as_json:
        print_json({"models": [spec.to_dict() for spec in registry]})
        return 0
    table = Table("model", "engine", "source", "quantisation", "queue")
    for spec in registry:
        table.add_row(spec.name, spec.engine, spec.source, spec.quantisation or "-", spec.queue)
    console().print(table)
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
@json_option
@examples("evalctl models check", "evalctl models check qwen3-4b")
def check(*, names: tuple[str, ...], as_json: bool) -> int:
    """Check whether each model can run on this host, and why not.

    Exit code 1 if a named model cannot.
    """
    registry = load_registry(Settings.from_environment())
    checks = [check_model(spec) for spec in ([registry.get(name) for name in names] or registry)]
    if as_json:
        print_json({"checks": [asdict(check) for check in checks]})
    else:
        table = Table("model", "runs here", "found", "fix")
        for found in checks:
            table.add_row(found.model, "yes" if found.ok else "no", found.found, found.mend)
        console().print(table)
    return 1 if names and not all(check.ok for check in checks) else 0
