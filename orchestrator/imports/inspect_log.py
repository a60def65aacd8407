"""Logs of Inspect: the ZIP archive ``.eval``, or one JSON document.

Read without Inspect itself, so that no version of it is needed.
"""

from __future__ import annotations

import io
import os
import struct
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import zstandard

from orchestrator.errors import UsageFault
from orchestrator.imports.foreign_answer import (
    NAME_AT_MOST,
    AnswerFile,
    ForeignAnswer,
    Parts,
    Unreadable,
    count_of,
    end_of,
)
from orchestrator.imports.lines import parse
from orchestrator.imports.sampling import sampling_of

#: Largest JSON log that is read as one document, and largest sample of an archive, in bytes.
DOCUMENT_AT_MOST = 500_000_000
SAMPLE_AT_MOST = 100_000_000
SAMPLES_AT_MOST = 1_000_000
#: Zstandard, in which Inspect packs; Python reads it from 3.14 on.
ZSTANDARD = 93
_LOCAL_HEADER = struct.Struct("<4s5H3I2H")


def archive_log(path: Path) -> AnswerFile:
    """Return the answers of an ``.eval`` archive. Raise ``UsageFault`` where it is none."""
    try:
        archive = zipfile.ZipFile(path)
    except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise UsageFault(f"{path} is not a whole ZIP archive: {error}") from error
    names = archive.namelist()
    head = next((name for name in ("header.json", "_journal/start.json") if name in names), None)
    if head is None:
        raise UsageFault(f"{path} is a ZIP archive, but no Inspect log: it has no header.json")
    try:
        header = _member(archive, head)
    except ValueError as error:
        raise UsageFault(f"{path}: {head} {error}") from error
    return _log(path, header, _archived(archive))


def document_log(path: Path, document: Any) -> AnswerFile:
    """Return the answers of a JSON log. Raise ``UsageFault`` where it is none."""
    if not isinstance(document, dict) or not isinstance(document.get("eval"), dict):
        raise UsageFault(f'{path} is a JSON document, but no Inspect log: it has no "eval"')
    samples = document.get("samples")
    listed = samples if isinstance(samples, list) else []
    pairs = ((f"sample {at}", one) for at, one in enumerate(listed, start=1))
    return _log(path, document, pairs)


def read_document(path: Path) -> Any:
    """Return a file as one JSON document. Raise ``UsageFault``."""
    try:
        if path.stat().st_size > DOCUMENT_AT_MOST:
            raise UsageFault(
                f"{path} is a JSON document of more than {DOCUMENT_AT_MOST:,} bytes; `inspect log "
                "convert --to eval` makes an archive of it, which is read piece by piece"
            )
        return parse(path.read_bytes())
    except OSError as error:
        raise UsageFault(f"cannot read {path}: {error.strerror or error}") from error
    except ValueError as error:
        raise UsageFault(f"{path} {error}") from error


def _log(path: Path, header: Any, samples: Iterator[tuple[str, Any]]) -> AnswerFile:
    task = header.get("eval") if isinstance(header, dict) else None
    if not isinstance(task, dict):
        raise UsageFault(f'{path} is not an Inspect log: its header has no "eval"')
    packages = task.get("packages")
    version = packages.get("inspect_ai") if isinstance(packages, dict) else None
    origin = f"Inspect {version[:40]}" if isinstance(version, str) else "Inspect"
    if isinstance(task.get("task"), str):
        origin += f", task {task['task'][:NAME_AT_MOST]}"
    config = task.get("model_generate_config")
    model = task.get("model")
    return AnswerFile(
        form="inspect",
        origin=origin,
        parts=_parts(
            samples,
            model=model if isinstance(model, str) else None,
            sampling=sampling_of(config) if isinstance(config, dict) else {},
        ),
    )


def _archived(archive: zipfile.ZipFile) -> Iterator[tuple[str, Any]]:
    """Yield the samples of an archive, one in memory at a time; a broken one as its reason."""
    with archive:
        found = [one for one in archive.infolist() if one.filename.startswith("samples/")]
        for entry in found[:SAMPLES_AT_MOST]:
            try:
                yield entry.filename, _member(archive, entry.filename)
            except ValueError as error:
                yield entry.filename, Unreadable(place=entry.filename, reason=str(error))


