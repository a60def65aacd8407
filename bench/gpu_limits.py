"""Limits on emulated smaller GPUs: ``python -m bench.gpu_limits OUT GPU SHAPE [PART...]``.

Probes find them through the queue, on the shapes of ``bench.gpu_need``. Each call has one evalctl
with one worker, so that two calls probe two models at the same time, each on its own GPU.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

from bench.gpu_host import Host, attempt, say
from bench.gpu_need import register
from core.gpus import find_gpu, used_mib

#: What differs between the entries of a shape in the registry.
VARIANTS = {
    "auto": "",
    "u20": "gpu_memory_utilization = 0.2",
    "u90": "gpu_memory_utilization = 0.9",
}
EXPORT_EVERY_S = 60.0
LENGTHS = ("--fixed-length", "1024:256")


def need(host: Host, shape: str) -> None:
    """Run the model as it starts by default, and with 20 and 90 % of the GPU reserved."""
    for variant in VARIANTS:
        speed_run(host, f"{shape}-{variant}", f"need-{variant}", repetitions=2)


def measured(host: Host, shape: str) -> None:
    """Run the model only as it starts by default, after its profile."""
    speed_run(host, f"{shape}-auto", "measured", repetitions=3)
    host.evalctl("results", "measured", "--table", "resources")


def speed_run(host: Host, model: str, name: str, *, repetitions: int) -> None:
    """Run 6 prompts of 256 tokens in and 512 out ``repetitions`` times, and explain the figures."""
    arguments = f"--problems quickstart --fixed-length 256:512 --repetitions {repetitions}".split()
    host.evalctl("submit", "--model", model, *arguments, "--name", name, "--watch")
    host.evalctl("results", name, "--explain")


def sequences24(host: Host, shape: str) -> None:
    """Search twice for the sequences that one engine serves on 24 GiB."""
    probe(host, shape, "sequences", "24GiB", "--max-level", "256", "--searches", "2", *LENGTHS)


def sequences48(host: Host, shape: str) -> None:
    """Search once for the sequences that one engine serves on 48 GiB."""
    probe(host, shape, "sequences", "48GiB", "--max-level", "640", *LENGTHS)


def instances24(host: Host, shape: str) -> None:
    """Start colocated engines on 24 GiB until one fails, three times."""
    probe(host, shape, "instances", "24GiB", "--hold", "10", *LENGTHS)


def instances48(host: Host, shape: str) -> None:
    """Start colocated engines on 48 GiB until one fails, three times."""
    probe(host, shape, "instances", "48GiB", "--hold", "10", *LENGTHS)


def held24(host: Host, shape: str) -> None:
    """Start colocated engines on 24 GiB once, all busy for a minute after each start."""
    once = ("--hold", "60", "--trials", "1")
    probe(host, shape, "instances", "24GiB", *once, *LENGTHS, suffix="-held")


def context(host: Host, shape: str) -> None:
    """Search the longest context on the whole GPU."""
    probe(host, shape, "context", "", "--levels", "8k,64k,256k")


def text_context(host: Host, _shape: str) -> None:
    """Check that a model with a tokenizer and weights still uses the beginning of its context."""
    probe(host, "", "context", "", "--levels", "2k,4k,8k", model="smollm2", suffix="-text")


def smoke(host: Host, shape: str) -> None:
    """Try each kind once at its smallest."""
    probe(host, shape, "sequences", "24GiB", "--max-level", "2", "--trials", "1", *LENGTHS)
    least = ("--max-level", "2", "--hold", "2", "--trials", "1")
    probe(host, shape, "instances", "24GiB", *least, *LENGTHS)


def probe(
    host: Host, shape: str, kind: str, limit: str, *own: str, suffix: str = "", model: str = ""
) -> None:
    """Search and show the threshold of ``model``, or else of the shape's model."""
    name = f"{kind}{'-' if limit else ''}{limit.removesuffix('GiB')}{suffix}"
    limited = ("--memory-limit", limit) if limit else ()
    arguments = ("--model", model or f"{shape}-auto", *limited, *own, "--name", name)
    host.evalctl("probe", kind, *arguments, within_s=1700)
    host.evalctl("results", name, "--table", "concurrency")


PARTS: Mapping[str, Callable[[Host, str], None]] = {
    part.__name__: part
    for part in (
        smoke, need, measured, sequences24, sequences48, instances24, instances48, held24, context,
        text_context,
    )
}  # fmt: skip


def export(host: Host, shape: str) -> None:
    """Write the rows found so far beside the log, in one file."""
    starts = (
        "SELECT id, kind, profile_boot_id, profile_key, config_hash, environment_hash, config, "
        "environment, backend_facts, start_s, context_mib, weights_mib, buffers_mib, "
        "activation_peak_mib, graphs_mib, kv_reserved_mib, kv_blocks, kv_block_bytes, "
        "device_total_mib, device_base_mib, memory_reasons, memory_details_mib, warm_up "
        "FROM eval.boot ORDER BY id"
    )
    tables = {
        "points": "SELECT * FROM analytics_v1.probe_points ORDER BY job_id, ordinal",
        "thresholds": "SELECT * FROM analytics_v1.probe_thresholds ORDER BY kind, memory_limit_mib",
        "generations": "SELECT * FROM analytics_v1.generations ORDER BY job_id",
        "resources": "SELECT * FROM analytics_v1.model_resources ORDER BY run",
        "boots": starts,
        "attempts": "SELECT * FROM eval.attempt ORDER BY job_id, attempt_no",
    }
    rows = [{name: host.query(sql) for name, sql in tables.items()}]
    host.export(f"limits-{shape}", rows)


@contextmanager
def exported(host: Host, shape: str) -> Iterator[None]:
    """Export after the block and each minute within it: a borrowed host may vanish sooner."""
    over = threading.Event()

    def repeat() -> None:
        while not over.wait(EXPORT_EVERY_S):
            with suppress(Exception):
                export(host, shape)

    exporting = threading.Thread(target=repeat, name="export")
    exporting.start()
    try:
        yield
    finally:
        over.set()
        exporting.join()
        export(host, shape)


def main() -> int:
    """Run the parts; one that fails does not keep the others from running."""
    out, gpu, shape = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    out.mkdir(parents=True, exist_ok=True)
    # The same folder each time, so that a later call finds the runs and profiles of earlier ones.
    folder = Path(tempfile.gettempdir()) / f"evalctl-limits-{gpu}"
    folder.mkdir(exist_ok=True)
    folder.chmod(0o755)
    host = Host(folder, out)
    register(host, folder, VARIANTS)
    started_s = time.monotonic()
    say(f"{find_gpu(gpu)}; used {used_mib(gpu):.0f} MiB")
    host.evalctl("up", "--gpus", str(gpu))
    for name in sys.argv[4:] or list(PARTS):
        with exported(host, shape):
            attempt(name, partial(PARTS[name], host, shape))
        say(f"after {time.monotonic() - started_s:.0f} s: used {used_mib(gpu):.0f} MiB")
    host.evalctl("status")
    host.evalctl("down")
    say(f"after down: used {used_mib(gpu):.0f} MiB")
    for log in (folder / "home" / "logs").glob("worker*.log"):
        shutil.copy(log, out / f"{shape}-{log.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
