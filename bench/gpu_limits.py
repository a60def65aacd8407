"""Limits of two models on emulated smaller cards, found by probes through the queue: ``python -m bench.gpu_limits OUT [PART...]``.

The shapes of ``bench.gpu_need``. A worker runs on each GPU there is, so that two models are probed side by side.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from bench.gpu_host import Host, say
from bench.gpu_need import SHAPES, register
from db.gpus import list_gpus, used_mib

BOTH = tuple(part for name in SHAPES for part in ("--model", f"{name}-auto"))
LENGTHS = ("--fixed-length", "1024:256")


def need(host: Host) -> None:
    """Run both shapes as they start by default: a profile and a measured boot each."""
    arguments = ("--fixed-length", "256:512", "--repetitions", "3", "--name", "need-auto", "--watch")
    host.evalctl("submit", *BOTH, "--problems", "quickstart", *arguments)
    host.evalctl("results", "need-auto", "--explain")


def sequences24(host: Host) -> None:
    """Search twice for the sequences that one engine serves on 24 GiB."""
    probe(host, "sequences", "24GiB", "--max-level", "256", "--searches", "2", *LENGTHS)


def sequences48(host: Host) -> None:
    """Search once for the sequences that one engine serves on 48 GiB."""
    probe(host, "sequences", "48GiB", "--max-level", "512", *LENGTHS)


def instances24(host: Host) -> None:
    """Start engines side by side on 24 GiB until one fails, three times."""
    probe(host, "instances", "24GiB", "--hold", "10", *LENGTHS)


def instances48(host: Host) -> None:
    """Start engines side by side on 48 GiB until one fails, once."""
    probe(host, "instances", "48GiB", "--hold", "10", "--trials", "1", *LENGTHS)


def context(host: Host) -> None:
    """Ask after longer and longer prompts on the whole card."""
    probe(host, "context", "", "--levels", "8k,32k,128k")


def smoke(host: Host) -> None:
    """Try each kind once at its smallest."""
    need(host)
    probe(host, "sequences", "24GiB", "--max-level", "2", "--trials", "1", *LENGTHS)
    probe(host, "instances", "24GiB", "--max-level", "2", "--hold", "2", "--trials", "1", *LENGTHS)


def probe(host: Host, kind: str, limit: str, *arguments: str) -> None:
    """Search for both models and show the thresholds."""
    name = f"{kind}{'-' if limit else ''}{limit.removesuffix('GiB')}"
    limited = ("--memory-limit", limit) if limit else ()
    host.evalctl("probe", kind, *BOTH, *limited, *arguments, "--name", name, within_s=580)
    host.evalctl("results", name, "--table", "concurrency")


PARTS: Mapping[str, Callable[[Host], None]] = {
    part.__name__: part for part in (smoke, need, sequences24, sequences48, instances24, instances48, context)
}


def export(host: Host) -> None:
    """Write the rows found so far beside the log."""
    host.export("limit_points", host.query("SELECT * FROM analytics_v1.probe_points ORDER BY job_id, ordinal"))
    host.export("limit_thresholds", host.query("SELECT * FROM analytics_v1.probe_thresholds ORDER BY kind, model"))
    host.export("limit_rows", host.query("SELECT * FROM analytics_v1.generations ORDER BY job_id"))
    columns = "id, kind, profile_boot_id, profile_key, model_id, config_hash, environment_hash, config, environment, backend_facts, start_s, context_mib, weights_mib, buffers_mib, activation_peak_mib, graphs_mib, kv_reserved_mib, kv_blocks, kv_block_bytes, device_total_mib, device_base_mib, memory_reasons, memory_details_mib, warm_up"
    host.export("limit_boots", host.query(f"SELECT {columns} FROM eval.boot ORDER BY id"))
    host.export("limit_attempts", host.query("SELECT * FROM eval.attempt ORDER BY job_id, attempt_no"))


def main() -> int:
    """Run the parts; one that fails does not keep the others from running."""
    out = Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    # The same folder each time, so that a later call finds the runs, the profiles and the compiled code of an earlier one.
    folder = Path(tempfile.gettempdir()) / "evalctl-limits"
    folder.mkdir(exist_ok=True)
    folder.chmod(0o755)
    host = Host(folder, out)
    register(host, folder, {"auto": ""})
    gpus = list_gpus()
    started_s = time.monotonic()
    say(f"{gpus}; used {[round(used_mib(gpu.index)) for gpu in gpus]} MiB")
    host.evalctl("up", "--gpus", ",".join(str(gpu.index) for gpu in gpus))
    for name in sys.argv[2:] or ["need", "sequences24", "instances24"]:
        try:
            PARTS[name](host)
            export(host)
        except Exception as error:  # noqa: BLE001
            say(f"{name} failed: {type(error).__name__}: {error}")
        say(f"after {time.monotonic() - started_s:.0f} s: used {[round(used_mib(gpu.index)) for gpu in gpus]} MiB")
    host.evalctl("status")
    host.evalctl("down")
    say(f"after down: used {[round(used_mib(gpu.index)) for gpu in gpus]} MiB")
    for log in (folder / "home" / "logs").glob("worker*.log"):
        shutil.copy(log, out / log.name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
