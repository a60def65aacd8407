"""Peak use of the KV cache while a request ran, from the scheduler's statistics of each step."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True, eq=False)
class KvWindow:
    """What happened in the engine during one request."""

    #: Largest share of the blocks in use, 0 to 1; all requests of the engine together.
    peak_usage: float = 0.0
    #: Preemptions of any request of the engine.
    preemptions: int = 0
    steps: int = 0
    #: Most requests running in any step; None where vLLM does not report it.
    running_peak: int | None = None
    #: Requests that waited, step by step; empty where vLLM does not report it.
    waiting: list[int] = field(default_factory=list)

    def waiting_steps(self, after_steps: int = 0) -> int | None:
        """Return in how many steps past ``after_steps`` a request waited; None if unknown."""
        return sum(count > 0 for count in self.waiting[after_steps:]) if self.waiting else None


class KvRecorder:
    """Open windows over the engine's steps; several may be open at once."""

    def __init__(self) -> None:
        self._open: list[KvWindow] = []

    @property
    def idle(self) -> bool:
        """Whether no request is being watched."""
        return not self._open

    @contextmanager
    def window(self) -> Iterator[KvWindow]:
        """Watch from here to the end of the block."""
        window = KvWindow()
        self._open.append(window)
        try:
            yield window
        finally:
            self._open.remove(window)

    def record(
        self,
        *,
        usage: float | None,
        preemptions: int,
        running: int | None = None,
        waiting: int | None = None,
    ) -> None:
        """Record one step."""
        for window in self._open:
            window.steps += 1
            window.preemptions += preemptions
            if usage is not None:
                window.peak_usage = max(window.peak_usage, usage)
            if running is not None:
                window.running_peak = max(window.running_peak or 0, running)
            if waiting is not None:
                window.waiting.append(waiting)

    def stat_logger_factory(self) -> Callable[..., Any]:
        """Return a member of vLLM's ``stat_loggers``; it reads little of that unstable API."""
        from vllm.v1.metrics.loggers import StatLoggerBase  # noqa: PLC0415

        recorder = self

        class StepLogger(StatLoggerBase):  # type: ignore[misc]
            def __init__(self, vllm_config: Any, engine_index: int = 0) -> None:
                pass

            def record(
                self, scheduler_stats: Any, iteration_stats: Any, *_: Any, **__: Any
            ) -> None:
                recorder.record(
                    usage=getattr(scheduler_stats, "kv_cache_usage", None),
                    preemptions=int(getattr(iteration_stats, "num_preempted_reqs", 0) or 0),
                    running=getattr(scheduler_stats, "num_running_reqs", None),
                    waiting=getattr(scheduler_stats, "num_waiting_reqs", None),
                )

            def log_engine_initialized(self) -> None:
                pass

        def build(vllm_config: Any, engine_index: int = 0) -> StepLogger:
            return StepLogger(vllm_config, engine_index)

        return build
