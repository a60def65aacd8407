"""A fake engine host: it reports starts as vLLM on a GPU does, and generates nothing."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, cast

from core.model_spec import ModelSpec
from tests.support.measurements import GENERATION, start_report
from workers.engines import EngineContext
from workers.engines.host import EngineHost
from workers.engines.protocol import (
    Generation,
    GenerationRequest,
    MemoryReport,
    StartReport,
    TokenEvent,
)
from workers.errors import GenerationCancelled

QUEUE = "gpu"
COMPILING = "INFO [backends.py:399] Compiling a graph for compile range (1, 4096) takes 31.20 s\n"
LOADING = "INFO [decorators.py:320] Directly load AOT compilation from path /cache/model\n"
BLOCK_BYTES = 2_359_296.0
PROFILED = MemoryReport(
    kind="device",
    context_mib=46.8125,
    weights_mib=2692.75,
    buffers_mib=230.0,
    activation_peak_mib=300.0,
    graphs_mib=71.68,
    kv_reserved_mib=69_747.75,
)
SKIPPED = "the size of the KV cache was given, so vLLM did not profile"
LIMITS = {"max_model_len": 1000, "max_num_seqs": 4, "max_num_batched_tokens": 512}
CONFIG: dict[str, Any] = LIMITS | {"block_size": 16, "seed": 0}


def spec(**options: Any) -> ModelSpec:
    """Return a vLLM model that is not warmed up unless asked."""
    given = {"max_num_seqs": 4, "warm_up_requests": 0} | options
    return ModelSpec(name="m", engine="vllm", source="org/m", queue=QUEUE, options=given)


@dataclass(slots=True)
class FakeHost:
    """Stands for ``EngineHost``; ``log`` is what the next starts write, then always the last."""

    context: EngineContext
    log: list[str] = field(default_factory=lambda: [LOADING])
    environment: dict[str, str | int | float] = field(default_factory=lambda: {"driver": "580"})
    config: dict[str, Any] = field(default_factory=lambda: dict(CONFIG))
    profiled: MemoryReport = PROFILED
    #: Output tokens a second, one for each request, then the last for ever.
    rates: list[float] = field(default_factory=lambda: [100.0])
    #: Called before each start.
    before: Callable[[], None] = lambda: None
    started: list[ModelSpec] = field(default_factory=list)
    asked: list[GenerationRequest] = field(default_factory=list)
    engine_start: StartReport | None = None
    _numbers: Iterator[int] = field(default_factory=itertools.count)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def on(cls, folder: Path, device: Literal["cpu", "cuda"] = "cuda", **changes: Any) -> FakeHost:
        """Return a host on a fake device, with its logs in a folder."""
        gpu_uuid = "GPU-fake" if device == "cuda" else None
        context = EngineContext(home=folder, log_folder=folder, device=device, gpu_uuid=gpu_uuid)
        return cls(context=context, **changes)

    @property
    def as_host(self) -> EngineHost:
        """Return it as what it stands for."""
        return cast("EngineHost", self)

    def load(
        self, spec: ModelSpec, *, on_progress: Callable[[], None], timeout_s: float
    ) -> StartReport:
        """Start; with a given KV cache size the profile's terms are missing, as with vLLM."""
        assert self.engine_start is None, "an engine is loaded already"
        assert timeout_s > 0
        self.before()
        on_progress()
        self.started.append(spec)
        log_path = self.context.log_folder / f"engine-{next(self._numbers)}.log"
        log_path.write_text(self.log.pop(0) if len(self.log) > 1 else self.log[0], encoding="utf-8")
        size = spec.options.get("kv_cache_memory_bytes")
        memory = self.profiled
        if size is not None:
            reasons = dict.fromkeys(("buffers_mib", "activation_peak_mib"), SKIPPED)
            memory = replace(memory, buffers_mib=None, activation_peak_mib=None, reasons=reasons)
            memory = replace(memory, kv_reserved_mib=size / 2**20)
        sizes = ("kv_cache_memory_bytes", "gpu_memory_utilization")
        config = self.config | {name: spec.options.get(name) for name in sizes}
        config["num_gpu_blocks"] = 31_000 if size is None else int(size // BLOCK_BYTES)
        now_s = time.monotonic()
        self.engine_start = start_report(
            config,
            memory,
            environment=dict(self.environment),
            started_s=now_s,
            ready_s=now_s,
            log_path=log_path,
            kv_block_bytes=BLOCK_BYTES,
        )
        return self.engine_start

    def unload(self) -> None:
        """Forget the engine."""
        self.engine_start = None

    def generate(
        self,
        request: GenerationRequest,
        *,
        on_token: Callable[[TokenEvent], None],
        cancel: threading.Event,
        timeout_s: float,
    ) -> Generation:
        """Return a fake generation, at the next of the rates."""
        assert timeout_s > 0
        if cancel.is_set():
            raise GenerationCancelled("cancelled before it began")
        with self._lock:
            self.asked.append(request)
            rate = self.rates.pop(0) if len(self.rates) > 1 else self.rates[0]
        on_token(TokenEvent(at_s=time.monotonic(), token_ids=(1,), text=""))
        tokens = request.sampling.fixed_output_tokens or 1
        return replace(
            GENERATION,
            prompt_tokens=request.sampling.fixed_input_tokens or 1,
            output_tokens=tokens,
            finish_reason="length",
            first_token_s=0.0,
            last_token_s=tokens / rate,
            kv_used_mib=None,
        )
