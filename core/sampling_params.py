"""How tokens are drawn: the sampling parameters that are part of what a run is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from core.model_spec import canonical_hash


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplingParams:
    """Sampling parameters of one generation; ``seed`` is the seed of this repetition."""

    max_tokens: int = 2048
    temperature: float = 0.0
    top_p: float = 1.0
    seed: int = 0
    #: A speed run: a prompt of this many seeded random token ids instead of the problem's text.
    fixed_input_tokens: int | None = None
    #: A speed run: exactly this many output tokens, the end-of-text token ignored.
    fixed_output_tokens: int | None = None

    @property
    def fixed_length(self) -> bool:
        """Whether this is a speed run, whose text means nothing and is never scored."""
        return self.fixed_input_tokens is not None

    @property
    def output_limit(self) -> int:
        """Most output tokens; a speed run generates exactly this many."""
        return self.fixed_output_tokens or self.max_tokens

    @property
    def sampling_hash(self) -> str:
        """SHA-256 (hex) of the parameters."""
        return canonical_hash(self.to_dict())

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready document."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> SamplingParams:
        """Read what ``to_dict`` wrote."""
        return cls(**data)
