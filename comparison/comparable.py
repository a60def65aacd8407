"""Whether two sides may be compared: what must be equal, and for which metrics it matters.

A condition is what the results of one side were made under, as the set of its values: a run may
have used several GPUs. Sides whose sets are equal are comparable.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from comparison.metrics import Kind
from comparison.paired import Cell

ALL = frozenset(Kind)
MEASURED = frozenset({Kind.TIME, Kind.MEMORY})
#: Keys of an engine's configuration that follow from the model, or from the memory that was free.
OF_THE_MODEL = frozenset(
    {
        *("source", "revision", "quantization", "dtype", "linear_kernel", "served_model"),
        "answers_hash",
    }
)
PASSING = frozenset({"num_gpu_blocks"})
#: Keys of the environment that are conditions by themselves.
GPU_KEYS = ("gpu_uuid", "gpu_name")
DRIVER_KEYS = ("driver", "cuda_driver")
#: Values shown of a condition at most.
SHOWN = 3

Values = frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """What the results of one side were made under."""

    model: str
    #: Hash of the model as it was registered.
    spec: Values = frozenset()
    mode: Values = frozenset()
    language: Values = frozenset()
    #: Sampling parameters without the seed.
    sampling: Values = frozenset()
    scorer: Values = frozenset()
    judge: Values = frozenset()
    #: Key of the engine's configuration or environment: its values.
    config: Mapping[str, Values] = field(default_factory=dict)
    environment: Mapping[str, Values] = field(default_factory=dict)
    #: Problem: its content hashes.
    problems: Mapping[str, Values] = field(default_factory=dict)
    #: Cell: hashes of the exact prompt, chat template included.
    prompts: Mapping[Cell, Values] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A condition that differs, and the kinds of metrics that it keeps from being compared."""

    condition: str
    reason: str
    kinds: frozenset[Kind]

    def to_dict(self) -> dict[str, object]:
        """Return a JSON-ready document."""
        kinds = sorted(kind.value for kind in self.kinds)
        return {"condition": self.condition, "reason": self.reason, "touches": kinds}


def refusals(a: Conditions, b: Conditions, *, other_prompt: bool = False) -> list[Refusal]:
    """Return what keeps two sides from being compared, per kind of metric.

    ``other_prompt``: the prompts are what is compared, and differ on purpose.
    """
    found = [
        _unlike("GPU", "another GPU", MEASURED, *_picked(a, b, GPU_KEYS)),
        _unlike("driver", "another driver", MEASURED, *_picked(a, b, DRIVER_KEYS)),
        _environment(a, b),
        _config(a, b),
        _unlike("mode", "another mode", MEASURED, a.mode, b.mode),
        _unlike("sampling", "other sampling parameters", ALL, a.sampling, b.sampling),
        _problems(a, b),
        _unlike("language", "statements in another language", ALL, a.language, b.language),
        None if other_prompt or a.model != b.model else _prompts(a, b),
        _unlike("scorer", "another scorer", frozenset({Kind.SCORE}), a.scorer, b.scorer),
        _unlike("judge", "another judge", frozenset({Kind.SCORE}), a.judge, b.judge),
    ]
    return [refusal for refusal in found if refusal is not None]


def reasons_for(kind: Kind, refused: Iterable[Refusal]) -> list[str]:
    """Return why metrics of a kind may not be compared; empty where they may."""
    return [refusal.reason for refusal in refused if kind in refusal.kinds]


def _unlike(
    condition: str, what: str, kinds: frozenset[Kind], a: Values, b: Values
) -> Refusal | None:
    if a == b:
        return None
    return Refusal(condition=condition, reason=f"{what}: {_said(a)} and {_said(b)}", kinds=kinds)


def _said(values: Values) -> str:
    listed = sorted(values)
    more = f" and {len(listed) - SHOWN} more" if len(listed) > SHOWN else ""
    return ", ".join(listed[:SHOWN]) + more if listed else "none"


def _picked(a: Conditions, b: Conditions, keys: Iterable[str]) -> tuple[Values, Values]:
    """Return the values of the first of these keys of the environment that differs."""
    for key in reversed(list(keys)):
        one, other = a.environment.get(key, frozenset()), b.environment.get(key, frozenset())
        if one != other:
            return one, other
    return frozenset(), frozenset()


def _keys(
    a: Mapping[str, Values], b: Mapping[str, Values], besides: Iterable[str]
) -> list[tuple[str, Values, Values]]:
    names = sorted((a.keys() | b.keys()) - set(besides))
    pairs = ((name, a.get(name, frozenset()), b.get(name, frozenset())) for name in names)
    return [(name, one, other) for name, one, other in pairs if one != other]


def _settings(
    condition: str, what: str, unlike: list[tuple[str, Values, Values]]
) -> Refusal | None:
    if not unlike:
        return None
    shown = [f"{name} {_said(one)} and {_said(other)}" for name, one, other in unlike[:SHOWN]]
    more = [f"{len(unlike) - SHOWN} more"] if len(unlike) > SHOWN else []
    return Refusal(
        condition=condition, reason=f"{what}: {'; '.join([*shown, *more])}", kinds=MEASURED
    )


def _environment(a: Conditions, b: Conditions) -> Refusal | None:
    unlike = _keys(a.environment, b.environment, (*GPU_KEYS, *DRIVER_KEYS))
    return _settings("environment", "another environment", unlike)


def _config(a: Conditions, b: Conditions) -> Refusal | None:
    """Compare engine configurations; of two models without what follows from the model."""
    follows = PASSING if a.spec == b.spec else PASSING | OF_THE_MODEL
    unlike = _keys(a.config, b.config, follows)
    return _settings("config", "another engine configuration", unlike)


def _problems(a: Conditions, b: Conditions) -> Refusal | None:
    changed = sorted(
        name
        for name in a.problems.keys() & b.problems.keys()
        if a.problems[name] != b.problems[name]
    )
    if not changed:
        return None
    named = _said(frozenset(changed))
    reason = f"problems changed in between: {named}"
    return Refusal(condition="problems", reason=reason, kinds=ALL)


def _prompts(a: Conditions, b: Conditions) -> Refusal | None:
    cells = a.prompts.keys() & b.prompts.keys()
    changed = sum(a.prompts[cell] != b.prompts[cell] for cell in cells)
    if not changed:
        return None
    reason = f"another version of the prompt: {changed} of {len(cells)} differ"
    return Refusal(condition="prompt", reason=reason, kinds=ALL)
