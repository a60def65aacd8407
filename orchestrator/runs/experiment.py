"""An experiment: what the user submits, as flags or a file, checked before anything is written."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import yaml

from core.model_spec import ModelSpec, canonical_hash
from core.sampling_params import SETTABLE, SamplingParams, model_sampling
from core.states import Mode
from orchestrator.errors import UsageFault
from orchestrator.models.registry import read_toml
from orchestrator.models.table import LARGEST, SAMPLING, number
from problems.prompt_styles import MAX_WORDINGS, find_templates, shipped_styles

LANGUAGES = ("en", "zh")
_LATER = ("top_k", "min_p", "presence_penalty", "stop", "same_sampling")
_GREEDY = {"max_tokens": 2048, "temperature": 0.0, "top_p": 1.0}
NAME_AT_MOST = 200
_RUN_ID = re.compile(r"[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}", re.IGNORECASE)
#: Token counts of a speed run.
_LENGTH = re.compile("[1-9][0-9]{0,7}")
#: What numbers may be: beyond these the database, a JSON reader or every engine refuses them.
BOUNDS = {
    "repetitions": number(1, 10_000, whole=True),
    "max_attempts": number(1, 100, whole=True),
    "wordings": number(1, MAX_WORDINGS, whole=True),
    "seed": number(-LARGEST, LARGEST, whole=True),
    "priority": number(-1_000_000, 1_000_000, whole=True),
    "budget_gpu_hours": number(0, 1_000_000, above=True),
    **SAMPLING,
}
#: What the same run may have more of when it is submitted again.
TOPPED_UP = (
    "models", "prompts", "wordings", "repetitions", "priority", "max_attempts", "budget_gpu_hours",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Experiment:
    """Models x problems x prompts x repetitions, with one mode and language."""

    models: tuple[str, ...]
    problems: str
    #: Styles, numbered wordings of them (``stepwise/2``), or paths to own files.
    prompts: tuple[str, ...] = ("plain",)
    #: How many wordings of each style are used.
    wordings: int = 1
    repetitions: int = 3
    name: str | None = None
    language: str = "en"
    mode: str = Mode.LATENCY.value
    seed: int = 0
    #: What these name holds for all models; what is None is as the registry says of each.
    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    min_p: float | None = None
    presence_penalty: float | None = None
    stop: tuple[str, ...] | None = None
    #: One setting for all models: what is named, greedy elsewhere.
    same_sampling: bool = False
    #: ``IN:OUT`` token counts of a speed run; its text means nothing and is not scored.
    fixed_length: str | None = None
    priority: int = 0
    max_attempts: int = 3
    #: Each repetition gets an engine started for it.
    fresh_engine: bool = False
    #: The run is paused before it takes more GPU hours; None for no budget.
    budget_gpu_hours: float | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be run, naming the value and what is allowed."""
        _require(bool(self.models), "an experiment needs at least one model (--model NAME)")
        _require(bool(self.problems), "an experiment needs a problem set (--problems NAME)")
        known = ", ".join(shipped_styles())
        _require(bool(self.prompts), f"an experiment needs a prompt style: {known}")
        find_templates(self.prompts, self.wordings)  # Refuses unknown ones.
        languages = ", ".join(LANGUAGES)
        _require(
            self.language in LANGUAGES, f"language {self.language!r} is not one of {languages}"
        )
        _require(self.mode in set(Mode), f"mode {self.mode!r} is not one of {', '.join(Mode)}")
        for name, check in BOUNDS.items():
            value = getattr(self, name)
            unsaid = value is None and (name in SAMPLING or name == "budget_gpu_hours")
            wrong = None if unsaid else check(value)
            shown = json.dumps(value, ensure_ascii=False) if name == "stop" else value
            _require(wrong is None, f"{name} {wrong}, not {shown}")
        wrong_name = None if self.name is None else wrong_with_name(self.name)
        _require(wrong_name is None, f"name {self.name!r} {wrong_name}")
        self.fixed_tokens  # noqa: B018 - refuses a broken value

    @property
    def fixed_tokens(self) -> tuple[int, int] | None:
        """Input and output tokens of a speed run."""
        if self.fixed_length is None:
            return None
        parts = self.fixed_length.split(":")
        if len(parts) != 2 or not all(_LENGTH.fullmatch(part) for part in parts):
            raise UsageFault(
                f"fixed_length {self.fixed_length!r} must be IN:OUT token counts, e.g. 256:512"
            )
        return int(parts[0]), int(parts[1])

    @property
    def named_sampling(self) -> dict[str, Any]:
        """What the experiment itself says of sampling."""
        said = {name: getattr(self, name) for name in SETTABLE}
        return {name: value for name, value in said.items() if value is not None}

    def sampling(self, spec: ModelSpec) -> SamplingParams:
        """Return a model's sampling parameters with the base seed; repetition k adds k."""
        return model_sampling(
            spec,
            seed=self.seed,
            named=self.named_sampling,
            same=self.same_sampling,
            fixed=self.fixed_tokens,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready document."""
        lists = {"models": list(self.models), "prompts": list(self.prompts)}
        stop = {} if self.stop is None else {"stop": list(self.stop)}
        return asdict(self) | lists | stop

    def identity_hash(self, problem_set_hash: str) -> str:
        """Return the hash that identifies the run: of everything that cannot be topped up."""
        fixed = {key: value for key, value in self.to_dict().items() if key not in TOPPED_UP}
        if not self.fresh_engine:
            del fixed["fresh_engine"]  # Runs from before there was a choice are found again.
        for name in _LATER:
            if fixed[name] in (None, False):
                del fixed[name]
        # What is not said counts as what was the default for all; what is said to be that, as said.
        fixed |= {name: value for name, value in _GREEDY.items() if fixed[name] is None}
        if said := [name for name, value in _GREEDY.items() if getattr(self, name) == value]:
            fixed["said"] = said
        return canonical_hash(fixed | {"problem_set_hash": problem_set_hash})


def read_experiment(path: Path, overrides: Mapping[str, Any]) -> Experiment:
    """Read an experiment from TOML or YAML, overridden by given flags, or raise ``UsageFault``."""
    document = _read_document(path)
    known = {field.name for field in fields(Experiment)}
    if unknown := sorted(set(document) - known):
        keys = ", ".join(sorted(known))
        raise UsageFault(f"{path}: unknown keys {', '.join(unknown)}; the keys are {keys}")
    return make_experiment({**document, **overrides}, where=f"{path}: ")


def make_experiment(values: Mapping[str, Any], *, where: str = "") -> Experiment:
    """Build an experiment from plain values, with every wrong type named."""
    shaped = dict(values)
    for key in ("models", "prompts", "stop"):
        if isinstance(shaped.get(key), str):
            shaped[key] = [shaped[key]]
        if shaped.get(key) is not None:
            given = shaped[key]
            listed = isinstance(given, (list, tuple))
            if not listed or not all(isinstance(name, str) for name in given):
                raise UsageFault(f"{where}{key} = {shaped[key]!r} must be a list of names")
            shaped[key] = tuple(shaped[key])
    none = type(None)
    types: dict[str, type | tuple[type, ...]] = {
        "repetitions": int, "wordings": int, "seed": int, "priority": int, "max_attempts": int,
        "problems": str, "language": str,
        "mode": str, "name": (str, none), "fixed_length": (str, none),
        "fresh_engine": bool, "same_sampling": bool, "max_tokens": (int, none),
        "top_k": (int, none), "temperature": (int, float, none), "top_p": (int, float, none),
        "min_p": (int, float, none), "presence_penalty": (int, float, none),
        "budget_gpu_hours": (int, float, none),
    }  # fmt: skip
    for key, kind in types.items():
        if key in shaped and (
            not isinstance(shaped[key], kind) or isinstance(shaped[key], bool) != (kind is bool)
        ):
            raise UsageFault(f"{where}{key} = {shaped[key]!r} has the wrong type")
    for key in ("models", "problems"):
        if key not in shaped:
            raise UsageFault(f"{where}{key} is missing")
    for key in ("temperature", "top_p", "min_p", "presence_penalty"):
        if shaped.get(key) is not None:
            try:
                shaped[key] = float(shaped[key])  # 0 and 0.0 are one experiment
            except OverflowError as error:
                raise UsageFault(f"{where}{key} = {shaped[key]} is too large") from error
    return Experiment(**shaped)


def wrong_with_name(name: str) -> str | None:
    """Say why a run cannot have this name, None where it can: commands take names and ids alike."""
    if not name.strip() or len(name) > NAME_AT_MOST:
        return f"must have from 1 to {NAME_AT_MOST} characters"
    if not name.isprintable():
        return "must be one line of printable characters"
    if name.strip().lower() == "latest":
        return "stands for the latest run in every command; choose another"
    if _RUN_ID.fullmatch(name):
        return "could be the id of another run; choose another"
    return "would be read as an option; choose another" if name.startswith("-") else None


def _read_document(path: Path) -> dict[str, Any]:
    if path.suffix not in {".yaml", ".yml"}:
        return read_toml(path)
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise UsageFault(f"cannot read {path}: {error.strerror or error}") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # not YAML, not UTF-8, too deep
        raise UsageFault(f"{path} is not valid YAML: {error}") from error
    if not isinstance(document, dict):
        raise UsageFault(f"{path} must contain keys and values")
    return document


def _require(holds: bool, sentence: str) -> None:
    if not holds:
        raise UsageFault(sentence)
