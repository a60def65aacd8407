"""How long a verifier model takes for a step on a GPU, and a draft with its verification.

Run ``python bench/verification_gpu.py [OUT]`` on a host with an NVIDIA GPU and vLLM; it imports
nothing else of ours. Prints one JSON document, and writes it to OUT/verification_gpu.json.

The verifier has the shape of DeepSeek-R1-Distill-Qwen-7B, the drafting model that of
Qwen3-4B-Instruct-2507, both in AWQ 4-bit group 128 with dummy weights: times are real, the text is
not. Prompts are random token ids of true lengths: those of statement and steps of 135 answers, as
the bundled model's tokenizer counts them (it needs more for Chinese than Qwen's). A prompt is
instructions + statement + the steps before + the step, so that steps of one answer share prefixes.
"""

from __future__ import annotations

import asyncio
import json
import math
import os
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

os.environ.setdefault("VLLM_WORKER_MULTIPROC_METHOD", "spawn")
os.environ.setdefault("VLLM_USE_FLASHINFER_SAMPLER", "0")
os.environ.setdefault("VLLM_NO_USAGE_STATS", "1")

AWQ = {
    "quant_method": "awq", "bits": 4, "group_size": 128, "zero_point": True, "version": "gemm",
    "modules_to_not_convert": None,
}  # fmt: skip
QWEN3_4B: dict[str, Any] = {
    "architectures": ["Qwen3ForCausalLM"], "model_type": "qwen3", "hidden_size": 2560,
    "intermediate_size": 9728, "num_hidden_layers": 36, "num_attention_heads": 32,
    "num_key_value_heads": 8, "head_dim": 128, "vocab_size": 151936, "rope_theta": 5000000,
    "rms_norm_eps": 1e-6, "hidden_act": "silu", "max_position_embeddings": 262144,
    "tie_word_embeddings": True, "torch_dtype": "float16", "bos_token_id": 151643,
    "eos_token_id": 151645, "quantization_config": AWQ,
}  # fmt: skip
R1_7B: dict[str, Any] = {key: value for key, value in QWEN3_4B.items() if key != "head_dim"} | {
    "architectures": ["Qwen2ForCausalLM"], "model_type": "qwen2", "hidden_size": 3584,
    "intermediate_size": 18944, "num_hidden_layers": 28, "num_attention_heads": 28,
    "num_key_value_heads": 4, "vocab_size": 152064, "rope_theta": 10000,
    "max_position_embeddings": 131072, "tie_word_embeddings": False,
}  # fmt: skip
#: Tokens of the instructions that every prompt begins with.
INSTRUCTIONS = 220
LABELS = [32, 33, 34, 35]
#: How the log-probabilities of the labels are had: those alone, or by masking all other tokens.
WAYS = ("logprob_token_ids", "allowed_token_ids")
PARALLEL = (1, 4, 8)
ANSWERS = 60
DRAFTS = 7
DRAFT_PROMPT, DRAFT_TOKENS = 256, 512
#: Steps of a draft of 512 tokens: the median answer has 7 steps.
DRAFT_STEPS = 8
DEADLINE_MS = 300.0
LENGTHS = Path(__file__).with_name("verification_lengths.json")


def ids(rng: random.Random, count: int) -> list[int]:
    """Return random token ids of ordinary tokens."""
    return [rng.randrange(1000, 100_000) for _ in range(count)]


def engine(folder: Path, name: str, config: dict[str, Any], *, caching: bool, share: float) -> Any:
    """Start an engine of this shape and return it."""
    from vllm.engine.arg_utils import AsyncEngineArgs  # noqa: PLC0415
    from vllm.v1.engine.async_llm import AsyncLLM  # noqa: PLC0415

    shape = folder / name
    shape.mkdir(parents=True)
    (shape / "config.json").write_text(json.dumps(config), encoding="utf-8")
    arguments = {
        "model": str(shape), "load_format": "dummy", "skip_tokenizer_init": True,
        "dtype": "float16", "max_model_len": 4096, "max_num_seqs": 8,
        "max_num_batched_tokens": 4096, "gpu_memory_utilization": share,
        "enable_prefix_caching": caching, "attention_backend": "FLASH_ATTN",
        "cudagraph_capture_sizes": [1, 2, 4, 8, 16, 32, 64, 128, 256, 512],
        "enable_log_requests": False,
    }  # fmt: skip
    known = AsyncEngineArgs.__dataclass_fields__
    return AsyncLLM.from_engine_args(
        AsyncEngineArgs(**{key: value for key, value in arguments.items() if key in known})
    )


