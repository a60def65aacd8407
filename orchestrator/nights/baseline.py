"""Pin a baseline: freeze nights that a person chose, after a check that they belong together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine

from comparison.comparable import refusals
from comparison.nights import FEWEST_NIGHTS, make_reference
from db.engine import transaction
from db.nights.baselines import (
    BaselineExists,
    BaselineNotFound,
    FrozenMetric,
    add_baseline,
    newest_baseline,
)
from db.nights.nightly import Watch, done_runs, watches
from db.nights.values import NightValues, read_night
from orchestrator.errors import UsageFault
from orchestrator.nights.comparison import conditions_of, series_of
from orchestrator.nights.metrics import watched_metrics


@dataclass(frozen=True, slots=True, kw_only=True)
class Pinned:
    """What was pinned."""

    version: int
    #: Names of the runs, oldest first.
    runs: tuple[str, ...]
    #: Model, prompt and metric of each frozen series.
    series: int


def pin(
    engine: Engine,
    name: str,
    *,
    why: str,
    by: str,
    nights: int = FEWEST_NIGHTS,
    leave_out: Iterable[str] = (),
    again: bool = False,
) -> Pinned:
    """Freeze the last comparable nights as the next version of a baseline.

    ``again`` allows and requires that one is pinned already. Raise ``UsageFault`` where the nights
    do not suffice or do not belong together, with the reason; ``BaselineExists`` or
    ``BaselineNotFound`` for the other command.
    """
    if nights < FEWEST_NIGHTS:
        raise UsageFault(f"a baseline needs at least {FEWEST_NIGHTS} nights, not {nights}")
    if not why.strip():
        raise UsageFault("say with --why TEXT why these nights are the reference")
    one = _watch_of(engine, name)
    chosen = _chosen(engine, one, nights, frozenset(leave_out))
    with transaction(engine) as connection:
        found = newest_baseline(connection, name)
        if found is not None and not again:
            raise BaselineExists(name)
        if found is None and again:
            raise BaselineNotFound(name)
        read = [(str(row["run"]), read_night(connection, row["run_id"])) for row in chosen]
        conditions = _conditions(read)
        metrics = _frozen([night for _, night in read], one)
        if not metrics:
            raise UsageFault("these nights have no metric on the same problems in common")
        version = found.version + 1 if found else 1
        add_baseline(
            connection,
            name=name,
            version=version,
            reason=why.strip(),
            pinned_by=by,
            schedule=one.schedule.name,
            run_ids=[row["run_id"] for row in chosen],
            conditions=conditions,
            metrics=metrics,
        )
    runs = tuple(run for run, _ in read)
    return Pinned(version=version, runs=runs, series=len(metrics))


def _watch_of(engine: Engine, baseline: str) -> Watch:
    """Return the schedule whose nights are compared with a baseline."""
    found = [one for one in watches(engine) if one.baseline == baseline]
    if not found:
        raise UsageFault(
            f"no schedule is compared with baseline {baseline!r}; add one with "
            f"`evalctl schedule add NAME ... --compare-with {baseline}`"
        )
    if len(found) > 1:
        names = ", ".join(one.schedule.name for one in found)
        raise UsageFault(
            f"several schedules are compared with baseline {baseline!r} ({names}); give each its "
            "own baseline"
        )
    return found[0]


def _chosen(
    engine: Engine, one: Watch, nights: int, leave_out: frozenset[str]
) -> Sequence[Mapping[str, Any]]:
    """Return the last nights that are done and not left out, oldest first."""
    done = done_runs(engine, one)
    names = {str(row["run"]) for row in done}
    if unknown := sorted(leave_out - names):
        raise UsageFault(f"--leave-out: {', '.join(unknown)} is not a night that is done")
    usable = [row for row in done if row["run"] not in leave_out][:nights]
    if len(usable) < nights:
        raise UsageFault(
            f"schedule {one.schedule.name} has {len(usable)} nights that are done, and the "
            f"baseline is to have {nights}; wait for more"
        )
    return usable[::-1]


def _conditions(read: Sequence[tuple[str, Mapping[str, NightValues]]]) -> dict[str, Any]:
    """Return the conditions of the newest night; raise ``UsageFault`` where others differ."""
    last_run, last = read[-1]
    for run, night in read:
        if night.keys() != last.keys():
            raise UsageFault(f"{run} and {last_run} have other models; leave one out")
        for model, one in night.items():
            found = refusals(
                conditions_of(model, one.conditions), conditions_of(model, last[model].conditions)
            )
            if found:
                raise UsageFault(
                    f"{run} and {last_run} are not comparable for {model}: {found[0].reason}; "
                    f"leave nights out with --leave-out RUN"
                )
    return {model: dict(one.conditions) for model, one in last.items()}


def _frozen(read: Sequence[Mapping[str, NightValues]], one: Watch) -> list[FrozenMetric]:
    # All metrics are frozen, so that another policy needs no other baseline.
    watched = watched_metrics({}) | watched_metrics(one.policy)
    nights = [dict(series_of(night, watched)) for night in read]
    found = []
    for key in nights[-1]:
        if not all(key in night for night in nights):
            continue
        reference = make_reference(watched[key[2]].metric, [night[key] for night in nights])
        if reference is not None:
            model, prompt, metric = key
            found.append(
                FrozenMetric(
                    model=model,
                    prompt=prompt,
                    metric=metric,
                    problems=reference.problems,
                    distances=reference.distances,
                )
            )
    return found
