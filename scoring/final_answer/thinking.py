"""Set the reasoning of a model apart from its answer.

Whatever marks its family uses, finished or cut off.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_TAGS = (
    "think|thinking|thought|thoughts|reasoning|reflection|scratchpad|analysis|inner_monologue"
    "|seed:think"
)
#: Marks around reasoning, as (opening, closing) patterns; matched without regard to case.
_PAIRS = (
    (rf"<(?:{_TAGS})>", rf"</(?:{_TAGS})>"),
    (r"\[(?:THINK|THINKING|REASONING)\]", r"\[/(?:THINK|THINKING|REASONING)\]"),
    (r"◁think▷", r"◁/think▷"),
    (
        r"<\|(?:begin_of_thought|START_THINKING|begin_of_think)\|>",
        r"<\|(?:end_of_thought|END_THINKING|end_of_think)\|>",
    ),
    (
        r"<\|channel\|>\s*(?:analysis|commentary)[^<]*<\|message\|>",
        r"<\|channel\|>\s*final[^<]*<\|message\|>",
    ),
)
_MARK = re.compile(
    r"(?=[<\[◁])(?:"
    + "|".join(f"(?P<open{i}>{o})|(?P<close{i}>{c})" for i, (o, c) in enumerate(_PAIRS))
    + ")",
    re.IGNORECASE,
)


#: An answer between tags at the very end.
_LAST_TAG = re.compile(
    r"<answer>(?:(?!</?answer>).){1,400}</answer>\s*\Z", re.DOTALL | re.IGNORECASE
)
#: Characters of a longer text that are searched at its beginning and at its end.
HEAD, TAIL = 4_000, 16_000
_SPACES = re.compile(r"[^\S\n]{8,}")
_BLANK_LINES = re.compile(r"\n(?:[^\S\n]{0,8}\n){2,}")
#: A number that long is no answer.
_DIGITS = re.compile(r"\d{400,}")
_REPEATED = re.compile(r"(.{1,24}?)\1{40,}", re.DOTALL)
#: A repetition shows this from each of its first places: trying one in `_APART` finds them all.
_REPEATING, _APART = re.compile(r"(.{1,24}?)\1{15}", re.DOTALL), 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Visible:
    """Where the answer proper stands in the original text.

    ``finished`` is False where reasoning was still open.
    """

    start: int
    end: int
    finished: bool = True

    def text(self, original: str) -> str:
        """Return the answer without its reasoning."""
        return original[self.start : self.end]


def visible(
    original: str, *, finish_reason: str | None = None, prompt_opened: bool = False
) -> Visible:
    """Return the part of a generation that is its answer.

    ``prompt_opened`` says that the chat template had opened the reasoning already, so that a text
    without any mark is reasoning as long as nothing closes it. ``finish_reason`` is the engine's;
    a text that was cut off (``length``) in such reasoning has no answer. A closing mark without
    an opening one ends reasoning that began with the text.
    """
    start, opened = 0, 0 if prompt_opened else None
    for mark in _MARK.finditer(original):
        if (mark.lastgroup or "").startswith("open"):
            if opened is None:
                opened = mark.start()
        elif _quoted(original, mark):
            continue
        else:
            start, opened = mark.end(), None
    if opened is None:
        return Visible(start=start, end=len(original))
    if prompt_opened and opened == 0 and finish_reason not in ("length", None):
        # The model stopped by itself without ever closing: what it wrote is all there is.
        return Visible(start=0, end=len(original))
    tagged = _LAST_TAG.search(original, opened)
    if tagged is not None:
        # Nothing closed the reasoning, but an answer set apart ends the text.
        return Visible(start=tagged.start(), end=len(original))
    return Visible(start=start, end=max(start, opened), finished=False)


def _quoted(text: str, mark: re.Match[str]) -> bool:
    """Say whether a closing mark is only spoken of, between backticks or quotation marks."""
    before, after = text[max(0, mark.start() - 1) : mark.start()], text[mark.end() : mark.end() + 1]
    return before in ("`", '"', "“") and after in ("`", '"', "”")


def searched(text: str) -> str:
    """Return a text that is bounded for the search.

    Of a long one the beginning and the end, repetitions cut short.

    Models that loop, and hostile texts, repeat; no answer needs that.
    """
    if len(text) > HEAD + TAIL:
        text = f"{text[:HEAD]}\n{text[-TAIL:]}"
    text = _BLANK_LINES.sub("\n\n", _SPACES.sub(" ", text))
    text = _DIGITS.sub("…", text)
    if not any(_REPEATING.match(text, at) for at in range(0, len(text), _APART)):
        return text
    return _REPEATED.sub(lambda m: m[1] * 20, text)
