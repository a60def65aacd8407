"""Estimate what a submission will take, from what earlier jobs of the same models took."""

from __future__ import annotations

import statistics
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import Engine

from comparison.cost import ANSWERS, PER_TOKEN, S_PER_HOUR, Prices
from comparison.forecast import Cell, Forecast, Past, forecast, range80
from core.model_spec import ModelSpec
from core.sampling_params import SamplingParams
from core.states import Mode
from db.queue.fleet import list_workers
from db.runs.submissions import Submission
from db.spending.past_times import PastTime, past_times, planned_already

#: Engine whose answers come from a server: no GPU of a worker is taken.
SERVER = "openai"


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """A sum to expect, in GPU hours or in the currency of the prices."""

    mean: float
    #: None where the results show no spread.
    variance: float | None

    def to_dict(self, name: str) -> dict[str, Any]:
        """Return the keys NAME, NAME_p10 and NAME_p90."""
        low, high = (None, None) if self.variance is None else range80(self.mean, self.variance)
        return {name: self.mean, f"{name}_p10": low, f"{name}_p90": high}


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelEstimate:
    """What one model's jobs will take."""

    model: str
    #: Jobs to come; those that the experiment's run has already are left out.
    jobs: int
    #: GPUs that its engine takes.
    gpus: int
    #: Where its earlier results were made; None without any, or on a CPU.
    gpu: str | None = None
    results: int = 0
    runs: int = 0
    #: None where nothing is known, or where it takes no GPU.
    gpu_hours: Amount | None = None
    cost: Amount | None = None
    priced_by: str | None = None
    #: Engine starts that are counted, and seconds of one.
    starts: int = 0
    start_s: float | None = None
    #: Jobs that stand on results of their problem, category, prompt or model, or on none.
    jobs_by: Mapping[str, int] | None = None
    #: Why there is no estimate, or what it leaves out.
    why: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return its JSON contract."""
        nothing = Amount(mean=0.0, variance=None)
        hours = (self.gpu_hours or nothing).to_dict("gpu_hours")
        cost = (self.cost or nothing).to_dict("cost")
        return {
            "model": self.model, "jobs": self.jobs, "gpus": self.gpus, "gpu": self.gpu,
            "results": self.results, "runs": self.runs,
            **(hours if self.gpu_hours else dict.fromkeys(hours)),
            **(cost if self.cost else dict.fromkeys(cost)),
            "priced_by": self.priced_by, "starts": self.starts, "start_s": self.start_s,
            "jobs_by": dict(self.jobs_by or {}), "why": self.why,
        }  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What a submission will take."""

    models: tuple[ModelEstimate, ...]
    #: Planned jobs that the experiment's run has already.
    existing: int = 0
    #: Why nothing could be estimated.
    why: str | None = None

    @property
    def gpu_hours(self) -> Amount | None:
        """The sum over models; None where a model that takes a GPU is unknown."""
        needed = [one for one in self.models if one.jobs and one.gpus]
        known = [one.gpu_hours for one in needed if one.gpu_hours is not None]
        return _sum(known) if known and len(known) == len(needed) else None

    @property
    def cost(self) -> Amount | None:
        """The sum over models; None where one of them has no price or no results."""
        needed = [one for one in self.models if one.jobs]
        known = [one.cost for one in needed if one.cost is not None]
        return _sum(known) if known and len(known) == len(needed) else None

    def to_dict(self) -> dict[str, Any]:
        """Return its JSON contract."""
        hours, cost = (
            dict.fromkeys((name, f"{name}_p10", f"{name}_p90")) if found is None
            else found.to_dict(name)
            for name, found in (("gpu_hours", self.gpu_hours), ("cost", self.cost))
        )  # fmt: skip
        models = [one.to_dict() for one in self.models]
        return {**hours, **cost, "existing": self.existing, "models": models, "why": self.why}


def estimate(engine: Engine, submission: Submission) -> Estimate:
    """Estimate GPU hours and cost of the jobs that a submission would add."""
    language = str(submission.experiment.get("language", "en"))
    past = past_times(engine, submission.models, mode=submission.mode, language=language)
    known = planned_already(engine, submission)
    loaded = {worker.model for worker in list_workers(engine)}
    models = tuple(
        _of_model(
            model,
            submission,
            [one for one in past if one.model == model.name],
            known,
            loaded=model.name in loaded,
        )
        for model in submission.models
    )
    existing = submission.jobs - sum(one.jobs for one in models)
    return Estimate(models=models, existing=existing)


