"""The three sentences at the head of the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Row = Mapping[str, Any]


def summary(
    *,
    models: Sequence[Row],
    overall: Sequence[Row],
    comparison: Row | None,
    recommendation: Row | None,
    resources: Sequence[Row],
    answers: int,
) -> list[str]:
    """Return what was done, who shows more of the derivations, what that costs and what to take.

    ``comparison`` and ``recommendation`` are the documents of the commands of these names.
    """
    sentences = [
        _done(models, answers),
        _scores(overall, comparison),
        _choice(resources, recommendation),
    ]
    return [sentence for sentence in sentences if sentence]


def _done(models: Sequence[Row], answers: int) -> str:
    if not models:
        return "The run asked no model for an answer."
    problems = max(row["problems"] for row in models)
    times = max(row["repetitions"] for row in models)
    jobs = sum(row["jobs"] for row in models)
    who = _count(len(models), "model")
    often = "once" if times == 1 else f"{times} times"
    open_jobs = jobs - sum(row["succeeded"] for row in models)
    rest = f"; {_count(open_jobs, 'job')} of {jobs:,} gave none" if open_jobs else ""
    return (
        f"{who} answered {_count(problems, 'problem')} {often} ({_count(answers, 'answer')}{rest})."
    )


def _scores(overall: Sequence[Row], comparison: Row | None) -> str:
    """Say what the models show, and how sure their difference is where they are compared."""
    if not overall:
        return "No answer has a score."
    compared = _compared(comparison) if comparison else []
    if compared:
        return f"Of 7 points for steps, {'; '.join(compared)}."
    several = len({row["prompt"] for row in overall}) > 1
    shown = "; ".join(
        f"{row['model']} shows {row['score7']:.2f}" + (f" ({row['prompt']})" if several else "")
        for row in sorted(overall, key=lambda row: -row["score7"])
    )
    return f"Of 7 points for steps, {shown}."


def _compared(comparison: Row) -> list[str]:
    """Say for each pair of sides what both show and whether the difference is more than chance."""
    rows = {
        (row["model_a"], row["model_b"]): row
        for row in comparison["metrics"]
        if row["metric"] == "score7" and row["category"] is None
    }
    said = []
    for head in comparison["comparisons"]:
        row = rows.get((head["a"]["model"], head["b"]["model"]))
        if row is None or row["difference"] is None:
            continue
        same_run = head["a"]["run"] == head["b"]["run"]
        first, second = (
            side["model"] if same_run else f"{side['model']} in {side['name']}"
            for side in (head["a"], head["b"])
        )
        shown = f"{first} shows {row['a']:.2f} and {second} {row['b']:.2f}"
        said.append(f"{shown}: {_sure(row, first, second)}")
    return said


def _sure(row: Row, first: str, second: str) -> str:
    problems = _count(row["n"], "problem")
    if row["ci_low"] is None:
        return f"{problems} cannot say how sure the difference is"
    ends = f"95\N{NO-BREAK SPACE}% interval {row['ci_low']:+.2f} to {row['ci_high']:+.2f}"
    measured = f"{second} \N{MINUS SIGN} {first} {row['difference']:+.2f}, {ends}, {problems}"
    if row["finding"] in ("better", "worse"):
        more = second if row["finding"] == "better" else first
        return f"{more} derives more ({measured})"
    if row["ci_low"] <= 0 <= row["ci_high"] or row["p_value"] is None:
        return f"neither is shown to derive more ({measured})"
    # The interval is of this metric alone; the test counts all of them.
    ahead = first if row["difference"] < 0 else second
    return (
        f"{ahead} is ahead, but that may be chance: several metrics are tested "
        f"({measured}, adjusted p {row['p_value']:.2f})"
    )


def _choice(resources: Sequence[Row], recommendation: Row | None) -> str:
    """Say what the models cost, and which to take for which priority."""
    parts = [_costs(resources)]
    answers = recommendation["answers"] if recommendation else ()
    for words, shown in (("recommended", True), ("ahead, but this run does not prove it", False)):
        taken = _taken(answers, shown=shown)
        parts.append(f"{words}: {taken}" if taken else "")
    said = "; ".join(part for part in parts if part)
    return f"{said[0].upper()}{said[1:]}." if said else ""


def _taken(answers: Sequence[Row], *, shown: bool) -> str:
    """Name each choice with its priorities: those that the run shows to be best, or the others."""
    chosen: dict[str, list[str]] = {}
    for answer in answers:
        if answer["choice"] is not None and bool(answer["shown"]) is shown:
            name = f"{answer['choice']['model']}, {answer['choice']['prompt']} prompt"
            chosen.setdefault(name, []).append(answer["priority"])
    return "; ".join(f"{name} ({', '.join(whys)})" for name, whys in chosen.items())


def _costs(resources: Sequence[Row]) -> str:
    """Give memory and time of each line of the first prompt and mode."""
    if not resources:
        return ""
    first = resources[0]
    lines = [
        row for row in resources if (row["prompt"], row["mode"]) == (first["prompt"], first["mode"])
    ]
    parts = [part for row in lines if (part := _cost(row))]
    return f"in {first['mode']} mode {'; '.join(parts)}" if parts else ""


def _cost(row: Row) -> str:
    figures = []
    if row["need_mib"] is not None:
        where = "resident on the host" if row["memory_kind"] == "host" else "needed on the GPU"
        figures.append(f"{row['need_mib']:,.0f} MiB {where}")
    if row["ttft_ms"] is not None:
        figures.append(f"first token after {_at_least(row['ttft_ms'], 0)} ms")
    if row["e2e_s"] is not None:
        figures.append(f"{_at_least(row['e2e_s'], 2)} s an answer")
    return f"{row['model']}: {', '.join(figures)}" if figures else ""


def _at_least(time: float, digits: int) -> str:
    """Return a time rounded; one that would read as zero is less than the last digit's unit."""
    shown = f"{time:,.{digits}f}"
    return shown if shown.strip("0.") else f"less than {10**-digits:.{digits}f}"


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
