"""What a stream of chat completions reports: text, token counts, times, and how it ended.

Pure: documents and the moments of their arrival in, an answer out. Servers differ, so every field
may be missing, null or of another type; what cannot be read counts as not reported.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from core.texts import storable
from workers.engines.answer_start import first_answer_s
from workers.engines.protocol import BUFFERED, HIDDEN_REASONING, NO_TEXT, TokenEvent

CONTENT_FILTER = "content_filter"
TOOL_CALLS = "tool_calls"
UNKNOWN = "unknown"
#: Ends that say that the server failed, not that the model was done.
FAILED_ENDS = frozenset(
    {"error", "abort", "aborted", "cancelled", "failed", "failure", "internal_error",
     "network_error", "server_error", "timeout"}
)  # fmt: skip
#: Ends that say that the server has too much to do.
OVERLOADED_ENDS = frozenset({"insufficient_system_resource", "load_shed", "overloaded"})
_FILTER_ENDS = frozenset(
    {"content_filter", "content-filter", "content_filtered", "guardrail_intervened", "safety",
     "image_safety", "recitation", "image_recitation", "blocklist", "refusal",
     "prohibited_content", "image_prohibited_content", "sensitive", "spii", "error_toxic"}
)  # fmt: skip
_TOOL_ENDS = frozenset(
    {"tool_calls", "tool_call", "function_call", "tool_use", "malformed_function_call",
     "malformed_tool_use", "unexpected_tool_call"}
)  # fmt: skip
_OTHER_NAMES = {
    "max_tokens": "length", "max_output_tokens": "length", "model_length": "length",
    "max_length": "length", "error_limit": "length", "context_length_exceeded": "length",
    "model_context_window_exceeded": "length", "eos": "stop", "eos_token": "stop",
    "end_turn": "stop", "stop_sequence": "stop", "complete": "stop", "completed": "stop",
}  # fmt: skip
#: Most characters of a server's own word for an end.
_WORD_AT_MOST = 64

#: With fewer arrivals than this and more tokens than that in each, the first one holds such a
#: share of the tokens that the rest say little about the rate.
FEW_ARRIVALS = 20
MANY_TOKENS = 4.0
#: No server makes tokens of one request faster; a stream that seems to was held back.
FASTEST_MS = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Token counts of a request, as far as the server reports them."""

    prompt_tokens: int | None
    #: All of them, hidden ones included.
    output_tokens: int | None
    #: Of the prompt, taken from a cache.
    cached_tokens: int | None
    #: Of the output, spent on thinking.
    reasoning_tokens: int | None

    @classmethod
    def read(cls, found: object) -> Usage:
        """Read a ``usage`` object of any server; a count is derived where two others give it."""
        prompt = _count(found, "prompt_tokens", "input_tokens")
        output = _count(found, "completion_tokens", "output_tokens")
        total = _count(found, "total_tokens")
        details = _field(found, "completion_tokens_details", "output_tokens_details")
        reasoning = _count(details, "reasoning_tokens")
        if reasoning is None:
            reasoning = _count(found, "reasoning_tokens")
        if output is None and total is not None and prompt is not None and total >= prompt:
            output = total - prompt
        elif prompt is None and total is not None and output is not None and total >= output:
            prompt = total - output
        elif reasoning and output is not None and prompt is not None:
            # Some count the thinking beside the answer and not in it.
            beside = total == prompt + output + reasoning
            output += reasoning if beside or reasoning > output else 0
        cached = _count(
            _field(found, "prompt_tokens_details", "input_tokens_details"), "cached_tokens"
        )
        if cached is None:
            cached = _count(
                found, "cached_tokens", "prompt_cache_hit_tokens", "cache_read_input_tokens"
            )
        return cls(
            prompt_tokens=prompt,
            output_tokens=output,
            cached_tokens=cached,
            reasoning_tokens=reasoning,
        )


