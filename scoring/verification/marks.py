"""Marks on the steps of a derivation, and who gave them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

#: ``consistent``: follows from what stands before; ``needs_premise``: follows only under a
#: condition that is not stated; ``wrong``: contradicts what stands before; ``unverified``: not
#: decided.
Mark = Literal["consistent", "needs_premise", "wrong", "unverified"]
MARKS: tuple[Mark, ...] = ("consistent", "needs_premise", "wrong", "unverified")
#: From the strongest: a step has the strongest mark of the relations that it states.
_STRENGTH: dict[Mark, int] = {"wrong": 3, "needs_premise": 2, "consistent": 1, "unverified": 0}
SIGNS: dict[Mark, str] = {
    "consistent": "✓", "needs_premise": "⚠", "wrong": "✗", "unverified": "·",
}  # fmt: skip
#: Words of a mark where it stands in a sentence.
SPOKEN: dict[Mark, str] = {
    "consistent": "consistent", "needs_premise": "needs a premise", "wrong": "wrong",
    "unverified": "unverified",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a check says of one relation."""

    mark: Mark
    reason: str


UNDECIDED = Finding(mark="unverified", reason="")


def strongest(findings: list[Finding]) -> Finding:
    """Return the finding that a step is marked by; the first of equals."""
    return max(findings, key=lambda one: _STRENGTH[one.mark], default=UNDECIDED)


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkedStep:
    """One step of a derivation with its mark; offsets are those of the original text.

    ``parsed`` says that the step states a relation that could be computed on both sides.
    ``latency_ms`` is the time that the mark took.
    """

    index: int
    text: str
    start: int
    end: int
    mark: Mark
    by: Literal["rule", "model"] | None
    reason: str
    parsed: bool
    latency_ms: float
    #: What a model is shown of the step: its sentences that state something; empty for none.
    stated: str = ""
    #: Of the model's verdict, over the labels alone.
    probability: float | None = None
    #: Probability that the model gave to anything but the labels.
    outside_mass: float | None = None
    #: From the request to the model's label or the deadline; None where it was not sent the step.
    model_ms: float | None = None
    #: Whether the model gave no label before the deadline.
    late: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON contract of a step of ``evalctl verify``."""
        return {
            "index": self.index,
            "text": self.text,
            "start": self.start,
            "end": self.end,
            "mark": self.mark,
            "by": self.by,
            "reason": self.reason,
            "parsed": self.parsed,
            "latency_ms": round(self.latency_ms, 3),
            "probability": self.probability,
            "outside_mass": self.outside_mass,
            "model_ms": None if self.model_ms is None else round(self.model_ms, 3),
            "late": self.late,
        }
