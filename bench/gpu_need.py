"""What two models need on a GPU, whatever they reserve, and what a prompt's length does.

Run ``python -m bench.gpu_need OUT [PART...]``.

Shapes of Qwen3-4B-Instruct-2507 and DeepSeek-R1-Distill-Qwen-7B in AWQ 4-bit group 128 with dummy
weights: memory and speed are real, the text is not. Runs a worker on each GPU, so that models are
measured side by side.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from bench.gpu_host import QWEN3_4B_AWQ, Host, attempt, say, write_shape
from bench.gpu_timing import DECODING_SIZES, Rig, summary
from core.gpus import find_gpu, list_gpus, used_mib
from workers.gpu.pinning import pin

R1_7B_AWQ: dict[str, Any] = {
    key: value for key, value in QWEN3_4B_AWQ.items() if key != "head_dim"
} | {
    "architectures": ["Qwen2ForCausalLM"], "model_type": "qwen2", "hidden_size": 3584,
    "intermediate_size": 18944, "num_hidden_layers": 28, "num_attention_heads": 28,
    "num_key_value_heads": 4, "vocab_size": 152064, "rope_theta": 10000,
    "max_position_embeddings": 131072, "tie_word_embeddings": False,
}  # fmt: skip
SHAPES: Mapping[str, dict[str, Any]] = {"qwen3-4b": QWEN3_4B_AWQ, "r1-qwen-7b": R1_7B_AWQ}
UTILISATIONS = (0.2, 0.9)
MODEL = """
[models.{name}]
engine = "vllm"
source = "{folder}"
quantisation = "awq-4bit-g128-shape"
[models.{name}.options]
load_format = "dummy"
skip_tokenizer_init = true
dtype = "float16"
max_model_len = 4096
max_num_seqs = 4
max_num_batched_tokens = 4096
{extra}
"""
PROMPT_TOKENS = (256, 512, 1024, 2048, 4096, 7936)
SIZES = [1, 2, 4, 8, 128, 256, 288, 512]


def register(host: Host, folder: Path, variants: Mapping[str, str]) -> None:
    """Register every shape once for each variant, NAME-VARIANT, with the variant's options."""
    texts = []
    for name, config in SHAPES.items():
        shape = folder / name
        write_shape(shape, config)
        for variant, extra in variants.items():
            texts.append(MODEL.format(name=f"{name}-{variant}", folder=shape, extra=extra))
    Path(host.environment["EVALCTL_CONFIG"]).write_text("\n".join(texts), encoding="utf-8")


def need(host: Host) -> None:
    """Run both shapes with a fifth and nine tenths of the GPU reserved: the need stays."""
    for utilisation in UTILISATIONS:
        variant = f"u{utilisation * 100:.0f}"
        models = [part for name in SHAPES for part in ("--model", f"{name}-{variant}")]
        arguments = ("--fixed-length", "256:512", "--repetitions", "3", "--name", f"need-{variant}")
        host.evalctl("submit", *models, "--problems", "quickstart", *arguments, "--watch")
        host.evalctl("results", f"need-{variant}")
    for name, rows in (
        ("rows", "analytics_v1.generations WHERE run LIKE 'need-%' ORDER BY job_id"),
        ("boots", "eval.boot ORDER BY id"),
        ("resources", "analytics_v1.model_resources ORDER BY run, model"),
    ):
        host.export(f"need_{name}", host.query(f"SELECT * FROM {rows}"))


def prompts(host: Host, folder: Path) -> None:
    """Send prompts of growing length, with and without graphs for up to 512 tokens."""
    gpu = find_gpu(0)
    pin([gpu])
    (folder / "shape").symlink_to(folder / "qwen3-4b")
    rig = Rig(folder, gpu.uuid)
    for graphs, options in (
        (512, {"cudagraph_capture_sizes": SIZES}),
        (8, {"cudagraph_capture_sizes": DECODING_SIZES}),
    ):
        with rig.engine(**options) as engine:
            for tokens in PROMPT_TOKENS:
                facts: dict[str, Any] = {"part": "prompts", "graphs": graphs, "prompt": tokens}
                rows = rig.send(engine, 40, input_tokens=tokens, **facts)
                say(f"graphs up to {graphs}, {tokens} tokens: {summary(rows)}")
                host.export("prompt_rows", rig.rows)


def main() -> int:
    """Run the parts; one that fails does not keep the other from running."""
    out = Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="evalctl-need-"))
    folder.chmod(0o755)
    host = Host(folder, out)
    options = {f"u{of * 100:.0f}": f"gpu_memory_utilization = {of}" for of in UTILISATIONS}
    register(host, folder, options)
    gpus = list_gpus()
    say(f"{gpus}; used {[round(used_mib(gpu.index)) for gpu in gpus]} MiB")
    wanted = sys.argv[2:] or ["need", "prompts"]
    started_s = time.monotonic()
    if "need" in wanted:
        host.evalctl("up", "--gpus", ",".join(str(gpu.index) for gpu in gpus))
        attempt("need", partial(need, host))
    host.evalctl("status")
    host.evalctl("down")
    used = [round(used_mib(gpu.index)) for gpu in gpus]
    say(f"after {time.monotonic() - started_s:.0f} s: used {used} MiB")
    if "prompts" in wanted:
        attempt("prompts", partial(prompts, host, folder))
    for log in (folder / "home" / "logs").glob("*.log"):
        shutil.copy(log, out / log.name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
