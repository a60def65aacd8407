"""Numbers in English words: ``two hundred and five``, ``three quarters``, ``half an hour``."""

from __future__ import annotations

import re

from scoring.final_answer.numerals.mixed import mixed

ENGLISH_SCALES = {
    "hundred": 10**2, "thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12,
    "dozen": 12,
}  # fmt: skip
_ONES = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_TENS = dict(
    zip(
        ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"],
        range(20, 100, 10),
        strict=True,
    )
)
_ENGLISH = {word: number for number, word in enumerate(_ONES)} | _TENS
_ORDINALS = {
    "half": 2, "halves": 2, "third": 3, "thirds": 3, "quarter": 4, "quarters": 4, "fourth": 4,
    "fourths": 4, "fifth": 5,
    "fifths": 5, "sixth": 6, "sixths": 6, "seventh": 7, "sevenths": 7, "eighth": 8, "eighths": 8,
    "ninth": 9,
    "ninths": 9, "tenth": 10, "tenths": 10, "eleventh": 11, "elevenths": 11, "twelfth": 12,
    "twelfths": 12,
    "thirteenth": 13, "thirteenths": 13, "fifteenth": 15, "fifteenths": 15, "sixteenth": 16,
    "sixteenths": 16,
    "twentieth": 20, "twentieths": 20, "hundredth": 100, "hundredths": 100,
}  # fmt: skip


def _counted_out(words: str) -> str:
    """Return numbers in English words as digits.

    "five and seven" are two, "one hundred and seven" is one.
    """
    made: list[str] = []
    total = section = 0
    last = ""  # the word before, to see where a new number begins
    for gap, word in re.findall(r"([\s-]*(?:and\s+)?)([a-z]+)", words.lower()):
        fits = (
            not last
            or word not in _ENGLISH
            or last in ENGLISH_SCALES
            or (last in _TENS and 0 < _ENGLISH[word] < 10 and "and" not in gap)
        )
        if not fits:
            made += [str(total + section), gap]
            total = section = 0
        if word in _ENGLISH:
            section += _ENGLISH[word]
        elif word == "hundred":
            section = (section or 1) * 100
        else:
            total, section = total + (section or 1) * ENGLISH_SCALES[word], 0
        last = word
    return "".join([*made, str(total + section)])


_SQUARE_ROOT = re.compile(
    r"(?:(?P<times>\d+)\s+times\s+)?(?:the\s+)?(?:square\s+)?root\s+(?:of\s+)?(?"
    r"P<number>\d+)(?!\d|\.\d)",
    re.IGNORECASE,
)
_SIGN_BETWEEN = re.compile(
    r"(?:(?<=\d)|(?<=\})|(?<=(?<![A-Za-z])[A-Za-z]))\s+(?P<sign>minus"
    r"|plus)\s+(?=\d|\\|[A-Za-z](?![A-Za-z]))"
)
_MINUS = re.compile(r"\b(?:minus|negative)\s+(?=\d|\\frac|\\sqrt)", re.IGNORECASE)


def _signs(text: str) -> str:
    """Return the text with minus, plus and square roots in words as signs."""
    text = _SQUARE_ROOT.sub(lambda m: f"{m['times'] or ''}\\sqrt{{{m['number']}}}", text)
    if "minus" in text or "plus" in text:
        text = _SIGN_BETWEEN.sub(lambda m: " - " if m["sign"] == "minus" else " + ", text)
    return _MINUS.sub("-", text)


