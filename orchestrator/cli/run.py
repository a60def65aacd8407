"""``evalctl run``: rename, tag and delete runs."""

from __future__ import annotations

import re

import click
from click import option

from core.counts import counted
from db.runs.deletion import RunContents, delete_run, run_contents
from db.runs.naming import rename_run, tag_run
from db.runs.run import Run, find_run
from orchestrator.cli.examples import examples
from orchestrator.connections import connect
from orchestrator.console import json_option, print_json, say
from orchestrator.errors import UsageFault
from orchestrator.runs.experiment import wrong_with_name

TAG = re.compile(r"\w[\w.:/-]{0,39}")
#: Kinds of rows that go with a run, each in the singular, where there are any.
KINDS = {
    "jobs": "job",
    "answers": "answer",
    "traces": "memory trace",
    "scores": "scoring",
    "judgements": "judgement",
    "comparisons": "comparison",
    "reviews": "review",
}


@click.group()
@examples("evalctl run rename latest qwen-first-try", "evalctl run delete qwen-first-try")
def run() -> None:
    """Rename, tag or delete a run."""


@run.command()
@click.argument("run")
@click.argument("name")
@json_option
@examples("evalctl run rename latest qwen-first-try")
def rename(*, run: str, name: str, as_json: bool) -> int:
    """Give a run another name.

    RUN is an id, a unique prefix of an id, a name, or `latest`. The same experiment, submitted
    again, still tops it up.
    """
    wrong = wrong_with_name(name)
    if wrong is not None:
        raise UsageFault(f"name {name!r} {wrong}")
    with connect(name="run") as connections:
        found = find_run(connections.engine, run)
        rename_run(connections.engine, found, name)
    if as_json:
        print_json({"run": str(found.run_id), "name": name, "old_name": found.name})
    else:
        say(f"run {found.name} is now {name}")
    return 0


@run.command()
@click.argument("run")
@click.argument("tags", nargs=-1, required=True, metavar="TAG...")
@option("--remove", is_flag=True, help="Take these tags away instead.")
@json_option
@examples("evalctl run tag latest paper", "evalctl run tag latest draft --remove")
def tag(*, run: str, tags: tuple[str, ...], remove: bool, as_json: bool) -> int:
    """Tag a run; `evalctl status --tag TAG` lists it."""
    wrong = next((one for one in tags if not TAG.fullmatch(one)), None)
    if wrong is not None:
        raise UsageFault(
            f"tag {wrong!r} must be one word of at most 40 letters, digits and . _ : / - and "
            "begin with a letter or a digit"
        )
    with connect(name="run") as connections:
        found = find_run(connections.engine, run)
        changed = {"remove": tags} if remove else {"add": tags}
        kept = tag_run(connections.engine, found, **changed)
    if as_json:
        print_json({"run": str(found.run_id), "name": found.name, "tags": kept})
    else:
        say(f"run {found.name}: {', '.join(kept) or 'no tags'}")
    return 0


@run.command()
@click.argument("run")
@option("--yes", is_flag=True, help="Delete; without it nothing is changed.")
@option("--force", is_flag=True, help="Delete the comparisons and reviews of it, too.")
@json_option
@examples("evalctl run delete qwen-first-try", "evalctl run delete qwen-first-try --yes")
def delete(*, run: str, yes: bool, force: bool, as_json: bool) -> int:
    """Delete a run; without --yes, say what would go.

    Jobs, answers, texts, memory traces, scorings and judgements go for good, in one transaction. A
    run stays, with exit code 1, while jobs of it are open, while a baseline is pinned to it, while
    a judge's run asks about its answers, and, without --force, where comparisons or people's
    reviews refer to it.
    """
    if yes and run == "latest":
        raise UsageFault("name the run that --yes deletes: `latest` may be another one by now")
    with connect(name="run") as connections:
        found = find_run(connections.engine, run)
        if yes:
            contents, deleted = delete_run(connections.engine, found, force=force)
        else:
            contents, deleted = run_contents(connections.engine, found), False
    reasons = contents.reasons(found.name, force=force)
    if as_json:
        document = {"run": str(found.run_id), "name": found.name, "deleted": deleted}
        print_json(document | contents.counts() | {"kept_by": list(reasons)})
    else:
        _print_deletion(found, contents, reasons, deleted=deleted)
    return 1 if reasons else 0


def _print_deletion(
    found: Run, contents: RunContents, reasons: tuple[str, ...], *, deleted: bool
) -> None:
    found_rows = (
        counted(number, KINDS[kind]) for kind, number in contents.counts().items() if number
    )
    rows = ", ".join(found_rows) or "no jobs"
    if deleted:
        say(f"run {found.name} is deleted: {rows}")
        return
    say(f"run {found.name} has {rows}")
    for reason in reasons:
        say(f"it stays: {reason}")
    if not reasons:
        say("nothing is deleted yet; --yes deletes all of it for good")
