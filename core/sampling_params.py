"""How an answer is drawn: the sampling parameters that are part of what a run is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from core.model_spec import ModelSpec, canonical_hash

#: ``sampling = "model"`` in the registry, or ``from = "model"`` beside other keys.
OWN = "model"
#: What a model's ``sampling`` may set, and an experiment by the same names.
SETTABLE = (
    "temperature", "top_p", "top_k", "min_p", "max_tokens", "stop", "presence_penalty",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplingParams:
    """Sampling parameters of one generation; ``seed`` is the seed of this repetition.

    Greedy unless something else is set. None leaves a parameter to the engine, or to the model's
    own generation_config where ``own`` is set.
    """

    max_tokens: int = 2048
    temperature: float | None = 0.0
    top_p: float | None = 1.0
    seed: int = 0
    #: A speed run: a prompt of this many seeded random token ids instead of the problem's text.
    fixed_input_tokens: int | None = None
    #: A speed run: exactly this many output tokens, the end-of-text token ignored.
    fixed_output_tokens: int | None = None
    top_k: int | None = None
    min_p: float | None = None
    presence_penalty: float | None = None
    #: Texts that end the answer; they are not part of it.
    stop: tuple[str, ...] = ()
    #: What is None is the model's own, from its generation_config.
    own: bool = False
    #: False: the instructions of the system turn stand at the beginning of the user's.
    system_prompt: bool = True
    #: Passed to the chat template.
    chat_template_kwargs: Mapping[str, Any] = field(default_factory=dict)

    @property
    def fixed_length(self) -> bool:
        """Whether this is a speed run, whose text means nothing and is never scored."""
        return self.fixed_input_tokens is not None

    @property
    def output_limit(self) -> int:
        """Most output tokens; a speed run generates exactly this many."""
        return self.fixed_output_tokens or self.max_tokens

    @property
    def sampling_hash(self) -> str:
        """SHA-256 (hex) of the parameters."""
        return canonical_hash(self.to_dict())

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready document; parameters that are not set are absent, as once stored."""
        document = asdict(self) | {
            "stop": list(self.stop),
            "chat_template_kwargs": dict(self.chat_template_kwargs),
        }
        unset = {one.name: document[one.name] for one in fields(self)[_OLDER:]}
        for name, value in unset.items():
            if value is None or value in ([], {}) or value is (name == "system_prompt"):
                del document[name]  # But not a number that is 0.
        return document

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> SamplingParams:
        """Read what ``to_dict`` wrote."""
        return cls(**{**data, "stop": tuple(data.get("stop", ()))})


#: The fields that every stored document has.
_OLDER = 6


def model_sampling(
    spec: ModelSpec,
    *,
    seed: int,
    named: Mapping[str, Any],
    same: bool = False,
    fixed: tuple[int, int] | None = None,
) -> SamplingParams:
    """Return how a model's answers are drawn: as the registry says, overridden by name.

    ``named`` holds what an experiment sets itself. With ``same`` the registry's sampling is left
    out, so that all models share one setting: what is named, greedy elsewhere. ``fixed`` are the
    tokens of a speed run. How the model is spoken to (system prompt, chat template) stays its own.
    """
    said: str | Mapping[str, Any] = {} if same else (spec.sampling or {})
    table = {"from": OWN} if said == OWN else dict(said)  # type: ignore[arg-type]
    given: dict[str, Any] = {}
    if table.pop("from", None) == OWN:
        given |= {"own": True, "temperature": None, "top_p": None}
    given |= table | dict(named)
    for name in ("temperature", "top_p", "min_p", "presence_penalty"):
        if given.get(name) is not None:
            given[name] = float(given[name])
    if isinstance(stop := given.get("stop"), str):
        given["stop"] = (stop,)
    elif stop is not None:
        given["stop"] = tuple(stop)
    if fixed is not None:
        lengths = {"fixed_input_tokens": fixed[0], "fixed_output_tokens": fixed[1]}
        given |= lengths | {"max_tokens": fixed[1], "stop": ()}
    return SamplingParams(
        seed=seed,
        system_prompt=spec.system_prompt,
        chat_template_kwargs=spec.chat_template_kwargs,
        **given,
    )
