"""What a comparison of a stated answer with a reference finds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """``right`` is None where nothing is certain; ``reason`` says why."""

    right: bool | None
    reason: str = ""


RIGHT, WRONG = Verdict(right=True), Verdict(right=False)
