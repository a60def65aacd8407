"""``evalctl probe``: search for limits through jobs on the queue, and show the results."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click
from click import option

from core.settings import Settings
from db.queue.fleet import list_workers
from db.queue.probes import latest_points, read_found
from db.runs.run import find_run
from db.runs.submissions import Submission
from orchestrator.cli.examples import examples
from orchestrator.cli.numbers import finite, whole
from orchestrator.connections import Connections, connect
from orchestrator.console import console, json_option, print_json, say, warn
from orchestrator.models.registry import load_registry
from orchestrator.runs.probe_plan import (
    CONTEXT,
    INSTANCES,
    SEQUENCES,
    Probe,
    found_documents,
    plan_probe,
)
from orchestrator.runs.submit import Outcome, submit_experiment
from orchestrator.runs.watch import follow
from orchestrator.supervisor import no_worker
from reports.tables.probes import level_table, limit_sentence, trial_line

Function = TypeVar("Function", bound=Callable[..., Any])

_BEFORE: tuple[Callable[[Any], Any], ...] = (
    option(
        "--model",
        "models",
        multiple=True,
        required=True,
        metavar="NAME",
        help="Model to probe; may be repeated.",
    ),
    option(
        "--searches",
        type=whole(),
        default=1,
        show_default=True,
        help="Number of independent searches per model.",
    ),
)
_AFTER: tuple[Callable[[Any], Any], ...] = (
    option("--memory-limit", metavar="SIZE", help="Emulate a smaller GPU, e.g. 24GiB."),
    option("--seed", type=whole(), default=0, show_default=True, help="Base seed of the requests."),
    option("--name", help="Name of the run. The same probe under another name is another run."),
    option("--priority", type=whole(), default=0, show_default=True, help="Lower runs sooner."),
    option(
        "--max-attempts",
        type=whole(),
        default=3,
        show_default=True,
        help="Attempts before a job is marked dead.",
    ),
    option("--new", is_flag=True, help="Start a new run even if this probe already has one."),
    option("--dry-run", is_flag=True, help="Show what would be submitted, without submitting it."),
    option(
        "--watch/--no-watch",
        default=True,
        show_default=True,
        help="Follow the search until it ends.",
    ),
    json_option,
)
_LENGTH = option(
    "--fixed-length",
    metavar="IN:OUT",
    help="Prompt and output tokens of each request.  [default: 256:512]",
)


def _options(*own: Callable[[Any], Any]) -> Callable[[Function], Function]:
    def decorate(function: Function) -> Function:
        for one in reversed((*_BEFORE, *own, *_AFTER)):
            function = one(function)
        return function

    return decorate


@click.group()
@examples("evalctl probe sequences --model smollm2")
def probe() -> None:
    """Search for limits: sequences, engines or context."""


@probe.command()
@_options(
    option("--max-level", type=whole(), help="Highest number of sequences to try.  [default: 64]"),
    option("--trials", type=whole(), help="Trials per level; all must be stable.  [default: 3]"),
    _LENGTH,
    option(
        "--sla-s",
        type=finite(),
        help="Limit in seconds for the 95th percentile of E2E; a slower level is not stable.",
    ),
)
@examples(
    "evalctl probe sequences --model smollm2 --max-level 16 --fixed-length 64:64",
    "evalctl probe sequences --model qwen3-4b --memory-limit 24GiB --json",
)
def sequences(**flags: Any) -> int:
    """Find how many sequences one engine runs at once.

    At a stable level no sequence fails, is preempted or waits. Levels double until one is not
    stable, then the gap is bisected. Running out of memory is a result, not an error.
    """
    return _probe(SEQUENCES, **flags)


@probe.command()
@_options(
    option("--max-level", type=whole(), help="Highest number of engines to start.  [default: 16]"),
    option("--trials", type=whole(), help="Ramps, each starting from one engine.  [default: 3]"),
    _LENGTH,
    option(
        "--hold", "hold_s", type=finite(), help="Seconds under load at each level.  [default: 60]"
    ),
)
@examples("evalctl probe instances --model qwen3-4b --memory-limit 48GiB")
def instances(**flags: Any) -> int:
    """Find how many engines run side by side on one GPU.

    Engines are added one at a time until one fails to start or dies.
    """
    return _probe(INSTANCES, **flags)


@probe.command()
@_options(
    option(
        "--levels",
        metavar="TOKENS",
        help="Context lengths to try, prompt and answer together.  [default: 8k doubling to 256k]",
    ),
    option("--trials", type=whole(), help="Trials per length; all must be stable.  [default: 1]"),
)
@examples("evalctl probe context --model qwen3-4b --levels 8k,16k,32k,64k")
def context(**flags: Any) -> int:
    """Find how long a context an engine takes.

    Also shows what it costs, and whether the model still uses the start of the context. Each length
    runs in a separate engine. A wrong answer is reported and does not end the search.
    """
    return _probe(CONTEXT, **flags)


def _probe(kind: str, *, new: bool, dry_run: bool, watch: bool, as_json: bool, **flags: Any) -> int:
    wanted = Probe(kind=kind, **flags)
    submission = plan_probe(wanted, load_registry(Settings.from_environment()), new=new)
    if dry_run:
        return _show_plan(wanted, submission, as_json=as_json)
    synthetic = any(model.synthetic for model in submission.models)
    with connect(broker=True, synthetic=synthetic, name="probe") as connections:
        outcome = submit_experiment(connections.engine, connections.broker, submission)
        warn(*outcome.warnings)
        if not watch:
            return _show_submitted(connections, outcome, as_json=as_json)
        state = _follow(connections, outcome, as_json=as_json)
        found = read_found(connections.engine, outcome.submitted.run_id)
    documents = found_documents(kind, tuple(submission.models), found)
    if as_json:
        head = outcome.to_dict() | {"state": state}
        print_json(head | documents[0] if len(documents) == 1 else head | {"probes": documents})
    else:
        for document in documents:
            if document["points"]:
                console().print(level_table(document))
            for search in document["not_ended"]:
                which = f"search {search['search']} of {search['model']} {search['state']}"
                say(f"{which}: {search['error_message']}")
        for document in documents:
            say(limit_sentence(document))
    return 0 if state == "succeeded" else 1


def _follow(connections: Connections, outcome: Outcome, *, as_json: bool) -> str:
    """Follow the run until it ends, printing each trial as it ends; return the run's state."""
    run = find_run(connections.engine, str(outcome.submitted.run_id))
    # The console of the progress bar, so that lines come above it.
    screen = console(as_json=as_json)
    shown = 0

    def print_new() -> None:
        nonlocal shown
        for point in latest_points(connections.engine, run.run_id, shown=shown):
            shown += 1
            screen.print(trial_line(point), markup=False, highlight=False, soft_wrap=True)

    progress = follow(connections.engine, run, screen, check=print_new)
    print_new()
    return progress.state


def _show_submitted(connections: Connections, outcome: Outcome, *, as_json: bool) -> int:
    done = outcome.submitted
    if as_json:
        print_json(outcome.to_dict())
        return 0
    searches = f"{done.created} searches submitted, {done.existing} already exist"
    results = f"`evalctl results {done.name} --table concurrency`"
    say(f"run {done.name} ({done.run_id}): {searches}")
    say(f"{results} shows the limits when the searches have ended")
    if not list_workers(connections.engine):
        warn(no_worker())
    return 0


def _show_plan(wanted: Probe, submission: Submission, *, as_json: bool) -> int:
    if as_json:
        print_json({"dry_run": True, "jobs": submission.jobs, "experiment": wanted.to_dict()})
    else:
        models = ", ".join(model.name for model in submission.models)
        searches = f"{submission.jobs} {wanted.kind} searches: {wanted.searches} each"
        say(f"would submit {searches} for {models}")
    return 0
