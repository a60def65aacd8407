"""What is sent to vLLM: exact token ids, templated or random, and how tokens are sampled."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.model_spec import ModelSpec
from core.sampling_params import SamplingParams
from workers import errors
from workers.engines.protocol import GenerationRequest
from workers.engines.vllm.labels import LabelRequest, label_request


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """Token ids, and their text where they came from one."""

    token_ids: tuple[int, ...]
    text: str | None

    def for_vllm(self) -> Any:
        """Return the prompt as vLLM takes it."""
        from vllm.inputs import tokens_input  # noqa: PLC0415

        return tokens_input(list(self.token_ids))


class PromptMaker:
    """Make prompts for one running engine."""

    def __init__(self, spec: ModelSpec, engine: Any) -> None:
        config = engine.vllm_config.model_config
        self._name = spec.name
        #: Sampling of the model's generation_config, by vLLM's names.
        self.own_sampling: dict[str, Any] = dict(
            getattr(config, "get_diff_sampling_param", dict)() or {}
        )
        self._template_options = dict(spec.options.get("chat_template_kwargs") or {})
        self._tokenizer = None if config.skip_tokenizer_init else engine.get_tokenizer()
        self._labels: dict[tuple[str, ...], LabelRequest] = {}
        self._max_model_len = int(config.max_model_len)
        self._vocabulary = int(config.get_vocab_size())
        self._special: frozenset[int] = frozenset(getattr(self._tokenizer, "all_special_ids", ()))

    def make(self, request: GenerationRequest) -> Prompt:
        """Return the request's prompt; raise PromptRejected when no room is left for an answer."""
        sampling = request.sampling
        if sampling.fixed_input_tokens is not None:
            prompt = Prompt(token_ids=self._random_ids(sampling), text=None)
            # A speed run of the wrong length would be compared with runs of the right one.
            needed = len(prompt.token_ids) + (sampling.fixed_output_tokens or 1)
        else:
            prompt = self._from_messages(request)
            needed = len(prompt.token_ids) + 1
        if needed > self._max_model_len:
            raise errors.PromptRejected(
                f"request {request.request_id}: the prompt has {len(prompt.token_ids)} tokens, "
                f"{needed} are needed with the answer, and model {self._name!r} takes "
                f"{self._max_model_len} in all"
            )
        return prompt

    def label_request(self, labels: tuple[str, ...]) -> LabelRequest | None:
        """Return how these labels are asked for; None for none."""
        if not labels:
            return None
        if labels not in self._labels:
            self._labels[labels] = label_request(labels, self._tokenizer)
        return self._labels[labels]

    def _from_messages(self, request: GenerationRequest) -> Prompt:
        if self._tokenizer is None:
            raise errors.PromptRejected(
                f"model {self._name!r} runs without a tokenizer and serves only "
                "fixed-length requests",
                error_class=errors.REQUEST_REFUSED,
            )
        messages = [{"role": one.role, "content": one.content} for one in request.messages]
        text = self._tokenizer.apply_chat_template(
            messages,
            add_generation_prompt=True,
            tokenize=False,
            **{**self._template_options, **request.sampling.chat_template_kwargs},
        )
        # The template writes special tokens itself.
        token_ids = self._tokenizer.encode(text, add_special_tokens=False)
        return Prompt(token_ids=tuple(token_ids), text=text)

    def _random_ids(self, sampling: SamplingParams) -> tuple[int, ...]:
        draw = random.Random(sampling.seed)  # noqa: S311  (repeatability, not secrecy)
        ids: list[int] = []
        while len(ids) < (sampling.fixed_input_tokens or 0):
            token_id = draw.randrange(self._vocabulary)
            if token_id not in self._special:
                ids.append(token_id)
        return tuple(ids)


def sampling_parameters(
    sampling: SamplingParams,
    schema: Mapping[str, Any] | None = None,
    own: Mapping[str, Any] | None = None,
) -> Any:
    """Return vLLM's SamplingParams; tokens are streamed one delta at a time.

    With a JSON schema, the text follows it: vLLM masks all other tokens. ``own`` is what the
    model's generation_config says, used where the job wants the model's own.
    """
    from vllm import SamplingParams  # noqa: PLC0415
    from vllm.sampling_params import RequestOutputKind  # noqa: PLC0415

    names = ("temperature", "top_p", "top_k", "min_p", "presence_penalty")
    said = {name: getattr(sampling, name) for name in names}
    common: dict[str, Any] = {
        **(
            {key: value for key, value in (own or {}).items() if key in _OWN}
            if sampling.own
            else {}
        ),
        **{name: value for name, value in said.items() if value is not None},
        "seed": sampling.seed,
        "output_kind": RequestOutputKind.DELTA,
    }
    if sampling.fixed_length:
        length = sampling.output_limit
        return SamplingParams(
            max_tokens=length, min_tokens=length, ignore_eos=True, detokenize=False, **common
        )
    if sampling.stop:
        common["stop"] = list(sampling.stop)
    if schema is not None:
        from vllm.sampling_params import StructuredOutputsParams  # noqa: PLC0415

        common["structured_outputs"] = StructuredOutputsParams(json=dict(schema))
    return SamplingParams(max_tokens=sampling.max_tokens, **common)


#: What a generation_config says of sampling; its length is not taken.
_OWN = frozenset({"temperature", "top_p", "top_k", "min_p", "repetition_penalty"})
