"""Recommend a model and prompt of a run by what matters: steady, rigorous, fast, small, cheap."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sqlalchemy import Engine

from comparison.choice import (
    CRITERIA,
    NEEDED,
    PRIORITIES,
    Candidate,
    Choice,
    choose,
    dominated,
    known_criteria,
)
from comparison.comparable import MEASURED, refusals
from comparison.cost import GPU_HOURS, PER_TOKEN, Prices, gpu_seconds
from comparison.metrics import Kind
from comparison.paired import Floats
from db.results.comparison import SideKey, SideRows, read_sides, run_models
from db.results.reading import problem_energy, read_results
from db.runs.run import Run
from orchestrator.comparison.sides import conditions_of
from orchestrator.errors import UsageFault
from reports.results.costs import engine_rates

#: Repetitions of a steady problem differ by a point of 7 at most.
STEADY_WITHIN = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommendation:
    """The candidates of a run and the choice for each priority."""

    run: Run
    candidates: Sequence[Candidate]
    keys: Mapping[str, SideKey]
    problems: int
    criteria: Sequence[str]
    dominated: Mapping[str, Sequence[str]]
    choices: Mapping[str, Choice]
    warnings: Sequence[str]

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON contract of ``recommend``."""
        return {
            "run": str(self.run.run_id),
            "name": self.run.name,
            "problems": self.problems,
            "candidates": [
                {
                    **self._named(one.name),
                    "values": {name: one.average(name) for name in self.criteria},
                    "on_front": not self.dominated[one.name],
                    "dominated_by": [self._named(other) for other in self.dominated[one.name]],
                }
                for one in self.candidates
            ],
            "answers": [self._answer(name, choice) for name, choice in self.choices.items()],
            "warnings": list(self.warnings),
        }

    def _answer(self, priority: str, choice: Choice) -> dict[str, Any]:
        return {
            "priority": priority,
            "weights": dict(choice.weights),
            "left_out": list(choice.left_out),
            "choice": None if choice.chosen is None else self._named(choice.chosen),
            "utility": choice.utility,
            "shown": choice.certain,
            "tied": [self._named(name) for name in choice.tied],
            "rivals": [
                {
                    **self._named(rival.name),
                    "utility": rival.utility,
                    "lead": choice.utility - rival.utility,
                    "ci_low": rival.interval and rival.interval.low,
                    "ci_high": rival.interval and rival.interval.high,
                    "shown": rival.behind,
                }
                for rival in choice.rivals
            ],
            "changes": [
                {
                    "criterion": change.criterion,
                    "weight": change.weight,
                    "now": choice.weights.get(change.criterion, 0.0),
                    "instead": self._named(change.instead),
                }
                for change in choice.changes
            ],
            "dearer": choice.dearer
            and {"factor": choice.dearer.factor, "instead": self._named(choice.dearer.instead)},
        }

    def _named(self, name: str) -> dict[str, Any]:
        return {"model": self.keys[name].model, "prompt": self.keys[name].prompt}


def recommend(
    engine: Engine,
    run: Run,
    *,
    priorities: Mapping[str, Mapping[str, float]] = PRIORITIES,
    price_per_gpu_hour: Mapping[str | None, float] | None = None,
    force: bool = False,
) -> Recommendation:
    """Value every model and prompt of a run and choose by each priority.

    ``price_per_gpu_hour`` has prices by model, or under None for all, in place of the registered
    ones. Times and memory of candidates whose conditions differ are left out unless ``force`` is
    given. Raise ``UsageFault`` for a run without results.
    """
    models = run_models(engine, run.run_id)
    keys = {
        f"{model}, {prompt}": SideKey(run_id=run.run_id, model=model, prompt=prompt)
        for model, prompts in models.items()
        for prompt in prompts
    }
    if not keys:
        raise UsageFault(
            f"run {run.name} has no results yet; `evalctl status {run.name}` says how far it is "
            "(--synthetic includes synthetic models)"
        )
    sides = dict(zip(keys, read_sides(engine, list(keys.values())), strict=True))
    read = read_results(engine, run.run_id)
    common = _common_problems(sides)
    if not common:
        raise UsageFault(f"the models of run {run.name} have no problem in common to be valued by")
    instances = {
        row["model"]: row["max_stable"] for row in read.limits if row["kind"] == "instances"
    }
    rates = engine_rates(read.resources)
    energy = problem_energy(engine, run.run_id)
    refused = _refused(keys, sides)
    candidates = [
        Candidate(
            name=name,
            values=_values(
                side,
                common,
                measured=force or not refused,
                prices=_prices(keys[name].model, side, price_per_gpu_hour or {}),
                tokens_per_s=rates.get((keys[name].model, str(keys[name].prompt))),
                instances=instances.get(keys[name].model),
                joules=[
                    energy.get((keys[name].model, str(keys[name].prompt), one)) for one in common
                ],
            ),
        )
        for name, side in sides.items()
    ]
    criteria = known_criteria(candidates)
    what = "compared all the same" if force else "left out"
    kinds = "times and memory" if "cost" in criteria and not force else "times, memory and cost"
    warnings = [f"{kinds} are {what}: {reason}" for reason in refused]
    if "cost" not in criteria and not refused:
        warnings.append(
            "cost is left out: not every model has a price_per_gpu_hour, or prices of tokens; give "
            "one with --price-per-gpu-hour"
        )
    return Recommendation(
        run=run,
        candidates=candidates,
        keys=keys,
        problems=len(common),
        criteria=criteria,
        dominated=dominated(candidates, criteria),
        choices={
            name: choose(candidates, weights, needed=NEEDED.get(name, ()))
            for name, weights in priorities.items()
        },
        warnings=warnings,
    )


