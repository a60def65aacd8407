"""The importers, on small files written for these tests in the formats of the data sets."""

from __future__ import annotations

import json
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from problems.errors import ProblemError
from problems.importers import IMPORTERS, import_file, write_problems
from problems.importers.arithmetic import calculate
from problems.importers.making import last_box, plain_number, read_answer
from problems.loader import load_set
from problems.schema import Problem
from problems.validator import validate
from scoring.score import score_text

APPLES = {
    "question": "Mia buys 4 bags of 12 apples and gives 5 apples to each of 6 friends. "
    "How many apples are left?",
    "answer": "The bags hold 4*12=<<4*12=48>>48 apples.\nHer friends get 5*6=<<5*6=30>>30 apples.\n"
    "So 48-30=<<48-30=18>>18 apples are left.\n#### 18",
}
MATH = {
    "problem": "Find the vertex of the parabola $y=(x-3)^2+4$.",
    "solution": "The square vanishes at $x=3$, so the vertex is $\\boxed{(3,4)}$.",
    "answer": "(3,4)",
    "subject": "Algebra",
    "level": 2,
    "unique_id": "test/algebra/17.json",
}
GAOKAO = {
    "year": "2031",
    "category": "（甲卷）",
    "question": "17. 已知等差数列 $a_1=3, d=2$。\n\n(1) 求通项 $a_n$;\n\n(2) 求前 $n$ 项和 $S_n$。",
    "answer": "解: (1) 由公式得 $a_n=3+2(n-1)=2n+1$。\n\n"
    "(2) 求和得 $S_n=\\frac{n(3+2n+1)}{2}=n^2+2n$。",
    "analysis": "用公式。",
    "index": 4,
    "score": 12,
}
CMATH = {
    "grade": 3,
    "input": "小明有3盒铅笔，每盒8支，送出5支，还剩多少支？",
    "golden": "19",
    "reasoning_step": 2,
}
PROCESS = {
    "id": "gsm8k-7",
    "generator": "some-model",
    "problem": "A box holds 3 rows of 5 pens. How many pens are there?",
    "steps": [
        "Each row has 5 pens.",
        "So there are $3\\cdot 5=15$ pens. The answer is \\boxed{15}.",
    ],
    "final_answer_correct": True,
    "label": -1,
}


def lines(*rows: Any) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def array(*rows: Any) -> str:
    return json.dumps(list(rows), ensure_ascii=False, indent=2)


