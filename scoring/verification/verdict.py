"""Make a mark of what a model says in one token: its labels' log-probabilities, renormalised."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from scoring.verification.marks import Mark
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
