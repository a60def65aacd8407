"""What 1,000 answers and a right answer of each model cost, where a price is registered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from comparison.cost import Prices, mean_cost, per_right_answer

Row = Mapping[str, Any]
THROUGHPUT = "throughput"


def engine_rates(resources: Sequence[Row]) -> dict[tuple[str, str], float | None]:
    """Return output tokens a second of the whole engine by model and prompt, throughput mode."""
    return {
        (row["model"], row["prompt"]): row["total_tokens_per_s"]
        for row in resources
        if row["mode"] == THROUGHPUT
    }


def costs(priced: Sequence[Row], resources: Sequence[Row]) -> list[dict[str, Any]]:
    """Return the costs of each priced model and prompt, from the means over its problems."""
    rates = engine_rates(resources)
    found = []
    for row in priced:
        prices = Prices.from_row(row)
        per_1000 = mean_cost(
            prices,
            e2e_s=row["e2e_s"],
            input_tokens=row["prompt_tokens"],
            output_tokens=row["output_tokens"],
            tokens_per_s=rates.get((row["model"], row["prompt"])),
        )
        right = per_right_answer(per_1000, row["right_share"])
        found.append(
            dict(row)
            | {"priced_by": prices.basis}
            | {"cost_per_1000_answers": per_1000, "cost_per_right_answer": right}
        )
    return found
