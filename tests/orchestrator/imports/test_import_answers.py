"""Answers made elsewhere: scored like our own, once, with their origin, whatever the file holds."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from db.results.reading import read_results
from db.runs.run import find_run
from orchestrator.errors import UsageFault
from orchestrator.imports.import_answers import Imported, ImportRequest, import_answers
from problems.loader import load_set
from scoring.score import SCORER_VERSION, score_text
from tests.support.database import query
from tests.support.processes import evalctl, evalctl_json

PROBLEMS = list(load_set("quickstart"))
FIRST = PROBLEMS[0]
WORKED = "\n".join(block.text for block in FIRST.solutions[0].blocks)
STAMP = "2026-11-30T09-00-00.123456"


def written(path: Path, lines: Iterable[Any]) -> Path:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


def harness_sample(number: int, statement: str, *texts: str) -> dict[str, Any]:
    """Return a line as ``lm_eval --log_samples`` writes it."""
    request = {"until": ["Q:"], "do_sample": False, "max_gen_toks": 512}
    return {
        "doc_id": number,
        "doc": {"question": statement, "answer": "13"},
        "target": "13",
        "arguments": {"gen_args_0": {"arg_0": f"Q: {statement}\nA:", "arg_1": request}},
        "resps": [list(texts)],
        "filtered_resps": [texts[0]],
        "filter": "strict-match",
        "doc_hash": f"hash {number}",
    }


def inspect_sample(number: int, name: str, content: Any, stop: str = "stop") -> dict[str, Any]:
    message = {"role": "assistant", "content": content}
    return {
        "id": name,
        "epoch": number,
        "input": [{"role": "user", "content": "Find it."}],
        "target": "13",
        "output": {
            "model": "m",
            "choices": [{"message": message, "stop_reason": stop}],
            "usage": {"input_tokens": 11, "output_tokens": 22},
        },
        "metadata": {},
    }


INSPECT_HEAD = {
    "version": 2,
    "eval": {
        "task": "maths",
        "model": "openai/gpt-x",
        "packages": {"inspect_ai": "0.3.285"},
        "model_generate_config": {"temperature": 0.5, "max_tokens": 100},
    },
}


def archive(path: Path, samples: dict[str, bytes], head: Any = INSPECT_HEAD) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("header.json", json.dumps(head))
        for name, content in samples.items():
            file.writestr(f"samples/{name}.json", content)
    return path


def imported(engine: Engine, path: Path, **given: Any) -> Imported:
    return import_answers(engine, ImportRequest(file=path, problems="quickstart", **given))


def test_samples_of_the_harness_are_scored_as_our_own_answers_are(
    engine: Engine, tmp_path: Path
) -> None:
    written(
        tmp_path / f"results_{STAMP}.json",
        [{"lm_eval_version": "0.4.9", "model_name": "org/model"}],
    )
    samples = [harness_sample(n, p.statement["en"], WORKED, "no") for n, p in enumerate(PROBLEMS)]
    again = [line | {"filter": "flexible-extract"} for line in samples]
    path = written(tmp_path / f"samples_math62_{STAMP}.jsonl", [*samples, *again])

    done = imported(engine, path)

    assert (done.added, done.models) == (2 * len(PROBLEMS), ("org/model",)), "not once a filter"
    assert done.source.origin == "lm-evaluation-harness 0.4.9"
    rows = query(
        engine,
        "SELECT g.*, s.score7, s.scorer_version, j.sampling, j.state, j.repetition, p.name AS p,"
        " (SELECT count(*) FROM eval.step_verdict AS v WHERE v.score_id = s.id) AS steps"
        " FROM eval.generation AS g JOIN eval.score AS s USING (job_id)"
        " JOIN eval.job AS j ON j.id = g.job_id JOIN eval.problem AS p ON p.id = j.problem_id"
        " ORDER BY j.id",
    )
    (first,) = (row for row in rows if row["p"] == FIRST.id and row["repetition"] == 1)
    ours = score_text(FIRST, WORKED)
    assert (first["score7"], first["scorer_version"]) == (ours.score7, SCORER_VERSION)
    assert first["steps"] == len(ours.steps)
    assert first["sampling"]["temperature"] == 0
    assert first["sampling"]["stop"] == ["Q:"]
    assert {row["state"] for row in rows} == {"succeeded"}
    assert {row["repetition"] for row in rows} == {1, 2}
    for column in ("submitted_s", "first_token_s", "last_token_s", "need_mib", "queue_wait_s"):
        assert {row[column] for row in rows} == {None}, column


def test_the_same_file_twice_adds_nothing_and_another_of_the_name_adds_repetitions(
    engine: Engine, tmp_path: Path
) -> None:
    line = {"problem": FIRST.id, "model": "m", "text": WORKED}
    one = written(tmp_path / "one.jsonl", [line])
    two = written(tmp_path / "two.jsonl", [line | {"text": "no"}])

    first, again = imported(engine, one, name="x"), imported(engine, one, name="x")
    other = imported(engine, two, name="x")

    assert (first.added, again.added, again.known, other.added) == (1, 0, 1, 1)
    assert first.run_id == again.run_id == other.run_id
    found = query(engine, "SELECT repetition, state FROM eval.job ORDER BY id")
    assert found == [
        {"repetition": 1, "state": "succeeded"},
        {"repetition": 2, "state": "succeeded"},
    ]
    assert query(engine, "SELECT count(*) AS n FROM eval.outbox") == [{"n": 0}]
    files = query(engine, "SELECT file, origin, place FROM analytics_v1.imported_answers")
    assert sorted(row["file"] for row in files) == ["one.jsonl", "two.jsonl"]
    assert {(row["origin"], row["place"]) for row in files} == {("JSON lines", "line 1")}


def test_a_log_of_inspect_comes_in_as_archive_and_as_document(
    engine: Engine, tmp_path: Path
) -> None:
    thinking = [
        {"type": "reasoning", "reasoning": "The answer is 99."},
        {"type": "text", "text": WORKED},
    ]
    samples = [
        inspect_sample(1, FIRST.id, thinking),
        inspect_sample(2, FIRST.id, "cut", "max_tokens"),
        inspect_sample(3, FIRST.id, "", "content_filter"),
        {"id": FIRST.id, "error": {"message": "no credit"}},
    ]
    packed = archive(
        tmp_path / "log.eval", {str(n): json.dumps(s).encode() for n, s in enumerate(samples)}
    )
    document = tmp_path / "log.json"
    document.write_text(json.dumps(INSPECT_HEAD | {"samples": samples}, indent=2))

    for path in (packed, document):
        done = imported(engine, path)
        assert (done.added, done.unscored) == (3, 1)
        assert done.source.origin == "Inspect 0.3.285, task maths"
        assert [one.reason for one in done.refused] == ["failed there: no credit"]
        (row,) = read_results(engine, done.run_id).scores  # type: ignore[arg-type]
        assert row["repetitions"] == 2, "what a filter took has no score"
        assert row["score7"] == 3.5, "the median of 7, thinking left out, and 0"
        answers = query(
            engine,
            "SELECT finish_reason, prompt_tokens, output_tokens, ttft_ms, e2e_s, untimed"
            " FROM analytics_v1.generations WHERE run = %(run)s ORDER BY job_id",
            run=done.run,
        )
        assert [row["finish_reason"] for row in answers] == ["stop", "length", "content_filter"]
        assert {(row["prompt_tokens"], row["output_tokens"]) for row in answers} == {(11, 22)}
        assert {(r["ttft_ms"], r["e2e_s"], r["untimed"]) for r in answers} == {
            (None, None, "imported")
        }


@pytest.mark.parametrize("name", ["latest", "--json", "two\nlines", "0" * 32])
def test_a_run_of_answers_has_no_name_that_commands_read_otherwise(
    engine: Engine, tmp_path: Path, name: str
) -> None:
    answer = {"problem": "sec-symmetric-01", "model": "m", "text": "13"}
    with pytest.raises(UsageFault, match=r"--name .* (?:choose another|printable)"):
        imported(engine, written(tmp_path / "answers.jsonl", [answer]), name=name)


def test_unknown_problems_are_counted_by_name_and_the_rest_comes_in(
    engine: Engine, tmp_path: Path
) -> None:
    lines = [
        {"problem": FIRST.id, "model": "m", "text": "13"},
        *({"problem": "gsm-7", "model": "m", "text": str(n)} for n in range(3)),
        {"problem": "x" * 500, "model": "m", "text": "1"},
    ]
    done = imported(engine, written(tmp_path / "a.jsonl", lines))
    assert (done.added, done.unknown) == (1, {"gsm-7": 3, "x" * 57 + "...": 1})

    nothing = imported(engine, written(tmp_path / "b.jsonl", lines[1:]))
    assert (nothing.run_id, nothing.added) == (None, 0)
    assert len(query(engine, "SELECT id FROM eval.run")) == 1, "nothing to store makes no run"


def test_texts_that_a_database_cannot_hold_are_stored_and_scored_as_stored(
    engine: Engine, tmp_path: Path
) -> None:
    text = "a\x00b \ud800 <script>alert(1)</script> \u202e " + WORKED
    line = {"problem": FIRST.id, "model": "m", "text": text, "prompt": "p\x00"}
    assert imported(engine, written(tmp_path / "odd.jsonl", [line])).added == 1
    (row,) = query(
        engine,
        "SELECT t.content, v.evidence, v.evidence_start AS s, v.evidence_end AS e"
        " FROM eval.generation AS g JOIN eval.text_blob AS t ON t.hash = g.output_text_hash"
        " JOIN eval.score AS c USING (job_id) JOIN eval.step_verdict AS v ON v.score_id = c.id"
        " WHERE v.evidence IS NOT NULL ORDER BY v.ordinal LIMIT 1",
    )
    assert row["content"].startswith("a\ufffdb \ufffd <script>")
    assert row["content"][row["s"] : row["e"]] == row["evidence"]


BROKEN_LINES = {
    b"{\n": "is not valid JSON",
    b"[1]\n": "is not a JSON object",
    b'{"a":' * 5000 + b"1" + b"}" * 5000 + b"\n": "is nested too deep",
    b'{"n": ' + b"9" * 5000 + b"}\n": "holds a number of too many digits",
    b'{"problem": "p", "model": "m"}\n': 'has no "text"',
    b'{"text": "t", "model": "m"}\n': 'has no "problem"',
    b'{"problem": ["p"], "text": "t"}\n': 'has no "problem"',
    b"\xff\xfe{}\n": "is not valid JSON",
}


def test_a_broken_line_is_named_and_hides_no_other(engine: Engine, tmp_path: Path) -> None:
    good = json.dumps({"problem": FIRST.id, "model": "m", "text": "13"}).encode() + b"\n"
    named = good.replace(b'"m"', json.dumps("m\n" + "x" * 300).encode())
    path = tmp_path / "broken.jsonl"
    path.write_bytes(good + b"".join(BROKEN_LINES) + named + good.replace(b'"m"', b"7") + good)
    done = imported(engine, path)
    reasons = [one.reason for one in done.refused]
    assert done.added == 2
    for reason, expected in zip(reasons, BROKEN_LINES.values(), strict=False):
        assert reason.startswith(expected)
    assert reasons[-2:] == [
        "has a model name that is not one line of at most 200 characters",
        "names no model; name it with --model",
    ]
    assert len(reasons) == len(BROKEN_LINES) + 2


def bomb() -> bytes:
    """Return an archive whose sample says it is small and unpacks to 150 MB."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("header.json", json.dumps(INSPECT_HEAD))
        file.writestr("samples/1.json", b" " * 150_000_000)
    return packed.getvalue()


