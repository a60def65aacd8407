"""Cut normalised text into mathematical tokens and the words between them, with its offsets."""

from __future__ import annotations

import re

from scoring.formulas.plain_words import (
    WORD_FUNCTIONS,
    is_article,
    is_complex_part,
    is_counted,
    is_ending,
)
from scoring.formulas.token import Token, new_token
from scoring.formulas.token_patterns import (
    BEFORE_LETTER,
    BRACED,
    CAPITALS,
    CHINESE,
    GLUED_PI,
    INDEX,
    LABEL,
    LETTERS,
    MATH,
    PLAIN_LABEL,
    SQUARE,
    TOKEN,
    UPRIGHT,
)
from scoring.formulas.vocabulary import (
    ACCENTS,
    ARROWS,
    BIG,
    DOTS,
    ENGLISH_SCALES,
    ENVIRONMENT,
    FUNCTIONS,
    GLUED,
    GLUED_ALL,
    GREEK,
    MATRICES,
    OPERATORS,
    PLAIN_GREEK,
    RELATIONS,
    SCALES,
    SKIP,
    STOP,
    TEXT,
    UNIT_WORDS,
    VECTORS,
    WRAPPERS,
    WRITTEN_RELATIONS,
)
from scoring.text.markdown import layout_marks

_PUT_AS_THEY_ARE = frozenset(("open", "close", "comma", "delim", "nl", "prime", "arrow"))
#: Commands that differ in size alone.
_SIZED = {
    "dfrac": "frac", "tfrac": "frac", "cfrac": "frac", "dbinom": "binom", "tbinom": "binom",
}  # fmt: skip
_BIG_SIGNS = {
    "∑": "sum", "∏": "prod", "∫": "int", "∮": "oint", "√": "root", "∛": "root3", "∞": "infty",
}  # fmt: skip


def tokenise(text: str, names: frozenset[str] = frozenset(), *, maths: bool = False) -> list[Token]:
    """Return the tokens of a text.

    ``names`` are letters that stand for matrices or the like and never join up.

    ``maths`` says that all of the text is a formula, so that no letters are taken for words.
    """
    lexer = _Lexer(text, names, maths)
    return lexer.run()


