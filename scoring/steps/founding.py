"""Whether an answer derives anything from the problem.

One that lists facts puts no data in; one that supposes its result and checks it derives nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from scoring.answer.parsed_answer import ParsedAnswer
from scoring.steps.grounds import Grounds

#: Before a result that is only supposed, or named to be checked.
_SUPPOSES = re.compile(
    r"(?:\b(?:let|suppose|assum\w+|try(?:ing)?|guess\w*|check(?:ing)?|verify(?:ing)?|test(?:ing)?"
    r"|candidate)\b[^.;,:\n]{0,16}|(?:[设令取试猜]|假设|假定|验证|检验|代入)[^。，；\n]{0,3})$",
    re.IGNORECASE,
)
#: Behind one that is stated and checked at once.
_CHECKS = re.compile(
    r"\b(?:check(?:s|ing|ed)?|verif(?:y|ies|ying|ication)|test(?:s|ing)?|plug\w*|substitut\w+)\b"
    r"|验证|检验|验算|代入|代回",
    re.IGNORECASE,
)
BEFORE = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Founding:
    """What one answer rests on."""

    #: Whether a relation holds data of the problem or calculates.
    grounded: bool
    #: Where the result is supposed before anything is derived, in the normalised text.
    supposed: int | None = None

    @classmethod
    def of(cls, parsed: ParsedAnswer, grounds: Grounds) -> Founding:
        """Find it for an answer."""
        grounded = grounds.used_in(parsed.chains)
        return cls(grounded=grounded, supposed=supposed_at(parsed, grounds))

    @property
    def derives(self) -> bool:
        """Return whether the answer derives something."""
        return self.grounded and self.supposed is None


def supposed_at(parsed: ParsedAnswer, grounds: Grounds) -> int | None:
    """Return where the result is supposed before anything is derived, in the normalised text."""
    chains, text = parsed.chains, parsed.text
    for at, chain in enumerate(chains):
        sides = chain.sides if len(chain.sides) < 3 else ()
        nodes = [node for side in sides for node in side.nodes]
        if any(grounds.is_result(node, parsed.evaluation) for node in nodes):
            if _SUPPOSES.search(text[max(0, chain.start - BEFORE) : chain.start]):
                return chain.start
            end = chains[at + 1].start if at + 1 < len(chains) else len(text)
            return chain.start if _CHECKS.search(text[chain.end : end]) else None
        if grounds.derived_in(chain):
            return None
    return None
