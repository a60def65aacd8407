"""Look for evidence in an answer: each pattern gives the places where it holds."""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

from scoring.answer.parsed_answer import Formula, ParsedAnswer
from scoring.formulas.tree import operations_of
from scoring.formulas.units import same_unit
from scoring.numeric.compare import close
from scoring.numeric.rounding import rounded_to
from scoring.numeric.same_relation import same_relation
from scoring.steps.near_word import NearWord
from scoring.steps.patterns import (
    EqPattern,
    Group,
    Pattern,
    RegexPattern,
    ValuePattern,
    WordsPattern,
)

MAX_HITS = 200
#: Characters and sentences that the parts of an all_of may be spread over.
WINDOW_CHARACTERS = 360
WINDOW_SENTENCES = 3
#: No rounding that is accepted goes further than this share of a value.
COARSEST = 0.02
#: What the tight writing of a text leaves out.
_LOOSE = re.compile(r"[\s{}\\$]")
_DENIAL = re.compile(
    r"(?:\bnot|\bno|n't|\bnever|\bneither|不是|并非|没有|不再|不能)\s*$", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Hit:
    """A place in the normalised text that shows a step, with the ``formula`` if it is one."""

    start: int
    end: int
    reason: str
    formula: Formula | None = None


class Matcher:
    """Searches one answer for patterns."""

    def __init__(self, parsed: ParsedAnswer, statement: tuple[str, ...] = ()) -> None:
        self.parsed = parsed
        self.statement = statement

    def hits(self, pattern: Pattern) -> list[Hit]:
        """Return the places where a pattern holds, in order, at most `MAX_HITS` a leaf."""
        if isinstance(pattern, Group):
            return self._every(pattern) if pattern.every else self._any(pattern)
        if isinstance(pattern, EqPattern):
            return self._eq(pattern)
        if isinstance(pattern, ValuePattern):
            return self._value(pattern)
        if isinstance(pattern, RegexPattern):
            return self._regex(pattern)
        return self._words(pattern)

    @cached_property
    def restated(self) -> list[tuple[int, int]]:
        """Stretches that repeat the statement."""
        found: list[tuple[int, int]] = []
        for sentence in self.parsed.sentences:
            words = self.parsed.text[sentence.start : sentence.end].split()
            piece = "".join(words).strip("。.:：")
            if len(piece) >= 10 and any(piece in statement for statement in self.statement):
                found.append((sentence.start, sentence.end))
        return found

    def is_restated(self, start: int, end: int) -> bool:
        """Return whether a stretch only repeats the statement."""
        first, last = max(end - 1, start), start
        return all(any(a <= at < b for a, b in self.restated) for at in (first, last))

    def _any(self, group: Group) -> list[Hit]:
        found: dict[tuple[int, int], Hit] = {}
        for item in group.items:
            for hit in self.hits(item):
                found.setdefault((hit.start, hit.end), hit)
        return sorted(found.values(), key=lambda hit: (hit.start, hit.end))

    def _every(self, group: Group) -> list[Hit]:
        """Join one hit of each item where all lie close together, the closest set for each."""
        columns: list[list[Hit]] = []
        for item in group.items:
            hits = self.hits(item)
            if not hits:
                return []
            columns.append(hits)
        joined: dict[tuple[int, int], Hit] = {}
        starts = [[hit.start for hit in column] for column in columns]
        for anchor in min(columns, key=len):
            near = [
                _nearest(column, begin, anchor)
                for column, begin in zip(columns, starts, strict=True)
            ]
            start, end = min(hit.start for hit in near), max(hit.end for hit in near)
            if self._together(start, end):
                formula = next((hit.formula for hit in near if hit.formula is not None), None)
                reason = "; ".join(dict.fromkeys(hit.reason for hit in near))
                joined.setdefault((start, end), Hit(start, end, reason, formula))
        return sorted(joined.values(), key=lambda hit: (hit.start, hit.end))

    def _together(self, start: int, end: int) -> bool:
        apart = self.parsed.sentence_at(max(start, end - 1)) - self.parsed.sentence_at(start)
        return apart <= 1 or (apart < WINDOW_SENTENCES and end - start <= WINDOW_CHARACTERS)

    def _eq(self, pattern: EqPattern) -> list[Hit]:
        hits: list[Hit] = []
        for formula in self.parsed.relations:
            if len(hits) >= MAX_HITS:
                break
            text = pattern.item.form == "text" and formula.writing in (
                pattern.canonical,
                pattern.canonical[::-1],
            )
            if (text or self._holds(pattern, formula)) and self._near(pattern.near, formula):
                hits.append(Hit(formula.start, formula.end, f"found {pattern.item.eq}", formula))
        return hits

    def _holds(self, pattern: EqPattern, formula: Formula) -> bool:
        """Return whether the first link is this relation and the others stand in the same chain."""
        rule, evaluation = pattern.rule, self.parsed.evaluation
        assert formula.relation is not None
        if not pattern.links or not same_relation(
            pattern.links[0], formula.relation, rule, evaluation
        ):
            return False
        for link in pattern.links[1:]:
            if not any(
                other.chain == formula.chain
                and other.relation is not None
                and same_relation(link, other.relation, rule, evaluation)
                for other in self.parsed.relations
            ):
                return False
        return True

    def _value(self, pattern: ValuePattern) -> list[Hit]:
        hits: list[Hit] = []
        for formula in self._candidates(pattern):
            if len(hits) >= MAX_HITS:
                break
            same = formula.writing[0] == pattern.canonical and pattern.item.unit != "%"
            if (
                (same or self._same_value(pattern, formula))
                and self._near(pattern.near, formula)
                and self._unit_fits(pattern, formula)
            ):
                hits.append(Hit(formula.start, formula.end, f"found {pattern.item.value}", formula))
        return hits

    def _candidates(self, pattern: ValuePattern) -> list[Formula]:
        """Return the values that can match: of about the right size, or written the same way."""
        wanted = pattern.values.row if pattern.values is not None else None
        chosen = set(self.parsed.by_writing.get(pattern.canonical, ()))
        if wanted is not None:
            size = wanted[0].real
            reach = max(COARSEST, pattern.item.tol or 0.0) * abs(wanted[0]) + 1e-9
            chosen.update(self.parsed.values_near(size, reach))
            if pattern.item.unit == "%":
                chosen.update(self.parsed.values_near(100 * size, 100 * reach))
        return [self.parsed.values[i] for i in sorted(chosen)]

    def _same_value(self, pattern: ValuePattern, formula: Formula) -> bool:
        assert pattern.values is not None
        assert formula.value is not None
        wanted, row = pattern.values.row, formula.value.row
        if wanted is None or row is None:
            return False
        percent = pattern.item.unit == "%" and self.parsed.chains[formula.chain].unit == "percent"
        if operations_of(formula.value.node) != operations_of(pattern.values.node):
            return False
        if percent:
            row = tuple(value / 100 for value in row)
        if close(row, wanted, pattern.item.tol or 1e-8):
            return True
        return pattern.number is not None and rounded_to(formula.value.node, pattern.number)

    def _unit_fits(self, pattern: ValuePattern, formula: Formula) -> bool:
        wanted = pattern.item.unit
        if wanted is None or wanted == "%":
            return True
        return same_unit(wanted, self.parsed.chains[formula.chain].unit)

    def _near(self, words: tuple[NearWord, ...], formula: Formula) -> bool:
        """Return whether one of the words stands in the same sentence or just before it."""
        if not words:
            return True
        around = self._around(formula)
        tight = _LOOSE.sub("", around)
        return any(word.stands_in(around, tight) for word in words)

    def _around(self, formula: Formula) -> str:
        """Return the text in which a word is near a formula."""
        index = self.parsed.sentence_at(formula.start)
        sentence = self.parsed.sentences[index] if self.parsed.sentences else None
        start = min(formula.start, sentence.start if sentence else formula.start)
        if index and sentence is not None:
            before = self.parsed.sentences[index - 1]
            start = (
                max(before.start, sentence.start - 48)
                if formula.start - sentence.start < 60
                else start
            )
        end = max(formula.end, min(sentence.end if sentence else formula.end, formula.end + 40))
        return self.parsed.text[start:end]

    def _words(self, pattern: WordsPattern) -> list[Hit]:
        hits: list[Hit] = []
        for expression, rendering in (
            (pattern.tight, self.parsed.tight),
            (pattern.spaced, self.parsed.lite),
        ):
            if expression is None:
                continue
            for found in expression.finditer(rendering.text):
                if _denied(rendering.text, found.start()):
                    continue
                start, end = rendering.back(*found.span())
                hits.append(Hit(start, end, f"found the words {found.group()!r}"))
                if len(hits) >= MAX_HITS:
                    break
        return sorted(hits, key=lambda hit: hit.start)

    def _regex(self, pattern: RegexPattern) -> list[Hit]:
        hits: dict[tuple[int, int], Hit] = {}
        for rendering in self.parsed.renderings:
            for found in islice(pattern.pattern.finditer(rendering.text), MAX_HITS):
                if found.start() == found.end():
                    continue
                start, end = rendering.back(*found.span())
                if (
                    self.parsed.sentence_at(max(start, end - 1)) - self.parsed.sentence_at(start)
                    <= 1
                ):
                    hits.setdefault((start, end), Hit(start, end, "found the written form"))
        return sorted(hits.values(), key=lambda hit: (hit.start, hit.end))


def _nearest(hits: list[Hit], starts: list[int], anchor: Hit) -> Hit:
    """Return the hit that begins closest to another one; ``starts`` are sorted beginnings."""
    at = bisect_left(starts, anchor.start)
    around = hits[max(0, at - 1) : at + 1]
    return min(around, key=lambda hit: abs(hit.start - anchor.start))


def _denied(text: str, start: int) -> bool:
    """Return whether the words just before deny what follows."""
    return _DENIAL.search(text[max(0, start - 8) : start]) is not None