def budget_warnings(submission: Submission, found: Estimate) -> tuple[str, ...]:
    """Return what a user should know of a submission's budget before the jobs run."""
    budget_h = submission.budget_gpu_hours
    if budget_h is None:
        return ()
    free = [model.name for model in submission.models if not gpus_of(model)]
    said = []
    if free:
        said.append(
            f"{', '.join(free)}: behind a server, takes no GPU hours: the budget does not bound it"
        )
    expected = found.gpu_hours
    if expected is not None and expected.mean > budget_h:
        said.append(
            f"the jobs are expected to take {expected.mean:.3g} GPU hours, the budget is "
            f"{budget_h:g}: the run will be paused on the way, with no job lost"
        )
    return tuple(said)


def gpus_of(model: ModelSpec) -> int:
    """Return how many GPUs a model's engine takes; 0 where a server answers."""
    if model.engine == SERVER:
        return 0
    sizes = (model.options.get(f"{kind}_parallel_size", 1) for kind in ("tensor", "pipeline"))
    first, second = (size if isinstance(size, int) and size > 0 else 1 for size in sizes)
    return first * second


def _of_model(
    model: ModelSpec,
    submission: Submission,
    past: Sequence[PastTime],
    known: Mapping[tuple[str, tuple[str, str], str], int],
    *,
    loaded: bool,
) -> ModelEstimate:
    cells = _cells(model, submission, known)
    jobs, gpus = sum(cell.times for cell in cells), gpus_of(model)
    length = _length(submission.samplings.get(model.name, submission.sampling))
    alike = [one for one in past if one.length == length]
    alike, elsewhere = _on_one_gpu(alike)
    if not jobs:
        return ModelEstimate(model=model.name, jobs=0, gpus=gpus, why="its jobs exist already")
    if not alike:
        return ModelEstimate(
            model=model.name, jobs=jobs, gpus=gpus, jobs_by={"none": jobs},
            why=_why_nothing(past, length, submission.mode),
        )  # fmt: skip
    prices = Prices(
        per_gpu_hour=model.price_per_gpu_hour,
        per_million_input_tokens=model.price_per_million_input_tokens,
        per_million_output_tokens=model.price_per_million_output_tokens,
    )
    seconds = forecast(_past(alike, _gpu_seconds(alike, submission.mode)), cells)
    starts = submission.repetitions if submission.fresh_engine else 0 if loaded else 1
    start_s = _start_seconds(alike)
    extra_s = starts * (start_s or 0.0)
    hours = _scaled(seconds, extra=extra_s, factor=gpus / S_PER_HOUR) if gpus else None
    return ModelEstimate(
        model=model.name,
        jobs=jobs,
        gpus=gpus,
        gpu=alike[0].gpu_name,
        results=len(alike),
        runs=len({one.run for one in alike}),
        gpu_hours=hours,
        cost=_cost(prices, alike, cells, hours),
        priced_by=prices.basis,
        starts=starts,
        start_s=start_s,
        jobs_by={level: n for level, n in seconds.times_by_level.items() if n},
        why=elsewhere,
    )


def _cells(
    model: ModelSpec,
    submission: Submission,
    known: Mapping[tuple[str, tuple[str, str], str], int],
) -> list[Cell]:
    """Return the model's problems and prompts with how often each is still to be answered."""
    found = []
    for problem in submission.problems:
        key = (problem.name, problem.content_hash)
        for prompt in submission.prompts:
            times = submission.repetitions - known.get((model.name, key, prompt), 0)
            if times > 0:
                name = " ".join(key)
                found.append(
                    Cell(problem=name, category=problem.category, prompt=prompt, times=times)
                )
    return found


def _length(sampling: SamplingParams) -> tuple[str, str]:
    fixed = sampling.fixed_input_tokens
    return ("" if fixed is None else str(fixed), str(sampling.output_limit))


