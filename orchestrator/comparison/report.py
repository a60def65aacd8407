"""What a report says about the models of a run beyond its rows: comparison and recommendation."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine

from db.results.comparison import run_models
from db.runs.run import Run
from orchestrator.comparison.compare import compare_sides
from orchestrator.comparison.document import document
from orchestrator.comparison.recommend import recommend
from orchestrator.comparison.sides import plan_sides
from orchestrator.errors import UsageFault


def comparison_of(engine: Engine, run: Run, baseline: Run | None) -> dict[str, Any] | None:
    """Return the document of ``evalctl compare`` that belongs on the page of a run.

    With a baseline its models are compared with the same models there, else the first model with
    each other one. None for a run with nothing to compare. Raise ``UsageFault`` where the baseline
    cannot be compared.
    """
    if baseline is not None:
        sides = plan_sides(engine, [baseline, run])
    else:
        models = list(run_models(engine, run.run_id))
        sides = [
            side
            for other in models[1:]
            for side in plan_sides(engine, [run], models=(models[0], other))
        ]
    if not sides:
        return None
    return document([compare_sides(engine, a, b) for a, b in sides], None)


def recommendation_of(engine: Engine, run: Run) -> dict[str, Any] | None:
    """Return the document of ``evalctl recommend``; None where there is nothing to choose from."""
    try:
        found = recommend(engine, run).to_dict()
    except UsageFault:
        return None
    return found if len(found["candidates"]) > 1 else None
