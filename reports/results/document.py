"""The document of a run's results: its tables, and what is made of them."""

from __future__ import annotations

from typing import Any

from db.results.reading import Results
from reports.results.costs import costs
from reports.results.gaps import gaps
from reports.results.line_settings import line_settings
from reports.results.prompt_effects import changed_steps, prompt_effects


def result_document(results: Results, base: str | None = None) -> dict[str, Any]:
    """Return the tables with the gaps between models and the effects of prompts.

    ``base`` is the model that gaps are against, the first one unless named.
    """
    means, steps = results.problem_means, results.prompt_steps
    return results.to_dict() | {
        "resources": line_settings(results.resources, results.line_starts),
        "gaps": gaps(means, base),
        "costs": costs(results.priced, results.resources),
        "prompt_effects": prompt_effects(means, steps),
        "prompt_steps": changed_steps(steps),
    }
