"""Requests of one label to vLLM: one token, and the log-probability of each label before a mask."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

#: Most probable tokens to return where the labels alone cannot be asked for; vLLM's own bound.
TOP = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelRequest:
    """How one set of labels is asked for."""

    #: The token of each label, where each is one and this vLLM returns chosen tokens.
    ids: dict[int, str] | None
    labels: tuple[str, ...]

    @property
    def way(self) -> str:
        """The word for it in ``Generation.labels_by``."""
        return "choice" if self.ids is None else "logprob_token_ids"

    def parameters(self) -> Any:
        """Return vLLM's SamplingParams."""
        from vllm import SamplingParams  # noqa: PLC0415
        from vllm.sampling_params import RequestOutputKind, StructuredOutputsParams  # noqa: PLC0415

        asked: dict[str, Any] = {
            "max_tokens": 1, "temperature": 0.0, "output_kind": RequestOutputKind.DELTA,
        }  # fmt: skip
        if self.ids is not None:
            return SamplingParams(**asked, logprob_token_ids=list(self.ids))
        choice = StructuredOutputsParams(choice=list(self.labels))
        return SamplingParams(**asked, logprobs=TOP, structured_outputs=choice)

    def read(self, logprobs: Any) -> tuple[tuple[str, float], ...] | None:
        """Return what vLLM says of the first token, by label or by the token's text."""
        first = logprobs[0] if logprobs else None
        if not first:
            return None
        if self.ids is not None:
            return tuple(
                (label, float(first[token_id].logprob))
                for token_id, label in self.ids.items()
                if token_id in first
            )
        return tuple((str(one.decoded_token), float(one.logprob)) for one in first.values())


def label_request(labels: Sequence[str], tokenizer: Any) -> LabelRequest:
    """Return how this vLLM and tokenizer are asked for these labels."""
    from vllm import SamplingParams  # noqa: PLC0415

    ids: dict[int, str] = {}
    if hasattr(SamplingParams(), "logprob_token_ids"):
        for label in labels:
            tokens = tokenizer.encode(label, add_special_tokens=False)
            if len(tokens) == 1:
                ids[int(tokens[0])] = label
    return LabelRequest(ids=ids if len(ids) == len(labels) else None, labels=tuple(labels))
