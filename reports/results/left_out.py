"""What a result does not hold, in sentences that cannot be overlooked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from core.counts import counted

Row = Mapping[str, Any]
#: Share of cut answers above which the token limit decides the score.
CUT_SHARE = 0.05
#: What is said of one job and of several that have no result, by their state.
_HAPPENED = {
    "queued": ("is still queued", "are still queued"),
    "running": ("is still running", "are still running"),
    "failed": ("failed", "failed"),
    "dead": ("was given up", "were given up"),
    "cancelled": ("was cancelled", "were cancelled"),
}


def left_out_lines(missing: Sequence[Row], scores: Sequence[Row]) -> Iterator[str]:
    """Yield a line per model and state without results, and per model whose answers were cut."""
    scored = {row["model"] for row in scores}
    for row in missing:
        count = f"{counted(row['jobs'], 'job')} of {row['model']}"
        happened = _HAPPENED[row["state"]][row["jobs"] != 1]
        without = "" if row["model"] in scored else " (the model has no results)"
        reason = f": {row['reason'].splitlines()[0]}" if row["reason"] else ""
        yield f"left out: {count} {happened}{without}{reason}"
    for model in dict.fromkeys(row["model"] for row in scores):
        yield from _cut([row for row in scores if row["model"] == model])


def _cut(of_model: Sequence[Row]) -> Iterator[str]:
    """Yield a warning where too many answers of a model were cut, and by which limit."""
    most = max(of_model, key=lambda row: row.get("cut_share") or 0.0)
    share, by_context = (most.get(key) or 0.0 for key in ("cut_share", "context_cut_share"))
    if share <= CUT_SHARE:
        return
    limit = "at max_tokens; raise --max-tokens"
    if by_context:
        part = "all" if by_context >= share else f"{100 * by_context / share:.0f} %"
        limit = (
            f"by a limit, {part} of them before max_tokens: prompt and answer filled the context, "
            "or the server has its own limit; give the model a larger context (max_model_len)"
        )
    yield (
        f"warning: up to {100 * share:.0f} % of the answers of {most['model']} in a category were "
        f"cut {limit}"
    )
