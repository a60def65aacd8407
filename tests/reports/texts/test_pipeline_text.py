"""One solution with its marks on a narrow screen: no part of it stands where a mark does."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from problems.loader import load_set
from reports.texts.pipeline import verification_parts
from scoring.verification.document import marked_document
from scoring.verification.marks import SIGNS
from scoring.verification.verify import verify_text

PROBLEM = load_set("core").get("sec-symmetric-01")


@pytest.mark.parametrize("width", range(20, 81, 7))
def test_a_long_line_goes_on_behind_its_bar(width: int) -> None:
    text = " ".join(["so", *["✓ step 1 consistent"] * 12]) + "\n$2+2=5$."
    steps = verify_text(PROBLEM, text).steps
    document = {
        "problem": "p", "name": "run", "draft_job": 1, "model": "a", "prompt": "plain",
        "repetition": 1, "verifier": "b", "job": 2, "state": "succeeded", "error": None,
        "document": marked_document(text, steps), "marks": dict.fromkeys(SIGNS, 0),
        "draft": {"e2e_s": 1.0, "output_tokens": 5},
        "verification": {"rule_ms": 1.0, "model_ms": None},
        "steps": [{"model_ms": None} for _ in steps],
    }  # fmt: skip
    screen = Console(file=io.StringIO(), width=width, color_system=None)
    for part in verification_parts(document):
        screen.print(part)
    lines = screen.file.getvalue().splitlines()  # type: ignore[attr-defined]
    assert max(map(len, lines)) <= width
    assert [line for line in lines if line[:1] in set(SIGNS.values())] == [
        line for line in lines if line.startswith("✗ step 1 wrong")
    ]
    assert sum(line.startswith("| ") for line in lines) >= 4