@dataclass(slots=True)
class ChatStream:
    """One streamed answer, read chunk by chunk."""

    submitted_s: float
    events: list[TokenEvent] = field(default_factory=list)
    #: As the server spells it; None until one came.
    finish_reason: str | None = None
    #: Whether the server said that nothing follows.
    done: bool = False
    #: When the last chunk of any kind arrived.
    ended_s: float | None = None
    #: The last model that a chunk named.
    served_model: str | None = None
    #: Whether thinking was streamed, and whether the model called a tool.
    thought: bool = False
    called: bool = False
    #: Log-probabilities of the most probable first tokens, where the server gives some.
    first_logprobs: tuple[tuple[str, float], ...] | None = None
    _usage: Mapping[str, Any] | None = None

    def take(self, chunk: object, at_s: float) -> TokenEvent | None:
        """Read a chunk; return an event if it has tokens, those of thinking without text."""
        self.ended_s = at_s
        usage = _field(chunk, "usage")
        if isinstance(usage, Mapping) and usage:
            self._usage = usage
        model = _field(chunk, "model")
        if isinstance(model, str) and model:
            self.served_model = model
        first = _choice(_field(chunk, "choices"))
        reason = _field(first, "finish_reason")
        if isinstance(reason, str) and reason:
            self.finish_reason = storable(reason[:_WORD_AT_MOST])
        if self.first_logprobs is None:
            self.first_logprobs = _top_logprobs(_field(first, "logprobs"))
        # A server that does not stream sends one document with the message in place of a delta.
        return self._delta(_field(first, "delta", "message"), at_s)

    def _delta(self, delta: object, at_s: float) -> TokenEvent | None:
        self.called = self.called or bool(_field(delta, "tool_calls", "function_call"))
        answer = _text(_field(delta, "content")) or _text(_field(delta, "refusal"))
        thinking = bool(_field(delta, "reasoning_content", "reasoning", "thinking"))
        if not answer and not thinking:
            return None  # the first chunk names the role alone
        self.thought = self.thought or thinking
        event = TokenEvent(at_s=at_s, token_ids=(), text=answer)
        self.events.append(event)
        return event

    @property
    def text(self) -> str:
        """The answer; halves of a character that came as two escapes are put together."""
        joined = "".join(event.text for event in self.events)
        return joined.encode("utf-16", "surrogatepass").decode("utf-16", "replace")

    @property
    def usage(self) -> Usage:
        """The last counts that came."""
        return Usage.read(self._usage)

    @property
    def cut(self) -> bool:
        """Whether the stream broke off: neither a reason for its end nor the word that it ended."""
        return self.finish_reason is None and not self.done

    @property
    def end(self) -> str:
        """How the answer ended: stop, length, content_filter, tool_calls, or the server's word."""
        if self.finish_reason is None:
            return TOOL_CALLS if self.called else UNKNOWN
        reason = self.finish_reason.lower()
        if reason in _FILTER_ENDS:
            return CONTENT_FILTER
        if reason in _TOOL_ENDS or self.called:
            return TOOL_CALLS
        return _OTHER_NAMES.get(reason, reason)

    @property
    def failed(self) -> bool:
        """Whether the server says that it failed."""
        return self.end in FAILED_ENDS

    @property
    def overloaded(self) -> bool:
        """Whether the server says that it has too much to do."""
        return self.end in OVERLOADED_ENDS

    @property
    def hidden_tokens(self) -> int:
        """Tokens of thinking that were counted and not streamed."""
        usage = self.usage
        if self.thought or not usage.reasoning_tokens or usage.output_tokens is None:
            return 0
        return min(usage.reasoning_tokens, usage.output_tokens)

    @property
    def untimed(self) -> str | None:
        """Why some times are not reported: no text, buffered, hidden reasoning; None: all are."""
        if not self.events:
            return NO_TEXT
        if self._buffered:
            return BUFFERED
        return HIDDEN_REASONING if self.hidden_tokens else None

    @property
    def _buffered(self) -> bool:
        tokens = (self.usage.output_tokens or 0) - self.hidden_tokens
        if tokens <= 1:
            return False
        arrivals = len({event.at_s for event in self.events})
        if arrivals == 1 or (arrivals < FEW_ARRIVALS and tokens / arrivals > MANY_TOKENS):
            return True
        took_ms = (self.events[-1].at_s - self.events[0].at_s) * 1000
        return took_ms / (tokens - 1) < FASTEST_MS

    @property
    def first_answer_s(self) -> float | None:
        """When the answer began: after the thinking deltas if any, else by its text."""
        if self.thought:
            return next((event.at_s for event in self.events if event.text.strip()), None)
        return first_answer_s(self.events, None)


def same_model(served: str | None, asked: str) -> bool:
    """Return whether the model of an answer is the one asked for, as far as names say.

    Servers add a date or a tag to an alias, or leave the folders of a name away.
    """
    if served is None:
        return True
    one, other = (
        name.lower().rsplit("/", 1)[-1].removesuffix(":latest") for name in (served, asked)
    )
    dated = re.fullmatch(re.escape(other) + r"[-@]?(\d{4}-?\d{2}-?\d{2}|\d{3,4})", one)
    return one == other or dated is not None


def _field(found: object, *names: str) -> Any:
    """Return the first of these fields that has a value; None where there is no such object."""
    if not isinstance(found, Mapping):
        return None
    return next((found[name] for name in names if found.get(name) is not None), None)


def _choice(choices: object) -> object:
    """Return the choice of this answer: a server may send others that no request wanted."""
    listed = choices if isinstance(choices, list) else ()
    return next((one for one in listed if not _count(one, "index")), None)


def _top_logprobs(found: object) -> tuple[tuple[str, float], ...] | None:
    """Return the alternatives of the first token, None where there are none to read."""
    content = _field(found, "content")
    first = content[0] if isinstance(content, list) and content else None
    top = _field(first, "top_logprobs")
    read = [
        (one["token"], float(one["logprob"]))
        for one in (top if isinstance(top, list) else ())
        if isinstance(_field(one, "token"), str) and _number(_field(one, "logprob"))
    ]
    return tuple(read) or None


def _number(found: object) -> bool:
    return isinstance(found, (int, float)) and not isinstance(found, bool)


def _text(found: object) -> str:
    """Return a delta's text, which some servers send in parts."""
    if isinstance(found, str):
        return found
    if isinstance(found, Sequence):
        return "".join(_text(_field(part, "text")) for part in found)
    return ""


def _count(found: object, *names: str) -> int | None:
    """Return a count of tokens, None for anything that is none."""
    value = _field(found, *names)
    if isinstance(value, str):
        value = int(value) if value.isascii() and value.isdigit() and len(value) < 12 else None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    if not math.isfinite(value) or not 0 <= value < 2**53 or value != int(value):
        return None
    return int(value)
