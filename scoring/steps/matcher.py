"""Look for evidence in an answer: each pattern gives the places where it holds."""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass
from functools import cached_property

from scoring.answer.parsed_answer import Formula, ParsedAnswer
from scoring.formulas.tree import operations_of
from scoring.formulas.units import same_unit
from scoring.numeric.compare import close
from scoring.numeric.relation import Relation
from scoring.numeric.rounding import rounded_to
from scoring.numeric.same_relation import same_relation
from scoring.steps.patterns import (
    EqPattern,
    Group,
    Pattern,
    RegexPattern,
    ValuePattern,
    WordsPattern,
)

MAX_HITS = 200
#: Characters and units that the parts of an all_of may be spread over.
WINDOW_CHARACTERS = 360
WINDOW_UNITS = 3
#: No rounding that is accepted goes further than this share of a value.
COARSEST = 0.02


@dataclass(frozen=True, slots=True)
class Hit:
    """A place in the normalised text that shows a step; ``found`` is the formula, where it was one."""

    start: int
    end: int
    reason: str
    found: Formula | None = None


class Matcher:
    """Searches one answer; remembers what was found for a pattern."""

    def __init__(self, sheet: ParsedAnswer, statement: tuple[str, ...] = ()) -> None:
        self.sheet = sheet
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
        for unit in self.sheet.units:
            piece = re.sub(r"\s+", "", self.sheet.text[unit.start : unit.end]).strip("。.:：")
            if len(piece) >= 10 and any(piece in statement for statement in self.statement):
                found.append((unit.start, unit.end))
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
        """Join one hit of each item where all lie close together; the closest set for each hit of the first item."""
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
                found = next((hit.found for hit in near if hit.found is not None), None)
                reason = "; ".join(dict.fromkeys(hit.reason for hit in near))
                joined.setdefault((start, end), Hit(start, end, reason, found))
        return sorted(joined.values(), key=lambda hit: (hit.start, hit.end))

    def _together(self, start: int, end: int) -> bool:
        units = self.sheet.unit_at(max(start, end - 1)) - self.sheet.unit_at(start)
        return units <= 1 or (units < WINDOW_UNITS and end - start <= WINDOW_CHARACTERS)

    def _eq(self, pattern: EqPattern) -> list[Hit]:
        hits: list[Hit] = []
        for found in self.sheet.relations:
            if len(hits) >= MAX_HITS:
                break
            text = pattern.item.form == "text" and found.writing in (
                pattern.canonical,
                pattern.canonical[::-1],
            )
            if (text or self._holds(pattern, found)) and self._near(pattern.item.near, found):
                hits.append(Hit(found.start, found.end, f"found {pattern.item.eq}", found))
        return hits

    def _holds(self, pattern: EqPattern, found: Formula) -> bool:
        """Say whether the first link is this relation and the others stand in the same chain."""
        assert found.relation is not None
        if not pattern.links or not self._same(pattern, pattern.links[0], found.relation):
            return False
        for link in pattern.links[1:]:
            if not any(
                other.chain == found.chain
                and other.relation is not None
                and self._same(pattern, link, other.relation)
                for other in self.sheet.found
            ):
                return False
        return True

    def _same(self, pattern: EqPattern, wanted: Relation, found: Relation) -> bool:
        return same_relation(wanted, found, pattern.rule, self.sheet.evaluation)

    def _value(self, pattern: ValuePattern) -> list[Hit]:
        hits: list[Hit] = []
        for found in self._candidates(pattern):
            if len(hits) >= MAX_HITS:
                break
            same = found.writing[0] == pattern.canonical and pattern.item.unit != "%"
            if (
                (same or self._same_value(pattern, found))
                and self._near(pattern.item.near, found)
                and self._unit_fits(pattern, found)
            ):
                hits.append(Hit(found.start, found.end, f"found {pattern.item.value}", found))
        return hits

    def _candidates(self, pattern: ValuePattern) -> list[Formula]:
        """Return the values that can match: those of about the right size, and those written the same way."""
        wanted = pattern.values.row if pattern.values is not None else None
        chosen = set(self.sheet.by_writing.get(pattern.canonical, ()))
        if wanted is not None:
            size = wanted[0].real
            reach = max(COARSEST, pattern.item.tol or 0.0) * abs(wanted[0]) + 1e-9
            chosen.update(self.sheet.values_near(size, reach))
            if pattern.item.unit == "%":
                chosen.update(self.sheet.values_near(100 * size, 100 * reach))
        return [self.sheet.values[i] for i in sorted(chosen)]

    def _same_value(self, pattern: ValuePattern, found: Formula) -> bool:
        assert pattern.values is not None
        assert found.value is not None
        wanted, row = pattern.values.row, found.value.row
        if wanted is None or row is None:
            return False
        percent = pattern.item.unit == "%" and self.sheet.chains[found.chain].unit == "percent"
        if operations_of(found.value.node) != operations_of(pattern.values.node):
            return False
        if percent:
            row = tuple(value / 100 for value in row)
        if close(row, wanted, pattern.item.tol or 1e-8):
            return True
        return pattern.number is not None and rounded_to(found.value.node, pattern.number)

    def _unit_fits(self, pattern: ValuePattern, found: Formula) -> bool:
        wanted = pattern.item.unit
        if wanted is None or wanted == "%":
            return True
        return same_unit(wanted, self.sheet.chains[found.chain].unit)

    def _near(self, words: tuple[str, ...], found: Formula) -> bool:
        """Say whether one of the words stands in the same unit or just before it."""
        if not words:
            return True
        index = self.sheet.unit_at(found.start)
        unit = self.sheet.units[index] if self.sheet.units else None
        start = min(found.start, unit.start if unit else found.start)
        if index and unit is not None:
            before = self.sheet.units[index - 1]
            start = max(before.start, unit.start - 48) if found.start - unit.start < 60 else start
        end = max(found.end, min(unit.end if unit else found.end, found.end + 40))
        around = self.sheet.text[start:end]
        squeezed = re.sub(r"[\s{}\\$]", "", around)
        for word in words:
            if word.isascii():
                head = r"(?<![A-Za-z])" if word[:1].isalpha() else ""
                plain = head + re.escape(word.replace("{", "").replace("}", ""))
                tail = "(?![A-Za-z])" if len(word) < 3 and word[-1:].isalpha() else ""
                if re.search(plain + tail, around, re.IGNORECASE if len(word) > 2 else 0):
                    return True
                if len(word) < 6 and re.search(plain, squeezed):
                    return True
            elif "".join(word.split()) in squeezed:
                return True
        return False

    def _words(self, pattern: WordsPattern) -> list[Hit]:
        hits: list[Hit] = []
        for expression, view in (
            (pattern.tight, self.sheet.tight),
            (pattern.spaced, self.sheet.lite),
        ):
            if expression is None:
                continue
            for found in expression.finditer(view.text):
                if _denied(view.text, found.start()):
                    continue
                start, end = view.back(*found.span())
                hits.append(Hit(start, end, f"found the words {found.group()!r}"))
                if len(hits) >= MAX_HITS:
                    break
        return sorted(hits, key=lambda hit: hit.start)

    def _regex(self, pattern: RegexPattern) -> list[Hit]:
        hits: dict[tuple[int, int], Hit] = {}
        for view in self.sheet.views:
            for found in self._search(pattern.pattern, view.text):
                if found.start() == found.end():
                    continue
                start, end = view.back(*found.span())
                if self.sheet.unit_at(max(start, end - 1)) - self.sheet.unit_at(start) <= 1:
                    hits.setdefault((start, end), Hit(start, end, "found the written form"))
        return sorted(hits.values(), key=lambda hit: (hit.start, hit.end))

    def _search(self, pattern: re.Pattern[str], text: str) -> list[re.Match[str]]:
        found: list[re.Match[str]] = []
        for match in pattern.finditer(text):
            found.append(match)
            if len(found) >= MAX_HITS:
                break
        return found


def _nearest(hits: list[Hit], starts: list[int], anchor: Hit) -> Hit:
    """Return the hit that begins closest to where another one stands; ``starts`` are the sorted beginnings."""
    at = bisect_left(starts, anchor.start)
    around = hits[max(0, at - 1) : at + 1]
    return min(around, key=lambda hit: abs(hit.start - anchor.start))


def _denied(text: str, start: int) -> bool:
    """Say whether the words just before deny what follows."""
    return bool(
        re.search(
            r"(?:\bnot|\bno|n't|\bnever|\bneither|不是|并非|没有|不再|不能)\s*$",
            text[max(0, start - 8) : start],
            re.IGNORECASE,
        )
    )
