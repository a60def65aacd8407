"""The sides of a comparison: as the user names them, and as the database holds their results."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import Engine

from comparison.comparable import Conditions, Values
from comparison.findings import Side
from comparison.metrics import COLUMNS
from comparison.paired import Cell
from db.results.comparison import (
    SideKey,
    SideRows,
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