_WORD_NUMBER = re.compile(
    rf"(?<![A-Za-z\\])(?P<words>(?"
    rf":{'|'.join(sorted(_ENGLISH, key=len, reverse=True))})(?:(?:[\s-]+(?:and\s+)"
    rf"?)(?"
    rf":{'|'.join(sorted([*_ENGLISH, *ENGLISH_SCALES], key=len, reverse=True))}))"
    rf"*)(?![A-Za-z])",
    re.IGNORECASE,
)
_WORD_FRACTION = re.compile(
    rf"(?<![A-Za-z\\])(?P<top>{'|'.join(_ONES[1:])}"
    rf"|an?)(?:[\s-]+)(?P<bottom>{'|'.join(sorted(_ORDINALS, key=len, reverse=True))}"
    rf")(?![A-Za-z])",
    re.IGNORECASE,
)
#: "half a mile", "half an hour".
_HALF = re.compile(r"(?<![A-Za-z])half\s+an?\s+(?P<unit>[a-z]+)", re.IGNORECASE)
#: A half that is all that is said, or what something is.
_LONE_HALF = re.compile(
    r"(?:(?<=\bis )|(?<='s )|(?<== )|(?<=equals )|\A\s*)half(?=\W*\Z)", re.IGNORECASE
)
#: "two point five" in digits.
_POINT = re.compile(
    r"(?<![\d.])(?P<whole>\d+)\s+point\s+(?P<digits>\d(?:\s+\d)*)(?![\d.]*\d)", re.IGNORECASE
)
#: "4/5 of an hour".
_PART_OF = re.compile(
    r"(?P<part>\d+\s*/\s*\d+|\\frac\{\d+\}\{\d+\}|\d*\.\d+)\s+of\s+an?\s+(?P<unit>[a-z]+)",
    re.IGNORECASE,
)
#: What "two and a half" has become.
_AND_FRACTION = re.compile(
    r"(?<![\d.}_^\w\\/])(?P<whole>\d+)\s+and\s+\\frac\{(?P<top>\d+)\}\{(?P<bottom>\d+)\}"
)

#: "a hundred" and "a dozen" where they count and are no "per": "it is a dozen", not "$3 a dozen".
_ARTICLE = re.compile(
    r"(?:(?<=\bis )|(?<=\bare )|(?<='s )|(?<=\bmean )|(?<=\bof )|(?<=\bhas )|(?<=\bhave )"
    r"|(?<=\bgets )|(?<=\bmakes )|(?<=\bleaves )|(?<=\bequals )|(?<=: )|(?<== )|\A\s*)"
    r"an?(?= (?:hundred|thousand|million|dozen)(?![A-Za-z]))",
    re.IGNORECASE,
)
_HALF_DOZEN = re.compile(r"\bhalf a dozen\b", re.IGNORECASE)

#: What stands behind "one" where it counts something.
_COUNTED = re.compile(
    r"\s+(?:in (?:\d|two|three|four|five|six|seven|eight|nine|ten|twelve|twenty)|(?:chance|dollar"
    r"|cent|hour|minute|second|day|week|month|year|metre|meter|mile|pound)\b)"
)
_TWO_LETTERS = re.compile(r"[A-Za-z]{2}")
_NUMBER_WORDS = frozenset((*_ENGLISH, *_ORDINALS))
#: The number words that hold no shorter one: where none of them stands, no number is in words.
_STEMS = tuple(
    word
    for word in sorted(_NUMBER_WORDS)
    if not any(other in word for other in _NUMBER_WORDS - {word})
)


def with_english(text: str) -> str:
    """Return a text with numbers in English words as digits."""

    def fraction(m: re.Match[str]) -> str:
        top = 1 if m["top"].lower() in ("a", "an") else _ENGLISH[m["top"].lower()]
        return f"\\frac{{{top}}}{{{_ORDINALS[m['bottom'].lower()]}}}"

    def number(m: re.Match[str]) -> str:
        counted = _COUNTED.match(m.string, m.end())
        if (
            m["words"].lower() == "one"
            and not counted
            and not re.search(
                r"(?:\b(?:is|are|was|equals|exactly|only|just|or|and|minus|negative|point)|[=:])\s*\**$",
                m.string[: m.start()][-14:],
                re.IGNORECASE,
            )
        ):
            return m.group()  # "one can see" counts nothing
        return _counted_out(m["words"])

    if _TWO_LETTERS.search(text) is None:
        return text
    lower = text.lower()
    if "dozen" in lower or "hundred" in lower or "thousand" in lower or "million" in lower:
        text = _ARTICLE.sub("one", _HALF_DOZEN.sub("six", text))
        lower = text.lower()
    if any(stem in lower for stem in _STEMS):
        text = _HALF.sub(r"\\frac{1}{2} \g<unit>", text)
        text = _LONE_HALF.sub(r"\\frac{1}{2}", text)
        text = _WORD_FRACTION.sub(fraction, text)
        text = _WORD_NUMBER.sub(number, text)
        text = _POINT.sub(lambda m: f"{m['whole']}.{''.join(m['digits'].split())}", text)
    text = _PART_OF.sub(r"\g<part> \g<unit>", text)
    return _AND_FRACTION.sub(mixed, _signs(text))