def read_weights(given: Sequence[str]) -> dict[str, float]:
    """Read weights such as ``cost=0.7``; raise ``UsageFault``."""
    weights = {}
    for one in given:
        name, _, value = one.partition("=")
        if name not in CRITERIA:
            known = ", ".join(CRITERIA)
            raise UsageFault(f"unknown criterion {name!r} in --weight {one}; they are {known}")
        try:
            weights[name] = float(value)
        except ValueError:
            weights[name] = -1.0
        if not 0 <= weights[name] < float("inf"):
            raise UsageFault(f"--weight {one}: the weight must be a number from 0")
    if weights and not sum(weights.values()):
        raise UsageFault("the weights must not all be 0")
    return weights


def read_prices(given: Sequence[str]) -> dict[str | None, float]:
    """Read prices, ``2.5`` for all models or ``MODEL=2.5``; raise ``UsageFault``."""
    prices: dict[str | None, float] = {}
    for one in given:
        model, equals, value = one.rpartition("=")
        try:
            price = float(value)
        except ValueError:
            price = -1.0
        if not 0 <= price < float("inf"):
            raise UsageFault(f"--price-per-gpu-hour {one}: give a number or MODEL=NUMBER")
        prices[model if equals else None] = price
    return prices


def _common_problems(sides: Mapping[str, SideRows]) -> list[str]:
    found = [{row["problem"] for row in side.results} for side in sides.values()]
    return sorted(set.intersection(*found))


def _refused(keys: Mapping[str, SideKey], sides: Mapping[str, SideRows]) -> list[str]:
    """Return why times and memory of the candidates may not be set side by side."""
    (first, *others) = [conditions_of(keys[name].model, side) for name, side in sides.items()]
    reasons = [
        refusal.reason
        for other in others
        for refusal in refusals(first, other, other_prompt=True)
        if refusal.kinds == MEASURED or Kind.TIME in refusal.kinds
    ]
    return list(dict.fromkeys(reasons))


def _prices(model: str, side: SideRows, given: Mapping[str | None, float]) -> Prices:
    """Return the registered prices, or that of a GPU hour where the user gives one.

    One for all models is for those that are not paid by the token.
    """
    registered = Prices.from_row(side.conditions)
    if model in given:
        return Prices(per_gpu_hour=given[model], gpus=registered.gpus)
    return replace(registered, per_gpu_hour=given.get(None, registered.per_gpu_hour))


def _values(
    side: SideRows,
    problems: Sequence[str],
    *,
    measured: bool,
    prices: Prices,
    tokens_per_s: float | None,
    instances: int | None,
    joules: Sequence[float | None],
) -> dict[str, Floats]:
    """Return the values of a candidate by criterion, a value per problem."""
    rows: dict[str, list[Any]] = {problem: [] for problem in problems}
    for row in side.results:
        if row["problem"] in rows:
            rows[row["problem"]].append(row)

    def means(column: str) -> Floats:
        return np.array([_mean([row[column] for row in rows[problem]]) for problem in problems])

    def medians(column: str) -> Floats:
        return np.array([_median([row[column] for row in rows[problem]]) for problem in problems])

    values = {
        "score7": means("score7"),
        "steady": np.array([_steady([r["score7"] for r in rows[p]]) for p in problems]),
    }
    if prices.basis == PER_TOKEN:
        paid = [_filled(means(name)) for name in ("prompt_tokens", "output_tokens")]
        values["cost"] = prices.token_cost(*paid)
    if not measured:
        return values
    values |= {name: _filled(medians(name)) for name in ("e2e_s", "ttft_ms")}
    values["need_mib"] = _filled(means("need_mib"))
    if prices.basis == GPU_HOURS:
        gpu_s = gpu_seconds(_filled(means("e2e_s")), means("output_tokens"), tokens_per_s)
        values["cost"] = prices.gpu_cost(gpu_s)
    if any(one is not None for one in joules):
        known = [float("nan") if one is None else one for one in joules]
        values["joules"] = _filled(np.array(known))
    if instances is not None:
        values["instances"] = np.full(len(problems), float(instances))
    return values


def _filled(values: Floats) -> Floats:
    """Give a problem whose results are all flagged the mean of the others."""
    known = np.isfinite(values)
    return np.where(known, values, values[known].mean()) if known.any() else values


def _mean(values: Sequence[float | None]) -> float:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else float("nan")


def _median(values: Sequence[float | None]) -> float:
    known = [value for value in values if value is not None]
    return statistics.median(known) if known else float("nan")


def _steady(scores: Sequence[float | None]) -> float:
    """Return 100 where the repetitions of a problem agree, else 0; NaN without repetitions."""
    known = [score for score in scores if score is not None]
    if len(known) < 2:
        return float("nan")
    return 100.0 if max(known) - min(known) <= STEADY_WITHIN else 0.0