def _on_one_gpu(past: Sequence[PastTime]) -> tuple[list[PastTime], str | None]:
    """Return the results of the GPU that made the newest one, and what is left out."""
    if not past:
        return [], None
    newest = past[0].gpu_name
    here = [one for one in past if one.gpu_name == newest]
    others = Counter(one.gpu_name or "CPU" for one in past if one.gpu_name != newest)
    left_out = ", ".join(f"{number} on {name}" for name, number in sorted(others.items()))
    return here, f"results elsewhere are left out: {left_out}" if left_out else None


def _why_nothing(past: Sequence[PastTime], length: tuple[str, str], mode: str) -> str:
    if not past:
        return f"no earlier result of this model with these settings in {mode} mode"
    wanted = f"lengths {':'.join(length)}" if length[0] else f"at most {length[1]} tokens"
    return f"its {len(past)} earlier results have other lengths than {wanted}"


def _past(results: Sequence[PastTime], values: Sequence[float]) -> list[Past]:
    """Return the values for a forecast; each run of an engine start is an occasion."""
    occasions: dict[tuple[str, int], int] = {}
    return [
        Past(
            problem=" ".join(one.problem),
            category=one.category,
            prompt=one.prompt,
            occasion=occasions.setdefault((one.run, one.start_id), len(occasions)),
            value=value,
        )
        for one, value in zip(results, values, strict=True)
    ]


def _gpu_seconds(results: Sequence[PastTime], mode: str) -> list[float]:
    """Return for how long each result took its engine.

    Alone the time of its attempt, scoring and commit included, without the start of an engine; in
    throughput mode its share, by output tokens, of the time in which its engine served anything.
    """
    if mode != Mode.THROUGHPUT:
        beside = [one.attempt_s - one.e2e_s for one in results if not one.started_engine]
        beside_s = max(0.0, statistics.fmean(beside)) if beside else 0.0
        return [one.e2e_s + beside_s if one.started_engine else one.attempt_s for one in results]
    by_start: dict[int, list[PastTime]] = defaultdict(list)
    for one in results:
        by_start[one.start_id].append(one)
    per_token_s = {
        start: _busy_s(found) / max(1, sum(one.output_tokens or 0 for one in found))
        for start, found in by_start.items()
    }
    return [per_token_s[one.start_id] * (one.output_tokens or 0) for one in results]


def _busy_s(results: Sequence[PastTime]) -> float:
    """Return the seconds in which at least one of these requests ran."""
    busy_s, end_s = 0.0, float("-inf")
    for one in sorted(results, key=lambda one: one.submitted_s):
        busy_s += max(0.0, one.last_token_s - max(one.submitted_s, end_s))
        end_s = max(end_s, one.last_token_s)
    return busy_s


def _start_seconds(results: Sequence[PastTime]) -> float | None:
    """Return the mean seconds of an engine start, weights, compilation and warm-up included."""
    waits: dict[int, float] = {}
    for one in results:
        if one.started_engine:
            waits[one.start_id] = max(waits.get(one.start_id, 0.0), one.attempt_s - one.e2e_s)
    return max(0.0, statistics.fmean(waits.values())) if waits else None


def _scaled(found: Forecast, *, extra: float, factor: float) -> Amount:
    variance = None if found.variance is None else found.variance * factor**2
    return Amount(mean=(found.mean + extra) * factor, variance=variance)


def _cost(
    prices: Prices, results: Sequence[PastTime], cells: Sequence[Cell], hours: Amount | None
) -> Amount | None:
    """Return the cost at the registered price; None without one."""
    if prices.basis == PER_TOKEN:
        tokens = [(one.prompt_tokens or 0, one.output_tokens or 0) for one in results]
        paid = prices.token_cost(*np.array(tokens, dtype=float).T) / ANSWERS
        found = forecast(_past(results, paid.tolist()), cells)
        return _scaled(found, extra=0.0, factor=1.0)
    if prices.per_gpu_hour is None or hours is None:
        return None
    factor = prices.per_gpu_hour
    variance = None if hours.variance is None else hours.variance * factor**2
    return Amount(mean=hours.mean * factor, variance=variance)


def _sum(amounts: Sequence[Amount]) -> Amount:
    variances = [one.variance for one in amounts]
    known = [one for one in variances if one is not None]
    whole = sum(known) if len(known) == len(variances) else None
    return Amount(mean=sum(one.mean for one in amounts), variance=whole)
