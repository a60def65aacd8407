"""Take an answer apart: normalised text, sentences, formulas and their relations."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial

from scoring.answer.definitions import Definitions
from scoring.formulas.chains import Chain, Side, find_chains
from scoring.formulas.lexer import tokenise
from scoring.formulas.rewriting import substitute
from scoring.formulas.tree import Index, Node, Number, Variable, names_of
from scoring.numeric.compare import combined
from scoring.numeric.evaluation import Evaluation
from scoring.numeric.relation import Relation, Values
from scoring.numeric.symbols import Reading, Symbols
from scoring.text.normalise import Normalised, normalise
from scoring.text.number_words import with_digits
from scoring.text.renderings import Rendering, latex, lite, plain, renamed, squeezed
from scoring.text.sentences import Sentence, cut
from scoring.text.tables import with_named_values

#: Characters of an answer that are read; the head and the tail are kept where it is longer.
MAX_TEXT = 40_000
MAX_RELATIONS = 4000
MIN_REPEATS = 4


@dataclass(slots=True)
class Formula:
    """A relation or a value of the answer: where it stands and which chain it belongs to."""

    chain: int
    start: int
    end: int
    relation: Relation | None = None
    value: Values | None = None
    side: Side | None = None
    writing: tuple[str, ...] = ()
    adjacent: bool = True
    #: Whether an unlisted letter was taken for an unknown of the problem.
    guessed: bool = False


class ParsedAnswer:
    """The parts of one answer.

    Offsets are those of the normalised text; `span` leads back to the original.
    """

    def __init__(
        self, symbols: Symbols, evaluation: Evaluation, original: str, offset: int = 0
    ) -> None:
        self.symbols = symbols
        self.evaluation = evaluation
        self.offset = offset
        self.cut_at = 0
        self.dropped = 0
        text = original
        if len(text) > MAX_TEXT:
            self.cut_at = MAX_TEXT * 3 // 4
            self.dropped = len(text) - MAX_TEXT
            text = text[: self.cut_at] + text[-(MAX_TEXT - self.cut_at) :]
        self.normalised: Normalised = _spelled_out(normalise(text))
        self.sentences: list[Sentence] = cut(self.normalised.text)
        if blanked := _without_repeats(self.normalised.text, self.sentences):
            self.normalised = Normalised(blanked, self.normalised.origin)
            self.sentences = cut(blanked)
        self.text = self.normalised.text
        self.sentence_starts = [sentence.start for sentence in self.sentences]
        tokens = tokenise(self.text, symbols.arrays)
        self.chains: list[Chain] = find_chains(tokens, symbols.grammar)

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return the offsets in the original answer of a stretch of the normalised text."""
        begin, stop = self.normalised.span(start, end)
        shifted = [
            at + self.dropped if self.dropped and at >= self.cut_at else at for at in (begin, stop)
        ]
        return shifted[0] + self.offset, shifted[1] + self.offset

    def within(self, start: int, end: int) -> tuple[int, int]:
        """Return the stretch of the normalised text that came from a stretch of the original."""
        begin, stop = start - self.offset, end - self.offset
        if self.dropped and begin >= self.cut_at:
            begin, stop = begin - self.dropped, stop - self.dropped
        origin = self.normalised.origin
        last = len(self.text)
        return min(bisect_left(origin, begin), last), min(bisect_left(origin, stop), last)

    def sentence_at(self, at: int) -> int:
        """Return the index of the sentence that an offset lies in or after."""
        return max(0, bisect_right(self.sentence_starts, at) - 1)

    def chain_at(self, at: int) -> Chain | None:
        """Return the chain that holds an offset, or begins after it, in the same text."""
        index = bisect_left(self.chain_ends, at + 1)
        return self.chains[index] if index < len(self.chains) else None

    @cached_property
    def chain_ends(self) -> list[int]:
        """Offsets where the chains end, in order."""
        return [chain.end for chain in self.chains]

    @cached_property
    def lite(self) -> Rendering:
        """The text without LaTeX noise."""
        return lite(self.normalised)

    @cached_property
    def tight(self) -> Rendering:
        """The text without LaTeX noise and spaces."""
        return squeezed(self.lite)

    @cached_property
    def renderings(self) -> list[Rendering]:
        """The writings that patterns are searched in, without doubles."""
        kept: list[Rendering] = [self.lite]
        made = [plain(self.lite), latex(self.lite)]
        if names := self.definitions.renamed:
            named = renamed(self.lite, names)
            made += [named, latex(named)]
        for rendering in made:
            if all(rendering.text != other.text for other in kept):
                kept.append(rendering)
        return kept

    @cached_property
    def formulas(self) -> list[Formula]:
        """All relations and values of the answer, in order."""
        items: list[Formula] = []
        for index, chain in enumerate(self.chains):
            if len(items) > MAX_RELATIONS:
                break
            self._of_chain(index, chain, items)
        return items

    @cached_property
    def relations(self) -> list[Formula]:
        """The relations of the answer, in order."""
        return [item for item in self.formulas if item.relation is not None]

    @cached_property
    def values(self) -> list[Formula]:
        """The values of the answer, in order."""
        return [item for item in self.formulas if item.value is not None]

    @cached_property
    def by_size(self) -> list[tuple[float, int]]:
        """Real parts of the values at the first sample point, rising, with indices in `values`."""
        rows = [item.value.row if item.value is not None else None for item in self.values]
        return sorted([(row[0].real, i) for i, row in enumerate(rows) if row is not None])

    def values_near(self, size: float, reach: float) -> list[int]:
        """Return indices into `values` whose first real part lies within ``reach`` of ``size``."""
        low = bisect_left(self.by_size, (size - reach, -1))
        high = bisect_right(self.by_size, (size + reach, len(self.values)))
        return [i for _, i in self.by_size[low:high]]

    @cached_property
    def by_writing(self) -> dict[str, list[int]]:
        """Indices into `values` by how they are written."""
        found: dict[str, list[int]] = {}
        for i, item in enumerate(self.values):
            found.setdefault(item.writing[0], []).append(i)
        return found

    def _of_chain(self, index: int, chain: Chain, items: list[Formula]) -> None:
        symbols = self.symbols
        sides = chain.sides
        if chain.listed_for is not None and len(sides) == 1:
            sides = (chain.listed_for, *sides)
        relations = ("=",) if len(sides) == 2 and not chain.relations else chain.relations
        if numbered := _numbered_root(sides, relations, symbols.declared):
            unknown = Values(numbered, self.evaluation)
            for item in sides[1].nodes:
                root = Values(symbols.settle(item, {}), self.evaluation)
                items.append(_relation(index, sides, 0, 1, Relation.of(unknown, "=", root)))
        for pair in self._shifted(sides, relations):
            x, value = (Values(symbols.settle(node, {}), self.evaluation) for node in pair)
            items.append(_relation(index, sides, 0, 1, Relation.of(x, "=", value)))
        for understand, guessed in self._understandings((*sides, *chain.groups)):
            values = [[understand(node) for node in side.nodes] for side in sides]
            for i in range(len(sides)):
                if chain.listed_for is None or i > 0:
                    items.extend([_value(index, sides[i], value) for value in values[i]])
                for j in range(i + 1, len(sides)):
                    relation = combined(relations[i:j])
                    if relation is None:
                        break
                    if relation in ("=", "≈", "≡", "<", "≤", ">", "≥", "≠"):
                        for left, right in _pairs(values[i], values[j]):
                            made = Relation.of(left, relation, right)
                            # "h = 4" in a letter of unknown meaning says nothing of the
                            # problem's unknown.
                            if not (guessed and made.solved and len(made.names) == 1):
                                found = _relation(index, sides, i, j, made)
                                found.guessed = guessed
                                items.append(found)
            for group in chain.groups:
                items.extend([_value(index, group, understand(node)) for node in group.nodes])

    def _shifted(
        self, sides: tuple[Side, ...], relations: tuple[str, ...]
    ) -> list[tuple[Node, Node]]:
        """Return x and its value for ``t = 2`` where the answer has put ``x = t + 1``."""
        if len(sides) != 2 or relations != ("=",) or len(sides[0].nodes) != 1:
            return []
        unknown = sides[0].nodes[0]
        if unknown not in self.definitions.shifted:
            return []
        name, expression = self.definitions.shifted[unknown]
        return [(name, substitute(expression, {unknown: value})) for value in sides[1].nodes]

    def _understandings(
        self, sides: tuple[Side, ...]
    ) -> list[tuple[Callable[[Node], Values], bool]]:
        """Return the ways to understand the letters of some sides, each a function to values.

        The flag says that an unlisted letter was taken for an unknown of the problem.
        """
        symbols = self.symbols
        names = frozenset().union(*[names_of(node) for side in sides for node in side.nodes])

        def read(node: Node, reading: Reading) -> Values:
            return Values(symbols.settle(node, reading), self.evaluation)

        ways: list[tuple[Callable[[Node], Values], bool]] = [
            (partial(read, reading=reading), any(name not in symbols.simple for name in reading))
            for reading in symbols.readings(names, guess=True)
        ]
        letters = self.definitions.letters
        if used := {key: value for key, value in letters.items() if names_of(key) & names}:
            ways.append((lambda node: read(substitute(node, used), {}), False))
        return ways

    @cached_property
    def definitions(self) -> Definitions:
        """What the answer says that its letters stand for: ``let s = sin x``."""
        return Definitions.of(self.chains, self.text, self.symbols)


