"""Slice an answer into the steps of its derivation, by offsets of the normalised text."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass

from scoring.answer.parsed_answer import ParsedAnswer
from scoring.formulas.chains import Chain

#: Words that begin a conclusion: a sentence with relations on both sides of one holds two steps.
CONNECTIVE = re.compile(
    r"因此|所以|从而|于是|故|解得|整理得|化简得|代入得|即得|由此|可得|得到"
    r"|\b(?:therefore|hence|thus|so that|so|consequently|which gives|this gives|giving|it follows"
    r" that|we get|we obtain|that is|i\.e\.)\b|\\Rightarrow|\\implies|⇒|∴",
    re.IGNORECASE,
)


#: A sign of equality between what is not read as formulas, such as quantities with their units.
_SAYS_EQUAL = re.compile(r"[=≈]")


@dataclass(frozen=True, slots=True, kw_only=True)
class DerivationStep:
    """One step: where it stands, and the relations that it states."""

    start: int
    end: int
    #: Where the sentence that states the first relation begins: text before it states none.
    core: int
    chains: tuple[Chain, ...]
    #: Whether the step begins with words that draw it from the step before.
    concludes: bool


def derivation(parsed: ParsedAnswer) -> list[DerivationStep]:
    """Return the steps of an answer in order, without overlap.

    Sentences, lines and table rows are steps where they state a relation. One without any goes to
    the step after it, and a sentence that states relations and concludes others from them is cut
    at the word that concludes.
    """
    chains = [chain for chain in parsed.chains if chain.relations or chain.listed_for]
    steps: list[DerivationStep] = []
    begun: int | None = None
    at = 0
    for sentence in parsed.sentences:
        own: list[Chain] = []
        while at < len(chains) and chains[at].start < sentence.end:
            if chains[at].start >= sentence.start:
                own.append(chains[at])
            at += 1
        start = sentence.start if begun is None else begun
        if not own:
            begun = start
            if _SAYS_EQUAL.search(parsed.text, start, sentence.end):
                steps.append(
                    DerivationStep(
                        start=start,
                        end=sentence.end,
                        core=sentence.start,
                        chains=(),
                        concludes=False,
                    )
                )
                begun = None
            continue
        end = max(sentence.end, own[-1].end)
        steps += _cut(parsed.text, (start, sentence.start, end), own)
        begun = None
    return steps


def _cut(text: str, place: tuple[int, int, int], chains: list[Chain]) -> list[DerivationStep]:
    """Cut one sentence where a conclusion begins between two of its relations."""
    start, core, end = place
    groups: list[list[Chain]] = [[chains[0]]]
    starts = [start]
    for before, chain in itertools.pairwise(chains):
        found = CONNECTIVE.search(text, before.end, chain.start)
        if found is None:
            groups[-1].append(chain)
        else:
            groups.append([chain])
            starts.append(found.start())
    ends = [*starts[1:], end]
    return [
        DerivationStep(
            start=begin,
            end=stop,
            core=max(begin, core),
            chains=tuple(group),
            concludes=CONNECTIVE.search(text, begin, group[0].start) is not None,
        )
        for begin, stop, group in zip(starts, ends, groups, strict=True)
    ]
