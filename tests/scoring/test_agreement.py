"""Agreement with labelled answers, on a folder small enough to work every figure out by hand."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from problems.errors import ProblemError
from problems.labelling import LabelledSet, load_labelled
from problems.loader import ProblemSet
from problems.schema import Problem
from scoring.quality.agreement import PART_METRICS, measure_agreement
from scoring.quality.marks import Marks
from scoring.quality.tally import Tally, cohen_kappa
from scoring.steps.verdict import VERDICTS

Lines = list[dict[str, Any]]
MakeFolder = Callable[..., Path]

TEXTS = {
    "a1": "We use a = 3 - 1.\nThen b = 5 - 2.\nFinally c = 9 - 4.\nAnswer: 13",
    "a2": "By a = 3 - 1 we are there.\nAnswer: 13",
    "a3": "Answer: 13",
    "a4": "First a = 3 - 1.\nThen b = 5 - 2.\nAnswer: 12",
}
INDEX: Lines = [
    {"answer": "a1", "problem": "p1", "style": "verbose", "language": "en"},
    {"answer": "a2", "problem": "p1"},
    {"answer": "a3", "problem": "p2"},
    {"answer": "a4", "problem": "p2"},
]


def label(answer: str, first: str, second: str, third: str, **more: Any) -> dict[str, Any]:
    steps = {"s1": first, "s2": second, "s3": third}
    return {
        "answer": answer,
        "path": "main",
        "labeller": "ann",
        "labels": steps,
        "answer_correct": True,
        **more,
    }


ANN: Lines = [
    label("a1", "done", "done", "done"),
    label("a2", "done", "missing", "done"),
    label("a3", "missing", "missing", "missing", guess=True),
    label("a4", "done", "wrong", "missing", answer_correct=False),
]
BOB: Lines = [
    label("a1", "done", "done", "missing", labeller="bob"),
    label("a3", "missing", "missing", "missing", labeller="bob"),
]


def make_problem(problem_id: str) -> Problem:
    relations = [
        {"id": f"s{i}", "evidence": {"eq": relation}}
        for i, relation in enumerate(("a = 3 - 1", "b = 5 - 2", "c = 9 - 4"), start=1)
    ]
    short = [{"id": "t1", "evidence": {"eq": "b = 5 - 2"}}]
    return Problem.from_dict(
        {
            "schema": "refpath/1",
            "id": problem_id,
            "level": "secondary",
            "problem": {"en": "Find the number."},
            "answer": {"kind": "value", "any_of": ["13"]},
            "paths": [{"id": "main", "steps": relations}, {"id": "short", "steps": short}],
        }
    )


SET = ProblemSet(name="mine", problems=(make_problem("p1"), make_problem("p2")))


@pytest.fixture
def make_folder(tmp_path: Path) -> MakeFolder:
    """Write a folder of labelled answers: the index and each list of labels as a file."""

    def make(*labels: Lines, index: Lines = INDEX) -> Path:
        (tmp_path / "answers").mkdir()
        for name, text in TEXTS.items():
            (tmp_path / "answers" / f"{name}.md").write_text(text, encoding="utf-8")
        _write(tmp_path / "index-1.jsonl", index)
        for number, lines in enumerate(labels, start=1):
            _write(tmp_path / f"labels-{number}.jsonl", lines)
        return tmp_path

    return make


def _write(path: Path, lines: Lines) -> None:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")


def _measure(loaded: LabelledSet) -> dict[str, Any]:
    return measure_agreement(loaded.answers, resamples=200).to_dict()


def test_every_figure_is_what_it_is_by_hand(make_folder: MakeFolder) -> None:
    """The scorer says ddd, dmm, mmm, ddm on path main: a1 and a4 alone show the short path."""
    loaded = load_labelled(make_folder([*ANN]), _without_short())
    found = _measure(loaded)

    assert (found["answers"], found["problems"], found["steps"]) == (4, 2, 12)
    # 10 of 12 agree; six are done for either, so half would agree by chance.
    assert found["kappa"] == pytest.approx((10 / 12 - 1 / 2) / (1 / 2))
    # Off by 7/3 on a2 and on a4.
    assert found["mae7"] == pytest.approx(7 / 6, abs=1e-4)
    assert found["within_one"] == 0.5
    assert found["bias7"] == pytest.approx(0, abs=1e-4)
    # Marks 7 5 0 2 against 7 2 0 5: 18 observed, 232 / 4 expected squares.
    assert found["qwk"] == pytest.approx(1 - 18 / 58)
    assert found["missing"] == {"precision": pytest.approx(5 / 6), "recall": 1.0}
    assert found["not_done"] == {"precision": pytest.approx(5 / 6), "recall": pytest.approx(5 / 6)}
    assert found["done"] == {"precision": pytest.approx(5 / 6), "recall": pytest.approx(5 / 6)}
    # Nothing is undetermined.
    assert (found["coverage"], found["kappa_determined"]) == (1, found["kappa"])
    assert found["mae7_interval"] == found["mae7"]
    # a3 was a guess, a2 and a3 were called one.
    assert found["guess"] == {"precision": 0.5, "recall": 1.0}
    assert (found["human_kappa"], found["human_answers"]) == (None, 0)
    assert [
        (one["answer"], one["step"], one["true"], one["said"]) for one in found["disagreements"]
    ] == [
        ("a2", "s3", "done", "missing"),
        ("a4", "s2", "wrong", "done"),
    ]


def test_the_baselines_are_marked_by_the_same_rules(make_folder: MakeFolder) -> None:
    baselines = _measure(load_labelled(make_folder([*ANN]), _without_short()))["baselines"]

    assert list(baselines) == ["answer_only", "all_done", "exact_string"]
    # Nine said done, six are, five of them both: 7 of 12 agree and half would by chance.
    assert baselines["answer_only"]["kappa"] == pytest.approx((7 / 12 - 1 / 2) / (1 / 2))
    assert baselines["answer_only"]["guess"] == {"precision": None, "recall": 0.0}
    assert baselines["all_done"]["kappa"] == pytest.approx(0)
    assert baselines["all_done"]["mae7"] == pytest.approx(3.5)
    assert baselines["all_done"]["missing"] == {"precision": None, "recall": 0.0}
    assert baselines["exact_string"]["kappa"] == pytest.approx(2 / 3)


def test_the_first_file_is_the_truth_and_the_second_measures_the_markers(
    make_folder: MakeFolder,
) -> None:
    found = _measure(load_labelled(make_folder(ANN, BOB), _without_short()))

    assert found["kappa"] == pytest.approx(2 / 3)
    # ddd mmm against ddm mmm: 5 of 6 agree, half would by chance.
    assert (found["marker_kappa"], found["marker_answers"]) == (pytest.approx(2 / 3), 2)
    assert (found["human_kappa"], found["human_answers"]) == (
        found["marker_kappa"],
        found["marker_answers"],
    )


def test_undetermined_steps_are_left_out_or_counted_as_not_done() -> None:
    true = Marks(
        steps=dict(zip("abcd", VERDICTS, strict=False)), score7=1.75, high7=1.75, guess=False
    )
    steps = {"a": "undetermined", "b": "missing", "c": "undetermined", "d": "done"}
    said = Marks(steps=steps, score7=1.75, high7=5.25, guess=False)
    other = Marks(steps=dict.fromkeys("abcd", "done"), score7=7, high7=7, guess=False)
    found = Tally.of(true, said).metrics()

    # Of b and d, both not done, d is said to be done; of all four, a and d are taken for the other.
    assert (found["coverage"], found["kappa_determined"]) == (0.5, 0)
    assert found["kappa"] == pytest.approx(1 - (2 / 4) / (6 / 16))
    assert found["done"] == {"precision": 0, "recall": 0}
    assert (found["mae7"], found["mae7_interval"]) == (0, 0)
    assert Tally.of(other, said).metrics()["mae7_interval"] == 1.75
    assert Tally.of(true, other).metrics()["mae7_interval"] == 5.25


def test_steps_are_compared_along_the_labellers_path(make_folder: MakeFolder) -> None:
    """The short path gives a1 and a4 full marks too; a1 keeps its path, a4 scores best on it."""
    found = _measure(load_labelled(make_folder(ANN), SET))

    assert found["other_path"] == 1
    assert found["kappa"] == pytest.approx(2 / 3)
    assert found["mae7"] == pytest.approx((7 / 3 + 14 / 3) / 4, abs=1e-4)


def test_the_hard_slices_and_the_styles_are_kept_apart(make_folder: MakeFolder) -> None:
    """a2 and a3 are right and incomplete; of the wrong answers, a4 has one step of three."""
    found = _measure(load_labelled(make_folder(ANN), _without_short()))

    incomplete = found["slices"]["right_but_incomplete"]
    # dmd mmm against dmm mmm: 5 of 6 agree; 2 and 1 of them are done, so (2*1 + 4*5) / 36 would
    # agree by chance.
    assert incomplete["answers"] == 2
    assert incomplete["kappa"] == pytest.approx((5 / 6 - 22 / 36) / (1 - 22 / 36))
    assert incomplete["mae7"] == pytest.approx(7 / 6, abs=1e-4)
    assert incomplete["steps_agree"] == pytest.approx(5 / 6)
    nothing = dict.fromkeys(PART_METRICS)
    assert found["slices"]["wrong_but_mostly_done"] == {"answers": 0, **nothing}
    assert {style: part["answers"] for style, part in found["styles"].items()} == {
        "": 3,
        "verbose": 1,
    }


def test_intervals_hold_the_figures_and_come_out_the_same_again(make_folder: MakeFolder) -> None:
    loaded = load_labelled(make_folder(ANN), _without_short())
    found = _measure(loaded)

    for name in ("kappa", "mae7", "within_one", "qwk"):
        low, high = found["intervals"][name]
        assert low <= found[name] <= high
    assert found["intervals"]["guess"].keys() == {"precision", "recall"}
    assert _measure(loaded) == found


def test_kappa_of_tables_from_the_literature() -> None:
    """Cohen's own example of two by two, and quadratic weights that ignore the diagonal alone."""
    assert cohen_kappa(np.array([[20.0, 5.0], [10.0, 15.0]])) == pytest.approx(0.4)
    assert cohen_kappa(np.array([[0.0, 0.0], [0.0, 9.0]])) is None
    assert cohen_kappa(np.zeros((2, 2))) is None
    assert cohen_kappa(np.diag([3.0, 4.0, 5.0]), quadratic=True) == 1.0


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ({"answer": "a9"}, "no line of index*.jsonl lists the answer 'a9'"),
        ({"problem": "p2"}, "the index says that 'a1' answers p1"),
        ({"path": "other"}, "p1 has no path 'other'; there are main, short"),
        ({"labels": {"s1": "done", "s2": "done"}}, "the key 's3' is missing"),
        ({"labels": {"s1": "done", "s2": "done", "s3": "perhaps"}}, "'perhaps' is not one of"),
        ({"answer_correct": "yes"}, "expected true or false"),
    ],
)
def test_a_line_that_does_not_fit_is_named(
    make_folder: MakeFolder, line: dict[str, Any], sentence: str
) -> None:
    folder = make_folder([ANN[1], {**ANN[0], **line}])

    with pytest.raises(ProblemError, match=r"labels-1.jsonl:2") as caught:
        load_labelled(folder, SET)
    assert sentence in str(caught.value)


