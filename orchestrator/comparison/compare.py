"""Compare two runs, or two models or prompts of one, and say whether B may replace A."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import Engine

from comparison.comparable import Conditions, Values, refusals
from comparison.findings import Comparison, Side, compare
from comparison.flips import Flip
from comparison.metrics import COLUMNS
from comparison.paired import Cell
from comparison.policy import DEFAULT, Policy, PolicyError, Verdict, read_policy, worst
from db.results.comparison import (
    Row,
    SideKey,
    SideRows,
    keep_comparison,
    read_answers,
    read_sides,
    run_models,
)
from db.runs.run import Run
from orchestrator.errors import UsageFault

#: Without a judge, the scores are those of the rules alone.
RULES_ALONE = frozenset({"rules alone"})


@dataclass(frozen=True, slots=True, kw_only=True)
class SideName:
    """One side as the user named it."""

    run: Run
    model: str
    #: None: every prompt style, paired with the same style of the other side.
    prompt: str | None = None
    #: Whose verdicts are added to those of the rules; None: no judge's.
    judge: str | None = None

    @property
    def key(self) -> SideKey:
        """What the database reads."""
        return SideKey(
            run_id=self.run.run_id, model=self.model, prompt=self.prompt, judge=self.judge
        )

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready document."""
        return {
            "run": str(self.run.run_id),
            "name": self.run.name,
            "model": self.model,
            "prompt": self.prompt,
            "judge": self.judge,
        }


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


def plan_sides(
    engine: Engine,
    runs: Sequence[Run],
    *,
    models: tuple[str, str] | None = None,
    prompts: tuple[str, str] | None = None,
    only: str | None = None,
    judge: str | None = None,
) -> list[tuple[SideName, SideName]]:
    """Return the pairs of sides that one or two runs give, one for each model in common.

    Raise ``UsageFault`` where there is nothing to compare.
    """
    run_a, run_b = runs[0], runs[-1]
    of_a, of_b = run_models(engine, run_a.run_id), run_models(engine, run_b.run_id)
    for run, of_run in ((run_a, of_a), (run_b, of_b)):
        if not of_run:
            raise UsageFault(
                f"run {run.name} has no results to compare yet; `evalctl status {run.name}` says "
                "how far it is (--synthetic includes synthetic models)"
            )
    if models is None and prompts is None and len(runs) == 1:
        raise UsageFault(
            "one run can be compared with another one (evalctl compare A B), or within itself: "
            f"--models A B or --prompts A B; run {run_a.name} has the models {', '.join(of_a)}"
        )
    if models is not None:
        pairs = [(_known(models[0], of_a, run_a), _known(models[1], of_b, run_b))]
    else:
        pairs = [(model, model) for model in of_a if model in of_b and only in {None, model}]
        if not pairs and only is None and len(of_a) == len(of_b) == 1:
            pairs = [(next(iter(of_a)), next(iter(of_b)))]
        if not pairs:
            raise UsageFault(
                f"runs {run_a.name} and {run_b.name} share no such model: the first has "
                f"{', '.join(of_a)}, the second {', '.join(of_b)}; name two with --models A B"
            )
    for index, prompt in enumerate(prompts or ()):
        run, known = ((run_a, of_a), (run_b, of_b))[index]
        if not any(prompt in known[pair[index]] for pair in pairs):
            raise UsageFault(f"run {run.name} has no results of the prompt {prompt!r}")
    first, second = prompts or (None, None)
    return [
        (
            SideName(run=run_a, model=model_a, prompt=first, judge=judge),
            SideName(run=run_b, model=model_b, prompt=second, judge=judge),
        )
        for model_a, model_b in pairs
    ]


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


def side_of(read: SideRows, *, one_prompt: bool = False) -> Side:
    """Return a side's results as arrays; ``one_prompt`` pairs problems whatever their prompt."""
    cells: list[Cell] = [
        (row["problem"], "" if one_prompt else row["prompt"]) for row in read.results
    ]
    values = {
        name: np.array([row[name] for row in read.results], dtype=np.float64) for name in COLUMNS
    }
    return Side(cells=cells, values=values)


def conditions_of(model: str, read: SideRows) -> Conditions:
    """Return what the results of a side were made under."""
    found = read.conditions
    return Conditions(
        model=model,
        spec=_values(found["spec"]),
        mode=_values(found["mode"]),
        language=_values(found["language"]),
        sampling=_values(found["sampling"]),
        scorer=_values(found["scorer"]),
        judge=frozenset(read.judges) or RULES_ALONE,
        config=_settings(row["config"] for row in read.starts),
        environment=_settings(row["environment"] for row in read.starts),
        problems={row["problem"]: frozenset(row["contents"]) for row in read.cells},
        prompts={(row["problem"], row["prompt"]): frozenset(row["prompts"]) for row in read.cells},
    )


def overall_verdict(compared: Iterable[Compared]) -> Verdict:
    """Return the verdict of all comparisons together: the worst."""
    return worst([one.comparison.verdict for one in compared])


def answers_of(engine: Engine, compared: Compared) -> dict[int, Row]:
    """Return the answers that the flips show, by job."""
    flips = compared.comparison.flips.flips
    jobs_a = [compared.jobs_a[flip.example_a] for flip in flips]
    jobs_b = [compared.jobs_b[flip.example_b] for flip in flips]
    read = read_answers(engine, compared.a.run.run_id, jobs_a)
    return read | read_answers(engine, compared.b.run.run_id, jobs_b)


