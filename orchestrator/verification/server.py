"""A verifier model behind a server: one label for one step, before its deadline."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from core.label_tokens import label_ids
from core.model_server import open_client, said_by, why_not_connected, without_key
from core.model_spec import ModelSpec
from core.server_address import ServerMisnamed
from orchestrator.errors import UsageFault
from scoring.verification.marks import MarkedStep
from scoring.verification.request import LABELS
from scoring.verification.verdict import decided, late, read_verdict

if TYPE_CHECKING:
    import openai

#: How long the first contact may take: it is not part of any step's time.
CONTACT_S = 60.0
TOP = 20


def refuse_worker_model(spec: ModelSpec) -> None:
    """Raise ``UsageFault`` for a model that no server serves."""
    if spec.engine != "openai":
        raise UsageFault(
            f"model {spec.name!r} runs inside a worker: serve it (`vllm serve`) and register it "
            'with engine = "openai" and its base_url to verify with it'
        )


@asynccontextmanager
async def opened_server(spec: ModelSpec) -> AsyncIterator[VerifierServer]:
    """Yield the server of a model; raise ``UsageFault`` where its address cannot be used."""
    try:
        client = open_client(spec, connect_timeout_s=CONTACT_S)
    except ServerMisnamed as error:
        raise UsageFault(str(error)) from error
    try:
        yield VerifierServer(client, spec)
    finally:
        await client.close()


class VerifierServer:
    """One model's server, and the way in which it gives the labels' log-probabilities."""

    def __init__(self, client: openai.AsyncOpenAI, spec: ModelSpec) -> None:
        self._client = client
        self._spec = spec
        self.way: str | None = None
        self._extra: dict[str, Any] = {}

    async def choose_way(self, messages: Sequence[dict[str, str]]) -> None:
        """Find the first way that the server takes; the prompt is in its cache afterwards.

        ``logprob_token_ids`` returns exactly the labels, ``choice`` masks all other tokens, ``top``
        takes the labels among the most probable tokens. Raise ``UsageFault``.
        """
        import openai  # noqa: PLC0415 - slow to import

        ways: list[tuple[str, dict[str, Any]]] = []
        ids = await label_ids(self._client, self._spec.source, tuple(LABELS), timeout_s=CONTACT_S)
        if ids is not None:
            ways.append(("logprob_token_ids", {"logprob_token_ids": ids}))
        ways.append(("choice", {"structured_outputs": {"choice": list(LABELS)}}))
        ways.append(("top", {}))
        refusal: Exception | None = None
        for way, extra in ways:
            try:
                async with asyncio.timeout(CONTACT_S):
                    found = await self._logprobs(messages, extra)
            except (openai.BadRequestError, openai.UnprocessableEntityError) as error:
                refusal = error
                continue
            except TimeoutError as error:
                raise UsageFault(
                    f"the server of model {self._spec.name!r} gave no verdict within "
                    f"{CONTACT_S:g} s"
                ) from error
            except openai.APIConnectionError as error:
                why = without_key(why_not_connected(self._spec, error), self._spec)
                raise UsageFault(f"the server of model {self._spec.name!r}: {why}") from error
            except openai.APIError as error:
                refusal = error
                break
            if found:
                self.way, self._extra = way, extra
                return
        said = "it gives no log-probabilities" if refusal is None else said_by(refusal)
        raise UsageFault(
            f"model {self._spec.name!r} cannot verify: {without_key(said, self._spec)}"
        )

    async def mark(
        self, step: MarkedStep, messages: Sequence[dict[str, str]], deadline_ms: float
    ) -> MarkedStep:
        """Return a step with the model's mark, or unverified at the deadline."""
        import openai  # noqa: PLC0415

        began_s = time.monotonic()
        try:
            async with asyncio.timeout(deadline_ms / 1000):
                verdict = read_verdict(await self._logprobs(messages, self._extra))
        except TimeoutError:
            return late(step, deadline_ms, (time.monotonic() - began_s) * 1000)
        except openai.APIError as error:
            said = without_key(said_by(error), self._spec)
            return replace(step, reason=f"the model's server failed: {said}")
        return decided(step, verdict, (time.monotonic() - began_s) * 1000)

    async def _logprobs(
        self, messages: Sequence[dict[str, str]], extra: dict[str, Any]
    ) -> list[tuple[str, float]]:
        made: Any = await self._client.chat.completions.create(
            model=self._spec.source,
            messages=list(messages),  # type: ignore[arg-type]
            max_tokens=1,
            temperature=0,
            logprobs=True,
            top_logprobs=TOP,
            extra_body=extra,
        )
        choices = getattr(made, "choices", None) or []
        logprobs = getattr(choices[0], "logprobs", None) if choices else None
        content = getattr(logprobs, "content", None) or []
        return [(one.token, one.logprob) for one in content[0].top_logprobs] if content else []