def _spelled_out(normalised: Normalised) -> Normalised:
    """Return the text with numbers in words as digits and the values of tables named."""
    made = with_digits(Rendering(normalised.text, normalised.origin))
    made = with_named_values(made)
    return Normalised(made.text, made.origin)


def _without_repeats(text: str, sentences: list[Sentence]) -> str | None:
    """Return the text with sentences that recur blanked out, or None where there are none.

    Models that loop write the same line hundreds of times; the first two and the last say all that
    it says.
    """
    places: dict[str, list[Sentence]] = {}
    for sentence in sentences:
        places.setdefault(text[sentence.start : sentence.end].strip(), []).append(sentence)
    surplus = [sentence for same in places.values() for sentence in same[2:-1]]
    if len(surplus) < MIN_REPEATS:
        return None
    pieces: list[str] = []
    at = 0
    for sentence in sorted(surplus, key=lambda sentence: sentence.start):
        pieces += [text[at : sentence.start], " " * (sentence.end - sentence.start)]
        at = sentence.end
    return "".join([*pieces, text[at:]])


def _numbered_root(
    sides: tuple[Side, ...], relations: tuple[str, ...], declared: frozenset[str]
) -> Node | None:
    """Return x for ``x_1 = ...`` where x is an unknown of the problem and x_1 is not."""
    if len(sides) != 2 or relations != ("=",) or len(sides[0].nodes) != 1:
        return None
    node = sides[0].nodes[0]
    if not isinstance(node, Index) or not isinstance(node.index, Number):
        return None
    return Variable(node.name) if node.name in declared and node.written not in declared else None


def _pairs(left: list[Values], right: list[Values]) -> list[tuple[Values, Values]]:
    """Pair the two expressions of plus-minus sides in step; a single one goes with both."""
    if len(left) == len(right):
        return list(zip(left, right, strict=True))
    return [(a, b) for a in left for b in right]


def _value(index: int, side: Side, value: Values) -> Formula:
    return Formula(index, side.start, side.end, value=value, side=side, writing=(side.canonical,))


def _relation(index: int, sides: tuple[Side, ...], i: int, j: int, relation: Relation) -> Formula:
    start, end = min(sides[i].start, sides[j].start), max(sides[i].end, sides[j].end)
    if sides[i].end > sides[j].start:
        start = sides[j].start
    writing = (sides[i].canonical, sides[j].canonical)
    return Formula(
        index, start, end, relation=relation, side=sides[j], writing=writing, adjacent=j == i + 1
    )
