"""How many sequences the shapes serve on one GPU and on two, each as a smaller one."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from bench.gpu_host import say
from bench.group_gpu.host import SHAPES, Bench


def sequences_one(bench: Bench) -> dict[str, Any]:
    """Search how many sequences each shape serves on one GPU, both at the same time."""
    bench.up("0", "1")
    return _sequences(bench, [f"{name}-s1" for name in SHAPES], "sequences-one")


def sequences_two(bench: Bench) -> dict[str, Any]:
    """Search how many sequences each shape serves on both GPUs together."""
    bench.up("0+1")
    return _sequences(bench, [f"{name}-s2" for name in SHAPES], "sequences-two")


def sequences_32b(bench: Bench) -> dict[str, Any]:
    """Search how many sequences the large shape serves on one GPU of 48, 32 and 24 GiB.

    Graphs for many sequences would leave no room on the smallest.
    """
    bench.up("0")
    sizes = {"48GiB": 256, "32GiB": 256, "24GiB": 8}
    return {
        size: _sequences(bench, ["qwen3-32b-s1"], f"sequences-32b-{size}", size, most)
        for size, most in sizes.items()
    }


def _sequences(
    bench: Bench, models: Sequence[str], run: str, size: str = "24GiB", most: int = 256
) -> dict[str, Any]:
    """Search the most sequences up to ``most``, each GPU as one of ``size``."""
    named = [part for model in models for part in ("--model", model)]
    limits = ("--max-level", str(most), "--trials", "1", "--memory-limit", size)
    search = (*limits, "--fixed-length", "1024:128", "--no-watch")
    bench.host.evalctl("probe", "sequences", *named, *search, "--name", run, within_s=60)
    with suppress(TimeoutError):
        bench.done(run, bench.left_s)
    columns = "model, max_stable, first_failure, reason, need_mib, peak_mib, analytic_bound"
    found = bench.query(f"SELECT {columns} FROM analytics_v1.probe_thresholds WHERE run = '{run}'")
    say(f"{run}: {found}")
    return {"thresholds": found}
