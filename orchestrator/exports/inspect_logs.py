"""Logs of Inspect, written by its own interface: one for each model and prompt style."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from types import ModuleType
from typing import Any

from db.results.exports import RunExport, Table
from orchestrator.exports.optional_package import optional_package
from orchestrator.exports.tables import whole_file

Row = Mapping[str, Any]
#: How an answer ended, in Inspect's words.
ENDS = {"stop": "stop", "length": "max_tokens", "content_filter": "content_filter",
        "tool_calls": "tool_calls"}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class _Inspect:
    """The parts of Inspect's interface that are used."""

    log: ModuleType
    score: ModuleType
    model: ModuleType


def export_inspect(export: RunExport, folder: Path, *, version: str) -> dict[str, int]:
    """Write the logs into a folder; return the samples of each file by its name.

    A log is whole in memory while it is written,
    as Inspect's interface wants it. Raise ``UsageFault`` where Inspect is missing.
    """
    log, score, model = (
        optional_package(f"inspect_ai.{name}", extra="inspect", wanted="inspect")
        for name in ("log", "scorer", "model")
    )
    inspect = _Inspect(log=log, score=score, model=model)
    statements, targets, steps = export.statements(), export.targets(), _by_job(export.steps())
    answers = sorted(_rows(export.answers()), key=_task)
    made = {}
    for (name, prompt), group in groupby(answers, key=_task):
        rows = list(group)
        file = f"{_plain(name)}_{_plain(prompt)}.eval"
        samples = [
            _sample(
                row,
                steps.get(row["job_id"], ()),
                str(statements.get(row["problem"], row["problem"])),
                targets.get(row["problem"], ""),
                inspect,
            )
            for row in rows
        ]
        with whole_file(folder / file) as part:
            written = part.with_suffix(".eval")  # Inspect takes the format from the ending.
            log.write_eval_log(_log(rows, samples, version, log), str(written))
            written.replace(part)
        made[file] = len(samples)
    return made


def _task(row: Row) -> tuple[str, str]:
    return row["model"], row["prompt"]


def _log(rows: Sequence[Row], samples: Sequence[Any], version: str, log: ModuleType) -> Any:
    first = rows[0]
    stored = [row["created_at"] for row in rows]
    sampling = first["sampling"] or {}
    config = {key: sampling.get(key) for key in ("temperature", "top_p", "max_tokens", "top_k")}
    spec = log.EvalSpec(
        created=first["created_at"].isoformat(),
        task=f"{first['run']}, {first['prompt']} prompt",
        model=first["model"],
        model_generate_config={key: value for key, value in config.items() if value is not None},
        dataset=log.EvalDataset(name=first["run"], samples=len({row["problem"] for row in rows})),
        config=log.EvalConfig(epochs=max(row["repetition"] for row in rows)),
        packages={"evalctl": version},
        metadata={"run_id": str(first["run_id"]), "origin": first["origin"]},
    )
    return log.EvalLog(
        status="success",
        eval=spec,
        samples=list(samples),
        # Without both, Inspect's viewer shows a duration that is not a number.
        stats=log.EvalStats(
            started_at=min(stored).isoformat(),
            completed_at=max(stored).isoformat(),
            model_usage=_usage(samples),
        ),
        results=log.EvalResults(
            total_samples=len(rows), completed_samples=len(rows), scores=_means(rows, log)
        ),
    )


def _usage(samples: Sequence[Any]) -> dict[str, Any]:
    """Return the tokens of each model over all samples."""
    totals: dict[str, Any] = {}
    for sample in samples:
        for name, usage in sample.model_usage.items():
            totals[name] = totals[name] + usage if name in totals else usage
    return totals


def _means(rows: Sequence[Row], log: ModuleType) -> list[Any]:
    """Return means over the answers that have a score; Inspect's viewer shows them as the head."""
    means = []
    for name, key in (("steps of 7", "score7"), ("final answer", "answer_correct")):
        values = [float(row[key]) for row in rows if row[key] is not None]
        if values:
            mean = log.EvalMetric(name="mean", value=sum(values) / len(values))
            means.append(
                log.EvalScore(
                    name=name,
                    scorer="evalctl",
                    scored_samples=len(values),
                    unscored_samples=len(rows) - len(values),
                    metrics={"mean": mean},
                )
            )
    return means


def _sample(row: Row, steps: Sequence[Row], asked: str, target: str, inspect: _Inspect) -> Any:
    model = inspect.model
    text = row["output"] or ""
    output = model.ModelOutput.from_content(
        model=row["model"], content=text, stop_reason=ENDS.get(row["finish_reason"], "unknown")
    )
    tokens = (row["prompt_tokens"], row["output_tokens"])
    if None not in tokens:
        output.usage = model.ModelUsage(
            input_tokens=tokens[0], output_tokens=tokens[1], total_tokens=sum(tokens)
        )
    output.time = row["e2e_s"]
    # Also where Inspect's viewer looks for tokens and times of its list.
    usage = {} if output.usage is None else {row["model"]: output.usage}
    return inspect.log.EvalSample(
        id=row["problem"],
        epoch=row["repetition"],
        input=asked,
        target=target,
        messages=[model.ChatMessageUser(content=asked), output.message],
        output=output,
        model_usage=usage,
        total_time=row["e2e_s"],
        working_time=row["e2e_s"],
        scores=None if row["score7"] is None else _scores(row, steps, inspect.score),
        metadata={
            "problem": row["problem"],
            "category": row["category"],
            "prompt": row["prompt"],
            "job_id": row["job_id"],
            "flags": row["flags"],
            "ttft_ms": row["ttft_ms"],
            "e2e_s": row["e2e_s"],
            "need_mib": row["need_mib"],
            "origin": row["origin"],
        },
    )


def _scores(row: Row, steps: Sequence[Row], score: ModuleType) -> dict[str, Any]:
    """Return the score of an answer, its steps as metadata."""
    shown = ("step", "verdict", "evidence", "evidence_start", "evidence_end", "reason")
    listed = [{key: step[key] for key in shown} for step in steps]
    said = "\n".join(
        f"- {step['step']}: {step['verdict']}" + (f", {step['reason']}" if step["reason"] else "")
        for step in listed
    )
    metadata = {
        key: row[key]
        for key in ("path", "steps_done", "steps_total", "score7_high", "steps_undetermined",
                    "coverage", "guess_suspected", "scorer_version")
    }  # fmt: skip
    scores = {
        "steps of 7": score.Score(
            value=row["score7"], explanation=said, metadata=metadata | {"steps": listed}
        )
    }
    if row["answer_correct"] is not None:
        scores["final answer"] = score.Score(value="C" if row["answer_correct"] else "I")
    return scores


def _rows(table: Table) -> Iterator[Row]:
    for batch in table.batches:
        yield from batch


def _by_job(table: Table) -> dict[int, list[Row]]:
    found: dict[int, list[Row]] = {}
    for row in _rows(table):
        found.setdefault(row["job_id"], []).append(row)
    return found


def _plain(name: str) -> str:
    """Return a name as a part of a file's name."""
    return re.sub(r"[^A-Za-z0-9.-]+", "-", name).strip("-.")[:80] or "model"
