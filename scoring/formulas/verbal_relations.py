"""Formulas that are said in words: ``the height h is 4``, ``f(0) 等于 2``, ``x 为 3/2``."""

from __future__ import annotations

from scoring.formulas.token import Token
from scoring.formulas.vocabulary import BREAK_KINDS

_EQUALS = frozenset(
    ("为", "是", "等于", "就是", "即为", "恰为", "恰好为", "应为", "则为", "取", "is", "equals")
)
_AFTER_IS = frozenset(("equal", "to", "exactly", "then", "thus", "just"))
#: After the number, these make it a count or a multiple of something else.
_NO_VALUE = ("的", "倍", "个", "次", "times", "more", "less", "of", "or")
MAX_LEFT = 14


#: Words between a formula and a number that compare the two, and words after a formula that compare
#: it with zero.
_COMPARES = {
    "大于": ">", "小于": "<", "大于等于": "≥", "大于或等于": "≥", "小于等于": "≤",
    "小于或等于": "≤",
    "不小于": "≥",
    "不大于": "≤", "不超过": "≤", "不低于": "≥",
}  # fmt: skip
_SIGNS = {
    "为正": ">", "恒正": ">", "恒为正": ">", "是正的": ">", "是正数": ">", "大于零": ">",
    "恒大于零": ">",
    "为负": "<", "恒负": "<", "恒为负": "<", "是负的": "<", "是负数": "<", "小于零": "<",
    "恒小于零": "<",
}  # fmt: skip
_BEGIN_SIGN = tuple(_SIGNS)
_ENGLISH_SIGNS = {"positive": ">", "negative": "<"}


def said_comparisons(tokens: list[Token]) -> list[Token]:
    """Return the tokens with the order relations said in words: ``x 大于 3``."""
    made: list[Token] = []
    skip = 0
    for at, token in enumerate(tokens):
        if skip:
            skip -= 1
            continue
        if token.kind == "word" and _may_compare(token.text) and _is_unknown(made):
            relation, length, zero = _comparison(tokens, at)
            if relation:
                while made and made[-1].kind == "delim":
                    made.pop()
                made.append(Token("rel", relation, token.start, token.end, True))
                if zero:
                    made.append(Token("num", "0", token.start, token.end))
                    made.append(Token("sep", "。", token.end, token.end))
                skip = length - 1
                continue
        made.append(token)
    return made


def _may_compare(text: str) -> bool:
    """Return whether `_comparison` may begin with a word, which most do not."""
    return text == "is" or text in _COMPARES or text.startswith(_BEGIN_SIGN)


def _comparison(tokens: list[Token], at: int) -> tuple[str, int, bool]:
    """Return the relation that begins with a word, its number of tokens, and whether to zero."""
    text = tokens[at].text
    following = next((token for token in tokens[at + 1 : at + 3] if token.kind != "delim"), None)
    if (
        text in _COMPARES
        and following is not None
        and following.kind in ("num", "name", "op", "big", "func")
    ):
        return _COMPARES[text], 1, False
    sign = next((word for word in _SIGNS if text.startswith(word)), "")
    if sign and (text == sign or text[len(sign)] in "的，且而时故所因"):
        return _SIGNS[sign], 1, True
    if text == "is" and following is not None and following.text in _ENGLISH_SIGNS:
        return _ENGLISH_SIGNS[following.text], tokens.index(following, at) - at + 1, True
    return "", 0, False


def said_equalities(tokens: list[Token]) -> list[Token]:
    """Return the tokens with an equals sign where words between unknown and value mean it."""
    if _EQUALS.isdisjoint([token.text for token in tokens if token.kind == "word"]):
        return tokens
    made: list[Token] = []
    at = 0
    while at < len(tokens):
        token = tokens[at]
        end = _after_words(tokens, at) if token.kind == "word" and token.text in _EQUALS else 0
        if end and _is_unknown(made) and _is_value(tokens, end):
            while made and made[-1].kind == "delim":
                made.pop()
            made.append(Token("rel", "=", token.start, token.end, True))
            at = end
        else:
            made.append(token)
            at += 1
    return made


def _after_words(tokens: list[Token], at: int) -> int:
    """Return the index of the first token after the words and a maths delimiter."""
    at += 1
    while at < len(tokens) and (
        tokens[at].kind == "delim" or (tokens[at].kind == "word" and tokens[at].text in _AFTER_IS)
    ):
        at += 1
    return at if at < len(tokens) else 0


def _is_unknown(made: list[Token]) -> bool:
    """Return whether what was read last is a name or a call and stands alone."""
    left: list[Token] = []
    for token in reversed(made[-MAX_LEFT - 1 :]):
        if token.kind == "delim":
            if len(left) > 0:
                break
            continue
        if token.kind in BREAK_KINDS or token.kind in ("rel", "comma", "nl"):
            if token.kind == "rel":
                return False
            break
        left.append(token)
    if not left or len(left) > MAX_LEFT:
        return False
    first, last = left[-1], left[0]
    return first.kind in ("name", "func", "accent") and last.kind in (
        "name",
        "close",
        "prime",
        "label",
        "num",
    )


def _is_value(tokens: list[Token], at: int) -> bool:
    token = tokens[at]
    following = tokens[at + 1] if at + 1 < len(tokens) else None
    if following is not None and following.kind == "delim":
        following = tokens[at + 2] if at + 2 < len(tokens) else None
    if token.kind == "num":
        return not (
            following is not None
            and following.kind == "word"
            and following.text.startswith(_NO_VALUE)
        )
    if token.kind == "name":
        return following is not None and following.kind in ("op", "num", "func", "open")
    return token.kind in ("func", "big") or (token.kind == "op" and token.text == "-")
