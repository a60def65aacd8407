"""An engine that sends written answers: no model computes, so no time and no memory is reported."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.model_spec import ModelSpec
from problems.errors import ProblemError
from problems.loader import EXAMPLES, load_set
from workers import errors
from workers.engines.options import checked_options, request_settings
from workers.engines.protocol import (
    REPLAYED,
    EngineContext,
    Generation,
    GenerationRequest,
    MemoryReport,
    StartReport,
    TokenEvent,
    hash_text,
)

#: Prefix of a source that names a shipped file: ``shipped:complete``.
SHIPPED_PREFIX = "shipped:"
_MEMORY = MemoryReport(kind=None, reasons={"*": "replayed"})


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenAnswers:
    """The answers to one problem, and how to know its prompt: by any language's statement."""

    statements: tuple[str, ...]
    texts: tuple[str, ...]


class ReplayEngine:
    """Serve the answers of a JSONL file.

    Each line names a problem and holds its answer, as ``text`` or as ``file`` beside the lines.
    Several lines of one problem are its repetitions, in their order and from the start again.
    Lengths are counted in words.
    """

    independent = True

    def __init__(self, spec: ModelSpec, _context: EngineContext) -> None:
        self._spec = spec
        self._options = checked_options(spec)
        self._answers: tuple[WrittenAnswers, ...] | None = None

    async def start(self) -> StartReport:
        """Read the file; raise ModelUnavailable with the line that cannot be used."""
        started_s = time.monotonic()
        file = answer_file(self._spec.source)
        try:
            self._answers = read_answers(file, str(self._options.get("problems", "core")))
        except (OSError, ValueError, ProblemError) as error:
            raise errors.ModelUnavailable(f"model {self._spec.name!r}: {error}") from error
        return StartReport(
            engine_version="replay-1",
            environment={"engine": "replay"},
            config={
                "answers_hash": hash_text(repr(self._answers)),
                "max_num_seqs": int(self._options.get("max_num_seqs", 4)),
                **request_settings(self._spec),
            },
            memory=_MEMORY,
            started_s=started_s,
            ready_s=time.monotonic(),
        )

    async def generate(self, request: GenerationRequest) -> AsyncIterator[TokenEvent | Generation]:
        """Yield the whole answer at once, then the Generation, whose times mean nothing."""
        prompt = "\n".join(f"<{message.role}>{message.content}" for message in request.messages)
        text = self._answer(prompt, request.sampling.seed)
        now_s = time.monotonic()
        yield TokenEvent(at_s=now_s, token_ids=(), text=text)
        yield Generation(
            text=text,
            prompt_text=prompt,
            prompt_hash=hash_text(prompt),
            output_hash=hash_text(text),
            prompt_tokens=len(prompt.split()),
            cached_tokens=0,
            output_tokens=len(text.split()),
            finish_reason="stop",
            submitted_s=now_s,
            first_token_s=now_s,
            last_token_s=now_s,
            untimed=REPLAYED,
        )

    async def memory_report(self) -> MemoryReport:
        """Return no term: nothing is loaded."""
        return _MEMORY

    async def stop(self) -> None:
        """Refuse further requests."""
        self._answers = None

    def _answer(self, prompt: str, seed: int) -> str:
        if self._answers is None:
            raise errors.EngineDied(f"the replay of {self._spec.name!r} is not running")
        for answers in self._answers:
            if any(statement in prompt for statement in answers.statements):
                return answers.texts[seed % len(answers.texts)]
        raise errors.PromptRejected(
            f"{self._spec.name!r} has no written answer to this problem, only to "
            f"{len(self._answers)} others; `evalctl submit --problems examples` asks for those of "
            "the shipped examples",
            error_class=errors.NO_WRITTEN_ANSWER,
        )


def answer_file(source: str) -> Path:
    """Return the file that a model's source names."""
    if not source.startswith(SHIPPED_PREFIX):
        return Path(source).expanduser()
    return EXAMPLES / f"{Path(source.removeprefix(SHIPPED_PREFIX)).name}.jsonl"


def read_answers(file: Path, problem_set: str) -> tuple[WrittenAnswers, ...]:
    """Read a file of written answers.

    Raise ``OSError`` for a file that cannot be read, ``ValueError`` naming a line that is wrong,
    ``ProblemError`` for an unknown set or problem.
    """
    texts: dict[str, list[str]] = {}
    for number, line in enumerate(file.read_text(encoding="utf-8-sig").splitlines(), start=1):
        if line.strip():
            problem, text = _read_line(file, number, line)
            texts.setdefault(problem, []).append(text)
    if not texts:
        raise ValueError(f"{file} holds no answers: a line is {{'problem': ..., 'text': ...}}")
    problems = load_set(problem_set)
    return tuple(
        WrittenAnswers(
            statements=tuple(text.strip() for text in problems.get(name).statement.values()),
            texts=tuple(written),
        )
        for name, written in texts.items()
    )


def _read_line(file: Path, number: int, line: str) -> tuple[str, str]:
    place = f"{file}, line {number}"
    try:
        row: Any = json.loads(line)
    except (ValueError, RecursionError):
        raise ValueError(f"{place} is not JSON") from None
    keys = set(row) if isinstance(row, dict) else set()
    if keys not in ({"problem", "text"}, {"problem", "file"}) or not all(
        isinstance(value, str) and value for value in row.values()
    ):
        raise ValueError(f"{place} must hold the texts 'problem', and 'text' or 'file'")
    if "text" in row:
        return row["problem"], row["text"]
    return row["problem"], (file.parent / row["file"]).read_text(encoding="utf-8-sig")
