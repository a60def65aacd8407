"""vLLM's own log: one file per start, read for why a start failed and for the kernels in use.

The parent process sees only "Engine core initialization failed": the reason is in what the child
printed.
"""

from __future__ import annotations

import json
import logging
import os
import re
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from workers import errors

_FAILURES: tuple[tuple[str, re.Pattern[str], type[errors.EngineError]], ...] = (
    (
        errors.INIT_FREE_MEM,
        re.compile(
            r"Free memory on device .* less than desired"
            r"|Available memory on node .* less than desired"
        ),
        errors.EngineOutOfMemory,
    ),
    (
        errors.INIT_NO_KV,
        re.compile(
            r"No available memory for the cache blocks"
            r"|on kv cache allocation is less than requested"
        ),
        errors.EngineOutOfMemory,
    ),
    (
        errors.INIT_KV_LT_MAXLEN,
        re.compile(r"To serve at least one request"),
        errors.EngineOutOfMemory,
    ),
    (errors.PROFILE_ASSERT, re.compile(r"Error in memory profiling"), errors.EngineStartFailed),
    (
        errors.INIT_CUDA_OOM,
        # torch's allocator, torch elsewhere, the driver by name, Triton's launcher, cuBLAS.
        re.compile(
            r"OutOfMemoryError|CUDA out of memory|CUDA (?:driver )?error: out of memory"
            r"|CUDA_ERROR_OUT_OF_MEMORY|Triton Error \[CUDA\]: out of memory"
            r"|CUBLAS_STATUS_ALLOC_FAILED"
        ),
        errors.EngineOutOfMemory,
    ),
    (
        errors.HOST_OOM,
        re.compile(
            r"\bMemoryError\b|DefaultCPUAllocator: can't allocate memory|Cannot allocate memory"
        ),
        errors.EngineOutOfMemory,
    ),
    (
        errors.MODEL_UNAVAILABLE,
        re.compile(
            r"Cannot find any model weights"
            r"|is not a local folder and is not a valid model identifier"
            r"|No CUDA GPUs are available|Can't load the configuration|LocalEntryNotFoundError"
            r"|SafetensorError"
        ),
        errors.ModelUnavailable,
    ),
)

_FACTS: Mapping[str, re.Pattern[str]] = {
    "attention_backend_log": re.compile(
        r"Using (?:AttentionBackendEnum\.)?(\w+)(?: attention)? backend(?: out of|\.)"
    ),
    "linear_kernel": re.compile(
        r"(?:Using|Selected) (\w+) for \w*(?:Linear|Scheme|WNA16|W4A16)\w*"
    ),
    "moe_backend_log": re.compile(r"Using '?(\w+)'? (?:[\w-]+ )?MoE backend"),
    "flash_attention_version": re.compile(r"Using FlashAttention version (\w+)"),
    "flashinfer_sampler": re.compile(r"(Using FlashInfer for top-p)"),
    "model_runner": re.compile(r"Using (V2) Model Runner"),
    "analytic_concurrency": re.compile(
        r"Maximum concurrency for [\d,]+ tokens per request: ([\d.]+)x"
    ),
    "graph_pool_gib": re.compile(
        r"(?:CUDA graph pool memory: |Graph capturing finished in \d+ secs, took )([\d.]+) GiB"
    ),
}

#: Compilation while a request runs: vLLM's JIT monitor, torch.compile, Triton, graph capture.
_COMPILATION = re.compile(
    r"during inference: .*latency spike|JIT compilation|torch\.compile|torch\._dynamo"
    r"|torch\._inductor|Dynamo bytecode transform"
    r"|Compiling a graph|Triton (?:kernel|autotuning)|Capturing CUDA graph"
)
_TAIL_BYTES = 1 << 20
_LINE_AT_MOST = 400

