"""Whether an answer only repeats the expression that it was to rewrite or compute."""

from __future__ import annotations

import re

from scoring.final_answer.spelling.writing import one_spelling

_REWRITE = re.compile(
    r"^\s*(?:please )?(?:simplify|expand|factor(?:i[sz]e)?|multiply out|compute|evaluate|calculate"
    r"|reduce|write|express|convert|what is|find the value of|化简|计算|求值)\s*[:：]?\s*"
    r"(?:the (?:expression|sum|product|value of)\s*)?(?P<rest>.+)",
    re.IGNORECASE | re.DOTALL,
)
_FORMULA = re.compile(r"\$+(?P<inside>[^$]+)\$+")
_PLAIN = re.compile(
    r"(?P<inside>[-+*/^().\d\sA-Za-z√²³×÷{}\\]+?)(?=\s*(?:[.?。？]?\s*$|\s(?:as|in|to)\s))"
)


def restates(question: str, reference: str, said: str) -> bool:
    """Return whether a written answer is the expression that the question asks to rewrite.

    Not where the reference is that expression too.
    """
    found = _REWRITE.match(question)
    if found is None:
        return False
    formula = _FORMULA.search(found["rest"]) or _PLAIN.match(found["rest"])
    if formula is None:
        return False
    given = _bare(one_spelling(formula["inside"]))
    return (
        given == _bare(said) != _bare(reference) and re.search(r"[-+*/^√:]|\\|:", given) is not None
    )


def _bare(text: str) -> str:
    return re.sub(r"[\s*{}]|\\cdot|\\times", "", text)
