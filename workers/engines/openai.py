"""Any OpenAI-compatible server: vLLM on several GPUs, a vendor's API. Times are the client's."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
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
    redirect_of,
    said_by,
    served_models,
    served_name,
    why_not_connected,
    without_key,
)
from core.model_spec import ModelSpec
from core.server_address import ServerMisnamed
from core.settings import masked
from core.texts import storable
from workers import errors
from workers.engines.chat_request import (
    asked_for_no_cache,
    no_cache_fields,
    refuses,
)
from workers.engines.chat_stream import ChatStream, same_model
from workers.engines.event_stream import EventDecoder
from workers.engines.label_ways import LabelWay, label_ways
from workers.engines.openai_refusals import refusal
from workers.engines.options import checked_options, request_settings
from workers.engines.protocol import (
    EngineContext,
    Generation,
    GenerationRequest,
    MemoryReport,
    StartReport,
    TokenEvent,
    hash_text,
)
from workers.engines.retry_after import retry_after_s

NO_USAGE = "NO_USAGE"
STREAM_CUT = "STREAM_CUT"
#: The last event of a stream.
DONE = "[DONE]"

#: Refusals that say something about the server and nothing about the request, with their class and
#: what the server does; so does every status from 500 on.
_UNAVAILABLE: Mapping[int, tuple[str, str]] = {
    402: (errors.CREDIT_USED_UP, "wants to be paid before it goes on"),
    408: (errors.SERVER_BUSY, "did not get to the request in time"),
    409: (errors.SERVER_BUSY, "is busy with a change"),
    420: (errors.RATE_LIMITED, "limits its rate"),
    421: (errors.SERVER_BUSY, "sent the request to the wrong place"),
    423: (errors.SERVER_BUSY, "is locked"),
    424: (errors.SERVER_ERROR, "failed behind its gateway"),
    425: (errors.SERVER_BUSY, "is not ready yet"),
    429: (errors.RATE_LIMITED, "limits its rate"),
    499: (errors.SERVER_ERROR, "gave the request up"),
    529: (errors.SERVER_BUSY, "is overloaded"),
}
#: Words in the type or code of an error within a stream, and the status that they stand for.
_IN_WORDS: Mapping[str, int] = {
    "rate_limit": 429, "too_many_requests": 429, "resource_exhausted": 429, "throttl": 429,
    "insufficient_quota": 402, "overloaded": 529, "unavailable": 503,
}  # fmt: skip
#: Of these, those that say nothing about an answer under way.
_BESIDE_THE_ANSWER = frozenset({402, 429, 529})
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
        self._options = checked_options(spec)
        if not spec.base_url:
            raise errors.ModelUnavailable(
                f"model {spec.name!r} names no server: set base_url, e.g. http://127.0.0.1:8000/v1",
                error_class=errors.OPTION_REFUSED,
            )
        self._left_out = frozenset(self._options.get("leave_out") or ())
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
            raise self._translated(error) from error
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
            generation = self._generation(body, reading)
        except errors.EngineError:
            raise
        except (
            Exception
        ) as error:  # a broken stream comes as an error of whichever HTTP library the client uses
            raise self._translated(error, begun=bool(reading.events)) from error
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
            raise _reported(found, response)
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
            raise _reported(chunk, response)
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
        return masked(str(self._spec.base_url))

    def _body(self, request: GenerationRequest, way: LabelWay | None = None) -> dict[str, Any]:
        sampling, options = request.sampling, self._options
        extra = dict(options.get("extra_body") or {})
        template = {**options.get("chat_template_kwargs", {}), **sampling.chat_template_kwargs}
        beyond = {
            "chat_template_kwargs": template,
            "top_k": sampling.top_k,
            "min_p": sampling.min_p,
        }
        extra |= {key: value for key, value in beyond.items() if value is not None and value != {}}
        extra |= no_cache_fields(self._no_cache) if way is None else dict(way.extra)
        body: dict[str, Any] = {
            "model": self._served_name,
            "messages": [
                {"role": message.role, "content": message.content} for message in request.messages
            ],
            "stream": True,
            "stream_options": {"include_usage": True},
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "presence_penalty": sampling.presence_penalty,
            "stop": list(sampling.stop) or None,
            str(options.get("max_tokens_field", "max_tokens")): sampling.max_tokens,
        }
        if options.get("send_seed", True):
            body["seed"] = sampling.seed
        if request.schema is not None:
            body["response_format"] = {
                "type": "json_schema",
                "json_schema": {"name": "reply", "strict": True, "schema": dict(request.schema)},
            }
        body |= {} if way is None else way.body
        # What is None is the server's, that is, in a server that knows it, the model's own.
        sent = {
            key: value
            for key, value in body.items()
            if value is not None and key not in self._left_out
        }
        return sent | ({"extra_body": extra} if extra else {})

    def _generation(self, body: Mapping[str, Any], reading: ChatStream) -> Generation:
        usage = reading.usage
        server = f"model {self._spec.name!r}: {self._server}"
        if reading.cut and not reading.events and not reading.called:
            raise errors.ServerUnavailable(f"{server} ended a stream before the first token")
        if reading.cut or (not reading.done and usage.output_tokens is None):
            raise errors.ServerUnavailable(
                f"{server} ended a stream in the middle of an answer, without a finish_reason and "
                "[DONE]",
                error_class=STREAM_CUT,
                holds=False,
            )
        if reading.overloaded:
            raise errors.ServerUnavailable(
                f"{server} ended an answer for want of resources: {reading.finish_reason}",
                error_class=errors.SERVER_BUSY,
            )
        if reading.failed:
            raise errors.EngineError(
                f"{server} ended an answer with finish_reason {reading.finish_reason!r}",
                error_class=errors.SERVER_ERROR,
            )
        if usage.output_tokens is None or usage.prompt_tokens is None:
            raise errors.EngineError(
                f"{server} ended a stream without token counts (stream_options.include_usage)",
                error_class=NO_USAGE,
            )
        # An emoji may come in halves, in two chunks.
        text, events = storable(reading.text), reading.events
        messages = body["messages"]
        prompt = json.dumps(messages, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        ended_s = reading.ended_s or reading.submitted_s
        return Generation(
            text=text,
            prompt_text=None,
            prompt_hash=hash_text(prompt),
            output_hash=hash_text(text),
            prompt_tokens=usage.prompt_tokens,
            cached_tokens=usage.cached_tokens,
            output_tokens=usage.output_tokens,
            finish_reason=reading.end,
            submitted_s=reading.submitted_s,
            first_token_s=events[0].at_s if events else ended_s,
            last_token_s=events[-1].at_s if events else ended_s,
            first_answer_s=reading.first_answer_s,
            reasoning_tokens=usage.reasoning_tokens,
            hidden_tokens=reading.hidden_tokens,
            untimed=reading.untimed,
            served_model=reading.served_model,
            other_model=not same_model(reading.served_model, str(body["model"])),
            label_logprobs=reading.first_logprobs,
        )

    def _translated(self, error: Exception, *, begun: bool = False) -> errors.EngineError:
        """Return what an error of the client means, not its text: it may quote a refused key.

        ``begun`` says that tokens of the answer had come.
        """
        name, server, key = self._spec.name, self._server, self._spec.api_key_env
        message = without_key(said_by(error), self._spec)
        if isinstance(error, (openai.AuthenticationError, openai.PermissionDeniedError)):
            no_key = "requests without a key: set api_key_env"
            where = f"the key in the environment variable {key}" if key else no_key
            # Words about a key may hold parts of it; those about a right do not.
            said = "" if isinstance(error, openai.AuthenticationError) else f"; it says {message}"
            return errors.ModelUnavailable(f"model {name!r}: {server} refuses {where}{said}")
        if redirected := redirect_of(error):
            return errors.ModelUnavailable(f"model {name!r}: {server}: {redirected}")
        if unavailable := self._unavailable(error, message, begun=begun):
            return unavailable
        if isinstance(error, openai.NotFoundError):
            return errors.ModelUnavailable(
                f"model {name!r}: {server} does not serve {self._spec.source!r}: "
                f"{message}{hint(self._spec)}"
            )
        if isinstance(error, openai.APIStatusError) and 400 <= error.status_code < 500:
            kind, cure = refusal(message)
            refused = f"model {name!r}: {server} refuses the request: {message}{cure}"
            return errors.PromptRejected(refused, error_class=kind)
        sentence = f"model {name!r}: {server} failed: {type(error).__name__}: {message}"
        return errors.EngineError(sentence, error_class=errors.SERVER_ERROR)

    def _unavailable(
        self, error: Exception, message: str, *, begun: bool
    ) -> errors.ServerUnavailable | None:
        """Return the error where it says nothing about the request, else None."""
        where = f"model {self._spec.name!r}: {self._server}"
        if _connection_broke(error):
            if begun:
                lost, error_class = "broke the connection within an answer", errors.CONNECTION_LOST
            else:
                lost, error_class = "is not reachable", errors.SERVER_UNREACHABLE
            why = without_key(why_not_connected(self._spec, error), self._spec)
            return errors.ServerUnavailable(
                f"{where} {lost}: {why}", error_class=error_class, holds=not begun
            )
        status = _status(error)
        if status is None or (status < 500 and status not in _UNAVAILABLE):
            return None
        in_stream = not isinstance(error, openai.APIStatusError)
        if begun and in_stream and status not in _BESIDE_THE_ANSWER:
            return None  # an error within an answer may come from the answer
        error_class, does = _UNAVAILABLE.get(status, (errors.SERVER_ERROR, "failed"))
        return errors.ServerUnavailable(
            f"{where} {does}: {message}",
            error_class=error_class,
            retry_after_s=retry_after_s(_headers(error)),
        )


def _labelled(generation: Generation, way: LabelWay) -> Generation:
    """Return the answer to a request for a label, with how it was read."""
    said = "text" if generation.label_logprobs is None else way.name
    return replace(generation, labels_by=said)


def _connection_broke(error: Exception) -> bool:
    """Return whether the server was not reached, or the connection ended before the answer."""
    modules = ("httpx", "httpcore", "h11", "anyio")
    return isinstance(error, (openai.APIConnectionError, OSError)) or type(
        error
    ).__module__.startswith(modules)


def _reported(found: object, response: Any) -> openai.APIError:
    """Return what a server reports in place of a chunk or a document with choices, as an error."""
    error = found.get("error") or found if isinstance(found, dict) else found
    said = error.get("message") if isinstance(error, dict) else error
    if not isinstance(said, str):
        said = json.dumps(error, ensure_ascii=False)[:QUOTED_AT_MOST]
    return openai.APIError(
        said or "an error without a message", request=response.http_request, body=error
    )


def _status(error: Exception) -> int | None:
    """Return the status of a refusal, or of an error that the server sent in its stream."""
    if isinstance(error, openai.APIStatusError):
        return error.status_code
    if not isinstance(error, openai.APIError):
        return None
    code = str(getattr(error, "code", None) or "")
    if re.fullmatch(r"[45]\d\d", code, re.ASCII):
        return int(code)
    words = f"{code} {getattr(error, 'type', None) or ''}".lower()
    return next((status for word, status in _IN_WORDS.items() if word in words), None)


def _headers(error: Exception) -> dict[str, str]:
    """Return the headers of a refusal, with their names in lower case."""
    if not isinstance(error, openai.APIStatusError):
        return {}
    return {name.lower(): value for name, value in error.response.headers.items()}
