"""The verdict on one step, with the place in the answer that it rests on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

#: Only done scores. Undetermined is what the rules cannot decide; it is not held against a step.
VERDICTS = ("done", "present_invalid", "wrong", "missing", "undetermined")


@dataclass(frozen=True, slots=True, kw_only=True)
class StepVerdict:
    """The verdict on one step; ``start`` and ``end`` are offsets in the original text, or None."""

    step_id: str
    verdict: str
    evidence_text: str = ""
    start: int | None = None
    end: int | None = None
    reason: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return the step's part of the JSON contract."""
        evidence = (
            None
            if self.start is None
            else {"text": self.evidence_text, "start": self.start, "end": self.end}
        )
        return {
            "id": self.step_id,
            "verdict": self.verdict,
            "evidence": evidence,
            "reason": self.reason,
        }
