"""One engine on one GPU and on two, through the queue; what a kill leaves on either GPU.

Run ``python -m bench.group_gpu OUT [PART...]`` on a host with two NVIDIA GPUs.

Shapes of DeepSeek-R1-Distill-Qwen-7B and Qwen3-32B in AWQ 4-bit group 128 with dummy weights:
memory and speed are real, the text is not. Without parts, all but those of ``NAMED`` run. A part
for which too little of ``DEADLINE_S`` is left is left out and named.
Each part writes OUT/group.json again, which is also printed at the end.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from bench.gpu_host import say
from bench.group_gpu.estimates import estimates
from bench.group_gpu.host import DEADLINE_S, Bench
from bench.group_gpu.kills import NEAR_MIB, rank_killed, worker_killed
from bench.group_gpu.searches import sequences_32b, sequences_one, sequences_two
from bench.group_gpu.speeds import one_gpu, pipeline_7b, two_gpus_7b, two_gpus_32b

_STARTS = """
SELECT m.name AS model, b.id, b.start_s, b.config ->> 'tensor_parallel_size' AS ranks,
       b.context_mib, b.weights_mib, b.buffers_mib, b.activation_peak_mib, b.graphs_mib,
       b.kv_reserved_mib, b.kv_blocks, b.kv_block_bytes, b.gpu_memory, b.memory_reasons,
       b.backend_facts, b.warm_up
  FROM eval.boot b JOIN eval.model m ON m.id = b.model_id ORDER BY b.id
"""


#: Each part with the seconds that it takes at least; one that no longer fits is left out.
PARTS: Mapping[str, tuple[Callable[[Bench], dict[str, Any]], float]] = {
    "one_gpu": (one_gpu, 60.0),
    "two_gpus_7b": (two_gpus_7b, 60.0),
    "rank_killed": (rank_killed, 50.0),
    "worker_killed": (worker_killed, 60.0),
    "two_gpus_32b": (two_gpus_32b, 60.0),
    "pipeline_7b": (pipeline_7b, 60.0),
    "sequences_one": (sequences_one, 60.0),
    "sequences_two": (sequences_two, 60.0),
    "sequences_32b": (sequences_32b, 60.0),
    "estimates": (estimates, 60.0),
}
#: Take some minutes more, and run when named.
NAMED: frozenset[str] = frozenset(
    {"sequences_one", "sequences_two", "sequences_32b", "estimates", "pipeline_7b"}
)


def run_part(bench: Bench, name: str) -> None:
    """Run a part and keep what it found, or why it failed."""
    part, least_s = PARTS[name]
    if bench.left_s < least_s:
        bench.found["parts"][name] = {"left_out": f"{bench.left_s:.0f} s were left"}
        say(f"== {name} left out: {bench.left_s:.0f} s are left")
        return
    say(f"== {name}, {bench.left_s:.0f} s left: {(part.__doc__ or '').strip()}")
    began_s = time.monotonic()
    try:
        found = part(bench)
    except Exception as error:  # noqa: BLE001 - the other parts go on
        found = {"failed": f"{type(error).__name__}: {error}"}
        say(f"{name} failed: {found['failed']}")
    found["took_s"] = round(time.monotonic() - began_s, 1)
    bench.found["parts"][name] = found
    with suppress(Exception):
        bench.found["starts"] = bench.query(_STARTS)
        bench.found["energy"] = bench.query("SELECT * FROM analytics_v1.model_energy")
        bench.found["answer_energy"] = bench.query("SELECT * FROM analytics_v1.answer_energy")
    bench.write()
    with suppress(OSError):
        bench.keep_logs()


def end(bench: Bench) -> None:
    """Stop everything and say what stays on the GPUs."""
    with suppress(subprocess.TimeoutExpired):
        bench.host.evalctl("down", "--force", within_s=100)
    back_s = bench.host.wait(
        "both GPUs back at base after down",
        lambda: all(
            used <= base + NEAR_MIB
            for used, base in zip(bench.used_mib(), bench.base_mib, strict=True)
        ),
        20,
    )
    bench.found |= {"back_after_down_s": back_s, "used_after_mib": bench.used_mib()}


def main(arguments: Sequence[str]) -> int:
    """Run the parts; one that fails does not keep the others from running."""
    rehearsal = "--rehearse" in arguments
    out, *wanted = [one for one in arguments if one != "--rehearse"]
    Path(out).mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="evalctl-group-"))
    folder.chmod(0o755)
    bench = Bench(Path(out), folder, rehearsal=rehearsal)
    say(f"{bench.gpus}; used {bench.base_mib} MiB; {DEADLINE_S:.0f} s")
    try:
        for name in wanted or [name for name in PARTS if name not in NAMED]:
            run_part(bench, name)
    finally:
        end(bench)
        bench.write()
        sys.stdout.write(json.dumps(bench.found, default=str) + "\n")
    return 0 if all("failed" not in part for part in bench.found["parts"].values()) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
