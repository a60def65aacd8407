"""Options of models by engine: which names there are, for the engines and their checks.

``orchestrator.models.vllm_names`` knows which of vLLM's options an installed version has.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping
from types import MappingProxyType

from core.model_spec import PARALLEL_SIZES, ModelSpec

#: Options of the engine ``vllm`` that are ours and not vLLM's.
VLLM_OWN = frozenset(
    {"boots", "chat_template_kwargs", "linear_kernel", "model_runner", "warm_up_requests"}
)
VLLM = VLLM_OWN | {
    "async_scheduling", "attention_backend", "block_size", "compilation_config", "config_format",
    "cpu_offload_gb", "cudagraph_capture_sizes", "disable_custom_all_reduce",
    "distributed_executor_backend", "dtype", "enable_chunked_prefill", "enable_expert_parallel",
    "enable_flashinfer_autotune", "enable_prefix_caching", "enforce_eager", "generation_config",
    "gpu_memory_utilization", "hf_overrides", "jit_monitor_mode", "kv_cache_dtype",
    "kv_cache_memory_bytes", "limit_mm_per_prompt", "linear_backend", "load_format",
    "max_cudagraph_capture_size", "max_model_len", "max_num_batched_tokens", "max_num_seqs",
    "moe_backend", "num_gpu_blocks_override", "optimization_level", "pipeline_parallel_size",
    "quantization", "seed", "skip_tokenizer_init", "tensor_parallel_size", "tokenizer",
    "tokenizer_mode", "tokenizer_revision",
}  # fmt: skip
OPENAI = frozenset(
    {
        "ca_file",  # certificates (PEM) of the server's authority
        "chat_template_kwargs",  # vLLM and SGLang take it in the body
        "connect_timeout_s",
        "extra_body",  # fields of one vendor, sent as they are
        "headers",  # sent with every request; ${NAME} in a value stands for a variable
        "leave_out",  # fields of LEFT_OUT not to send
        "max_num_seqs",  # an older name of the limit "concurrency"
        "no_cache",  # false to ask for no fresh cache where the server could
        "max_tokens_field",  # max_tokens (default) or max_completion_tokens
        "send_seed",  # false for servers that refuse a seed
    }
)
REPLAY = frozenset(
    {
        "problems",  # the set that the answers are to, a name or a folder; the default is core
        "max_num_seqs",  # requests served at once
    }
)
SYNTHETIC = frozenset(
    {
        "text",  # the answer, the same for every request; else a seeded pseudo-solution or value
        "labels",  # probability of each label, for requests of one; else seeded, or text alone
        "tokens",  # length of the answer in words; the text is cut or repeated
        "ttft_ms",
        "tpot_ms",
        "start_s",
        "max_model_len",  # longest prompt + 1, in words
        "max_num_seqs",  # requests served at once; the others queue
        *PARALLEL_SIZES,  # decide which workers may claim its jobs, and nothing else
        "kv_sequences",  # sequences in the fake KV cache; the others queue, and report it
        "kv_used_mib",
        "memory",  # other memory terms by name, all fake
        "traced",  # true: the worker's real memory is sampled, as beside a real engine
        "fail",  # see SyntheticEngine
    }
)
BY_ENGINE: Mapping[str, Collection[str]] = MappingProxyType(
    {"vllm": VLLM, "openai": OPENAI, "replay": REPLAY, "synthetic": SYNTHETIC}
)


def unknown_option(spec: ModelSpec) -> str | None:
    """Say which option the model's engine does not have, with the nearest name; None for none."""
    known = BY_ENGINE[spec.engine]
    for name in spec.options:
        if name not in known:
            has_not = f"has the option {name!r}, which the {spec.engine} engine does not have"
            near = nearest(name, known) or f"known are {', '.join(sorted(known))}."
            return f"model {spec.name!r} {has_not}: {near}"
    return None


def nearest(name: str, known: Collection[str]) -> str | None:
    """Return a question for the nearest known name; None where none is near."""
    near = difflib.get_close_matches(name, known, n=1)
    return f"did you mean {near[0]!r}?" if near else None
