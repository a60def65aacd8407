"""Another value that a text offers beside the one it states: ``42, or maybe 41``."""

from __future__ import annotations

import re

from scoring.final_answer.forms.form import Scalar
from scoring.final_answer.forms.shapes import read_form
from scoring.final_answer.spelling.writing import one_spelling

_OFFERED = re.compile(
    r"(?<=[\dA-Za-z%°)}\s,，(（])(?:\bor\b(?:\s+(?:maybe|perhaps|possibly|even|also|was it|is it))?"
    r"|(?:,|\()\s*(?:maybe|perhaps|possibly)|或者?(?:是|为)?|也可能是)\s*"
    r"(?P<value>-?\d+(?:\.\d+)?(?:\s*/\s*\d+)?(?:\s*(?:[A-Za-z]{1,10}(?![A-Za-z])|%|°))?)(?![\d.]*\d|\s+(?:chances?\s+)?(?:in|out\s+of)\s+\d|\s*(?:\\|√|\*|\^|\(|times\b))",
    re.IGNORECASE,
)
#: Without one of these no text offers a second value; most have none, and need no rewriting.
_MAY_OFFER = re.compile(r"\bor\b|maybe|perhaps|possibly|或|也可能是|\\(?:lor|vee)", re.IGNORECASE)
#: What decides between the two, or makes a bound of the second.
_DECIDES = re.compile(
    r"\b(?:but|since|so|however|because|not|fails?|reject\w*|hence|thus|therefore|only)\b"
    r"|\bor\s+(?:more|less|fewer)|但|所以|因|故|舍|不",
    re.IGNORECASE,
)


def offered(text: str) -> Scalar | None:
    """Return the other value that a text offers and does not decide against, None without one."""
    if _MAY_OFFER.search(text) is None:
        return None
    found = _OFFERED.search(one_spelling(text))
    if found is None or _DECIDES.search(found.string, found.end()):
        return None
    form = read_form(found["value"])
    return form if isinstance(form, Scalar) else None
