"""How long a worker waits: read from the environment once, with defaults for real models."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from core.errors import SettingsError
from db.queue.claims import LEASE_S

#: Every variable that the timeouts read, with its meaning.
VARIABLES: Mapping[str, str] = MappingProxyType(
    {
        "EVALCTL_LEASE_S": "seconds a job's lease lasts without being renewed, that is, until a "
        "dead worker's job is taken back (default: 60)",
        "EVALCTL_SILENCE_S": "longest silence of an engine between tokens, in seconds "
        "(default: 120)",
        "EVALCTL_START_S": "longest engine start, cold compilation included, in seconds "
        "(default: 1200)",
        "EVALCTL_PATIENCE_S": "how long the jobs of a model wait for its server while that serves "
        "none, in seconds, before they are dead (default: 86400)",
        "EVALCTL_JOB_S": "longest attempt at a job, engine start included, in seconds; of a probe, "
        "longest trial (default: 3600)",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """Seconds of patience; Celery's own time limits do nothing in the threads pool."""

    lease_s: float = LEASE_S
    silence_s: float = 120.0
    start_s: float = 1200.0
    job_s: float = 3600.0
    patience_s: float = 86_400.0

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> Timeouts:
        """Read ``VARIABLES`` from ``environ``; raise ``SettingsError`` for an invalid time."""
        values = os.environ if environ is None else environ
        given = {name: values[name] for name in VARIABLES if values.get(name)}
        fields = {name: name.removeprefix("EVALCTL_").lower() for name in given}
        return cls(**{fields[name]: _seconds(name, text) for name, text in given.items()})

    @property
    def beat_s(self) -> float:
        """Time between two renewals of a lease: three may fail before it runs out."""
        return self.lease_s / 4

    @property
    def hang_s(self) -> float:
        """Time without progress after which a worker ends itself, while its lease still holds."""
        return self.silence_s + self.lease_s / 2


def _seconds(name: str, text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0.1 <= seconds <= 1e6:
        raise SettingsError(name, f"must be a number of seconds from 0.1 to 1000000, not {text!r}")
    return seconds
