"""Announcements are found far into a text, by the words that each of them holds."""

from __future__ import annotations

import pytest

from scoring.final_answer.extraction.announcements import last_cue

LONG = "Step 3 takes 4 of 5. " * 40 + "\n"


@pytest.mark.parametrize(
    "announced",
    [
        "#### 42",
        'x "final_answer": 42',
        'x "final": 42',
        '"答案": 42',
        '"结果": 42',
        "<answer>42</answer>",
        "【答案】42",
        "正确的应该是42",
        "最后结果是42",
        "故选A",
        "综上，42",
        "结论：42",
        "The required answer is 42",
        "the solution is $42$",
        "The best option is B",
        "**Final answer** 42",
        "答\n42",
        "# Final\n42",
        "## 最终结果\n42",
        "In conclusion, 42",
        "To conclude: 42",
        "I am changing my answer to 42",
    ],
)
def test_announcement_is_found_by_its_words(announced: str) -> None:
    text = f"{LONG}{announced}"

    found = last_cue(text)

    assert found is not None
    assert found.start > len(LONG)
    assert found.text.strip(" :*\n") in ("42", "$42$", "A", "B")
