"""What every engine provides: one request in, timed tokens out, memory by term, gaps explained."""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, Protocol

from core.sampling_params import SamplingParams
from core.texts import storable

#: The terms of a ``MemoryReport`` in the order in which they are taken.
MEMORY_TERMS = (
    "context_mib", "weights_mib", "buffers_mib", "activation_peak_mib", "graphs_mib",
    "kv_reserved_mib", "kv_used_mib",
)  # fmt: skip

#: Terms of a start that a generation's report may lack, and that may come from another start. The
#: reserved cache and all that requests use are a start's own.
START_TERMS = ("context_mib", "weights_mib", "buffers_mib", "activation_peak_mib", "graphs_mib")

#: What is known of each GPU of an engine over several.
PER_GPU_TERMS = (*START_TERMS, "kv_reserved_mib", "activation_run_mib")

MIB = 1024 * 1024

#: Why times of a generation are not reported: the answer has no text, the tokens came in too few
#: pieces, some were made before the first that came, or the answer was written before.
NO_TEXT = "no_text"
BUFFERED = "buffered"
HIDDEN_REASONING = "hidden_reasoning"
REPLAYED = "replayed"


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineContext:
    """Where and for whom engines of one worker run."""

    home: Path
    log_folder: Path
    device: Literal["cpu", "cuda"] = "cpu"
    #: The first GPU of this worker as ``GPU-...``; None on the CPU.
    gpu_uuid: str | None = None
    #: The other GPUs of its group, in the order of an engine's ranks.
    more_gpu_uuids: tuple[str, ...] = ()
    #: Value of ``EVALCTL_WORKER`` in the environment of everything this worker starts.
    worker_mark: str = ""
    seed: int = 0

    @property
    def gpu_uuids(self) -> tuple[str, ...]:
        """All GPUs of this worker; none on the CPU."""
        return () if self.gpu_uuid is None else (self.gpu_uuid, *self.more_gpu_uuids)

    def narrowed(self, gpus: int) -> EngineContext:
        """Return the context of an engine that takes the first GPUs of the group.

        A model on one GPU runs alike on a group's first GPU and on that GPU alone.
        """
        return replace(self, more_gpu_uuids=self.more_gpu_uuids[: gpus - 1])


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One turn of a conversation."""

    role: str
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationRequest:
    """One generation to make. With ``sampling.fixed_length`` the messages are not used."""

    request_id: str
    messages: tuple[Message, ...]
    sampling: SamplingParams
    #: JSON schema that the text must follow; None for free text.
    schema: Mapping[str, Any] | None = None
    #: The text is one of these, one token where the engine can: no time of it is a result, so a
    #: cache may serve the prompt, and the report of memory comes apart.
    labels: tuple[str, ...] = ()
    #: Steps of the engine at the beginning whose queue does not count: requests that come together
    #: are admitted one by one.
    waiting_after_steps: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenEvent:
    """Tokens that arrived together, on the client's monotonic clock, and the text that they add."""

    at_s: float
    token_ids: tuple[int, ...]
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryReport:
    """Memory in MiB, term by term; a None has its reason in ``reasons`` (``*`` for all)."""

    #: Whose memory it is; None where there is none to measure.
    kind: Literal["device", "host"] | None
    context_mib: float | None = None
    weights_mib: float | None = None
    buffers_mib: float | None = None
    #: As profiled when the engine started; what the requests took is ``activation_run_mib``.
    activation_peak_mib: float | None = None
    graphs_mib: float | None = None
    kv_reserved_mib: float | None = None
    kv_used_mib: float | None = None
    #: Activation peak of the requests since the last one that found the engine idle.
    activation_run_mib: float | None = None
    reasons: Mapping[str, str] = field(default_factory=dict)
    #: What the terms were computed from, as the engine reported it.
    details_mib: Mapping[str, float] = field(default_factory=dict)
    #: The terms of each GPU by name, in the order of the engine's ranks, where it has several; the
    #: terms above are the largest of these.
    per_gpu: tuple[Mapping[str, float | None], ...] = ()


