"""What the exceptions of vLLM mean: at a start, and while it runs."""

from __future__ import annotations

from pathlib import Path

from workers import errors
from workers.engines.protocol import (
    GenerationRequest,
)
from workers.engines.vllm.log import (
    classify_failure,
    last_error_line,
    read_log,
)


def start_failure(name: str, log_path: Path, error: Exception) -> errors.EngineError:
    """Return why a model did not start: what its log says, else the exception."""
    log = read_log(log_path)
    if failure := classify_failure(log) or classify_failure(str(error)):
        why = f"model {name!r} did not start: {failure.line}; log: {log_path}"
        return failure.error(why, error_class=failure.error_class)
    return errors.EngineStartFailed(
        f"model {name!r} did not start: {type(error).__name__}: {last_error_line(log)}; "
        f"log: {log_path}"
    )


def running_failure(
    name: str,
    log_path: Path,
    error: Exception,
    request: GenerationRequest | None,
    *,
    running: bool,
) -> errors.EngineError:
    """Return what an exception of vLLM means.

    ``running`` says whether the engine is there; ``request`` is the one that it was about.
    """
    from vllm.v1.engine.exceptions import EngineDeadError  # noqa: PLC0415

    if isinstance(error, errors.EngineError):
        return error
    cause = error.__cause__ or error
    if isinstance(error, EngineDeadError) or isinstance(cause, EngineDeadError) or not running:
        failure = classify_failure(read_log(log_path))
        if failure is not None and issubclass(failure.error, errors.EngineOutOfMemory):
            host_oom = failure.error_class == errors.HOST_OOM
            runtime_class = errors.HOST_OOM if host_oom else errors.RUNTIME_CUDA_OOM
            return failure.error(f"model {name!r}: {failure.line}", error_class=runtime_class)
        died = f"the engine of model {name!r} died; log: {log_path}"
        return errors.EngineDied(died)
    if isinstance(cause, ValueError) and request is not None:
        refused = f"vLLM refuses request {request.request_id}: {cause}"
        return errors.PromptRejected(refused, error_class=errors.REQUEST_REFUSED)
    return errors.EngineDied(
        f"the engine of model {name!r} failed: {type(cause).__name__}: {cause}"
    )