def _member(archive: zipfile.ZipFile, name: str) -> Any:
    """Return a JSON member. Raise ``ValueError`` with the reason."""
    entry = archive.getinfo(name)
    try:
        with _unpacked(archive, entry) as member:
            # What an entry says of its size may be false.
            content = member.read(SAMPLE_AT_MOST + 1)
    except (OSError, zipfile.BadZipFile, EOFError, RuntimeError, NotImplementedError) as error:
        raise ValueError(f"cannot be read: {error}") from error
    except Exception as error:  # zlib.error has no public base
        raise ValueError(f"cannot be unpacked: {error}") from error
    if len(content) > SAMPLE_AT_MOST:
        raise ValueError(f"is larger than {SAMPLE_AT_MOST:,} bytes")
    return parse(content)


@contextmanager
def _unpacked(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Iterator[IO[bytes]]:
    """Open a member for reading. Raise ``NotImplementedError`` for a compression not known."""
    if entry.compress_type != ZSTANDARD:
        with archive.open(entry) as member:
            yield member
        return
    with Path(str(archive.filename)).open("rb") as file:
        file.seek(entry.header_offset)
        head = _LOCAL_HEADER.unpack(file.read(_LOCAL_HEADER.size))
        file.seek(head[-2] + head[-1], os.SEEK_CUR)  # its name and extra field
        packed = io.BytesIO(file.read(min(entry.compress_size, SAMPLE_AT_MOST)))
    with zstandard.ZstdDecompressor().stream_reader(packed, read_across_frames=True) as reader:
        yield reader


def _parts(
    samples: Iterator[tuple[str, Any]], *, model: str | None, sampling: Mapping[str, Any]
) -> Parts:
    for place, sample in samples:
        if isinstance(sample, Unreadable):
            yield sample
        elif not isinstance(sample, dict):
            yield Unreadable(place=place, reason="is not a JSON object")
        else:
            yield _answer(place, sample, model=model, sampling=sampling)


def _answer(
    place: str, sample: Mapping[str, Any], *, model: str | None, sampling: Mapping[str, Any]
) -> ForeignAnswer | Unreadable:
    output = sample.get("output")
    choices = output.get("choices") if isinstance(output, dict) else None
    if isinstance(sample.get("error"), dict) and not choices:
        said = str(sample["error"].get("message", ""))[:NAME_AT_MOST]
        return Unreadable(place=place, reason=f"failed there: {said}")
    if not isinstance(output, dict) or not isinstance(choices, list) or not choices:
        return Unreadable(place=place, reason="has no output")
    first = choices[0] if isinstance(choices[0], dict) else {}
    message = first.get("message")
    text = _content(message.get("content") if isinstance(message, dict) else None)
    usage = output.get("usage")
    usage = usage if isinstance(usage, dict) else {}
    metadata = sample.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    named = [metadata.get("problem"), sample.get("id"), metadata.get("problem_id")]
    asked = _input(sample.get("input"))
    return ForeignAnswer(
        place=place,
        text=text,
        names=tuple(str(one) for one in named if isinstance(one, str | int)),
        statements=() if asked is None else (asked,),
        model=model,
        prompt=asked,
        finish_reason=end_of(first.get("stop_reason")),
        sampling=sampling,
        prompt_tokens=count_of(usage.get("input_tokens")),
        output_tokens=count_of(usage.get("output_tokens")),
    )


def _content(content: Any) -> str:
    """Return the text of a message, its thinking between the tags that the scorer knows."""
    if isinstance(content, str):
        return content
    texts = []
    for part in content if isinstance(content, list) else ():
        if not isinstance(part, dict):
            continue
        if part.get("type") == "text" and isinstance(part.get("text"), str):
            texts.append(part["text"])
        elif part.get("type") == "reasoning" and isinstance(part.get("reasoning"), str):
            texts.append(f"<think>{part['reasoning']}</think>\n")
    return "".join(texts)


def _input(given: Any) -> str | None:
    """Return what the model was asked: a text, or the turns of a conversation."""
    if isinstance(given, str):
        return given
    if not isinstance(given, list):
        return None
    turns = [_content(turn.get("content")) for turn in given if isinstance(turn, dict)]
    return "\n\n".join(turns) or None
