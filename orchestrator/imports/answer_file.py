"""Open a file of answers and recognise its format."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from orchestrator.errors import UsageFault
from orchestrator.imports.foreign_answer import AnswerFile, Unreadable
from orchestrator.imports.inspect_log import archive_log, document_log, read_document
from orchestrator.imports.lines import JsonLine, json_lines
from orchestrator.imports.lm_eval import is_sample, samples
from orchestrator.imports.plain_lines import PROBLEMS, TEXTS, plain_answers

FORMS = ("lm-eval", "inspect", "jsonl")
#: Lines before the first that is readable, at most.
_CHECKED_LINES = 50


def sha256_of(path: Path) -> str:
    """Return the SHA-256 (hex) of a file. Raise ``UsageFault``."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise UsageFault(f"cannot read {path}: {error.strerror or error}") from error


def open_answers(path: Path, form: str | None) -> AnswerFile:
    """Return the answers of a file, recognised by its content unless ``form`` names it.

    Raise ``UsageFault`` in one sentence for a file of another kind.
    """
    try:
        with path.open("rb") as file:
            start = file.read(4096)
    except OSError as error:
        raise UsageFault(f"cannot read {path}: {error.strerror or error}") from error
    if start.startswith(b"PK\x03\x04"):
        return archive_log(path)
    first = start.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    if first != b"{":
        what = "is empty" if not start.strip() else "does not begin with a JSON object"
        raise UsageFault(
            f"{path} {what}; import-answers takes samples of lm-evaluation-harness, logs of "
            "Inspect, and JSON lines of problem, model and text"
        )
    if form == "inspect":
        return document_log(path, read_document(path))
    return _lines_of(path, form)


def _lines_of(path: Path, form: str | None) -> AnswerFile:
    """Recognise lines by the first that is readable; a document over many lines is a log."""
    lines = _read(path)
    ahead = list(itertools.islice(lines, _CHECKED_LINES))
    line = next((one for one in ahead if isinstance(one, JsonLine)), None)
    if line is None or (form is None and isinstance(line.data.get("eval"), dict)):
        if form is not None:
            reason = ahead[0].reason if isinstance(ahead[0], Unreadable) else "has no JSON object"
            raise UsageFault(f"{path}: {ahead[0].place} {reason}")
        return document_log(path, read_document(path))
    rest = itertools.chain(ahead, lines)
    if form == "lm-eval" or (form is None and is_sample(line.data)):
        if not is_sample(line.data):
            raise UsageFault(f'{path}: {line.place} is not a sample: it has no "resps"')
        return samples(path, rest)
    if form is None and not (_has(line, TEXTS) and _has(line, PROBLEMS)):
        keys = ", ".join(str(key)[:40] for key in list(line.data)[:8]) or "no keys"
        raise UsageFault(
            f"{path}: {line.place} has {keys}; it is neither a sample of lm-evaluation-harness "
            "(doc, resps) nor an answer with problem and text"
        )
    return plain_answers(rest)


def _has(line: JsonLine, keys: tuple[str, ...]) -> bool:
    return any(key in line.data for key in keys)


def _read(path: Path) -> Iterator[JsonLine | Unreadable]:
    file: BinaryIO
    with path.open("rb") as file:
        yield from json_lines(file)
