"""Time scoring on one core over the labelled answers, beside math-verify alone.

Processor time: what else a machine does changes it less than the time on the clock.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence

from bench.figure import Figure
from problems.labelling import load_labelled
from problems.loader import SHIPPED, load_set
from scoring.score import score_text

LABELLED = SHIPPED.parent / "labelled"


def measure() -> list[Figure]:
    """Return median, p95 and p99 of both in milliseconds per answer."""
    answers = [
        (answer.problem, answer.text)
        for answer in load_labelled(LABELLED, load_set("core")).answers
    ]
    for problem, _text in answers:
        score_text(problem, "warm-up: compiles the problem")
    ours = _times_ms([lambda p=p, t=t: score_text(p, t) for p, t in answers])  # type: ignore[misc]
    theirs = _times_ms(_math_verify([text for _problem, text in answers]))
    problems = {problem.id for problem, _text in answers}
    settings = {"answers": len(answers), "problems": len(problems)}
    figures = []
    for name, times, targets in (
        ("scoring", ours, {"median": "<= 5", "p99": "<= 150"}),
        ("math_verify_alone", theirs, {}),
    ):
        cuts = statistics.quantiles(times, n=100)
        found = {"median": statistics.median(times), "p95": cuts[94], "p99": cuts[98]}
        for label, value in found.items():
            figures.append(
                Figure(f"{name}.{label}", value, "ms", target=targets.get(label), settings=settings)
            )
    ratio = statistics.median(ours) / statistics.median(theirs)
    figures.append(
        Figure("scoring.median_share", ratio, "x math-verify", target="<= 4", settings=settings)
    )
    return figures


def _math_verify(texts: Sequence[str]) -> list[Callable[[], object]]:
    from math_verify import parse  # noqa: PLC0415 - slow to import

    parse("$1$")
    return [lambda text=text: parse(text, parsing_timeout=5) for text in texts]  # type: ignore[misc]


def _times_ms(calls: Sequence[Callable[[], object]]) -> list[float]:
    times = []
    for call in calls:
        started_s = time.process_time()
        call()
        times.append((time.process_time() - started_s) * 1000)
    return times
