"""Ask a model's server for the token of each label, as its tokenizer sees it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import openai


async def label_ids(
    client: openai.AsyncOpenAI, served_name: str, labels: Sequence[str], *, timeout_s: float
) -> list[int] | None:
    """Return one token id for each label, all different; None where the server gives no such ids.

    vLLM's server has the route; of others, and of labels of several tokens, nothing is known.
    """
    import httpx  # noqa: PLC0415 - slow to import
    import openai  # noqa: PLC0415

    ids: list[int] = []
    root = str(client.base_url).rstrip("/").removesuffix("/v1")
    for label in labels:
        try:
            async with asyncio.timeout(timeout_s):
                found = await client.post(
                    f"{root}/tokenize",
                    body={"model": served_name, "prompt": label, "add_special_tokens": False},
                    cast_to=httpx.Response,
                )
            tokens = found.json().get("tokens")
        except (openai.APIError, ValueError, AttributeError, TimeoutError):
            return None
        if not isinstance(tokens, list) or len(tokens) != 1 or tokens[0] in ids:
            return None
        ids.append(int(tokens[0]))
    return ids