UNKNOWN_MEMORY = MemoryReport(kind=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Generation:
    """A finished generation: text, raw times and the engine's report, from which metrics follow."""

    text: str
    #: The exact text the model saw, after the chat template; None where a server applies it or ids
    #: were sent.
    prompt_text: str | None
    #: SHA-256 (hex) of the prompt's text, or of its token ids where there is no text.
    prompt_hash: str
    #: SHA-256 (hex) of the output token ids, or of its text where a server does not report ids.
    output_hash: str
    prompt_tokens: int
    #: Of the prompt, taken from a cache; None where the server does not report it.
    cached_tokens: int | None
    output_tokens: int
    finish_reason: str
    #: Client-side, monotonic seconds. Of an answer without text both are those of its end.
    submitted_s: float
    first_token_s: float
    last_token_s: float
    #: The engine core's own stamps, its monotonic seconds; None where the engine has none.
    engine_queued_s: float | None = None
    engine_scheduled_s: float | None = None
    engine_first_token_s: float | None = None
    engine_last_token_s: float | None = None
    #: Of this request; of any of the engine meanwhile where it does not distinguish them, as vLLM
    #: 0.26.
    preemptions: int | None = None
    #: Of any request of the engine while this one was in flight; None where that is unknown.
    engine_preemptions: int | None = None
    #: Client-side, monotonic seconds: the first token after any thinking; None for fixed lengths
    #: and where none came.
    first_answer_s: float | None = None
    #: Most requests running in any step of the engine while this one was in flight; None where that
    #: is unknown.
    running_peak: int | None = None
    #: Steps in which a request waited, those after the request's ``waiting_after_steps``; None
    #: where that is unknown.
    waiting_steps: int | None = None
    #: Lines of the engine's log written meanwhile that report the compilation of a kernel or graph.
    compiled: tuple[str, ...] = ()
    #: Peak of the KV cache used while this request was in flight, all requests of the engine
    #: together.
    kv_used_mib: float | None = None
    #: Of the output, spent on thinking; None where the server does not report it. Those that were
    #: not streamed are hidden.
    reasoning_tokens: int | None = None
    hidden_tokens: int = 0
    #: Why some times mean nothing: NO_TEXT, BUFFERED, HIDDEN_REASONING or REPLAYED.
    untimed: str | None = None
    #: The model that the answer names, and whether it is another than asked for.
    served_model: str | None = None
    other_model: bool = False
    #: Of the first token, where labels were asked for and the engine gives them: those of the
    #: labels, others perhaps among them, before any mask. None where only the text says.
    label_logprobs: tuple[tuple[str, float], ...] | None = None
    #: How the labels were read: logprob_token_ids, choice, top or text; None for any other request.
    labels_by: str | None = None
    #: Memory when the request ended; the host asks the engine for it.
    memory: MemoryReport = UNKNOWN_MEMORY

    @property
    def ttft_ms(self) -> float:
        """Time from submission to the first token, as the client saw it."""
        return (self.first_token_s - self.submitted_s) * 1000

    @property
    def e2e_s(self) -> float:
        """Time from submission to the last token, as the client saw it."""
        return self.last_token_s - self.submitted_s


@dataclass(frozen=True, slots=True, kw_only=True)
class StartReport:
    """One engine start: versions, what the engine says it runs, memory after start."""

    engine_version: str
    environment: Mapping[str, str | int | float]
    config: Mapping[str, Any]
    memory: MemoryReport
    #: Client-side monotonic seconds.
    started_s: float
    ready_s: float
    log_path: Path | None = None
    #: Backends named in the engine's own log: ``attention_backend``, ``linear_kernel`` ...
    backend_facts: Mapping[str, str] = field(default_factory=dict)
    #: Blocks of the KV cache, and bytes of one over all layers.
    kv_blocks: int | None = None
    kv_block_bytes: float | None = None
    #: The GPU: all of its memory, and what was in use before the start.
    device_total_mib: float | None = None
    device_base_mib: float | None = None


class Engine(Protocol):
    """One model in memory or behind a server; all runs on one loop, nothing before ``start``."""

    @property
    def independent(self) -> bool:
        """Whether its requests share no fate: no error of one ends the engine."""
        ...

    async def start(self) -> StartReport:
        """Load the model.

        Raise EngineStartFailed, EngineOutOfMemory, ModelUnavailable or ServerUnavailable.
        """
        ...

    def generate(self, request: GenerationRequest) -> AsyncIterator[TokenEvent | Generation]:
        """Yield tokens as they come, the Generation last; closing aborts the request."""
        ...

    async def memory_report(self) -> MemoryReport:
        """Return memory as it is now; never raise for a term that cannot be read."""
        ...

    async def stop(self) -> None:
        """End the engine and wait until nothing remains; safe twice and after a failed start."""
        ...


def hash_text(text: str) -> str:
    """Return the SHA-256 (hex) of a text as it is stored."""
    return hashlib.sha256(storable(text).encode()).hexdigest()


def hash_token_ids(token_ids: Iterable[int]) -> str:
    """Return the SHA-256 (hex) of token ids, each as eight bytes in the machine's order.

    That is little-endian on every supported machine.
    """
    return hashlib.sha256(array("q", token_ids).tobytes()).hexdigest()
