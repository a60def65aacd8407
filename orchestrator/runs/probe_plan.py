"""A probe: its parameters, checked before anything is written, and its jobs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from core.model_spec import ModelSpec, canonical_hash
from core.sampling_params import SamplingParams
from core.states import Mode
from db.queue.probes import Found, Row
from db.runs.submissions import Submission
from orchestrator.errors import UsageFault
from orchestrator.models.registry import Registry
from orchestrator.runs.submit import provenance

SEQUENCES, INSTANCES, CONTEXT = "sequences", "instances", "context"
#: Unit that the levels of a kind count.
UNITS = {SEQUENCES: "sequences", INSTANCES: "instances", CONTEXT: "tokens"}
#: Highest level and number of trials of each kind, by default.
MAX_LEVEL = {SEQUENCES: 64, INSTANCES: 16}
TRIALS = {SEQUENCES: 3, INSTANCES: 3, CONTEXT: 1}
CONTEXT_LEVELS = tuple(1024 * 2**power for power in range(3, 9))
#: A context takes a question, some text and an answer.
SHORTEST_CONTEXT = 256
#: What the same run may have more of when it is submitted again.
TOPPED_UP = ("models", "searches", "priority", "max_attempts")

_THRESHOLD = (
    "max_stable", "first_failure", "reason", "limited_by", "searches", "agreed", "gpu",
    "memory_limit_mib", "emulated", "need_mib", "peak_mib", "analytic_bound",
)  # fmt: skip
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*(GiB|MiB)", re.IGNORECASE)
_TOKENS = re.compile(r"(\d+)(k?)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """One kind of search over one or more models."""

    kind: str
    models: tuple[str, ...]
    searches: int = 1
    name: str | None = None
    seed: int = 0
    trials: int | None = None
    max_level: int | None = None
    #: ``IN:OUT`` tokens of each request.
    fixed_length: str | None = None
    sla_s: float | None = None
    hold_s: float | None = None
    #: Tokens of the contexts, e.g. ``8k,16k``.
    levels: str | None = None
    #: Size of a smaller GPU to emulate, e.g. ``24GiB``.
    memory_limit: str | None = None
    priority: int = 0
    max_attempts: int = 3

    def __post_init__(self) -> None:
        _require(bool(self.models), "name at least one model with --model")
        for name, value, most in (
            ("searches", self.searches, 1000),
            ("trials", self.trials, 100),
            ("max-level", self.max_level, 100_000),
            ("max-attempts", self.max_attempts, 100),
        ):
            sentence = f"--{name} must be between 1 and {most}, not {value}"
            _require(value is None or 1 <= value <= most, sentence)
        for name, seconds in (("sla-s", self.sla_s), ("hold", self.hold_s)):
            _require(seconds is None or seconds > 0, f"--{name} must be above 0 s, not {seconds}")
        self.document  # noqa: B018 - refuses broken values

    @property
    def document(self) -> dict[str, Any]:
        """What a worker searches for: the ``probe`` of each job."""
        document: dict[str, Any] = {"kind": self.kind, "trials": self.trials or TRIALS[self.kind]}
        if self.kind == CONTEXT:
            levels = context_levels(self.levels)
            document |= {"levels": list(levels), "max_level": levels[-1]}
        else:
            input_tokens, output_tokens = _lengths(self.fixed_length)
            document |= {"max_level": self.max_level or MAX_LEVEL[self.kind]}
            document |= {"input_tokens": input_tokens, "output_tokens": output_tokens}
        if self.kind == INSTANCES:
            document["hold_s"] = 60.0 if self.hold_s is None else self.hold_s
        if self.sla_s is not None:
            document["sla_s"] = self.sla_s
        if self.memory_limit is not None:
            document["memory_limit_mib"] = memory_mib(self.memory_limit)
        return document

    @property
    def identity_hash(self) -> str:
        """The hash that identifies the run: of everything that cannot be topped up."""
        fixed = {"kind": self.kind, "name": self.name, "seed": self.seed}
        return canonical_hash(fixed | {"probe": self.document})

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready document."""
        fixed = {"kind": self.kind, "name": self.name, "seed": self.seed}
        jobs = {"models": list(self.models), "prompts": [self.kind], "repetitions": self.searches}
        return {**fixed, "mode": Mode.LATENCY.value, **jobs, "probe": self.document}


