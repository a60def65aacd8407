"""The sentences at the head of the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Row = Mapping[str, Any]

#: Pairs of models that are spoken of one by one.
PAIRS_AT_MOST = 2
#: How sure a choice is, in the order in which the page says it.
CERTAINTIES = ("Recommended", "Ahead, but this run does not prove it", "As good as each other")


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
        _costs(resources),
        _choice(recommendation),
    ]
    return [sentence for sentence in sentences if sentence]


def _done(models: Sequence[Row], answers: int) -> str:
    if not models:
        return "The run asked no model for an answer."
    problems, prompts, times = (
        max(row[key] for row in models) for key in ("problems", "prompts", "repetitions")
    )
    jobs = sum(row["jobs"] for row in models)
    who, what = _count(len(models), "model"), _count(problems, "problem")
    open_jobs = jobs - sum(row["succeeded"] for row in models)
    rest = f"; {open_jobs:,} of {_count(jobs, 'job')} have none" if open_jobs else ""
    given = f"{_count(answers, 'answer')}{rest}"
    if len(models) * problems * prompts * times != jobs:
        return f"{who} answered {what}, not all equally often ({given})."
    asked = f" with {_count(prompts, 'prompt')}" if prompts > 1 else ""
    often = "once" if times == 1 else f"{times} times"
    return f"{who} answered {what}{asked}, {often} each ({given})."


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
    paired = [row for row in rows.values() if row["difference"] is not None]
    if len(paired) > PAIRS_AT_MOST and len({row["model_a"] for row in paired}) == 1:
        return [_beside_first(paired)]
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


def _beside_first(rows: Sequence[Row]) -> str:
    """Say what many models show, and which of them differ from the first."""
    first = rows[0]["model_a"]
    shown = ", ".join(f"{row['model_b']} {row['b']:.2f}" for row in rows)
    said = []
    for finding, more in (("worse", "less"), ("better", "more")):
        names = [row["model_b"] for row in rows if row["finding"] == finding]
        if names:
            said.append(f"{' and '.join(names)} derive{'s' * (len(names) == 1)} {more}")
    if len(rows) > sum(row["finding"] in ("worse", "better") for row in rows):
        said.append(f"no {'other ' * bool(said)}difference is shown")
    return f"{first} shows {rows[0]['a']:.2f}, {shown}; beside {first}, {', '.join(said)}"


def _sure(row: Row, first: str, second: str) -> str:
    problems = _count(row["n"], "problem")
    if row["ci_low"] is None:
        return f"{problems} cannot say how sure the difference is"
    ends = f"95\N{NO-BREAK SPACE}% interval {row['ci_low']:+.2f} to {row['ci_high']:+.2f}"
    if row["difference"] == 0:
        return f"they show the same ({ends}, {problems})"
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


def _choice(recommendation: Row | None) -> str:
    """Say which to take for which priority, and how sure that is: shown, ahead or a tie."""
    said: dict[str, dict[str, list[str]]] = {}
    for answer in recommendation["answers"] if recommendation else ():
        if answer["choice"] is not None:
            best = " and ".join(map(_candidate, (answer["choice"], *answer["tied"])))
            priorities = said.setdefault(_certainty(answer), {}).setdefault(best, [])
            priorities.append(answer["priority"])
    return " ".join(f"{words}: {_named(said[words])}." for words in CERTAINTIES if words in said)


def _named(choices: Mapping[str, Sequence[str]]) -> str:
    return "; ".join(f"{best} ({', '.join(priorities)})" for best, priorities in choices.items())


def _certainty(answer: Row) -> str:
    shown, ahead, level = CERTAINTIES
    return level if answer["tied"] else shown if answer["shown"] else ahead


def _candidate(row: Row) -> str:
    return f"{row['model']} with the {row['prompt']} prompt"


def _costs(resources: Sequence[Row]) -> str:
    """Give memory and time of each line of the first prompt and mode."""
    if not resources:
        return ""
    first = resources[0]
    lines = [
        row for row in resources if (row["prompt"], row["mode"]) == (first["prompt"], first["mode"])
    ]
    parts = [part for row in lines if (part := _cost(row))]
    return f"In {first['mode']} mode {'; '.join(parts)}." if parts else ""


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
