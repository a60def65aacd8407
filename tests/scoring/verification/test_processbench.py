"""ProcessBench's protocol on rows in its format, written for this test."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from orchestrator.cli import cli
from scoring.quality.processbench import (
    LabelledSolution,
    by_computation,
    majority_label,
    protocol_score,
)

ROWS = [
    {
        "id": "gsm8k-1", "generator": "m", "problem": "Ann has 3 bags of 4 nuts and eats 5.",
        "steps": ["The bags hold $3\\times 4=12$ nuts.", "She is left with $12-5=8$ nuts.",
                  "The answer is \\boxed{8}."],
        "final_answer_correct": False, "label": 1,
    },
    {
        "id": "gsm8k-2", "generator": "m", "problem": "Bo buys 6 pens at 2 yuan.",
        "steps": ["They cost $6\\times 2=12$ yuan.", "The answer is \\boxed{12}."],
        "final_answer_correct": True, "label": -1,
    },
    {
        "id": "gsm8k-3", "generator": "m", "problem": "A train runs 60 km in one hour.",
        "steps": ["Half of the way takes two hours.", "The answer is \\boxed{2}."],
        "final_answer_correct": False, "label": 0,
    },
]  # fmt: skip


@pytest.mark.parametrize(("row", "predicted"), [(0, 1), (1, -1), (2, -1)])
def test_the_first_wrong_step_is_named(row: int, predicted: int) -> None:
    """Computation names the step of a false calculation and no other."""
    assert by_computation(str(ROWS[row]["problem"]), list(ROWS[row]["steps"])) == predicted  # type: ignore[call-overload]


def test_f1_is_the_harmonic_mean_of_both_accuracies() -> None:
    """Two of four wrong rows named and three of three right ones accepted give 2/3."""
    labels = [0, 1, 2, 1, -1, -1, -1]
    said = iter([0, 1, 1, -1, -1, -1, -1])
    rows = [LabelledSolution(problem="", steps=("a", "b", "c"), label=label) for label in labels]
    score = protocol_score(rows, lambda _problem, _steps: next(said))
    assert (score.accuracy_wrong, score.accuracy_right) == (0.5, 1.0)
    assert score.f1 == pytest.approx(2 / 3)
    assert majority_label(rows) == -1
    assert protocol_score(rows, lambda _problem, _steps: -1).f1 == 0
    assert protocol_score(rows[:4], lambda _problem, _steps: -1).f1 is None


def test_the_command_prints_both_beside_published_figures(tmp_path: Path) -> None:
    """The file is read row by row; one that does not fit is named and left out."""
    file = tmp_path / "gsm8k.json"
    file.write_text(json.dumps([*ROWS, {"id": "gsm8k-4", "steps": [], "label": 7}]))
    shown = CliRunner().invoke(cli, ["verify-bench", "--processbench", str(file), "--json"])
    document = json.loads(shown.stdout)
    assert document["computation"]["accuracy_wrong"] == 0.5
    assert document["computation"]["f1"] == pytest.approx(2 / 3)
    assert document["majority_label"]["f1"] == 0
    assert document["published"]["o1-mini, critic"] == 87.9
    assert len(document["refused"]) == 1
    printed = CliRunner().invoke(cli, ["verify-bench", "--processbench", str(file)])
    assert "majority label" in printed.output
    assert "87.9" in printed.output
