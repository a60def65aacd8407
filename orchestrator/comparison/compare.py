"""Compare two sides of runs, and say whether B may replace A."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import Engine

from comparison.comparable import refusals
from comparison.findings import Comparison, compare
from comparison.policy import DEFAULT, Policy, PolicyError, read_policy
from db.results.comparison import (
    Row,
    keep_comparison,
    read_answers,
    read_sides,
)
from orchestrator.comparison.sides import SideName, conditions_of, side_of
from orchestrator.errors import UsageFault


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """Two sides and what comparing them found."""

    a: SideName
    b: SideName
    comparison: Comparison
    #: Matched cells to job ids: the results of either side in the order of the comparison.
    jobs_a: Sequence[int]
    jobs_b: Sequence[int]
    categories: Mapping[str, str]
    #: Other runs of B's experiment that were compared with A before: tries of the same gate.
    tries: Sequence[Row] = ()


def load_policy(file: Path | None) -> Policy:
    """Read a policy file, or return the default; raise ``UsageFault``."""
    if file is None:
        return DEFAULT
    try:
        return read_policy(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UsageFault(f"cannot read {file}: {reason}") from error
    except PolicyError as error:
        raise UsageFault(f"{file}: {error}") from error


def compare_sides(
    engine: Engine, a: SideName, b: SideName, *, policy: Policy = DEFAULT, force: bool = False
) -> Compared:
    """Read two sides and compare B with A."""
    rows_a, rows_b = read_sides(engine, [a.key, b.key])
    other_prompt = a.prompt != b.prompt
    categories = {row["problem"]: row["category"] for row in [*rows_a.results, *rows_b.results]}
    found = compare(
        side_of(rows_a, one_prompt=other_prompt),
        side_of(rows_b, one_prompt=other_prompt),
        categories=dict(sorted(categories.items(), key=_by_category)),
        policy=policy,
        refused=refusals(
            conditions_of(a.model, rows_a),
            conditions_of(b.model, rows_b),
            other_prompt=other_prompt,
        ),
        force=force,
        same=a.key == b.key,
    )
    return Compared(
        a=a,
        b=b,
        comparison=found,
        jobs_a=[row["job_id"] for row in rows_a.results],
        jobs_b=[row["job_id"] for row in rows_b.results],
        categories=categories,
    )


def keep(engine: Engine, compared: Compared) -> Compared:
    """Store what was found, and add the earlier tries; the same results twice prove nothing."""
    found = compared.comparison
    if found.same:
        return compared
    tries = keep_comparison(
        engine,
        compared.a.key,
        compared.b.key,
        policy=found.policy.to_dict(),
        verdict=found.verdict.value,
        forced=found.forced,
        problems=found.problems,
    )
    return replace(compared, tries=tries)


def answers_of(engine: Engine, compared: Compared) -> dict[int, Row]:
    """Return the answers that the flips show, by job."""
    flips = compared.comparison.flips.flips
    jobs_a = [compared.jobs_a[flip.example_a] for flip in flips]
    jobs_b = [compared.jobs_b[flip.example_b] for flip in flips]
    read = read_answers(engine, compared.a.run.run_id, jobs_a)
    return read | read_answers(engine, compared.b.run.run_id, jobs_b)


def _by_category(item: tuple[str, str]) -> tuple[int, str]:
    order = ("secondary", "university", "modelling")
    return (order.index(item[1]) if item[1] in order else len(order), item[0])
