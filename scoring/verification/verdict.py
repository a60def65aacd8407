"""Make a mark of what a model says in one token: its labels' log-probabilities, renormalised."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

from scoring.verification.marks import Mark, MarkedStep
from scoring.verification.request import LABELS

#: A model that gives its labels less than this does not follow the instructions.
MIN_MASS = 0.5
#: A label that has less than this among the labels does not decide.
MIN_PROBABILITY = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A model's mark; ``probability`` is that of its label among the labels."""

    mark: Mark
    reason: str
    probability: float | None
    outside_mass: float | None


def read_verdict(logprobs: Iterable[tuple[str, float]]) -> Verdict:
    """Return the verdict in the log-probabilities of the first token; others may be among them.

    They are those before any mask: what is missing to 1 lies outside the labels. Low mass on the
    labels, or no label with more than half of it, is unverified.
    """
    shares = dict.fromkeys(LABELS, 0.0)
    for token, logprob in logprobs:
        label = token.strip().lstrip("Ġ▁")
        if label in shares and math.isfinite(logprob):
            shares[label] += math.exp(min(0.0, logprob))
    mass = min(1.0, sum(shares.values()))
    outside = round(1.0 - mass, 6)
    if mass < MIN_MASS:
        return Verdict(
            mark="unverified", reason=f"the model gives its labels {mass:.3g} of 1 and is unsure",
            probability=None, outside_mass=outside,
        )  # fmt: skip
    label, share = max(shares.items(), key=lambda item: item[1])
    probability = round(share / mass, 6)
    sure = probability > MIN_PROBABILITY
    mark: Mark = LABELS[label] if sure else "unverified"
    reason = f"the model says {label} with {probability:.2f}"
    return Verdict(mark=mark, reason=reason, probability=probability, outside_mass=outside)


def read_label(text: str) -> Verdict:
    """Return the verdict of a model that gives no log-probabilities: its text is one label."""
    label = text.strip().rstrip(".)").strip()
    if label not in LABELS:
        return Verdict(
            mark="unverified", reason="the model's reply is none of the labels",
            probability=None, outside_mass=None,
        )  # fmt: skip
    return Verdict(
        mark=LABELS[label], reason=f"the model says {label}", probability=None, outside_mass=None
    )


def decided(step: MarkedStep, verdict: Verdict, took_ms: float) -> MarkedStep:
    """Return a step with the model's mark."""
    return replace(
        step,
        mark=verdict.mark,
        by="model",
        reason=verdict.reason,
        probability=verdict.probability,
        outside_mass=verdict.outside_mass,
        latency_ms=step.latency_ms + took_ms,
        model_ms=took_ms,
    )


def late(step: MarkedStep, deadline_ms: float, took_ms: float) -> MarkedStep:
    """Return a step that the model did not mark before the deadline: it stays unverified."""
    return replace(
        step,
        mark="unverified",
        by=None,
        reason=f"no verdict within {deadline_ms:g} ms",
        latency_ms=step.latency_ms + took_ms,
        model_ms=took_ms,
        late=True,
    )