def plan_probe(probe: Probe, registry: Registry, *, new: bool = False) -> Submission:
    """Resolve a probe's models; raise ``UsageFault`` for one unknown or not started by us."""
    models = tuple(registry.runnable(name) for name in dict.fromkeys(probe.models))
    ours = "a probe only searches the limits of engines that evalctl starts"
    for model in models:
        elsewhere = f"model {model.name!r} runs on an external server"
        _require(model.engine != "openai", f"{elsewhere}; {ours}")
    identity = probe.identity_hash
    return Submission(
        name=probe.name or f"probe-{probe.kind}-{identity[:6]}",
        experiment_hash=identity,
        experiment=probe.to_dict(),
        provenance=provenance(),
        models=models,
        problems=(),
        prompts=(probe.kind,),
        repetitions=probe.searches,
        mode=Mode.LATENCY.value,
        sampling=SamplingParams(seed=probe.seed),
        priority=probe.priority,
        max_attempts=probe.max_attempts,
        probe=probe.document,
        new=new,
    )


def found_documents(kind: str, models: tuple[ModelSpec, ...], found: Found) -> list[dict[str, Any]]:
    """Return a document per model, GPU and emulated size; an unfinished search's has no limit."""
    documents = []
    for model in models:
        rows = [row for row in found.thresholds if row["model"] == model.name] or [{}]
        documents += [_document(kind, model.name, row, found, alone=len(rows) == 1) for row in rows]
    return documents


def memory_mib(text: str) -> float:
    """Read the memory size of a GPU, e.g. ``24GiB``. Raise ``UsageFault``."""
    read = _SIZE.fullmatch(text.strip())
    if read is None or float(read[1]) <= 0:
        raise UsageFault(f"--memory-limit {text!r} must be a size in GiB or MiB, e.g. 24GiB")
    return float(read[1]) * (1024 if read[2].lower() == "gib" else 1)


def context_levels(text: str | None) -> tuple[int, ...]:
    """Read lengths in tokens, e.g. ``8k,16k,40000``, in increasing order. Raise ``UsageFault``."""
    if text is None:
        return CONTEXT_LEVELS
    read = [_TOKENS.fullmatch(part.strip()) for part in text.split(",")]
    levels = {int(one[1]) * (1024 if one[2] else 1) for one in read if one is not None}
    if None in read or not levels or min(levels) < SHORTEST_CONTEXT:
        lengths = f"lengths from {SHORTEST_CONTEXT} tokens up, e.g. 8k,16k,32k"
        raise UsageFault(f"--levels {text!r} must be {lengths}")
    return tuple(sorted(levels))


def _document(
    kind: str, model: str, threshold: Row, found: Found, *, alone: bool
) -> dict[str, Any]:
    gpu = ("gpu", "memory_limit_mib")
    return {
        "probe": kind,
        "model": model,
        "unit": UNITS[kind],
        **{key: threshold.get(key) for key in _THRESHOLD},
        "points": [
            {key: value for key, value in row.items() if key not in {"model", "kind", "unit"}}
            for row in found.levels
            if row["model"] == model
            and (alone or all(row[key] == threshold.get(key) for key in gpu))
        ],
        "not_ended": [
            row for row in found.searches if row["model"] == model and row["state"] != "succeeded"
        ],
    }


def _lengths(text: str | None) -> tuple[int, int]:
    parts = (text or "256:512").split(":")
    if len(parts) != 2 or not all(part.isdigit() and int(part) > 0 for part in parts):
        raise UsageFault(f"--fixed-length {text!r} must be IN:OUT token counts, e.g. 256:512")
    return int(parts[0]), int(parts[1])


def _require(holds: bool, sentence: str) -> None:
    if not holds:
        raise UsageFault(sentence)
