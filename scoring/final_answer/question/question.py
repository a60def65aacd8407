"""What a problem gives and asks for.

Its numbers, the things counted, the unit, and the words of the question.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from problems.schema import Problem
from scoring.final_answer.forms.amounts import measure
from scoring.final_answer.question.named import heads
from scoring.final_answer.spelling.writing import one_spelling

_ASKED = re.compile(
    r"(?:几(?!分之)|多少)个?\s*(?P<zh>[\u4e00-\u9fff]{1,4})|how (?:many|much) (?:more "
    r"|other |whole |full |different |real |distinct |positive |integer "
    r"|[a-z]+-[a-z]+ )*(?P<en>[a-z]+)"
    r"|\bin (?P<unit>[a-z]+(?: per [a-z]+)?)(?=[?.,]|$)"
    r"|(?:用|以)(?!\w{0,2}[分小]数|根式|区间|集合)(?P<as>[\u4e00-\u9fff]{1,6}?)(?:表示|为单位|作单位)",
    re.IGNORECASE,
)
#: The unit that an answer is to have: behind "in" at the end of a question, or in brackets there.
_DEMANDED = re.compile(
    r"\bin (?P<in>(?:(?:square|cubic) )?[a-z]+(?: ?/ ?[a-z]+|²|³|\^\{?[23]\}?| per [a-z]+)?)"
    r"(?=\s*(?:[?.,]|$)|\s+(?:is|does|do|will|did|must|can)\b)"
    r"|[(（](?:单位\s*[:：]?\s*|in\s+)?(?P<brackets>[^()（）\d,，:：]{1,24})[)）]\s*[.。?？]?\s*$",
    re.IGNORECASE,
)
_CURRENCY = re.compile(r"\bhow many (?P<unit>dollars|euros|yuan|yen)\b", re.IGNORECASE)
_PERCENT = re.compile(
    r"percent|%|per cent|百分|率|比例|成数|[几多]少?成|\brates?\b|share|proportion|probab|chance"
    r"|fraction|discount|interest|increase|decrease|growth|efficien|likel",
    re.IGNORECASE,
)
#: A question for a part of a number, which is a number.
_PART_IN_PERCENT = re.compile(
    r"\b(?:what is|find|calculate|compute)\s+[$\d.]+\s*\\?%\$?\s+of\s+\$?\d", re.IGNORECASE
)
_COUNT = re.compile(
    r"\bhow many\b|多少[个名人只条本张辆支头块元]|几[个名人只条本张辆支头块元]", re.IGNORECASE
)
_RATE = re.compile(r"每(?P<time>小时|分钟|秒)[^，。,?？]{0,6}?多少(?P<unit>千米|公里|米)")
_GIVEN_UNIT = re.compile(
    r"\d\s*(?P<unit>[a-zA-Z]{1,12}(?:\s*/\s*[a-z]{1,4}|²|³)?|[\u4e00-\u9fff]{1,2})(?![a-zA-Z])"
)
_MONEY_SIGN = re.compile(r"[$€£](?=\s?\d)|(?<=\d)\s?[€£]")
_DIFFERENCE = re.compile(
    r"\bhow (?:many|much) (?:\w+ )?(?:more|less|fewer|older|younger|taller"
    r"|shorter|longer|cheaper|higher|lower|faster|slower|further|farther|heavier"
    r"|lighter)\b"
    r"|\bdifference\b|\bearns? above\b|\bsaves? (?:against|over|compared)\b"
    r"|比[^，。；]{1,14}(?:多|少|节省)[^，。；]{0,3}的|(?:多|少|大|小|高|低|快|慢|长|短|重|轻|贵|便宜|早|晚|远|近)了?"
    r"(?:百分之|几分之)?(?:几|多少)|\bby how (?:much|many)\b"
    r"|\bwhat (?:percent(?:age)?|fraction)\b[^.?]*\b(?:more|less|fewer|higher|lower|greater|larger"
    r"|smaller|bigger|longer|shorter|cheaper|faster|slower|heavier|lighter)\b",
    re.IGNORECASE,
)
#: How the answer is to be written, not what it is.
_FORMAT = re.compile(
    r"\bnotation\b|\b(?:express|write|give|enter|list) (?:your|the|it"
    r"|them)\b.*\b(?:as|in|separated)\b|保留|精确到",
    re.IGNORECASE,
)
#: How many digits are to be shown, in brackets behind what is asked for.
_ROUNDED = re.compile(r"[(（][^()（）]*(?:保留|精确|decimal|nearest)[^()（）]*[)）]")
#: Letters of which the value is asked for.
_ASKED_LETTERS = re.compile(
    r"(?:\b(?:find|determine|compute|value of|values of|solve for|what is"
    r"|what are|pairs?|triples?|express)|求"
    r"|则)\s*\$?\(?(?P<letters>[A-Za-z](?:\s*,\s*[A-Za-z])*)(?![A-Za-z(^*/+-])",
    re.IGNORECASE,
)
#: Where the question proper begins.
_QUESTION = re.compile(
    r"\b(?:how|what|which|who|whose|when|where|find|compute|calculate|determine"
    r"|evaluate|express|simplify|solve|give|write|enter)\b|finish with\b|求|计算"
    r"|几|多少|什么|哪|写出|给出|则",
    re.IGNORECASE,
)
#: Words that say nothing about what is asked.
_EMPTY = frozenset(
    [
        "how",
        "what",
        "which",
        "who",
        "whose",
        "when",
        "where",
        "find",
        "compute",
        "calculate",
        "determine",
        "evaluate",
        "express",
        "simplify",
        "solve",
        "give",
        "write",
        "enter",
        "many",
        "much",
        "the",
        "that",
        "this",
        "these",
        "those",
        "there",
        "then",
        "than",
        "and",
        "for",
        "are",
        "was",
        "were",
        "has",
        "have",
        "had",
        "with",
        "from",
        "your",
        "answer",
        "each",
        "does",
        "did",
        "will",
        "would",
        "can",
        "into",
        "they",
        "their",
        "them",
        "she",
        "her",
        "his",
        "him",
        "its",
        "one",
        "all",
        "any",
        "you",
    ]
)


@dataclass(frozen=True, kw_only=True)
class Question:
    """The statements of a problem, read once."""

    statements: tuple[str, ...]

    @classmethod
    def of(cls, problem: Problem) -> Question:
        """Return the question of a problem, in all its languages."""
        return cls(statements=tuple(problem.statement.values()))

    def worked_out(self) -> Question:
        """Return the same with all that is read in it worked out: answers then share it."""
        for name, value in vars(type(self)).items():
            if isinstance(value, cached_property):
                getattr(self, name)
        return self

    @cached_property
    def text(self) -> str:
        """All statements in a row."""
        return " ".join(self.statements)

    @cached_property
    def spelled(self) -> str:
        """The statements in one spelling without spaces, to look expressions up in."""
        return "".join("".join(one_spelling(s).split()) for s in self.statements)

    @cached_property
    def numbers(self) -> frozenset[str]:
        """The numbers that are given."""
        return frozenset(
            n for s in self.statements for n in re.findall(r"\d+(?:\.\d+)?", one_spelling(s))
        )

    @cached_property
    def counted(self) -> frozenset[str]:
        """What is to be counted or measured: ``pen`` of "how many pens", 克 of 多少克."""
        words: set[str] = set()
        for statement in self.statements:
            for found in _ASKED.finditer(statement):
                if chinese := found["zh"]:
                    sizes = (size for size in (4, 3, 2, 1) if _is_unit(chinese[:size]))
                    words.add(next((chinese[:size] for size in sizes), chinese[:2]))
                else:
                    said = found["en"] or found["unit"] or found["as"]
                    words.add(said.lower().removesuffix("s"))
            for rate in _RATE.finditer(statement):
                words.add(f"{rate['unit']}/{rate['time']}")
        return frozenset(words)

    @cached_property
    def unit(self) -> str | None:
        """The unit asked for, where it is a known one."""
        if self.demanded_unit is not None:
            return self.demanded_unit
        for word in sorted(self.counted, key=len, reverse=True):
            for spelled in (word, f"{word}s"):
                if (len(spelled) > 1 and measure(spelled) is not None) or _is_unit(spelled):
                    return spelled
        return None

    @cached_property
    def demanded_unit(self) -> str | None:
        """The known unit that the question proper asks an answer to have: "in km/h", （元）."""
        for statement in self.statements:
            for found in _DEMANDED.finditer(self._asked(statement)):
                said = re.sub(r"[$\\{}]|text|mathrm", "", found["in"] or found["brackets"]).strip()
                if measure(said) is not None:
                    return said
        money = _CURRENCY.search(self.text)
        return None if money is None else money["unit"].lower()

    @cached_property
    def speaks_of_percent(self) -> bool:
        """Whether an answer may be a percentage where the reference shows no sign."""
        if _PART_IN_PERCENT.search(self.text) is not None:
            return False
        return _PERCENT.search(self.text) is not None or _COUNT.search(self.text) is None

    @cached_property
    def given_units(self) -> dict[tuple[str, int], float]:
        """What is measured in the statement -> the size of its unit.

        Where one unit is used for it throughout.
        """
        found: dict[tuple[str, int], set[float]] = {}
        for statement in self.statements:
            for unit in _GIVEN_UNIT.findall(statement):
                if (known := measure(unit)) is not None:
                    found.setdefault(known[:2], set()).add(known[2])
            for sign in _MONEY_SIGN.findall(statement):
                if (known := measure(sign)) is not None:
                    found.setdefault(known[:2], set()).add(known[2])
        return {kind: sizes.pop() for kind, sizes in found.items() if len(sizes) == 1}

    @cached_property
    def rare(self) -> frozenset[str]:
        """Those words of the question proper that stand nowhere else in the statement."""
        elsewhere: set[str] = set()
        for statement in self.statements:
            elsewhere |= content(statement.replace(self._asked(statement), " "))
        return self.words - elsewhere

    @cached_property
    def asks_share(self) -> bool:
        """Whether a probability or a part of a whole is asked for."""
        return (
            re.search(
                r"probab|chance|likel|fraction|odds|概率|几率|可能性", self.text, re.IGNORECASE
            )
            is not None
        )

    @cached_property
    def asks_total(self) -> bool:
        """Whether a sum is asked for."""
        return (
            re.search(
                r"\b(?:total|altogether|in all|together|sum)\b|一共|总共|共|合计|和", self.text
            )
            is not None
        )

    @cached_property
    def asks_difference(self) -> bool:
        """Whether the question is how much more or less one thing is than another."""
        return _DIFFERENCE.search(self.text) is not None

    @cached_property
    def asks_extreme(self) -> bool:
        """Whether the most or the least is asked for."""
        return (
            re.search(
                r"\b(?:most|least|maximum|minimum|largest|smallest|greatest)\b|最多|最少|至少"
                r"|至多|最大|最小",
                self.text,
            )
            is not None
        )

    @cached_property
    def asks_least(self) -> bool:
        """Whether, of the extremes, the least is asked for."""
        return re.search(r"\b(?:least|minimum|smallest)\b|最少|至少|最小", self.text) is not None

    @cached_property
    def words(self) -> frozenset[str]:
        """The words of the question proper that say what is asked.

        Stems, pairs of Chinese characters, names.
        """
        found: set[str] = set()
        for asked in map(self._asked, self.statements):
            found |= {word for word in content(asked) if len(word) > 1 or word in "甲乙丙丁"}
            for letters in _ASKED_LETTERS.finditer(asked):
                found |= set(re.findall(r"[A-Za-z]", letters["letters"]))
        return frozenset(found)

    @cached_property
    def heads(self) -> frozenset[str]:
        """What the question calls that which it asks for, once per language."""
        return frozenset().union(*(heads(self._asked(s)) for s in self.statements))

    @staticmethod
    def _asked(statement: str) -> str:
        """Return the last sentence of a statement that asks, from the question word on.

        All of it where none does.
        """
        statement = _ROUNDED.sub("", statement)
        parts = [part for part in re.split(r"(?<=[.?!;。？！；])\s*|\n", statement) if part.strip()]
        questions = [part for part in parts if _QUESTION.search(part)]
        if not questions:
            return statement
        last = next(
            (part for part in reversed(questions) if not _FORMAT.search(part)), questions[-1]
        )
        found = _QUESTION.search(last)
        if re.search(r"[\u3400-\u9fff]", last):
            clauses = [c for c in re.split(r"[,，]", last) if _QUESTION.search(c)]
            return clauses[-1] if clauses else last
        return last if found is None else last[found.start() :]


#: Stems that speak of the same thing.
_SAME = {"remai": "left", "leave": "left", "leavi": "left", "still": "left", "price": "cost",
         "costs": "cost", "pays": "cost", "paid": "cost",
         "pay": "cost", "old": "age", "older": "age", "years": "age", "long": "lengt",
         "tall": "heigh", "high": "heigh", "fast": "speed"}  # fmt: skip
#: What is still to come: "in three years", "how old will he be".
_LATER = re.compile(
    r"\bwill\b|'ll\b|\bfrom now\b|\b(?:in|after) \w+ (?:years|months|weeks|days)\b"
    r"|年后|天后|以后|[明后]年",
    re.IGNORECASE,
)


def _is_unit(text: str) -> bool:
    known = measure(text) if re.search(r"[\u3400-\u9fff]", text) else None
    return known is not None


def content(text: str) -> frozenset[str]:
    """Return the words of a text by which two texts can be seen to speak of the same thing."""
    words = {w[:5] for w in re.findall(r"[a-z]{3,}", text.lower()) if w not in _EMPTY}
    chinese = {
        run[i : i + 2] for run in re.findall(r"[\u3400-\u9fff]+", text) for i in range(len(run) - 1)
    }
    chinese |= set(re.findall(r"[甲乙丙丁]", text))
    words = {_SAME.get(word, word) for word in words}
    if re.search(r"剩", text):
        chinese.add("left")
    if _LATER.search(text):
        words.add("later")
    letters = set(re.findall(r"(?<![A-Za-z\\])[B-HJ-Zb-z](?![A-Za-z'’])", text))
    return frozenset(
        words | (chinese - {"多少", "是多", "几个", "的值", "一共", "少个", "分别"}) | letters
    )