def verdict_sampling(way: str) -> Any:
    """Return the parameters of a verdict of one token, its labels read in one of the `WAYS`."""
    from vllm import SamplingParams  # noqa: PLC0415

    common: dict[str, Any] = {"max_tokens": 1, "temperature": 0.0, "detokenize": False}
    if way == "logprob_token_ids":
        return SamplingParams(logprob_token_ids=LABELS, **common)
    return SamplingParams(allowed_token_ids=LABELS, logprobs=len(LABELS), **common)


class Client:
    """Sends requests to one engine and keeps their times."""

    def __init__(self, llm: Any) -> None:
        self._llm = llm
        self._number = 0

    async def send(self, prompt: Sequence[int], sampling: Any) -> dict[str, float]:
        """Return time and cached tokens of one request."""
        self._number += 1
        began_s = time.perf_counter()
        last: Any = None
        name = f"r{self._number}"
        async for output in self._llm.generate({"prompt_token_ids": list(prompt)}, sampling, name):
            last = output
        ms = (time.perf_counter() - began_s) * 1000
        cached = int(getattr(last, "num_cached_tokens", 0) or 0)
        return {"ms": ms, "prompt": float(len(prompt)), "cached": float(cached)}


async def working_way(client: Client) -> str:
    """Return the first way that the installed vLLM serves; raise what the last one raised."""
    for way in WAYS[:-1]:
        try:
            await client.send(ids(random.Random(way), 64), verdict_sampling(way))
        except Exception as error:  # noqa: BLE001 - whatever it is, the other way is left
            print(f"{way}: {type(error).__name__}: {error}", file=sys.stderr)
        else:
            return way
    return WAYS[-1]


def prompts(rng: random.Random, lengths: Sequence[int]) -> list[list[int]]:
    """Return the prompt of each step of one answer."""
    facts = ids(rng, INSTRUCTIONS + lengths[0])
    made = []
    for length in lengths[1:]:
        step = ids(rng, length)
        made.append([*facts, *step, *ids(rng, 12)])
        facts = [*facts, *step]
    return [prompt[:4000] for prompt in made]


async def in_waves(
    client: Client, made: list[list[int]], parallel: int, sampling: Any
) -> list[dict[str, float]]:
    """Send the steps of an answer, at most this many at once, the next as soon as one ends."""
    slots = asyncio.Semaphore(parallel)

    async def one(prompt: list[int]) -> dict[str, float]:
        async with slots:
            return await client.send(prompt, sampling)

    return list(await asyncio.gather(*(one(prompt) for prompt in made)))


def spread(values: Sequence[float]) -> dict[str, float]:
    """Return count, median, 95th percentile and maximum."""
    ordered = sorted(values)

    def at(share: float) -> float:
        return round(ordered[max(0, math.ceil(share * len(ordered)) - 1)], 2)

    return {"n": len(ordered), "p50": at(0.5), "p95": at(0.95), "max": round(ordered[-1], 2)}


async def steps(client: Client, answers: list[list[int]], sampling: Any) -> list[dict[str, Any]]:
    """Measure the time of a step with 1, 4 and 8 in flight; no two answers share a prompt."""
    found = []
    for parallel in PARALLEL:
        rng = random.Random(f"steps {parallel}")
        rows: list[dict[str, float]] = []
        first: list[float] = []
        for lengths in answers:
            sent = await in_waves(client, prompts(rng, lengths), parallel, sampling)
            rows += sent
            first.append(sent[0]["ms"])
        found.append({ "prefix_caching": True, "parallel": parallel,
            "step_ms": spread([row["ms"] for row in rows]), "first_step_ms": spread(first),
            "prompt_tokens": spread([row["prompt"] for row in rows]),
            "cached_share": round(
                sum(row["cached"] for row in rows) / sum(row["prompt"] for row in rows), 3
            ),
            "within_deadline": round(
                sum(row["ms"] <= DEADLINE_MS for row in rows) / len(rows), 4
            ),
        })  # fmt: skip
    return found