def test_broken_json_and_names_that_leave_the_folder_are_refused(make_folder: MakeFolder) -> None:
    folder = make_folder(ANN)
    (folder / "labels-1.jsonl").write_text('\n{"answer": \n', encoding="utf-8")
    with pytest.raises(ProblemError, match=r"labels-1.jsonl:2: not a line of JSON"):
        load_labelled(folder, SET)

    (folder / "index-1.jsonl").write_text(
        '{"answer": "../a1", "problem": "p1"}\n', encoding="utf-8"
    )
    with pytest.raises(ProblemError, match=r"index-1.jsonl:1 .*is not the name of a file"):
        load_labelled(folder, SET)


def test_answers_without_labels_are_left_out(make_folder: MakeFolder) -> None:
    """And keys beyond the documented ones do no harm."""
    loaded = load_labelled(make_folder([{**line, "note": "sure"} for line in ANN[:3]]), SET)

    assert loaded.unlabelled == ("a4",)
    assert [answer.name for answer in loaded.answers] == ["a1", "a2", "a3"]


def _without_short() -> ProblemSet:
    def only_main(problem: Problem) -> Problem:
        data = problem.to_dict()
        return Problem.from_dict(data | {"paths": data["paths"][:1]})

    return ProblemSet(name="mine", problems=tuple(map(only_main, SET.problems)))
