"""What can go wrong with an engine: each error has a kind (what to do) and a class (the cause)."""
# ruff: noqa: N818  (the names say what happened; the base class says that it is an error)

from __future__ import annotations

from typing import ClassVar, Literal

#: ``infra`` is retried, ``rejected`` is not, ``out_of_memory`` is a result in a probe,
#: ``timed_out`` replaces the engine.
FailureKind = Literal["infra", "rejected", "out_of_memory", "timed_out"]

PROMPT_TOO_LONG = "PROMPT_TOO_LONG"
MAX_TOKENS_REFUSED = "MAX_TOKENS_REFUSED"
REQUEST_REFUSED = "REQUEST_REFUSED"
PREFIX_CACHE_HIT = "PREFIX_CACHE_HIT"
MODEL_UNAVAILABLE = "MODEL_UNAVAILABLE"
OPTION_REFUSED = "OPTION_REFUSED"
NO_WRITTEN_ANSWER = "NO_WRITTEN_ANSWER"
ENGINE_DEAD = "ENGINE_DEAD"
INIT_FAILED = "INIT_FAILED"
INIT_TIMEOUT = "INIT_TIMEOUT"
INIT_FREE_MEM = "INIT_FREE_MEM"
INIT_NO_KV = "INIT_NO_KV"
INIT_KV_LT_MAXLEN = "INIT_KV_LT_MAXLEN"
INIT_CUDA_OOM = "INIT_CUDA_OOM"
PROFILE_ASSERT = "PROFILE_ASSERT"
RUNTIME_CUDA_OOM = "RUNTIME_CUDA_OOM"
HOST_OOM = "HOST_OOM"
BACKEND_REFUSED = "BACKEND_REFUSED"
NO_KERNEL = "NO_KERNEL"
NO_PROGRESS = "NO_PROGRESS"
JUDGE_REQUEST_CHANGED = "JUDGE_REQUEST_CHANGED"
VERIFY_REQUEST_CHANGED = "VERIFY_REQUEST_CHANGED"
MEMORY_LIMIT = "MEMORY_LIMIT"
SERVER_UNREACHABLE = "SERVER_UNREACHABLE"
SERVER_BUSY = "SERVER_BUSY"
SERVER_ERROR = "SERVER_ERROR"
SERVER_SILENT = "SERVER_SILENT"
RATE_LIMITED = "RATE_LIMITED"
CREDIT_USED_UP = "CREDIT_USED_UP"
CONNECTION_LOST = "CONNECTION_LOST"
MODEL_HELD = "MODEL_HELD"


class EngineError(Exception):
    """An engine failed; ``sentence`` says what happened to what and what to do next."""

    default_kind: ClassVar[FailureKind] = "infra"
    default_class: ClassVar[str] = ENGINE_DEAD

    def __init__(
        self,
        sentence: str,
        *,
        error_class: str | None = None,
        kind: FailureKind | None = None,
        in_batch: bool = False,
    ) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        #: Whether other requests were in the engine as well, so that the cause is unknown.
        self.in_batch = in_batch
        self.error_class = error_class or self.default_class
        self.kind: FailureKind = kind or self.default_kind


class EngineStartFailed(EngineError):
    """The engine did not start; another start may succeed."""

    default_class = INIT_FAILED


class EngineDied(EngineError):
    """The engine's process or server ended during work; its requests are lost."""


class ServerUnavailable(EngineError):
    """A model's server is away, limits or fails: it says nothing about the request.

    The job goes back to the queue at no cost to its attempts.
    """

    default_class = SERVER_UNREACHABLE

    def __init__(
        self,
        sentence: str,
        *,
        error_class: str | None = None,
        retry_after_s: float | None = None,
        holds: bool = True,
    ) -> None:
        super().__init__(sentence, error_class=error_class)
        #: When the server wants the next request, in seconds; None where it does not say.
        self.retry_after_s = retry_after_s
        #: Whether the model's other jobs wait as well; not where one connection broke.
        self.holds = holds


class EngineOutOfMemory(EngineError):
    """The engine ran out of device or host memory, at start or during a request."""

    default_kind = "out_of_memory"
    default_class = RUNTIME_CUDA_OOM


class PromptRejected(EngineError):
    """The request itself cannot be served by this model; a retry changes nothing."""

    default_kind = "rejected"
    default_class = PROMPT_TOO_LONG


class ModelUnavailable(EngineError):
    """The model cannot run here: no weights, unknown option, no package or GPU, key refused."""

    default_kind = "rejected"
    default_class = MODEL_UNAVAILABLE


class GenerationTimedOut(EngineError):
    """No token came for longer than allowed."""

    default_kind = "timed_out"
    default_class = NO_PROGRESS


class GenerationCancelled(Exception):
    """The caller stopped the generation; the request was aborted in the engine. Not a failure."""


class GenerationLate(Exception):
    """The deadline of the request passed; it was aborted in the engine. Not a failure."""
