"""The three sentences at the head of the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Row = Mapping[str, Any]


def summary(
    *,
    models: Sequence[Row],
    overall: Sequence[Row],
    gaps: Sequence[Row],
    resources: Sequence[Row],
    answers: int,
) -> list[str]:
    """Return what was done, who shows more of the derivations, and what that costs."""
    sentences = [_done(models, answers), _scores(overall, gaps), _costs(resources)]
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


def _scores(overall: Sequence[Row], gaps: Sequence[Row]) -> str:
    """Say what the models show under the prompt that has the most answers, and how sure that is."""
    if not overall:
        return "No answer has a score."
    prompts = list(dict.fromkeys(row["prompt"] for row in overall))
    prompt = max(
        prompts, key=lambda name: sum(row["answers"] for row in overall if row["prompt"] == name)
    )
    ranked = sorted(
        (row for row in overall if row["prompt"] == prompt),
        key=lambda row: (-row["score7"], row["model"]),
    )
    under = f" with the {prompt} prompt" if len(prompts) > 1 else ""
    shown = " and ".join(
        f"{row['model']} shows {row['score7']:.2f} ({_share(row['answer_accuracy'])} of its final "
        "answers right)"
        for row in ranked
    )
    sure = "; ".join(_sure(gap) for gap in gaps if gap["prompt"] == prompt)
    return f"Of 7 points for steps{under}, {shown}{f': {sure}' if sure else ''}."


def _sure(gap: Row) -> str:
    """Say whether a difference between two models is more than chance."""
    a, b, difference = gap["a"], gap["b"], gap["difference"]
    problems = _count(gap["problems"], "problem")
    if gap["ci_low"] is None:
        return f"{problems} cannot say how sure the difference of {b} from {a} is"
    ends = f"{gap['ci_low']:+.2f} to {gap['ci_high']:+.2f}"
    measured = f"by {abs(difference):.2f}, 95 % interval of {b} - {a} {ends}, {problems}"
    if gap["ci_low"] > 0 or gap["ci_high"] < 0:
        better, worse = (b, a) if difference > 0 else (a, b)
        return f"{better} derives more than {worse} ({measured})"
    return f"neither {a} nor {b} is shown to derive more ({measured})"


def _costs(resources: Sequence[Row]) -> str:
    """Give memory and time of each line of the first prompt and mode."""
    if not resources:
        return ""
    first = resources[0]
    lines = [
        row for row in resources if (row["prompt"], row["mode"]) == (first["prompt"], first["mode"])
    ]
    parts = [part for row in lines if (part := _cost(row))]
    return f"In {first['mode']} mode: {'; '.join(parts)}." if parts else ""


def _cost(row: Row) -> str:
    figures = []
    if row["need_mib"] is not None:
        where = "resident on the host" if row["memory_kind"] == "host" else "needed on the GPU"
        figures.append(f"{row['need_mib']:,.0f} MiB {where}")
    if row["ttft_ms"] is not None:
        figures.append(f"first token after {row['ttft_ms']:,.0f} ms")
    if row["e2e_s"] is not None:
        figures.append(f"{row['e2e_s']:.2f} s an answer")
    return f"{row['model']} {', '.join(figures)}" if figures else ""


def _share(value: float | None) -> str:
    return "an unknown share" if value is None else f"{100 * value:.0f}\N{NO-BREAK SPACE}%"


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
