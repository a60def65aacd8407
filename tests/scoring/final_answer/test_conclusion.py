"""The sentence that concludes is found, and remarks around it are not."""

from __future__ import annotations

import pytest

from scoring.final_answer.extraction.answer_place import find_answer
from scoring.final_answer.extraction.conclusion import conclusion
from scoring.final_answer.extraction.remarks import is_remark
from scoring.final_answer.extraction.sentences import sentences
from scoring.final_answer.question.question import content


def concluded(text: str, question: str = "") -> str:
    """Return the text that concludes, for a question."""
    found = conclusion(text, content(question))
    assert found is not None
    return text[found.start : found.end].strip()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("3 + 4 = 7. So it is 7. (A further one would make 8.)", "it is 7."),
        ("So 467 of them qualify. The other 533 do not.", "467 of them qualify."),
        ("It is 24. The next one would be 48.", "It is 24."),
        ("Because 3 divides 9, the quotient is 3.", "Because 3 divides 9, the quotient is 3."),
        ("It is\n\n$$\n7\n$$", "It is\n\n$$\n7\n$$"),
        ("It is 7.\n\nCheck: 7 - 3 = 4.", "It is 7."),
        ("Check each case:\n1 fails.\nSo only 2 remains.", "only 2 remains."),
        ("One root is 2. The other is 3.", "One root is 2. The other is 3."),
        ("**7**\nThe sides are 3 and 4.", "**7**"),
    ],
)
def test_conclusion(text: str, sentence: str) -> None:
    assert concluded(text) == sentence


def test_question_decides_between_plain_sentences() -> None:
    text = "So the width is 5. The length is 8."

    assert concluded(text, "length") == "The length is 8."
    assert concluded(text, "width") == "the width is 5."


def test_nothing_is_concluded_without_a_value() -> None:
    assert conclusion("I do not know.") is None


@pytest.mark.parametrize(
    ("sentence", "remark"),
    [
        ("For instance, 3 works.", True),
        ("Is that all 3 of them?", True),
        ("If it had rained, 3 would be left.", True),
        ("with x, y ≥ 0.", True),
        ("It would take 3 hours.", False),
        ("With 3 more it is 7.", False),
        ("(2, 3)", False),
    ],
)
def test_remarks(sentence: str, remark: bool) -> None:
    assert is_remark(sentence) is remark


def test_sentences_do_not_end_in_numbers_formulas_or_abbreviations() -> None:
    text = "It is 3.5, approx. 4. In $a.b$ it is 5; the rest of them follow."

    assert [text[a:b].strip() for a, b in sentences(text)] == [
        "It is 3.5, approx. 4.",
        "In $a.b$ it is 5;",
        "the rest of them follow.",
    ]


@pytest.mark.parametrize("behind", [0, 60, 119, 125, 400])
def test_the_last_announcement_counts_however_far_from_the_end(behind: int) -> None:
    text = "The answer is 7. Wrong way. The answer is\n 12.\n" + "word " * (behind // 5)

    found = find_answer(text)

    assert found is not None
    assert found.how == "cue"
    assert found.text.strip(" .\n") == "12"
