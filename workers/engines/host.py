"""The one thread that holds the engine: an event loop inside, a blocking interface outside.

vLLM's AsyncLLM belongs to the loop it was built on, and a Celery task has none: so the loop lives
here as long as the process does, and jobs are handed over to it.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import math
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Coroutine, Iterator
from contextlib import aclosing, contextmanager, suppress
from dataclasses import replace
from typing import Any, TypeVar, cast

from core.model_spec import ModelSpec
from workers.engines import Engine, EngineContext, create_engine
from workers.engines.protocol import (
    UNKNOWN_MEMORY,
    Generation,
    GenerationRequest,
    MemoryReport,
    StartReport,
    TokenEvent,
)
from workers.errors import (
    INIT_TIMEOUT,
    SERVER_SILENT,
    EngineDied,
    EngineError,
    EngineOutOfMemory,
    EngineStartFailed,
    GenerationCancelled,
    GenerationLate,
    GenerationTimedOut,
)

T = TypeVar("T")

#: How often the waiting thread polls for tokens, a cancel and the deadline. Tokens are stamped on
#: the engine's thread and handed over in batches, so that following a generation does not disturb
#: its timing.
FOLLOW_EVERY_S = 0.1
PROGRESS_EVERY_S = 1.0
#: How long a computing thread may hold up the engine's thread, or one that brings it work: Python's
#: default of 5 ms is a step of an engine, and several wait in a row where a full engine ends many
#: requests at once.
SWITCH_S = 0.0005
STOP_WITHIN_S = 45.0
ABORT_WITHIN_S = 5.0
#: Errors after which an engine serves no request any more.
_FATAL = (EngineDied, EngineOutOfMemory, GenerationTimedOut)


class EngineHost:
    """Build, hold, use and dispose of one engine at a time; several threads may generate."""

    def __init__(
        self,
        context: EngineContext,
        *,
        before_start: Callable[[ModelSpec], None] = lambda _spec: None,
    ) -> None:
        """``before_start`` is called between two engines; what it raises ends the load.

        Shortens the turns of all threads of this process to ``SWITCH_S``.
        """
        sys.setswitchinterval(SWITCH_S)
        self._context = context
        self._before_start = before_start
        self._lock = threading.RLock()
        self._serving: _Serving | None = None
        self._spec: ModelSpec | None = None
        self._engine_start: StartReport | None = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(
            target=self._loop.run_forever, name="engine-host", daemon=True
        )
        self._thread.start()

    @property
    def context(self) -> EngineContext:
        """Where and for whom the engines run."""
        return self._context

    @property
    def engine(self) -> Engine | None:
        """The engine that runs, None when there is none or it died."""
        return None if self._serving is None else self._serving.engine

    @property
    def engine_start(self) -> StartReport | None:
        """The report of the start that serves now."""
        return self._engine_start

    def load(
        self, spec: ModelSpec, *, on_progress: Callable[[], None], timeout_s: float
    ) -> StartReport:
        """Load the model, after unloading another; one already loaded returns its report again.

        ``on_progress`` is called on the calling thread about once a second. Raise EngineStartFailed
        (class INIT_TIMEOUT past ``timeout_s``), EngineOutOfMemory or ModelUnavailable; nothing of
        the engine remains then.
        """
        with self._lock:
            if self._engine_start is not None and self._spec == spec:
                return self._engine_start
            self.unload()
            self._before_start(spec)
            engine = create_engine(spec, self._context)
            try:
                engine_start = self._start(engine, spec, on_progress, timeout_s)
            except BaseException:
                self._stop(engine)
                raise
            self._serving, self._spec, self._engine_start = _Serving(engine), spec, engine_start
            return engine_start

    def generate(
        self,
        request: GenerationRequest,
        *,
        on_token: Callable[[TokenEvent], None],
        cancel: threading.Event,
        timeout_s: float,
        within_s: float = math.inf,
    ) -> Generation:
        """Make one generation; ``on_token`` gets each event on the calling thread, a little later.

        ``timeout_s`` bounds the silence before and between tokens. A set ``cancel``, an error of
        ``on_token``, or the end of ``within_s`` (GenerationLate) aborts the request in the engine
        and leaves the engine as it is. Raise GenerationCancelled,
        GenerationTimedOut, PromptRejected, ServerUnavailable, EngineDied or EngineOutOfMemory;
        after a time-out and the last two the engine is disposed of, every other request in it gets
        EngineDied, and the error is ``in_batch`` for all of them. An engine whose requests are
        independent outlives them all.
        """
        serving = self._serving
        if serving is None:
            raise EngineDied("no model is loaded: load one before a request", in_batch=True)
        if cancel.is_set():
            raise GenerationCancelled("the generation was cancelled before it began")
        with serving.request():
            following = _Following(until_s=time.monotonic() + within_s)
            task = self._submit(_drive(serving.engine, request, following))
            try:
                return self._follow(
                    task, following, serving, on_token=on_token, cancel=cancel, timeout_s=timeout_s
                )
            except _FATAL as error:
                if serving.engine.independent:
                    raise
                error.in_batch = serving.ended_in_batch()
                self._abort(task, following)
                self._dispose(serving)
                raise
            finally:
                self._abort(task, following)

    def memory_report(self) -> MemoryReport:
        """Return the memory of the engine now, without numbers where none runs.

        Raise EngineError where the engine has died.
        """
        serving = self._serving
        if serving is None:
            return UNKNOWN_MEMORY
        return self._submit(serving.engine.memory_report()).result(STOP_WITHIN_S)

    def unload(self) -> None:
        """Stop the engine, if there is one, and wait until it has ended."""
        with self._lock:
            if self._serving is not None:
                self._dispose(self._serving)

    def close(self) -> None:
        """Unload and end the thread; the host cannot be used afterwards."""
        self.unload()
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(ABORT_WITHIN_S)
        if not self._loop.is_running() and not self._loop.is_closed():
            self._loop.close()

    def _submit(self, coroutine: Coroutine[Any, Any, T]) -> concurrent.futures.Future[T]:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop)

    def _start(
        self, engine: Engine, spec: ModelSpec, on_progress: Callable[[], None], timeout_s: float
    ) -> StartReport:
        deadline = time.monotonic() + timeout_s
        starting = self._submit(_started(engine, spec))
        try:
            while time.monotonic() < deadline:
                with suppress(TimeoutError):
                    return starting.result(
                        min(PROGRESS_EVERY_S, max(0.0, deadline - time.monotonic()))
                    )
                if starting.done():
                    return starting.result()
                on_progress()
        finally:
            starting.cancel()
        late = f"model {spec.name!r} was not ready after {timeout_s:g} s"
        seen = f"see the engine's log in {self._context.log_folder}"
        raise EngineStartFailed(f"{late}: {seen}", error_class=INIT_TIMEOUT)

    def _follow(
        self,
        task: concurrent.futures.Future[Generation],
        following: _Following,
        serving: _Serving,
        *,
        on_token: Callable[[TokenEvent], None],
        cancel: threading.Event,
        timeout_s: float,
    ) -> Generation:
        heard_s = time.monotonic()
        while True:
            left_s = following.until_s - time.monotonic()
            following.ended.wait(max(0.0, min(FOLLOW_EVERY_S, left_s)))
            for event in following.drain():
                heard_s = event.at_s
                on_token(event)
            if following.ended.is_set():
                return task.result()
            if cancel.is_set():
                raise GenerationCancelled("the generation was cancelled and aborted in the engine")
            if serving.ended.is_set():
                raise EngineDied("the engine was ended while it served this request and others")
            if time.monotonic() > following.until_s:
                raise GenerationLate("the request's deadline passed, and it was aborted")
            if time.monotonic() - heard_s > timeout_s:
                raise _timed_out(timeout_s, independent=serving.engine.independent)

    def _abort(self, task: concurrent.futures.Future[Generation], following: _Following) -> None:
        """Abort the request in the engine and wait for that; do nothing once it has ended."""
        if not following.ended.is_set():
            task.cancel()
            following.ended.wait(ABORT_WITHIN_S)

    def _dispose(self, serving: _Serving) -> None:
        """End the engine; a second caller waits until it has ended."""
        with self._lock:
            if self._serving is not serving:
                return
            self._serving = self._spec = self._engine_start = None
            serving.ended.set()
            self._stop(serving.engine)

    def _stop(self, engine: Engine) -> None:
        shutdown = self._submit(engine.stop())
        with suppress(TimeoutError, concurrent.futures.CancelledError):
            shutdown.result(STOP_WITHIN_S)


class _Serving:
    """A running engine, and how many requests it serves."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        #: Set when it is disposed of.
        self.ended = threading.Event()
        self._lock = threading.Lock()
        self._requests = 0
        self._batch: bool | None = None

    @contextmanager
    def request(self) -> Iterator[None]:
        """Count a request during the block."""
        with self._lock:
            self._requests += 1
        try:
            yield
        finally:
            with self._lock:
                self._requests -= 1

    def ended_in_batch(self) -> bool:
        """Return whether several requests were in flight when the first found the engine ended."""
        with self._lock:
            if self._batch is None:
                self._batch = self._requests > 1
            return self._batch


