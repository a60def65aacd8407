"""What came of staging a fault."""

from __future__ import annotations

from dataclasses import dataclass

from tests.chaos.registry import Fault, Recovery


@dataclass(frozen=True, slots=True, kw_only=True)
class Staged:
    """One fault, staged or not."""

    fault: Fault
    #: None where it could not be staged or something broke.
    recovery: Recovery | None
    #: Promises that were broken, each as a sentence.
    broken: tuple[str, ...] = ()
    #: Why it cannot be staged here.
    reason: str | None = None

    @property
    def verdict(self) -> str:
        """Say in a few words how it went."""
        if self.reason is not None:
            return f"not staged: {self.reason}"
        if self.broken:
            return "BROKEN: " + "; ".join(self.broken)
        assert self.recovery is not None
        return f"holds, {self.recovery.seconds:.1f} s" + (
            f" ({self.recovery.note})" if self.recovery.note else ""
        )
