"""How a chat server is asked for one label: the first way that it takes, found once a client."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from core.label_tokens import label_ids

if TYPE_CHECKING:
    import openai

#: Most probable tokens to ask for; no server gives more.
TOP = 20
#: How long the server may take to tokenize a label.
TOKENIZE_S = 10.0
_LOGPROBS = {"logprobs": True, "top_logprobs": TOP}


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelWay:
    """One way to ask: the fields of the request, and vendors' fields beside them."""

    name: str
    body: Mapping[str, Any] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)


async def label_ways(
    client: openai.AsyncOpenAI, served_name: str, labels: Sequence[str]
) -> tuple[LabelWay, ...]:
    """Return the ways to try, the best first; any server takes the last one.

    ``logprob_token_ids`` returns exactly the labels, ``choice`` masks all other tokens, ``top``
    takes the labels among the most probable tokens, ``text`` has no log-probabilities.
    """
    ids = await label_ids(client, served_name, labels, timeout_s=TOKENIZE_S)
    exact = LabelWay(
        name="logprob_token_ids", body=_LOGPROBS, extra={"logprob_token_ids": list(ids or ())}
    )
    choice = {"structured_outputs": {"choice": list(labels)}}
    return (
        *((exact,) if ids is not None else ()),
        LabelWay(name="choice", body=_LOGPROBS, extra=choice),
        LabelWay(name="top", body=_LOGPROBS),
        LabelWay(name="text"),
    )
