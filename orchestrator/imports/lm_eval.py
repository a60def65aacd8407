"""Samples of lm-evaluation-harness, as ``--log_samples`` writes them: a line per document."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from orchestrator.imports.foreign_answer import (
    AnswerFile,
    ForeignAnswer,
    Parts,
    Unreadable,
)
from orchestrator.imports.lines import JsonLine
from orchestrator.imports.sampling import sampling_of

#: Keys of a document that may name its problem.
NAMES = ("problem_id", "id", "problem", "unique_id", "task_id", "question_id", "name", "key")
#: Largest results file that is read beside the samples, in bytes.
RESULTS_AT_MOST = 100_000_000
_STAMP = re.compile(r"_(\d{4}-\d{2}-\d{2}T[0-9-]+(?:\.\d+)?)\.jsonl$")


def is_sample(data: Mapping[str, Any]) -> bool:
    """Return whether a line is a sample of lm-evaluation-harness."""
    return "resps" in data and ("doc" in data or "doc_id" in data)


def samples(path: Path, lines: Iterable[JsonLine | Unreadable]) -> AnswerFile:
    """Return the answers of a samples file; the results file beside it names model and version."""
    results = _results_beside(path)
    version = results.get("lm_eval_version")
    model = results.get("model_name")
    origin = "lm-evaluation-harness"
    if isinstance(version, str) and version.strip():
        origin += f" {version.strip()[:40]}"
    return AnswerFile(
        form="lm-eval",
        origin=origin,
        parts=_parts(lines, model if isinstance(model, str) and model.strip() else None),
    )


def _parts(lines: Iterable[JsonLine | Unreadable], model: str | None) -> Parts:
    seen: set[str] = set()
    for line in lines:
        if isinstance(line, Unreadable):
            yield line
            continue
        # A task with several filters writes a document once for each, with the same responses.
        document = json.dumps([line.data.get("doc_id"), line.data.get("doc_hash")], default=str)
        if line.data.get("doc_id") is not None:
            if document in seen:
                continue
            seen.add(document)
        yield from _answers(line, model)


def _answers(line: JsonLine, model: str | None) -> Parts:
    responses = list(_responses(line.data["resps"]))
    if not responses:
        reason = "has no generated text: tasks that rate given choices have none"
        yield Unreadable(place=line.place, reason=reason)
        return
    prompt, given = _request(line.data.get("arguments"))
    names, statements = _names(line.data.get("doc"))
    statements += () if prompt is None else (prompt,)
    for number, text in enumerate(responses, start=1):
        place = line.place if len(responses) == 1 else f"{line.place} response {number}"
        yield ForeignAnswer(
            place=place,
            text=text,
            names=names,
            statements=statements,
            model=model,
            prompt=prompt,
            sampling=sampling_of(given),
        )


def _responses(value: Any) -> Iterator[str]:
    """Yield the texts of nested lists; pairs of likelihood and greedy are left out."""
    for part in value if isinstance(value, list) else ():
        if isinstance(part, str):
            yield part
        elif isinstance(part, list) and not _is_likelihood(part):
            yield from (text for text in part if isinstance(text, str))


def _is_likelihood(pair: list[Any]) -> bool:
    return len(pair) == 2 and (isinstance(pair[1], bool) or pair[1] in ("True", "False"))


def _request(arguments: Any) -> tuple[str | None, Mapping[str, Any]]:
    """Return the prompt and the generation settings of the first request."""
    first: Any = None
    if isinstance(arguments, dict) and arguments:
        first = next(iter(arguments.values()))
    elif isinstance(arguments, list) and arguments:
        first = arguments[0]
    values = list(first.values()) if isinstance(first, dict) else first
    if not isinstance(values, list) or not values:
        return None, {}
    prompt = values[0] if isinstance(values[0], str) else None
    given = values[1] if len(values) > 1 and isinstance(values[1], dict) else {}
    return prompt, given


def _names(doc: Any) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return what may name the problem of a document, and what may be its statement."""
    if not isinstance(doc, dict):
        return (), ((doc,) if isinstance(doc, str) else ())
    named = [doc[key] for key in NAMES if isinstance(doc.get(key), str | int)]
    names = tuple(str(one) for one in named if not isinstance(one, bool) and str(one).strip())
    return names, tuple(value for value in doc.values() if isinstance(value, str))


def _results_beside(path: Path) -> Mapping[str, Any]:
    """Return the results that the harness wrote with these samples; empty where there are none."""
    stamp = _STAMP.search(path.name)
    if stamp is None:
        return {}
    beside = path.with_name(f"results_{stamp.group(1)}.json")
    try:
        if beside.stat().st_size > RESULTS_AT_MOST:
            return {}
        found = json.loads(beside.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
