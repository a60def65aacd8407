"""One trial at one level of a search, as it is stored, and which engine failures are a finding."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from core.states import PointOutcome
from db.models import ProbePoint
from workers import errors

#: Reasons of trials that finished and yet were not stable; a failed one has the class of its error.
PREEMPTED = "PREEMPTED"
WAITING = "WAITING"
SLA = "SLA"
MEMORY_GROWS = "MEMORY_GROWS"
#: The GPU reported an XID error during the trial.
XID = "XID"

#: Errors that come from how the worker or the model is set up, not from a level.
NO_FINDING = frozenset(
    {
        errors.BACKEND_REFUSED, errors.MEMORY_LIMIT, errors.MODEL_UNAVAILABLE,
        errors.OPTION_REFUSED, errors.PREFIX_CACHE_HIT, errors.PROMPT_TOO_LONG,
        errors.REQUEST_REFUSED, "SAMPLER_DIED",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """The result of one trial; its fields are the columns of ``probe_point``. None: unknown."""

    level: int
    #: 1, 2, ... at this level.
    trial: int
    outcome: PointOutcome
    #: None exactly where the trial was stable.
    reason: str | None = None
    sentence: str | None = None
    requests: int = 0
    errors: int = 0
    #: The start that was probed, the last one of several.
    boot_id: int | None = None
    preemptions: int | None = None
    waiting_steps: int | None = None
    ttft_p50_ms: float | None = None
    ttft_p95_ms: float | None = None
    e2e_p50_s: float | None = None
    e2e_p95_s: float | None = None
    tokens_per_s: float | None = None
    memory_kind: str | None = None
    #: Of all engines together.
    need_mib: float | None = None
    kv_used_mib: float | None = None
    #: In use before the search, at the peak of the trial and after it, without the ballast of an
    #: emulated GPU.
    base_mib: float | None = None
    peak_mib: float | None = None
    after_mib: float | None = None
    answer_right: bool | None = None
    #: JSON-ready.
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def stable(self) -> bool:
        """Whether it finished within all limits."""
        return self.outcome is PointOutcome.STABLE

    @classmethod
    def from_row(cls, row: ProbePoint) -> Trial:
        """Read a stored trial."""
        return cls(
            **{name: getattr(row, name) for name in _NAMES} | {"outcome": PointOutcome(row.outcome)}
        )

    def to_document(self) -> dict[str, Any]:
        """Return the JSON-ready columns of its row."""
        document = {name: getattr(self, name) for name in _NAMES}
        return document | {"outcome": self.outcome.value, "details": dict(self.details)}


_NAMES = tuple(item.name for item in fields(Trial))


def is_finding(error: errors.EngineError) -> bool:
    """Return whether an engine's failure is a result of the search rather than of its set-up.

    Out of memory, dead, silent or not starting is a finding. A refused option or backend, an
    unknown model or a GPU that other processes use is not.
    """
    if error.kind == "rejected" or error.error_class in NO_FINDING:
        return False
    # vLLM itself reports too little free memory as out of memory; the guard refuses a GPU in use.
    return error.error_class != errors.INIT_FREE_MEM or error.kind == "out_of_memory"
