"""What a search was asked for, read from its job."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.sampling_params import SamplingParams
from workers.engines.protocol import GenerationRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The document of ``job.probe``; what a kind does not use is not in it."""

    #: Highest level.
    max_level: int = 64
    #: Trials of a level; of instances, ramps.
    trials: int = 3
    #: Of each request.
    input_tokens: int = 256
    output_tokens: int = 512
    #: Longest 95th percentile of E2E; None: any.
    sla_s: float | None = None
    #: How long engines side by side are kept busy at each level.
    hold_s: float = 60.0
    #: Tokens of the context, of the kind that probes it.
    levels: tuple[int, ...] = ()
    #: Size of a smaller card to emulate; None: the whole card.
    memory_limit_mib: float | None = None
    #: KV cache of each of several engines; None: room for as many sequences as the model takes, each of full length.
    kv_mib: float | None = None

    @classmethod
    def from_probe(cls, probe: Mapping[str, Any]) -> Plan:
        """Read the document of a job; the kind stands beside it."""
        given = {key: value for key, value in probe.items() if key in cls.__dataclass_fields__}
        return cls(**given | {"levels": tuple(probe.get("levels", ()))})

    def requests(
        self, name: str, count: int, seed: int, *, waiting_after_steps: int = 0
    ) -> list[GenerationRequest]:
        """Return so many requests of the fixed length, each with token ids of its own."""
        return [
            GenerationRequest(
                request_id=f"{name}-{number}",
                messages=(),
                waiting_after_steps=waiting_after_steps,
                sampling=SamplingParams(
                    max_tokens=self.output_tokens,
                    seed=seed + number,
                    fixed_input_tokens=self.input_tokens,
                    fixed_output_tokens=self.output_tokens,
                ),
            )
            for number in range(count)
        ]
