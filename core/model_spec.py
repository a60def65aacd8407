"""What a registered model is: its weights, its engine and the engine's options."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

#: What a server allows: it decides when a request is sent, and not what is run.
LIMITS = ("requests_per_minute", "tokens_per_minute", "concurrency")
#: Options that spread an engine over several GPUs, each a factor of their number.
PARALLEL_SIZES = ("tensor_parallel_size", "pipeline_parallel_size")
MOST_GPUS = 1024
#: Engines that run in a worker; the synthetic one only claims to.
RUN_HERE = ("vllm", "synthetic")


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSpec:
    """One model as the registry names it and as jobs refer to it; equal specs have equal hashes."""

    #: The registry's name, e.g. ``qwen3-4b``.
    name: str
    #: ``vllm``, ``openai``, ``replay`` or ``synthetic``.
    engine: str
    #: A local folder, a hub id, ``embedded:NAME``, or the served model's name for an
    #: OpenAI-compatible server.
    source: str
    revision: str | None = None
    #: What the weights are, for people: ``bf16``, ``awq-4bit-g128``, ``awq-format-rtn-4bit-g64``.
    quantisation: str | None = None
    #: The Celery queue its hints go to; a worker serves the models of the queues it listens on.
    queue: str = ""
    #: Engine options, passed on under the engine's own names.
    options: Mapping[str, Any] = field(default_factory=dict)
    trust_remote_code: bool = False
    base_url: str | None = None
    #: Name of the environment variable that holds the API key; the key itself is never stored.
    api_key_env: str | None = None
    price_per_gpu_hour: float | None = None
    #: Of a server that is paid by the token.
    price_per_million_input_tokens: float | None = None
    price_per_million_output_tokens: float | None = None
    #: How its answers are drawn unless an experiment names something else: parameters by name,
    #: ``model`` for its own generation_config, None for greedy.
    sampling: str | Mapping[str, Any] | None = None
    #: False: it is sent no system turn.
    system_prompt: bool = True
    #: Passed to its chat template, e.g. ``enable_thinking``.
    chat_template_kwargs: Mapping[str, Any] = field(default_factory=dict)
    #: Whether it thinks before it answers; None: as its name says.
    reasoning: bool | None = None
    #: Whether it is started to label the steps of drafts, whose requests share their beginnings:
    #: with its prefix cache on, and apart from the start that serves jobs which are measured.
    verifies: bool = False
    #: What a server allows, honoured by all workers together; None for no limit.
    requests_per_minute: float | None = None
    tokens_per_minute: float | None = None
    #: Requests at once.
    concurrency: int | None = None

    @property
    def synthetic(self) -> bool:
        """Whether its rows are simulated, and hidden from public views unless included."""
        return self.engine == "synthetic"

    @property
    def gpus(self) -> int:
        """GPUs that one engine of it takes: the product of vLLM's parallel sizes; 1 elsewhere."""
        sizes = (self.options.get(name, 1) for name in PARALLEL_SIZES)
        known = [size for size in sizes if isinstance(size, int) and 1 <= size <= MOST_GPUS]
        return min(math.prod(known), MOST_GPUS) if self.engine in RUN_HERE else 1

    @property
    def spec_hash(self) -> str:
        """SHA-256 (hex) over everything that decides what is run; not over price and limits."""
        return canonical_hash(
            {key: value for key, value in self.to_dict().items() if key not in _ABOUT}
        )

    @property
    def reasons(self) -> bool:
        """Whether it thinks before it answers: as registered, else as its name suggests."""
        if self.reasoning is not None:
            return self.reasoning
        if (thinking := self.chat_template_kwargs.get("enable_thinking")) is not None:
            return bool(thinking)
        return _REASONING_NAME.search(f"{self.name} {self.source}".lower()) is not None

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready document; what came later is absent while it says nothing new."""
        document = asdict(self) | {"options": dict(self.options)}
        for name, unset in _LATER.items():
            if document[name] == unset:
                del document[name]
        return document

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> ModelSpec:
        """Read what ``to_dict`` wrote."""
        return cls(**data)


def default_queue(engine: str, gpus: int) -> str:
    """Return the queue of a model that names none: its engine's, or that of its number of GPUs.

    Hints of larger models reach no worker that is too small for them, which would spend them.
    """
    return engine if gpus == 1 else f"{engine}-x{gpus}"


#: What tokens cost; later than the price of a GPU.
TOKEN_PRICES = ("price_per_million_input_tokens", "price_per_million_output_tokens")
#: Fields that say something about a model and change nothing that is run.
_ABOUT = ("price_per_gpu_hour", *TOKEN_PRICES, "reasoning", *LIMITS)
#: Fields that stored specs may lack, with what they are then.
_LATER: Mapping[str, Any] = {
    "sampling": None, "system_prompt": True, "chat_template_kwargs": {}, "reasoning": None,
    "verifies": False, **dict.fromkeys((*TOKEN_PRICES, *LIMITS)),
}  # fmt: skip
_REASONING_NAME = re.compile(
    r"(?:^|[^a-z0-9])(?:r1|qwq|o[134]|thinking|reasoner|reasoning|magistral|gpt-oss)(?:[^a-z0-9]|$)"
)


def canonical_hash(document: Any) -> str:
    """Return the SHA-256 (hex) of a JSON document with sorted keys, without spaces, in UTF-8."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
