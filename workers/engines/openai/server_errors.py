"""What the errors of an OpenAI-compatible server mean for a job: refused, away, or failed."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import openai

from core.model_server import (
    QUOTED_AT_MOST,
    hint,
    redirect_of,
    said_by,
    why_not_connected,
    without_key,
)
from core.model_spec import ModelSpec
from core.settings import masked
from workers import errors
from workers.engines.openai.refusals import refusal
from workers.engines.openai.retry_after import retry_after_s

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


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerErrors:
    """Read the errors of one model's server."""

    spec: ModelSpec

    @property
    def server(self) -> str:
        """Return the server's address, without a password."""
        return masked(str(self.spec.base_url))

    def read(self, error: Exception, *, begun: bool = False) -> errors.EngineError:
        """Return what an error of the client means, not its text: it may quote a refused key.

        ``begun`` says that tokens of the answer had come.
        """
        name, server, key = self.spec.name, self.server, self.spec.api_key_env
        message = without_key(said_by(error), self.spec)
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
                f"model {name!r}: {server} does not serve {self.spec.source!r}: "
                f"{message}{hint(self.spec)}"
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
        where = f"model {self.spec.name!r}: {self.server}"
        if _connection_broke(error):
            if begun:
                lost, error_class = "broke the connection within an answer", errors.CONNECTION_LOST
            else:
                lost, error_class = "is not reachable", errors.SERVER_UNREACHABLE
            why = without_key(why_not_connected(self.spec, error), self.spec)
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


def _connection_broke(error: Exception) -> bool:
    """Return whether the server was not reached, or the connection ended before the answer."""
    modules = ("httpx", "httpcore", "h11", "anyio")
    return isinstance(error, (openai.APIConnectionError, OSError)) or type(
        error
    ).__module__.startswith(modules)


def reported(found: object, response: Any) -> openai.APIError:
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
