"""What a problem gives and asks for: its numbers, the things counted, the unit, and the words of the question."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from problems.schema import Problem
from scoring.final_answer.amounts import measure
from scoring.final_answer.writing import one_spelling

_ASKED = re.compile(
    r"(?:几|多少)个?\s*(?P<zh>[\u4e00-\u9fff]{1,4})|how (?:many|much) (?:more |other |whole |full |different )?(?P<en>[a-z]+)|\bin (?P<unit>[a-z]+)\?",
    re.IGNORECASE,
)
#: Where the question proper begins.
_QUESTION = re.compile(
    r"\b(?:how|what|which|who|whose|when|where|find|compute|calculate|determine|evaluate|express|simplify|solve|give|write|enter)\b|求|计算|几|多少|什么|哪|写出|则",
    re.IGNORECASE,
)
#: Words that say nothing about what is asked.
_EMPTY = frozenset(
    "how what which who whose when where find compute calculate determine evaluate express simplify solve give write enter many much the"
    " that this these those there then than and for are was were has have had with from your answer each does did will would can into they"
    " their them she her his him its one all any you".split()
)


@dataclass(frozen=True, kw_only=True)
class Question:
    """The statements of a problem, read once."""

    statements: tuple[str, ...]

    @classmethod
    def of(cls, problem: Problem) -> Question:
        """Return the question of a problem, in all its languages."""
        return cls(statements=tuple(problem.statement.values()))

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
        return frozenset(n for s in self.statements for n in re.findall(r"\d+(?:\.\d+)?", one_spelling(s)))

    @cached_property
    def counted(self) -> frozenset[str]:
        """What is to be counted or measured: ``pen`` of "how many pens", 克 of 多少克."""
        words: set[str] = set()
        for statement in self.statements:
            for found in _ASKED.finditer(statement):
                if chinese := found["zh"]:
                    sizes = (size for size in (4, 3, 2, 1) if _is_unit(chinese[:size]))
                    words.add(next((chinese[:size] for size in sizes), chinese[:1]))
                else:
                    words.add((found["en"] or found["unit"]).lower().removesuffix("s"))
        return frozenset(words)

    @cached_property
    def unit(self) -> str | None:
        """The unit asked for, where it is a known one."""
        for word in sorted(self.counted):
            for spelled in (word, f"{word}s"):
                if len(spelled) > 1 and measure(spelled) is not None or _is_unit(spelled):
                    return spelled
        return None

    @cached_property
    def words(self) -> frozenset[str]:
        """The words of the question proper that say what is asked: stems, pairs of Chinese characters, names."""
        return frozenset().union(*(content(self._asked(s)) for s in self.statements)) if self.statements else frozenset()

    @staticmethod
    def _asked(statement: str) -> str:
        """Return the last sentence of a statement that asks, from the asking word on; all of it where none does."""
        parts = [part for part in re.split(r"(?<=[.?!;。？！；])\s*|\n", statement) if part.strip()]
        asking = [part for part in parts if _QUESTION.search(part)]
        if not asking:
            return statement
        last = asking[-1] if "express your answer" not in asking[-1].lower() or len(asking) < 2 else asking[-2]
        found = _QUESTION.search(last)
        chinese = re.search(r"[\u3400-\u9fff]", last) is not None
        return last if found is None or chinese else last[found.start() :]


def _is_unit(text: str) -> bool:
    known = measure(text) if re.search(r"[\u3400-\u9fff]", text) else None
    return known is not None


def content(text: str) -> frozenset[str]:
    """Return the words of a text by which two texts can be seen to speak of the same thing."""
    words = {w[:5] for w in re.findall(r"[a-z]{3,}", text.lower()) if w not in _EMPTY}
    chinese = {run[i : i + 2] for run in re.findall(r"[\u3400-\u9fff]+", text) for i in range(len(run) - 1)}
    letters = set(re.findall(r"(?<![A-Za-z\\])[B-HJ-Zb-z](?![A-Za-z'’])", text))
    return frozenset(words | (chinese - {"多少", "是多", "几个", "的值", "一共", "少个", "分别"}) | letters)
