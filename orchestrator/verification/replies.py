"""A model's replies on disk, so that an interrupted bench goes on where it stopped."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from core.model_spec import ModelSpec, canonical_hash
from scoring.verification.marks import MARKS, MarkedStep

#: What a model's reply says of a step.
_SAID = ("mark", "by", "reason", "probability", "outside_mass", "model_ms", "late")


@dataclass(slots=True)
class KeptReplies:
    """Replies by the hash of what the model was sent; appended one line at a time."""

    path: Path
    known: dict[str, dict[str, Any]]

    @classmethod
    def opened(cls, home: Path, spec: ModelSpec, **conditions: float) -> KeptReplies:
        """Read the replies of a model under these conditions; a torn last line is left out."""
        identity = canonical_hash({"spec": spec.spec_hash, **conditions})
        path = home / "verify-bench" / f"{identity[:16]}.jsonl"
        known = {}
        if path.exists():
            for line in path.read_text(encoding="utf-8").splitlines():
                row = _row(line)
                if row is not None:
                    known[row["key"]] = row
        return cls(path=path, known=known)

    def forget(self) -> None:
        """Drop what is kept."""
        self.known.clear()
        self.path.unlink(missing_ok=True)

    def marked(self, key: str, step: MarkedStep) -> MarkedStep | None:
        """Return a step as the kept reply marks it; None where there is none."""
        row = self.known.get(key)
        if row is None:
            return None
        return replace(step, **{name: row[name] for name in _SAID}, latency_ms=row["model_ms"])

    @property
    def labels_by(self) -> str | None:
        """How the labels' log-probabilities were had; None before the first reply."""
        last = next(reversed(self.known.values()), None)
        return None if last is None else last["labels_by"]

    def keep(self, key: str, step: MarkedStep, *, labels_by: str) -> None:
        """Append the reply that a step was marked by."""
        row = {"key": key, "labels_by": labels_by, **{name: getattr(step, name) for name in _SAID}}
        self.known[key] = row
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # A separate line even behind a torn one; one write each, so that two benches can append.
        line = f"\n{json.dumps(row)}\n".encode()
        descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(descriptor, line)
        finally:
            os.close(descriptor)


def _row(line: str) -> dict[str, Any] | None:
    try:
        row = json.loads(line)
    except ValueError:
        return None
    fits = (
        isinstance(row, dict) and {"key", "labels_by", *_SAID} <= set(row) and row["mark"] in MARKS
    )
    return row if fits and isinstance(row["model_ms"], int | float) else None