HOSTILE = {
    "empty": (b"", "is empty"),
    "text": (b"hello\n", "does not begin with a JSON object"),
    "list": (b'[{"problem": 1}]', "does not begin with a JSON object"),
    "torn zip": (b"PK\x03\x04" + b"x" * 50, "is not a whole ZIP archive"),
    "brace": (b"{", "is not valid JSON"),
    "deep": (b'{"a":' * 9000, "is nested too deep"),
    "other": (b'{"score": 1}\n', "has score; it is neither a sample"),
    "no log": (b'{"eval": {}, \n"samples": 3}', "nothing"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_ends_in_one_sentence(engine: Engine, tmp_path: Path, name: str) -> None:
    content, expected = HOSTILE[name]
    path = tmp_path / "hostile"
    path.write_bytes(content)
    if expected == "nothing":
        assert imported(engine, path).run_id is None
        return
    with pytest.raises(UsageFault) as raised:
        imported(engine, path)
    assert expected in str(raised.value)
    assert "\n" not in str(raised.value)
    assert query(engine, "SELECT id FROM eval.run") == []


def test_an_archive_that_unpacks_to_too_much_is_refused_by_sample(
    engine: Engine, tmp_path: Path
) -> None:
    path = tmp_path / "bomb.eval"
    path.write_bytes(bomb())
    done = imported(engine, path)
    assert [one.reason for one in done.refused] == ["is larger than 100,000,000 bytes"]
    assert done.added == 0
    torn = archive(tmp_path / "torn.eval", {"1": b"{", "2": b"7"})
    assert [one.reason[:17] for one in imported(engine, torn).refused] == [
        "is not valid JSON",
        "is not a JSON obj",
    ]
    with pytest.raises(UsageFault, match='not an Inspect log: its header has no "eval"'):
        imported(engine, archive(tmp_path / "head.eval", {}, head=[1]))


def test_results_compare_and_report_name_the_origin(
    environment: dict[str, str], tmp_path: Path, engine: Engine
) -> None:
    lines = [
        {"problem": problem.id, "model": model, "text": WORKED if model == "good" else "no"}
        | {"temperature": 0, "max_tokens": 100}
        for problem in PROBLEMS
        for model in ("good", "bad")
    ]
    path = written(tmp_path / "answers.jsonl", lines)
    options = f"import-answers {path} --problems quickstart --name r"
    document = evalctl_json(environment, f"{options} --json")
    assert (document["added"], document["unknown"], document["refused"]) == (12, [], [])

    shown = evalctl(environment, "results r --explain")
    assert shown.returncode == 0, shown.stderr
    origin = "6 answers of good from answers.jsonl, made by JSON lines"
    words = " ".join(shown.stdout.split())
    assert f"imported: {origin}; their times and memory are not known" in words
    assert "Resources" not in shown.stdout
    assert "server's cache" not in shown.stdout
    found = evalctl_json(environment, "results r --json")
    assert {row["model"]: row["answers"] for row in found["imported"]} == {"good": 6, "bad": 6}
    assert {row["ttft_ms"] for row in found["resources"]} == {None}

    compared = evalctl(environment, "compare r --models good bad --json")
    assert json.loads(compared.stdout)["comparable"] is True, compared.stdout
    page = tmp_path / "r.html"
    reported = evalctl_json(environment, f"report r -o {page} --json")
    left_out = {entry["what"] for entry in reported["left_out"]}
    assert "answers of good imported from answers.jsonl, made by JSON lines" in left_out
    again = evalctl_json(environment, f"{options} --json")
    assert (again["added"], again["known"]) == (0, 12)
    assert find_run(engine, "r").name == "r"


def test_an_unknown_problem_or_a_hostile_file_decides_the_exit_code(
    environment: dict[str, str], tmp_path: Path
) -> None:
    path = written(tmp_path / "a.jsonl", [{"problem": "nope", "model": "m", "text": "1"}])
    done = evalctl(environment, f"import-answers {path}")
    assert (done.returncode, "nope (1)" in done.stderr) == (1, True)
    (tmp_path / "b").write_text("x")
    done = evalctl(environment, f"import-answers {tmp_path / 'b'}")
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
