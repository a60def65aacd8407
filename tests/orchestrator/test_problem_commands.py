"""``evalctl problems``: check, start, import and hold against labels, as a user sees them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from orchestrator.problem_check import validate_set
from problems.loader import SHIPPED, load_file, load_set
from tests.support.processes import Done, evalctl

SYMMETRIC = SHIPPED / "secondary" / "sec-symmetric-01.yaml"
ROWS = [
    {
        "question": "Four boxes of 12 pens, 5 are sold.",
        "answer": "4*12=<<4*12=48>>48\n48-5=<<48-5=43>>43\n#### 43",
    },
    {"question": "No marks here.", "answer": "It is 5.\n#### 5"},
]
VALUE = '{value: "7", tol: 1.0e-6, near: [TODO word beside it]}'
MODEL = """
[models.fake]
engine = "synthetic"
source = "simulated"
"""


@pytest.fixture
def user(tmp_path: Path) -> dict[str, str]:
    """Give the environment of a user without any service."""
    config = tmp_path / "evalctl.toml"
    config.write_text(MODEL, encoding="utf-8")
    return {"EVALCTL_HOME": str(tmp_path / "home"), "EVALCTL_CONFIG": str(config)}


def answered(done: Done) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def test_a_shipped_problem_passes_with_every_check_of_its_gate(user: dict[str, str]) -> None:
    done = evalctl(user, f"problems validate {SYMMETRIC} --json")

    assert done.returncode == 0, done.stderr
    found = answered(done)
    assert (found["problems"], found["failed"]) == (1, [])
    assert found["categories"] == {"secondary": 1, "university": 0, "modelling": 0}
    assert found["gate"]["deletion"]["checks"] == found["gate"]["deletion"]["held"] >= 6
    assert set(found["gate"]) == {"full", "answer_only", "deletion", "wrong_number", "statement"}


def test_the_quickstart_set_is_found_by_its_name() -> None:
    found = validate_set("quickstart")

    assert [problem.id for problem in found.problems] == sorted(
        problem.id for problem in load_set("quickstart")
    )
    assert found.failed == ()


def test_a_solution_without_a_step_fails_and_is_listed(
    user: dict[str, str], tmp_path: Path
) -> None:
    """A worked solution whose block of s3 shows nothing fails, in words and in JSON."""
    written = (
        SYMMETRIC.read_text(encoding="utf-8")
        .replace("$2ab=12$", "某数")
        .replace("$2\\cdot 6=12$", "some number")
    )
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "weak.yaml").write_text(written, encoding="utf-8")

    done = evalctl(user, f"problems validate {tmp_path / 'set'}")
    found = answered(evalctl(user, f"problems validate {tmp_path / 'set'} --json"))

    assert done.returncode == 1
    assert "sec-symmetric-01 fails:" in done.stdout
    assert "full zh: 2 of 3 steps on path main, not s3 (missing)" in done.stdout
    assert found["failed"][0]["id"] == "sec-symmetric-01"
    assert {"id": "sec-symmetric-01", "kind": "full", "solution": "zh", "step": None} | {
        "why": "2 of 3 steps on path main, not s3 (missing)"
    } in found["exceptions"]
    assert found["gate"]["full"]["held"] < found["gate"]["full"]["checks"]


def test_a_broken_file_hides_no_other(user: dict[str, str], tmp_path: Path) -> None:
    folder = tmp_path / "set"
    folder.mkdir()
    good = SYMMETRIC.read_text(encoding="utf-8")
    (folder / "a.yaml").write_text(good, encoding="utf-8")
    (folder / "b.yaml").write_text(good, encoding="utf-8")
    (folder / "broken.yaml").write_text("schema: refpath/1\nid: [\n", encoding="utf-8")

    found = answered(evalctl(user, f"problems validate {folder} --json"))

    assert (found["problems"], found["categories"]["secondary"]) == (3, 2)
    failed = {one["id"]: one["errors"][0] for one in found["failed"]}
    assert "occurs twice in the set" in failed["sec-symmetric-01"]
    assert "broken.yaml:3: not valid YAML" in failed["broken"]


def test_nothing_to_validate_is_wrong_usage(user: dict[str, str], tmp_path: Path) -> None:
    done = evalctl(user, f"problems validate {tmp_path / 'nowhere'}")

    assert done.returncode == 2
    assert "no problem files" in done.stderr


def test_the_skeleton_loads_and_its_gate_says_what_is_missing(
    user: dict[str, str], tmp_path: Path
) -> None:
    file = tmp_path / "uni-area-01.yaml"

    done = evalctl(user, f"problems new uni-area-01 --level university --out {file}")

    assert done.returncode == 0, done.stderr
    problem = load_file(file)
    assert (problem.id, problem.level) == ("uni-area-01", "university")
    assert len(problem.paths[0].necessary) == 3
    assert "full en: 0 of 3 steps" in " ".join(validate_set(str(file)).failed[0].errors)
    assert (
        evalctl(user, f"problems new uni-area-01 --level university --out {file}").returncode == 2
    )


def test_a_filled_skeleton_passes(user: dict[str, str], tmp_path: Path) -> None:
    """Filling in what says TODO is all that a problem needs."""
    written = evalctl(user, "problems new sec-toy-01 --level secondary").stdout
    for old, new in (
        ("TODO 关键词", "开平方"),
        ("TODO keyword", "square root"),
        (VALUE, "{words: {zh: [较大的根], en: [bigger root]}}"),
        ("TODO ?pattern", "x ?= ?3"),
        ("TODO 由题意 $x^2=9$。", "由题意 $x^2=9$。"),
        ('s2, text: "TODO"', 's2, text: "so $x=3$"'),
        ('s3, text: "TODO $x+10=13$"', 's3, text: "于是 $x+10=13$"'),
        ('s1, text: "TODO"', 's1, text: "Since $x^2=9$"'),
        ('s3, text: "TODO"', 's3, text: "Then $x+10=13$"'),
    ):
        written = written.replace(old, new)
    file = tmp_path / "sec-toy-01.yaml"
    file.write_text(written, encoding="utf-8")

    done = evalctl(user, f"problems validate {file}")

    assert done.returncode == 0, done.stdout + done.stderr


def test_a_name_that_is_no_id_is_refused(user: dict[str, str]) -> None:
    done = evalctl(user, "problems new 'two words' --level secondary")

    assert (done.returncode, done.stdout) == (2, "")
    assert "is not an id" in done.stderr


def test_an_imported_set_can_be_submitted(user: dict[str, str], tmp_path: Path) -> None:
    data = tmp_path / "test.jsonl"
    data.write_text("".join(json.dumps(row) + "\n" for row in ROWS), encoding="utf-8")

    done = evalctl(user, f"problems import gsm8k {data} --out {tmp_path / 'set'} --json")
    dry = evalctl(
        user,
        f"submit --problems {tmp_path / 'set'} --model fake --dry-run --json",
    )

    assert done.returncode == 0, done.stderr
    found = answered(done)
    assert (found["rows"], found["imported"]) == (2, 1)
    assert (found["refused"], found["licence"]) == (1, "MIT")
    assert found["refusals"][0]["line"] == 2
    assert [problem.id for problem in load_set(tmp_path / "set")] == ["gsm8k-0001"]
    assert dry.returncode == 0, dry.stderr
    assert answered(dry)["problems"] == 1


def test_refused_rows_are_printed_with_their_lines(user: dict[str, str], tmp_path: Path) -> None:
    data = tmp_path / "test.jsonl"
    data.write_text(json.dumps(ROWS[1]) + "\n", encoding="utf-8")

    done = evalctl(user, f"problems import gsm8k {data} --out {tmp_path / 'set'}")

    assert done.returncode == 1
    assert f"{data}:1: no mark that calculates" in done.stderr
    assert "0 of 1 row written" in done.stdout


def test_a_row_that_asks_the_same_again_is_remarked_on(
    user: dict[str, str], tmp_path: Path
) -> None:
    data = tmp_path / "test.jsonl"
    data.write_text((json.dumps(ROWS[0]) + "\n") * 2, encoding="utf-8")

    done = evalctl(user, f"problems import gsm8k {data} --out {tmp_path / 'set'}")

    assert done.returncode == 0
    assert f"{data}:2: 'gsm8k-0002' asks the same as 'gsm8k-0001'" in done.stderr
    assert "2 of 2 rows written" in done.stdout


def test_an_unreadable_reference_is_refused(user: dict[str, str], tmp_path: Path) -> None:
    row = {"problem": "Find x.", "answer": "\\frac{1}{", "subject": "Algebra", "level": 1}
    row |= {"solution": "We see it.", "unique_id": "test/algebra/1.json"}
    data = tmp_path / "test.jsonl"
    data.write_text(json.dumps(row) + "\n", encoding="utf-8")

    done = evalctl(user, f"problems import math500 {data} --out {tmp_path / 'set'}")

    assert done.returncode == 1
    assert f"{data}:1: the reference answer" in done.stderr
    assert "cannot be read" in done.stderr


def test_agreement_speaks_the_contract(user: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "answers").mkdir()
    (tmp_path / "answers" / "one.md").write_text(
        "(a+b)^2=a^2+2ab+b^2 and 2ab=12.\nAnswer: 13", encoding="utf-8"
    )
    index = {"answer": "one", "problem": "sec-symmetric-01", "style": "terse", "language": "en"}
    labels = {"s1": "done", "s2": "missing", "s3": "done"}
    line: dict[str, Any] = {"answer": "one", "path": "main", "labeller": "x", "labels": labels}
    line |= {"answer_correct": True, "guess": False}
    (tmp_path / "index.jsonl").write_text(json.dumps(index), encoding="utf-8")
    (tmp_path / "labels.jsonl").write_text(json.dumps(line), encoding="utf-8")

    done = evalctl(user, f"problems agreement {tmp_path} --json")
    table = evalctl(user, f"problems agreement {tmp_path}")

    assert done.returncode == 0, done.stderr
    found = answered(done)
    figures = {"kappa", "mae7", "within_one", "missing", "guess"}
    assert figures | {"intervals", "qwk", "human_kappa", "scorer_version"} <= set(found)
    assert {"answers", "problems", "baselines"} <= set(found)
    assert set(found["baselines"]) == {"answer_only", "all_done", "exact_string"}
    assert figures <= set(found["baselines"]["all_done"])
    assert (found["kappa"], found["missing"]) == (1.0, {"precision": 1.0, "recall": 1.0})
    assert "step kappa" in table.stdout
    assert "1 answer, 1 problem, 3 steps" in table.stdout


def test_a_folder_without_labels_is_refused(user: dict[str, str], tmp_path: Path) -> None:
    done = evalctl(user, f"problems agreement {tmp_path}")
    assert done.returncode == 2
    assert "has no labels" in done.stderr
    assert evalctl(user, f"problems agreement {tmp_path / 'nowhere'}").returncode == 2