class _Following:
    """Tokens on their way from the engine's thread to the waiting one."""

    def __init__(self, *, until_s: float = math.inf) -> None:
        #: When the request is given up, in monotonic seconds.
        self.until_s = until_s
        self.ended = threading.Event()
        self._events: deque[TokenEvent] = deque()

    def put(self, event: TokenEvent) -> None:
        self._events.append(event)

    def drain(self) -> list[TokenEvent]:
        drained = []
        while self._events:
            drained.append(self._events.popleft())
        return drained


def _timed_out(timeout_s: float, *, independent: bool) -> GenerationTimedOut:
    sentence = f"no token came for {timeout_s:g} s: "
    if independent:
        return GenerationTimedOut(f"{sentence}the request is given up", error_class=SERVER_SILENT)
    return GenerationTimedOut(f"{sentence}the engine is replaced")


async def _started(engine: Engine, spec: ModelSpec) -> StartReport:
    try:
        return await engine.start()
    except EngineError:
        raise
    except Exception as error:
        raise EngineStartFailed(
            f"model {spec.name!r} did not start: {type(error).__name__}: {error}"
        ) from error


async def _drive(engine: Engine, request: GenerationRequest, following: _Following) -> Generation:
    try:
        # Every engine's generate is an async generator: closing it is what aborts the request.
        async with aclosing(cast("Any", engine.generate(request))) as stream:
            async for item in stream:
                if isinstance(item, Generation) and request.labels:
                    return item
                if isinstance(item, Generation):
                    # Not in a separate turn: each hand-over between the threads takes 0.1 ms.
                    return replace(item, memory=await engine.memory_report())
                following.put(item)
    except EngineError:
        raise
    except Exception as error:
        # Whatever an engine throws is the engine's failure: the job is retried on a fresh one.
        raise EngineDied(
            f"generation {request.request_id} failed in the engine: {type(error).__name__}: {error}"
        ) from error
    else:
        raise EngineDied(f"generation {request.request_id} ended without a result")
    finally:
        following.ended.set()
