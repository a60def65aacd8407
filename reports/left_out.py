"""What a result does not hold, in sentences that cannot be overlooked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Row = Mapping[str, Any]
#: Share of cut answers above which the token limit decides the score.
CUT_SHARE = 0.05


def left_out_lines(missing: Sequence[Row], scores: Sequence[Row]) -> Iterator[str]:
    """Yield a line per model and state without results, and per model whose answers were cut."""
    scored = {row["model"] for row in scores}
    for row in missing:
        without = "" if row["model"] in scored else ", which has no results"
        reason = f": {row['reason'].splitlines()[0]}" if row["reason"] else ""
        jobs = f"{row['jobs']} {row['state']} job{'' if row['jobs'] == 1 else 's'}"
        yield f"left out: {jobs} of {row['model']}{without}{reason}"
    for model in dict.fromkeys(row["model"] for row in scores):
        shares = [row["cut_share"] or 0.0 for row in scores if row["model"] == model]
        if shares and (most := max(shares)) > CUT_SHARE:
            yield (
                f"warning: up to {100 * most:.0f} % of the answers of {model} in a category were "
                "cut at the token limit; raise --max-tokens"
            )