_LINE = (
    "(%(processName)s pid=%(process)d) %(levelname)s %(asctime)s [%(filename)s:%(lineno)d] "
    "%(message)s"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogFailure:
    """Why an engine failed, by its log: the class, the error to raise and the line that says so."""

    error_class: str
    error: type[errors.EngineError]
    line: str


def classify_failure(text: str) -> LogFailure | None:
    """Find the first known cause of failure in a log; None when it names none."""
    for error_class, pattern, error in _FAILURES:
        if match := pattern.search(text):
            start, end = text.rfind("\n", 0, match.start()) + 1, text.find("\n", match.end())
            line = text[start : end if end >= 0 else len(text)]
            if len(line) > _LINE_AT_MOST:
                # Advice follows what happened, and a prefix of the logger goes before it.
                line = line[match.start() - start :]
            return LogFailure(
                error_class=error_class, error=error, line=" ".join(line.split())[:_LINE_AT_MOST]
            )
    return None


def backend_facts(text: str) -> dict[str, str]:
    """Return the backends and kernels that the log declares, several joined by a comma."""
    facts = {}
    for name, pattern in _FACTS.items():
        if found := sorted(set(pattern.findall(text))):
            facts[name] = ",".join(found)
    return facts


def last_error_line(text: str) -> str:
    """Return the last line that names an error, for the sentence of a failure of no known class."""
    lines = [
        line.strip() for line in text.splitlines() if re.search(r"\b\w*(Error|Exception)\b", line)
    ]
    return lines[-1][-400:] if lines else "its log names no error"


def read_log(path: Path) -> str:
    """Return the log so far, empty when there is none."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def log_size(path: Path) -> int:
    """Return the bytes of the log so far, 0 when there is none."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


def compiled_since(path: Path, offset: int) -> tuple[str, ...]:
    """Return the lines after ``offset`` bytes that report compilation; a stat if there are none."""
    if log_size(path) <= offset:
        return ()
    with path.open("rb") as log:
        log.seek(offset)
        lines = log.read(_TAIL_BYTES).decode(errors="replace").splitlines()
    return tuple(line.strip()[-400:] for line in lines if _COMPILATION.search(line))


@contextmanager
def children_write_to(path: Path, child_seen: Callable[[], bool]) -> Iterator[None]:
    """Point this process's stdout and stderr at the log until the engine's first child runs.

    A child keeps what it inherited, so everything it prints, a crash in native code included, lands
    in the file; this process gets its own streams back as soon as ``child_seen`` (called every 20
    ms) says so or the block is left.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    saved = {number: os.dup(number) for number in (1, 2)}
    lock = threading.Lock()
    over = threading.Event()

    def give_back() -> None:
        with lock:
            while saved:
                number, copy = saved.popitem()
                os.dup2(copy, number)
                os.close(copy)

    def watch() -> None:
        while not over.wait(0.02):
            if child_seen():
                give_back()
                return

    with path.open("ab") as log:
        for number in (1, 2):
            os.dup2(log.fileno(), number)
    watcher = threading.Thread(target=watch, name="engine-log", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()
        give_back()


def write_logging_config(log_path: Path) -> Path:
    """Have vLLM log to ``log_path``, here and in its children, by ``VLLM_LOGGING_CONFIG_PATH``."""
    document = {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"format": _LINE}},
        "handlers": {
            "file": {
                "class": "logging.FileHandler",
                "filename": str(log_path),
                "encoding": "utf-8",
                "formatter": "line",
            }
        },
        "loggers": {"vllm": {"handlers": ["file"], "level": "INFO", "propagate": False}},
    }
    path = log_path.with_suffix(".logging.json")
    path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    return path


def send_vllm_logger_to(path: Path) -> None:
    """Send this process's vLLM log to the file: older versions configure it only at import."""
    logger = logging.getLogger("vllm")
    for handler in list(logger.handlers):
        logger.removeHandler(handler)
        handler.close()
    handler = logging.FileHandler(path, encoding="utf-8")
    handler.setFormatter(logging.Formatter(_LINE))
    logger.addHandler(handler)