FILES = {
    "gsm8k": lines(APPLES),
    "math500": array(MATH),
    "gaokao-bench": json.dumps(
        {"keywords": "some", "example": [GAOKAO]}, ensure_ascii=False, indent=4
    ),
    "cmath": lines(CMATH),
    "mgsm-zh": "每箱有 1,200 个零件，两箱一共有多少个？\t2,400\n",
    "processbench": array(PROCESS),
}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Give the path of a data file to be written."""
    return tmp_path / "data"


def import_text(
    name: str, written: str, file: Path
) -> tuple[Sequence[Problem], list[tuple[int, str]]]:
    """Import a text and return the problems, and the line and sentence of each refusal."""
    file.write_text(written, encoding="utf-8")
    found = import_file(name, file)
    return found.problems, [(refusal.line, refusal.sentence) for refusal in found.refusals]


def only(name: str, row: Any, file: Path) -> Problem:
    problems, refusals = import_text(name, row if isinstance(row, str) else lines(row), file)
    assert refusals == []
    return problems[0]


def test_every_format_has_a_file_here_and_names_its_licence() -> None:
    assert FILES.keys() == IMPORTERS.keys()
    assert all(importer.licence and importer.source for importer in IMPORTERS.values())


@pytest.mark.parametrize("name", FILES)
def test_what_comes_in_is_a_sound_set_that_loads_again(
    name: str, data: Path, tmp_path: Path
) -> None:
    problem = only(name, FILES[name], data)
    write_problems((problem,), tmp_path / "set")

    assert tuple(load_set(tmp_path / "set")) == (problem,)
    assert validate(problem) == ()
    assert (problem.licence, set(problem.statement)) == (
        IMPORTERS[name].licence,
        {IMPORTERS[name].language},
    )


def test_each_mark_of_gsm8k_becomes_a_step(data: Path) -> None:
    problem = only("gsm8k", FILES["gsm8k"], data)
    steps = problem.paths[0].steps

    assert [step.id for step in steps] == ["s1", "s2", "s3"]
    assert [step.requires for step in steps] == [(), (), ("s1", "s2")]
    assert steps[0].describe["en"] == "The bags hold 4*12=48 apples."
    assert steps[2].exclude == ("answer",)
    assert problem.answer.any_of == ("18",)


def test_answers_to_a_gsm8k_problem_are_scored_by_its_marks(data: Path) -> None:
    problem = only("gsm8k", FILES["gsm8k"], data)

    worked = score_text(
        problem,
        "4 × 12 = 48 apples in all; 5·6 = 30 go to friends; 48 − 30 = 18 remain. Answer: 18",
    )
    guessed = score_text(problem, "Answer: 18")

    assert (worked.steps_done, worked.answer_correct, worked.guess_suspected) == (3, True, False)
    assert (guessed.steps_done, guessed.answer_correct, guessed.guess_suspected) == (0, True, True)
    assert score_text(problem, problem.solutions[0].text).steps_done == 3


def test_a_number_of_the_statement_does_not_show_a_step(data: Path) -> None:
    row = {
        "question": "He has 2 boxes of 3 and 6 more.",
        "answer": "2*3=<<2*3=6>>6\n6+6=<<6+6=12>>12\n#### 12",
    }
    first = only("gsm8k", row, data).paths[0].steps[0]

    assert first.evidence.to_dict() == {"any_of": [{"eq": "2*3 = 6", "tol": 0.01}]}


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ("No marks.\n#### 5", "no mark that calculates"),
        ("<<5=5>>5\n#### 5", "no mark that calculates"),
        ("2+2=<<2+2=5>>5\n#### 5", "the mark <<2+2=5>> is false"),
        ("x=<<2+y=5>>5\n#### 5", "'2+y' is not a calculation"),
        ("<<import os=5>>5\n#### 5", "is not a calculation"),
        ("2+3=<<2+3>>5\n#### 5", "has no equals sign"),
        ("2+3=<<2+3=5>>5", "no line '#### result'"),
        ("2+3=<<2+3=5>>5\n#### five", "'five' is not a number"),
        ("1/0=<<1/0=5>>5\n#### 5", "divides by zero"),
    ],
)
def test_a_row_without_sound_marks_is_refused(answer: str, sentence: str, data: Path) -> None:
    problems, refusals = import_text(
        "gsm8k", lines({"question": "Q", "answer": answer}, APPLES), data
    )

    assert len(problems) == 1
    assert refusals[0][0] == 1
    assert sentence in refusals[0][1]


def test_a_set_without_steps_is_marked_by_its_answer_alone(data: Path) -> None:
    problem = only("cmath", FILES["cmath"], data)

    right, wrong = score_text(problem, "3×8−5=19，答案：19支"), score_text(problem, "答案：18支")

    assert (right.score7, wrong.score7) == pytest.approx((7, 0))
    assert (right.answer_correct, right.guess_suspected) == (True, False)
    assert not wrong.answer_correct
    assert (problem.difficulty, problem.topics) == (2, ("word problem", "grade 3"))


def test_the_parts_of_an_examination_question_are_steps_for_a_judge(data: Path) -> None:
    problem = only("gaokao-bench", FILES["gaokao-bench"], data)

    scored = score_text(problem, "(1) $a_n=3+2(n-1)=2n+1$。")

    assert [(step.step_id, step.verdict) for step in scored.steps] == [
        ("s1", "done"),
        ("s2", "undetermined"),
    ]
    assert (problem.id, scored.answer_correct) == ("gaokao-2031-004", None)


def test_only_solutions_that_are_right_throughout_become_problems(data: Path) -> None:
    rows = [
        {**PROCESS, "id": "math-1", "label": 1},
        {**PROCESS, "id": "math-2", "final_answer_correct": False},
        {**PROCESS, "id": "math-3", "steps": ["No box."]},
        PROCESS,
    ]
    problems, refusals = import_text("processbench", array(*rows), data)

    assert [problem.id for problem in problems] == ["processbench-gsm8k-7"]
    assert [sentence.split(",")[0] for _, sentence in refusals] == [
        "the solution is wrong from step 2 on",
        "the final answer is wrong",
        "the solution has no \\boxed{} answer",
    ]
    assert [line for line, _ in refusals] == [2, 13, 24]


@pytest.mark.parametrize(
    ("written", "kind"),
    [
        ("42", "value"),
        ("10,\\!080", "value"),
        ("1,234", "value"),
        ("\\frac{3}{56}", "expr"),
        ("(3,4)", "expr"),
        ("x=5", "relation"),
        ("1,-2", "set"),
        ("(2,12) \\cup (12,102)", "interval"),
        ("[0,\\infty)", "interval"),
        ("\\text{(C)}", "choice"),
        ("\\text{Evelyn}", "expr"),
    ],
)
def test_the_kind_of_an_answer_follows_from_its_form(written: str, kind: str, data: Path) -> None:
    problem = only("math500", array({**MATH, "answer": written}), data)

    assert problem.answer.kind == kind == read_answer(written)["kind"]
    assert score_text(problem, f"Answer: ${problem.answer.any_of[0]}$").steps_done == 1


def test_numbers_lose_their_grouping_but_intervals_do_not() -> None:
    assert read_answer("10,\\!080")["any_of"] == ["10080"]
    assert read_answer("(12,102)")["any_of"] == ["(12,102)"]
    assert plain_number("$1,450") == "1450"
    assert plain_number("+7") == "7"
    assert plain_number("-7") == "-7"
    with pytest.raises(ProblemError):
        plain_number("+-7")


def test_boxes_may_hold_braces() -> None:
    assert last_box("first \\boxed{1}, then \\boxed{\\frac{1}{2}}.") == "\\frac{1}{2}"
    assert last_box("\\boxed{never closed") is None


def test_broken_lines_do_not_hide_the_others(data: Path) -> None:
    written = '\n{"question": \n[1]\n' + lines(
        APPLES, {"question": 5, "answer": "x"}, {"answer": "#### 1"}
    )
    problems, refusals = import_text("gsm8k", written, data)

    assert [problem.id for problem in problems] == ["gsm8k-0003"]
    assert [line for line, _ in refusals] == [2, 3, 5, 6]
    assert refusals[0][1].startswith("not a line of JSON")
    assert refusals[1][1] == "expected an object, found a list"
    assert "expected text, found a number" in refusals[2][1]
    assert refusals[3][1] == "the key 'question' is missing"


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("[" * 100_000, "nested too deep"),
        ('{"golden": ' + "9" * 5000 + "}", "a number with too many digits"),
        (json.dumps({"input": "九" * 100_001, "golden": "1"}), "longer than 100000 characters"),
        (json.dumps({"input": "题", "golden": "__import__('os')"}), "is not a number"),
    ],
)
def test_hostile_rows_are_refused_like_any_other(line: str, sentence: str, data: Path) -> None:
    problems, refusals = import_text("cmath", line + "\n" + FILES["cmath"], data)

    assert len(problems) == 1
    assert refusals[0][0] == 1
    assert sentence in refusals[0][1]


def test_a_list_goes_on_after_a_broken_object(data: Path) -> None:
    written = array(
        {**MATH, "unique_id": "a/1"}, {**MATH, "unique_id": "b/2"}, {**MATH, "unique_id": "c/3"}
    )
    problems, refusals = import_text("math500", written.replace('"b/2"', '"b/2'), data)

    assert [problem.id for problem in problems] == ["math500-a-1", "math500-c-3"]
    assert [line for line, _ in refusals] == [16]


def test_a_cut_file_gives_what_it_has(data: Path) -> None:
    problems, refusals = import_text("math500", array(MATH).rstrip("]\n") + ",\n", data)

    assert len(problems) == 1
    assert refusals[0][1] == "the file ends inside the list"


def test_rows_of_a_table_need_both_cells(data: Path) -> None:
    problems, refusals = import_text("mgsm-zh", "只有题目\n" + FILES["mgsm-zh"], data)

    assert [problem.answer.any_of for problem in problems] == [("2400",)]
    assert refusals == [(1, "1 cells; a row has 2: question, answer")]


def test_the_same_id_twice_is_refused(data: Path) -> None:
    problems, refusals = import_text("processbench", lines(PROCESS, PROCESS), data)

    assert len(problems) == 1
    assert refusals == [(2, "the id 'processbench-gsm8k-7' occurs twice in the file")]


@pytest.mark.parametrize(
    ("name", "written"), [("math500", "problem,answer"), ("gaokao-bench", "[]")]
)
def test_a_file_of_another_format_is_named_as_such(name: str, written: str, data: Path) -> None:
    with pytest.raises(ProblemError, match="is it another format"):
        import_text(name, written, data)


def test_files_that_cannot_be_read_and_unknown_formats_are_refused(data: Path) -> None:
    with pytest.raises(ProblemError, match="cannot read the file"):
        import_file("gsm8k", data)
    with pytest.raises(ProblemError, match="unknown format 'csv'; there are gsm8k"):
        import_file("csv", data)
    data.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ProblemError, match="not UTF-8"):
        import_file("gsm8k", data)


def test_half_a_character_pair_is_refused(data: Path) -> None:
    _, refusals = import_text("cmath", '{"input": "\\ud800", "golden": "1"}\n', data)

    assert "half of a character pair" in refusals[0][1]


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("16-3-4", 9),
        ("200*40*.01", 80),
        ("-(2+3)*4/5", -4),
        ("50%*30", 15),
        ("2--3", 5),
        ("2.5", Fraction(5, 2)),
    ],
)
def test_calculations_are_exact(written: str, value: Fraction) -> None:
    assert calculate(written) == value


@pytest.mark.parametrize(
    "written", ["", "2+", "(2", "2)", "2**3", "9^9", "x", "1" * 40, "(" * 90 + "1" + ")" * 90]
)
def test_what_is_no_calculation_is_refused(written: str) -> None:
    with pytest.raises(ProblemError):
        calculate(written)
