"""Reading problem files and sets: what is accepted, and one clear sentence for what is not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from problems.errors import ProblemError
from problems.loader import SHIPPED, load_file, load_set, parse_problem
from problems.schema import LEVELS, Problem

MINIMAL: dict[str, Any] = {
    "schema": "refpath/1",
    "id": "mini",
    "level": "secondary",
    "problem": {"zh": "求 x。", "en": "Find x."},
    "answer": {"kind": "value", "any_of": ["2"]},
    "paths": [{"id": "main", "steps": [{"id": "s1", "evidence": {"any_of": [{"eq": "x = 2"}]}}]}],
}


def written(**changes: Any) -> str:
    return yaml.safe_dump({**MINIMAL, **changes}, allow_unicode=True, sort_keys=False)


def with_step(**step: Any) -> str:
    return written(paths=[{"id": "m", "steps": [{"id": "s"} | step]}])


def test_shipped_set_has_62_problems_in_three_levels() -> None:
    problems = load_set("math62")
    assert len(problems) == 62
    assert [sum(problem.level == level for problem in problems) for level in LEVELS] == [28, 22, 12]
    assert problems.content_hash == load_set("core").content_hash
    assert {problem.id for problem in problems} == {path.stem for path in SHIPPED.rglob("*.yaml")}


def test_quickstart_has_two_problems_a_level() -> None:
    problems = load_set("quickstart")
    assert [sum(problem.level == level for problem in problems) for level in LEVELS] == [2, 2, 2]


def test_examples_has_six_problems_a_level() -> None:
    problems = load_set("examples")
    assert [sum(problem.level == level for problem in problems) for level in LEVELS] == [6, 6, 6]


def test_starter_shares_no_problem_with_the_shipped_set() -> None:
    starter = {problem.id for problem in load_set("starter")}
    assert len(starter) == 6
    assert not starter & {problem.id for problem in load_set("core")}


@pytest.mark.parametrize("problem", list(load_set("math62")), ids=lambda problem: problem.id)
def test_document_round_trip_keeps_the_hash(problem: Problem) -> None:
    again = Problem.from_dict(problem.to_dict())
    assert again == problem
    assert again.content_hash == problem.content_hash


def test_hash_changes_with_the_content() -> None:
    one = parse_problem(written())
    other = parse_problem(written(answer={"kind": "value", "any_of": ["3"]}))
    assert one.content_hash != other.content_hash


def test_folder_and_file_are_sets(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "a.yaml").write_text(written(id="one"), encoding="utf-8")
    (tmp_path / "b" / "c.yml").write_text(written(id="two"), encoding="utf-8")
    assert [problem.id for problem in load_set(tmp_path)] == ["one", "two"]
    assert [problem.id for problem in load_set(tmp_path / "a.yaml")] == ["one"]


@pytest.mark.parametrize("name", ["nothing-of-the-kind", "", "math63"])
def test_unknown_set_is_refused_in_one_sentence(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ProblemError, match=r"no problem set|has no problems"):
        load_set(name)


def test_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ProblemError, match="has no problems"):
        load_set(tmp_path)


def test_repeated_id_is_refused(tmp_path: Path) -> None:
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_text(written(), encoding="utf-8")
    with pytest.raises(ProblemError, match="occurs twice"):
        load_set(tmp_path)


def test_missing_problem_is_named() -> None:
    with pytest.raises(ProblemError, match="sec-nothing"):
        load_set("quickstart").get("sec-nothing")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a: [1", "not valid YAML"),
        ("[]", "expected a mapping"),
        ("", "expected a mapping"),
        (written(schema="refpath/2"), "refpath/2"),
        (written(level="primary"), "primary"),
        (written(id="a b"), "not an id"),
        (written(colour="red"), "unknown key 'colour'"),
        (written(difficulty=9), "from 1 to 5"),
        (written(answer={"kind": "value", "any_of": ["2"], "tol": "1e-4"}), "1.0e-4"),
        (written(paths=[]), "empty"),
        (written(vars={"x": {"type": "real", "min": 3, "max": 1}}), "above max"),
        (written(vars={"x": {"type": "quaternion"}}), "quaternion"),
        (with_step(evidence={"regex": "(a+)+"}), "repeat within a repeat"),
        (with_step(evidence={"eq": "a=b", "value": "c"}), "exactly one"),
        (with_step(weight=0, evidence={"eq": "a=b"}), "above zero"),
        ("a: &x [1]\nb: *x\n", "anchors"),
        ("[" * 60 + "]" * 60, "nested more than"),
    ],
)
def test_broken_text_is_refused_with_its_reason(text: str, sentence: str) -> None:
    with pytest.raises(ProblemError) as caught:
        parse_problem(text, file="broken.yaml")
    assert sentence in str(caught.value)
    assert str(caught.value).startswith("broken.yaml")


def test_error_names_the_line(tmp_path: Path) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(written(level="primary"), encoding="utf-8")
    with pytest.raises(ProblemError) as caught:
        load_file(path)
    assert caught.value.line == 3
    assert caught.value.place == ("level",)


def test_unreadable_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "latin.yaml").write_bytes(b"id: \xe9\xff")
    with pytest.raises(ProblemError, match="UTF-8"):
        load_file(tmp_path / "latin.yaml")
    with pytest.raises(ProblemError, match="cannot read"):
        load_file(tmp_path / "none.yaml")
    (tmp_path / "large.yaml").write_bytes(b"#" * 1_000_001)
    with pytest.raises(ProblemError, match="larger than"):
        load_file(tmp_path / "large.yaml")


def test_a_problem_a_category_and_a_list_are_sets() -> None:
    core = load_set("core")
    assert [one.id for one in load_set("sec-symmetric-01")] == ["sec-symmetric-01"]
    assert [one.id for one in load_set("start-mean-01")] == ["start-mean-01"]
    university = [one.id for one in core if one.level == "university"]
    assert [one.id for one in load_set("university")] == university
    listed = load_set("university, sec-symmetric-01,quickstart")
    ids = [one.id for one in listed]
    assert len(ids) == len(set(ids)), "each problem once"
    assert set(ids) == {*university, *(one.id for one in load_set("quickstart"))}
    assert listed.content_hash == load_set("quickstart,university").content_hash
    assert len(load_set(",".join(one.id for one in core))) == len(core), "longer than a file's name"
    for name, said in (("university,nope", "no problem set 'nope'"), (",", "it names nothing")):
        with pytest.raises(ProblemError, match=said):
            load_set(name)