def document(compared: Sequence[Compared], answers: Mapping[int, Row] | None) -> dict[str, Any]:
    """Return the JSON contract of ``compare``; texts of the flips where ``answers`` are given."""
    refused = [(one, refusal) for one in compared for refusal in one.comparison.refused]
    listed = [
        f"{refusal.condition}: {refusal.reason} "
        f"({', '.join(sorted(kind.value for kind in refusal.kinds))})"
        for _, refusal in refused
    ]
    return {
        "verdict": overall_verdict(compared).value,
        "forced": any(one.comparison.forced for one in compared),
        "comparable": not refused,
        "why_not": list(dict.fromkeys(listed)),
        "comparisons": [_head(one) for one in compared],
        "metrics": [row for one in compared for row in _metrics(one)],
        "rules": [row for one in compared for row in _rules(one)],
        "flips": [
            _flip(one, flip, answers) for one in compared for flip in one.comparison.flips.flips
        ],
    }


def _head(one: Compared) -> dict[str, Any]:
    found = one.comparison
    return {
        "a": one.a.to_dict(),
        "b": one.b.to_dict(),
        "verdict": found.verdict.value,
        "forced": found.forced,
        "same_results": found.same,
        "problems": found.problems,
        "unpaired": {"a": found.unpaired_a, "b": found.unpaired_b},
        "refusals": [refusal.to_dict() for refusal in found.refused],
        "answers_fell": found.flips.fell,
        "answers_rose": found.flips.rose,
        "flips_p_value": found.flips.p_value,
        "tries": [
            {**row, "run_id": str(row["run_id"]), "compared_at": row["compared_at"].isoformat()}
            for row in one.tries
        ],
    }


def _metrics(one: Compared) -> list[dict[str, Any]]:
    level = one.comparison.policy.level
    verdicts: dict[tuple[str, str | None], Verdict] = {}
    for judged in one.comparison.judged:
        place = (judged.rule.metric.name, judged.rule.category)
        verdicts[place] = worst([judged.verdict, verdicts.get(place, judged.verdict)])
    return [
        {
            "metric": found.metric.name,
            "category": found.category,
            "model_a": one.a.model,
            "model_b": one.b.model,
            "n": found.problems,
            "a": found.a,
            "b": found.b,
            "unit": found.metric.unit,
            "difference": found.difference,
            "difference_unit": found.metric.difference_unit,
            "ci_low": found.interval and found.interval.low,
            "ci_high": found.interval and found.interval.high,
            "p_value": found.p_value,
            "p_unadjusted": found.p_raw,
            "smallest_effect": found.smallest_effect,
            "better": found.metric.better.value,
            "finding": found.word(level),
            "verdict": verdicts.get((found.metric.name, found.category)),
            "refused": list(found.refused),
        }
        for found in one.comparison.findings
    ]


def _rules(one: Compared) -> list[dict[str, Any]]:
    return [
        {
            "metric": judged.rule.metric.name,
            "category": judged.rule.category,
            "model_a": one.a.model,
            "model_b": one.b.model,
            "max_drop": judged.rule.max_drop,
            "unit": "%" if judged.rule.relative else judged.rule.metric.unit,
            "tier": judged.rule.tier.value,
            "least_effect": judged.rule.least_effect,
            "verdict": judged.verdict.value,
            "why": judged.why,
            "problems_needed": judged.needs and judged.needs.problems,
            "repetitions_needed": judged.needs and judged.needs.repetitions,
        }
        for judged in one.comparison.judged
    ]


def _flip(one: Compared, flip: Flip, answers: Mapping[int, Row] | None) -> dict[str, Any]:
    job_a, job_b = one.jobs_a[flip.example_a], one.jobs_b[flip.example_b]
    sides = {
        "a": {"job": job_a, "right": flip.right_a, "of": flip.decided_a},
        "b": {"job": job_b, "right": flip.right_b, "of": flip.decided_b},
    }
    for side in sides.values():
        if answers is not None and (answer := answers.get(side["job"])):
            side |= {
                "text": answer["output"],
                "repetition": answer["repetition"],
                "score7": answer["score7"],
            }
    return {
        "problem": flip.cell[0],
        "prompt": flip.cell[1] or None,
        "category": one.categories[flip.cell[0]],
        "model_a": one.a.model,
        "model_b": one.b.model,
        "change": "lost" if flip.lost else "won",
        **sides,
    }


def _known(model: str, of_run: Mapping[str, object], run: Run) -> str:
    if model not in of_run:
        raise UsageFault(f"run {run.name} has no results of {model!r}; it has {', '.join(of_run)}")
    return model


def _values(found: Iterable[str] | None) -> Values:
    return frozenset(found or ())


def _settings(documents: Iterable[Mapping[str, Any]]) -> dict[str, Values]:
    """Return the distinct values of each key over the engine starts."""
    found: dict[str, set[str]] = {}
    for one in documents:
        for key, value in one.items():
            text = value if isinstance(value, str) else json.dumps(value, sort_keys=True)
            found.setdefault(key, set()).add(text)
    return {key: frozenset(values) for key, values in found.items()}


def _by_category(item: tuple[str, str]) -> tuple[int, str]:
    order = ("secondary", "university", "modelling")
    return (order.index(item[1]) if item[1] in order else len(order), item[0])