class _Lexer:
    def __init__(self, text: str, names: frozenset[str], maths: bool) -> None:
        self.text = text
        self.marks = {} if maths else layout_marks(text)
        self.names = names
        self.tokens: list[Token] = []
        self.spans = [(0, len(text))] if maths else [found.span() for found in MATH.finditer(text)]
        self.span = 0
        self.spaced = False

    def in_maths(self, at: int) -> bool:
        """Return whether an offset lies between maths delimiters; call it with rising offsets."""
        while self.span < len(self.spans) and self.spans[self.span][1] <= at:
            self.span += 1
        return self.span < len(self.spans) and self.spans[self.span][0] <= at

    def put(self, kind: str, text: str, start: int, end: int) -> None:
        self.tokens.append(new_token(Token, (kind, text, start, end, self.spaced)))
        self.spaced = False

    def run(self) -> list[Token]:
        at, text, size = 0, self.text, len(self.text)
        while at < size:
            if at in self.marks:
                if self.marks[at] < 0:
                    self.spaced, at = True, at + 1
                else:
                    self.put("sep", "#", at, self.marks[at])
                    at = self.marks[at]
                continue
            # The two most frequent tokens first.
            if text[at] == " ":
                self.spaced = True
                at += 1
                while at < size and text[at] == " ":
                    at += 1
                continue
            if (found := LETTERS.match(text, at)) is not None:
                at = self.letters(found.group(), at, found.end())
                continue
            found = TOKEN.match(text, at)
            assert found is not None
            kind, piece, end = found.lastgroup, found.group(), found.end()
            if kind in _PUT_AS_THEY_ARE:
                self.put(kind, piece, at, end)
            elif kind == "num" and self.is_index(piece, at, end):
                self.put("op", "_", at, at)
                self.put("num", piece, at, end)
            elif kind == "num":
                self.put("num", piece.replace("{,}", "").replace(",", ""), at, end)
            elif kind == "cmd":
                end = self.command(piece[1:], at, end)
            elif kind == "esc":
                self.escape(piece[1], at, end)
            elif kind == "greek":
                self.put("name", piece, at, end)
            elif kind == "rel":
                self.put("rel", WRITTEN_RELATIONS[piece], at, end)
            elif kind == "op" and piece == "_":
                end = self.subscript(at, end)
            elif kind == "op" and piece in "∑∏∫∮√∛∞":
                self.put("big", _BIG_SIGNS[piece], at, end)
            elif kind == "cjk":
                self.chinese(piece, at, end)
            elif kind == "other":
                self.put("sep", piece, at, end)
            elif kind == "dots":
                self.put("big", "dots", at, end)
            else:
                self.put("op", piece, at, end)
            at = end
        return self.tokens

    def is_index(self, piece: str, start: int, end: int) -> bool:
        """Return whether a number is the index of the letter before it, as in ``x1 = 0``."""
        last = self.tokens[-1] if self.tokens else None
        if len(self.tokens) > 1 and self.tokens[-2].kind == "big":
            return False  # \\frac h2 is a fraction
        if (
            last is None
            or last.kind != "name"
            or last.end != start
            or len(piece) > 3
            or not piece.isdigit()
        ):
            return False
        before = self.text[last.start - 1 : last.start]
        lone = len(last.text) == 1 and last.text.isascii() and last.text not in "ei"
        glued = before.isalnum() or before == "}"
        return lone and not glued and not self.text[end : end + 1].isalpha()

    def command(self, name: str, start: int, end: int) -> int:
        """Read a LaTeX command and return the offset after it."""
        name = name.rstrip("*") if name != "operatorname*" else name
        if name in GREEK:
            self.put("name", GREEK[name], start, end)
        elif name in RELATIONS:
            self.put("rel", RELATIONS[name], start, end)
        elif name in OPERATORS:
            self.put("op", OPERATORS[name], start, end)
        elif name in FUNCTIONS and name not in BIG:
            self.put("func", name, start, end)
        elif name in DOTS:
            self.put("big", "dots", start, end)
        elif name in BIG:
            self.put("big", _SIZED.get(name, name), start, end)
        elif name in TEXT:
            return self.text_command(start, end)
        elif name in ACCENTS or name in VECTORS:
            self.put("accent", name, start, end)
        elif name in ("begin", "end"):
            return self.environment(name, start, end)
        elif name == "prime":
            self.put("prime", "'", start, end)
        elif name in ("lvert", "rvert", "vert"):
            self.put("op", "|", start, end)
        elif name in ("lVert", "rVert", "Vert"):
            self.put("op", "‖", start, end)
        elif name in ("lbrace", "rbrace"):
            left = name[0] == "l"
            self.put("open" if left else "close", "\\{" if left else "\\}", start, end)
        elif name in ("lfloor", "lceil", "langle", "rfloor", "rceil", "rangle"):
            pair, right = {"floor": "⌊⌋", "ceil": "⌈⌉", "angle": "⟨⟩"}[name[1:]], name[0] == "r"
            self.put("close" if right else "open", pair[right], start, end)
        elif name == "top":
            self.put("name", "T", start, end)
        elif name in ARROWS:
            self.put("arrow", name, start, end)
        elif name in SKIP:
            self.spaced = True
            if name in WRAPPERS:
                self.unwrap(end)
        else:
            self.put("word", name, start, end)
        return end

    def unwrap(self, start: int) -> None:
        """Leave out the braces that come next, if they close within reach."""
        while start < len(self.text) and self.text[start] == " ":
            start += 1
        if self.text[start : start + 1] != "{":
            return
        depth = 0
        for at in range(start, min(len(self.text), start + 600)):
            depth += (self.text[at] == "{") - (self.text[at] == "}")
            if depth == 0:
                self.marks[start], self.marks[at] = -1, -1
                return

    def text_command(self, start: int, end: int) -> int:
        r"""Read ``\text{...}``: a letter is a name, a function is one, the rest is a word."""
        found = BRACED.match(self.text, end)
        if found is None:
            return end
        inner = found.group(1).strip()
        measured = (
            inner in UNIT_WORDS and bool(self.tokens) and self.tokens[-1].kind in ("num", "close")
        )
        if measured:
            return self.unit(inner, start, found.end())
        if len(inner) == 1 and inner.isascii() and inner.isalpha():
            self.put("name", inner, start, found.end())
        elif inner in FUNCTIONS:
            self.put("func", inner, start, found.end())
        elif inner in UNIT_WORDS:
            self.put("unit", inner, start, found.end())
        elif inner:
            self.put("word", inner, start, found.end())
        return found.end()

    def environment(self, name: str, start: int, end: int) -> int:
        found = ENVIRONMENT.match(self.text, end)
        if found is None:
            return end
        kind = found.group(1)
        if kind in MATRICES:
            self.put("open" if name == "begin" else "close", f"{name}:{kind}", start, found.end())
        else:
            self.put("nl", "\n", start, found.end())
        return found.end()

    def escape(self, char: str, start: int, end: int) -> None:
        if char in "{}":
            self.put("open" if char == "{" else "close", "\\" + char, start, end)
        elif char in "()[]":
            self.put("delim", "\\" + char, start, end)
        elif char == "\\":
            self.put("nl", "\\\\", start, end)
        elif char == "%":
            self.put("op", "%", start, end)
        elif char == "|":
            self.put("op", "‖", start, end)
        elif char == "\n":
            self.put("nl", "\n", start, end)
        else:
            self.spaced = True

    def subscript(self, start: int, end: int) -> int:
        """Read ``_`` and, where the index is a word and not a formula, take it as one label."""
        found = INDEX.match(self.text, end)
        if found is not None:
            inner = UPRIGHT.sub("", found.group(1)).strip()
            if CHINESE.search(inner) or LABEL.fullmatch(inner):
                self.put("label", re.sub(r"[\s_]", "", inner), start, found.end())
                return found.end()
        elif (plain := PLAIN_LABEL.match(self.text, end)) and not self.in_maths(start):
            self.put("label", plain.group(), start, plain.end())
            return plain.end()
        self.put("op", "_", start, end)
        return end

    def chinese(self, piece: str, start: int, end: int) -> None:
        """Put Chinese text as a word; 万, 亿 and 度 after a number belong to the number."""
        last = self.tokens[-1] if self.tokens else None
        scaled = len(self.tokens) - 1
        if last is not None and last.kind == "delim" and start - last.end <= 1:
            scaled -= 1  # 3.5$ 万
        number = self.tokens[scaled] if scaled >= 0 else None
        if (
            number is not None
            and number.kind == "num"
            and piece[0] in SCALES
            and start - number.end <= len(self.tokens) - scaled + 1
        ):
            self.scale(SCALES[piece[0]], start + 1, scaled)
            start, piece = start + 1, piece[1:]
        elif (
            last is not None
            and last.kind in ("num", "close")
            and piece[0] == "度"
            and piece[:2] != "度电"
        ):
            self.put("op", "°", start, start + 1)
            start, piece = start + 1, piece[1:]
        if piece:
            self.put("word", piece, start, end)

    def scale(self, by: float, end: int, at: int = -1) -> None:
        """Multiply the number that was read last, or the one at an index."""
        last = self.tokens[at]
        end = end if at in (-1, len(self.tokens) - 1) else last.end
        value = float(last.text) * by
        written = str(int(value)) if value.is_integer() and value < 1e15 else repr(value)
        self.tokens[at] = Token("num", written, last.start, end, last.spaced)

    def unit(self, piece: str, start: int, end: int) -> int:
        """Put a unit of measurement together with its power."""
        raised = SQUARE.match(self.text, end)
        if raised is None:
            self.put("unit", piece, start, end)
            return end
        self.put("unit", f"{piece}^{raised.group(1)}", start, raised.end())
        return raised.end()

    def letters(self, piece: str, start: int, end: int) -> int:
        """Put letters as names, a function, a unit or a word; return the offset after them."""
        if piece in ENGLISH_SCALES and self.tokens and self.tokens[-1].kind == "num":
            self.scale(ENGLISH_SCALES[piece], end)
            return end
        if piece in FUNCTIONS and (
            piece not in WORD_FUNCTIONS or is_complex_part(self.text, piece, end)
        ):
            word = piece in ("max", "min", "sec", "log", "tan") and not self._beside_maths(
                start, end
            )
            self.put("word" if word else "func", piece, start, end)
        elif piece in PLAIN_GREEK and (
            piece == "pi" or self.in_maths(start) or self._reads_as_maths(piece, start, end)
        ):
            self.put("name", GREEK[piece], start, end)
        elif self._is_unit(piece, start):
            return self.unit(piece, start, end)
        elif len(piece) == 1:
            lone = (piece in "aAI" and is_article(self.text, piece, start, end)) or is_ending(
                self.text, piece, start
            )
            self.put("word" if lone and not self.in_maths(start) else "name", piece, start, end)
        elif not self.in_maths(start) and (
            is_counted(self.text, piece, start, end) or is_ending(self.text, piece, start)
        ):
            self.put("unit" if piece in UNIT_WORDS else "word", piece, start, end)
        elif self.in_maths(start) or (
            piece not in STOP and self._reads_as_maths(piece, start, end)
        ):
            self.split(piece, start)
        else:
            self.put("word", piece, start, end)
        return end

    def _beside_maths(self, start: int, end: int) -> bool:
        after = self.text[end : end + 2].lstrip()[:1]
        return (
            self.in_maths(start)
            or after in ("(", "{", "^", "\\")
            or bool(BEFORE_LETTER.match(self.text[end : end + 3]))
        )

    def _is_unit(self, piece: str, start: int) -> bool:
        """Return whether letters after a number name a unit, unlike in ``12 m + 3``."""
        if (
            piece not in UNIT_WORDS
            or not self.tokens
            or self.tokens[-1].kind not in ("num", "op", "close")
        ):
            return False
        if self.tokens[-1].kind != "num" and (
            len(piece) < 3 or self.tokens[-1].text not in ("%", "}", ")")
        ):
            return False
        return (len(piece) > 1 and piece != "ft") or (self.spaced and not self.in_maths(start))

    def _reads_as_maths(self, piece: str, start: int, end: int) -> bool:
        if GLUED_ALL.fullmatch(piece) or GLUED_PI.fullmatch(piece):
            return True
        if len(piece) > 4 and piece not in PLAIN_GREEK:
            return False
        before = self.text[start - 1] if start else " "
        after = self.text[end : end + 2]
        if len(piece) == 2 and before in "(-" and after[:1] in tuple(")+-*/^="):
            return True
        tight = after[:1] in "=^_*/<>≤≥+'" if after else False
        return (
            before.isdigit()
            or before in ")^_=+*/}"
            or tight
            or (after[:1] == " " and after[1:2] in "=<>≤≥≈" and (len(piece) < 4))
        )

    def split(self, piece: str, start: int) -> None:
        """Put the letters of a product as names, keeping functions and names of segments whole."""
        at = 0
        while at < len(piece):
            if piece.startswith("pi", at):
                self.put("name", "π", start + at, start + at + 2)
                at += 2
                continue
            found = GLUED.match(piece, at)
            name = (
                found.group(1)
                if found
                else next(
                    (f for f in ("max", "min", "det", "lim") if piece.startswith(f, at)), None
                )
            )
            if name is not None:
                begin, at = start + at, at + len(name)
                self.put("big" if name == "lim" else "func", name, begin, start + at)
                continue
            capitals = CAPITALS.match(piece, at)
            if capitals and capitals.end() == len(piece) and not set(capitals.group()) & self.names:
                self.put("name", capitals.group(), start + at, start + capitals.end())
                return
            self.put("name", piece[at], start + at, start + at + 1)
            at += 1
