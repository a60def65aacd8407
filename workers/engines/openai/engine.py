"""Any OpenAI-compatible server: vLLM on several GPUs, a vendor's API. Times are the client's."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager, suppress
from dataclasses import replace
from importlib import metadata
from typing import Any

import openai

from core.chat_options import refusal_of
from core.model_server import (
    QUOTED_AT_MOST,
    hint,
    open_client,
    served_models,
    served_name,
    without_key,
)
from core.model_spec import ModelSpec
from core.server_address import ServerMisnamed
from core.texts import storable
from workers import errors
from workers.engines.openai.answer import read_answer
from workers.engines.openai.event_stream import EventDecoder
from workers.engines.openai.label_ways import LabelWay, label_ways
from workers.engines.openai.request import (
    asked_for_no_cache,
    refuses,
    request_body,
)
from workers.engines.openai.server_errors import ServerErrors, reported
from workers.engines.openai.stream import ChatStream
from workers.engines.options import checked_options, request_settings
from workers.engines.protocol import (
    EngineContext,
    Generation,
    GenerationRequest,
    MemoryReport,
    StartReport,
    TokenEvent,
)

#: The last event of a stream.
DONE = "[DONE]"

#: Seconds that a response may stay open after its last event, so that its connection is kept.
_CLOSES_S = 1.0
_NO_MEMORY = MemoryReport(kind=None, reasons={"*": "the server's memory cannot be seen from here"})


class OpenAIEngine:
    """One model of one server, by streaming chat completions. Nothing is retried: a job is."""

    #: A client has nothing to dispose of: what ends one request leaves the others alone.
    independent = True

    def __init__(self, spec: ModelSpec, context: EngineContext) -> None:
        self._spec = spec
        self._context = context
        self._errors = ServerErrors(spec=spec)
        self._options = checked_options(spec)
        if not spec.base_url:
            raise errors.ModelUnavailable(
                f"model {spec.name!r} names no server: set base_url, e.g. http://127.0.0.1:8000/v1",
                error_class=errors.OPTION_REFUSED,
            )
        #: The model's name on the server.
        self._served_name = spec.source
        if refused := refusal_of(self._options):
            raise errors.ModelUnavailable(
                f"model {spec.name!r}: {refused}", error_class=errors.OPTION_REFUSED
            )
        #: The field that asks for no cached prompt; None where the server has none.
        self._no_cache: str | None = None
        self._client: openai.AsyncOpenAI | None = None
        #: The ways to ask for these labels that the server has not refused, the best first.
        self._label_ways: dict[tuple[str, ...], tuple[LabelWay, ...]] = {}

    async def start(self) -> StartReport:
        """Reach the server and find the model. Raise ModelUnavailable or EngineStartFailed."""
        started_s = time.monotonic()
        connect_timeout_s = float(self._options.get("connect_timeout_s", 10))
        try:
            self._client = open_client(self._spec, connect_timeout_s=connect_timeout_s)
        except ServerMisnamed as error:
            raise errors.ModelUnavailable(str(error)) from error
        try:
            served = await served_models(self._client, timeout_s=30)
        except openai.APIError as error:
            await self.stop()
            raise self._errors.read(error) from error
        name = served_name(self._spec.source, served) if served else self._spec.source
        if name is None:
            await self.stop()
            raise errors.ModelUnavailable(
                f"model {self._spec.name!r}: {self._server} does not serve "
                f"{self._spec.source!r}; it serves {', '.join(sorted(served)[:8])}"
            )
        self._served_name = name
        served_model = served.get(name, {})
        owner, length = served_model.get("owned_by"), served_model.get("max_model_len")
        owned_by = storable(owner) if isinstance(owner, str) else None
        self._no_cache = asked_for_no_cache(owned_by, self._options)
        return StartReport(
            engine_version=f"openai-compatible {owned_by or ''}".strip(),
            environment={
                "openai": metadata.version("openai"),
                "base_url": self._server,
            },
            config={
                "served_model": self._spec.source,
                "owned_by": owned_by,
                "max_model_len": length if isinstance(length, int) else None,
                "max_num_seqs": int(
                    self._spec.concurrency or self._options.get("max_num_seqs") or 4
                ),
                **request_settings(self._spec, server_options=self._options),
                "base_url": self._server,
                "no_cache": self._no_cache,
            },
            memory=_NO_MEMORY,
            started_s=started_s,
            ready_s=time.monotonic(),
        )

    async def generate(self, request: GenerationRequest) -> AsyncIterator[TokenEvent | Generation]:
        """Yield one event a chunk, then the Generation.

        A chunk may carry several tokens, without their ids.

        Raise PromptRejected (also for fixed lengths, which need token ids), ModelUnavailable for a
        refused key, ServerUnavailable where the server is away, limits or fails, EngineError
        (SERVER_ERROR, NO_USAGE) for a stream that cannot be read or did not end in order. None ends
        more than the request.
        """
        if self._client is None:
            raise errors.EngineDied(f"model {self._spec.name!r} is not connected")
        if request.sampling.fixed_length:
            why = "fixed-length runs need exact token ids, which a chat server does not accept"
            sentence = f"model {self._spec.name!r}: {why}"
            raise errors.PromptRejected(sentence, error_class=errors.REQUEST_REFUSED)
        if not request.labels:
            async with aclosing(self._answer(self._body(request))) as answer:
                async for item in answer:
                    yield item
            return
        ways = await self._ways(request.labels)
        for at, way in enumerate(ways):
            try:
                async with aclosing(self._answer(self._body(request, way))) as answer:
                    async for item in answer:
                        yield item if isinstance(item, TokenEvent) else _labelled(item, way)
            except errors.PromptRejected:
                if at == len(ways) - 1:
                    raise
            else:
                self._label_ways[request.labels] = ways[at:]
                return

    async def _ways(self, labels: tuple[str, ...]) -> tuple[LabelWay, ...]:
        assert self._client is not None
        if labels not in self._label_ways:
            found = await label_ways(self._client, self._served_name, labels)
            self._label_ways.setdefault(labels, found)
        return self._label_ways[labels]

    async def _answer(self, body: dict[str, Any]) -> AsyncGenerator[TokenEvent | Generation]:
        """Send one request; yield its events, then the Generation."""
        reading = ChatStream(submitted_s=time.monotonic())
        try:
            async with self._opened(body, reading) as response:
                async for event in self._events(response, reading):
                    yield event
            generation = read_answer(f"model {self._spec.name!r}: {self._server}", body, reading)
        except errors.EngineError:
            raise
        except (
            Exception
        ) as error:  # a broken stream comes as an error of whichever HTTP library the client uses
            raise self._errors.read(error, begun=bool(reading.events)) from error
        yield generation

    @asynccontextmanager
    async def _opened(self, body: dict[str, Any], reading: ChatStream) -> AsyncIterator[Any]:
        """Send the request; without the field against the cache where the server refuses that."""
        assert self._client is not None
        send = self._client.chat.completions.with_streaming_response.create
        async with AsyncExitStack() as stack:
            try:
                response = await stack.enter_async_context(send(**body))
            except openai.APIStatusError as error:
                field = self._no_cache
                if error.status_code not in {400, 422} or not refuses(str(error), field):
                    raise
                self._no_cache = None
                body.get("extra_body", {}).pop(field, None)
                reading.submitted_s = time.monotonic()
                response = await stack.enter_async_context(send(**body))
            yield response

    async def _events(self, response: Any, reading: ChatStream) -> AsyncIterator[TokenEvent]:
        """Read a response to its last event; what arrived together has one time."""
        decoder = EventDecoder()
        async with aclosing(response.iter_bytes()) as parts:
            async for data in parts:
                at_s = time.monotonic()
                for event in decoder.feed(data):
                    if token := self._take(event, at_s, reading, response):
                        yield token
                if reading.done:
                    break
            if reading.done:  # To read on keeps the connection; some servers leave it open.
                with suppress(TimeoutError):
                    async with asyncio.timeout(_CLOSES_S):
                        async for _ in parts:
                            pass
                return
        for event in self._rest(decoder, response):
            if token := self._take(event, time.monotonic(), reading, response):
                yield token

    def _rest(self, decoder: EventDecoder, response: Any) -> list[str]:
        """Return what an ended response leaves to take; raise for a page or no answer at all."""
        document = decoder.document
        if document is None:
            return decoder.end()
        if document.lstrip().startswith("<"):
            page = " ".join(re.sub(r"<[^<>]*>", " ", document).split())[:QUOTED_AT_MOST]
            said = without_key(page, self._spec)
            raise errors.ServerUnavailable(
                f"model {self._spec.name!r}: {self._server} answers with a page in place of an "
                f"answer: {said}{hint(self._spec)}",
                error_class=errors.SERVER_ERROR,
            )
        found = json.loads(document)
        if not isinstance(found, dict) or not isinstance(found.get("choices"), list):
            raise reported(found, response)
        return [document, DONE]

    def _take(
        self, event: str, at_s: float, reading: ChatStream, response: Any
    ) -> TokenEvent | None:
        if event.strip().startswith(DONE):
            reading.done = True
            return None
        if reading.done:
            return None
        chunk = json.loads(event)
        if isinstance(chunk, dict) and (chunk.get("error") or chunk.get("object") == "error"):
            raise reported(chunk, response)
        return reading.take(chunk, at_s)

    async def memory_report(self) -> MemoryReport:
        """Return a report without numbers."""
        return _NO_MEMORY

    async def stop(self) -> None:
        """Close the connections."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    @property
    def _server(self) -> str:
        """The server's address, without a password."""
        return self._errors.server

    def _body(self, request: GenerationRequest, way: LabelWay | None = None) -> dict[str, Any]:
        return request_body(
            request, self._options, model=self._served_name, no_cache=self._no_cache, way=way
        )


def _labelled(generation: Generation, way: LabelWay) -> Generation:
    """Return the answer to a request for a label, with how it was read."""
    said = "text" if generation.label_logprobs is None else way.name
    return replace(generation, labels_by=said)