async def pipeline(drafter: Client, verifier: Client, sampling: Any) -> dict[str, Any]:
    """Measure a draft of 512 tokens and its verification after it, eight steps in flight."""
    from vllm import SamplingParams  # noqa: PLC0415

    drafting = SamplingParams(
        max_tokens=DRAFT_TOKENS, min_tokens=DRAFT_TOKENS, ignore_eos=True, detokenize=False,
        temperature=0.7,
    )  # fmt: skip
    length = DRAFT_TOKENS // DRAFT_STEPS
    rows = []
    for number in range(DRAFTS + 2):
        rng = random.Random(f"draft {number}")
        drafted = await drafter.send(ids(rng, DRAFT_PROMPT), drafting)
        began_s = time.perf_counter()
        made = prompts(rng, [DRAFT_PROMPT - 60, *[length] * DRAFT_STEPS])
        sent = await in_waves(verifier, made, 8, sampling)
        verified_s = time.perf_counter() - began_s
        if number >= 2:  # warm-up
            rows.append({
                "draft_s": drafted["ms"] / 1000, "verify_s": verified_s,
                "whole_s": drafted["ms"] / 1000 + verified_s,
                "slowest_step_ms": max(row["ms"] for row in sent),
            })  # fmt: skip
    return {
        "draft_tokens": DRAFT_TOKENS, "steps": DRAFT_STEPS, "step_tokens": length,
        **{
            key: spread([row[key] for row in rows]) for key in ("draft_s", "verify_s", "whole_s")
        },
        "slowest_step_ms": spread([row["slowest_step_ms"] for row in rows]),
    }  # fmt: skip


def answer_lengths() -> list[list[int]]:
    """Return statement and step lengths of the answers to measure with."""
    rows: list[list[int]] = json.loads(LENGTHS.read_text(encoding="utf-8"))
    return random.Random(5).sample(rows, ANSWERS)


async def measure(folder: Path) -> dict[str, Any]:
    """Return everything that is measured."""
    began_s = time.monotonic()
    document: dict[str, Any] = {"deadline_ms": DEADLINE_MS}
    verifier = engine(folder, "r1-7b", R1_7B, caching=True, share=0.3)
    document["verifier_start_s"] = round(time.monotonic() - began_s, 1)
    try:
        client = Client(verifier)
        document["labels"] = await working_way(client)
        sampling = verdict_sampling(document["labels"])
        warm = random.Random("warm-up")
        for size in (1, 4, 8, 8):
            await in_waves(client, prompts(warm, [100, *[60] * 8]), size, sampling)
        document["steps"] = await steps(client, answer_lengths(), sampling)
        await verifier.reset_prefix_cache()
        started_s = time.monotonic()
        drafter = engine(folder, "qwen3-4b", QWEN3_4B, caching=False, share=0.3)
        document["drafter_start_s"] = round(time.monotonic() - started_s, 1)
        try:
            document["pipeline"] = await pipeline(Client(drafter), client, sampling)
        finally:
            drafter.shutdown()
    finally:
        verifier.shutdown()
    document["whole_s"] = round(time.monotonic() - began_s, 1)
    return document


def facts() -> dict[str, Any]:
    """Return what the figures depend on."""
    import torch  # noqa: PLC0415
    import vllm  # noqa: PLC0415

    gpu = torch.cuda.get_device_name(0) if torch.cuda.is_available() else "none"
    return {"gpu": gpu, "vllm": vllm.__version__, "torch": torch.__version__}


def main() -> int:
    """Measure and print."""
    folder = Path(tempfile.mkdtemp(prefix="evalctl-verification-"))
    measured = asyncio.run(measure(folder))
    document = facts() | measured
    text = json.dumps(document, indent=1)
    print(text)
    out = Path(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("OUT", "."))
    (out / "verification_gpu.json").write_text(text + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
