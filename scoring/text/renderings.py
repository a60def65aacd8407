"""Other writings of an answer that patterns are searched in, with the way back to offsets.

Patterns are written by people who think of LaTeX, of Unicode or of plain text; each rendering is
one of these.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import compress

from scoring.text.normalise import Normalised
from scoring.text.offsets import offsets


@dataclass(frozen=True, slots=True)
class Rendering:
    """A writing of the text.

    ``origin[i]`` is the offset in the *normalised* text of its character ``i``.
    """

    text: str
    origin: array[int]

    def back(self, start: int, end: int) -> tuple[int, int]:
        """Return the offsets in the normalised text of a stretch of this rendering."""
        if start >= end:
            return self.origin[start], self.origin[start]
        last = self.origin[end - 1]
        after = bisect_right(self.origin, last)
        return self.origin[start], max(
            last + 1, min(self.origin[after] if after < len(self.origin) else last + 1, last + 12)
        )


def rewrite(
    rendering: Rendering,
    pattern: re.Pattern[str],
    new: Callable[[re.Match[str]], str],
    *,
    needs: str = "",
) -> Rendering:
    """Return the rendering with every match replaced, each of which holds ``needs``.

    A replacement points to where its match began.
    """
    if needs not in rendering.text:
        return rendering
    parts: list[str] = []
    origin = array("l")
    at = 0
    for found in pattern.finditer(rendering.text):
        start, end = found.span()
        parts.append(rendering.text[at:start])
        origin.extend(rendering.origin[at:start])
        text = new(found)
        _spread(parts, origin, rendering, found, text)
        at = end
    if not parts:
        return rendering
    parts.append(rendering.text[at:])
    origin.extend(rendering.origin[at:])
    return Rendering("".join(parts), origin)


def _spread(
    parts: list[str], origin: array[int], rendering: Rendering, found: re.Match[str], text: str
) -> None:
    """Append a replacement; what it keeps of the match's group keeps its own offsets."""
    kept = found.lastindex and found.group(found.lastindex)
    at = text.find(kept) if kept else -1
    parts.append(text)
    begin = rendering.origin[found.start()]
    if kept and at >= 0:
        inner = found.start(found.lastindex or 0)
        origin.extend([begin] * at)
        origin.extend(rendering.origin[inner : inner + len(kept)])
        origin.extend([rendering.origin[found.end() - 1]] * (len(text) - at - len(kept)))
    else:
        origin.extend([begin] * len(text))


_SPACES = re.compile(r" {2,}")
_NOISE = re.compile(
    r"\$+|\\(?:left|right|[bB]igg?[lrm]?|displaystyle|textstyle|limits|nolimits|boxed|bm|boldsymbol|mathbf)(?![A-Za-z])|\\[()\[\]]"
    r"|\\[,;:!> ]|\\q?quad(?![A-Za-z])"
    r"|\\(?:text|mathrm|operatorname|textbf|mbox|rm)\{([^{}]{0,60})\}"
    r"|\\([dt])frac(?![a-z])|\{,\}|[ \n\t]{2,}|[\n\t]"
)


#: Arrows of a table of monotonicity, and its row of signs, say what words would say.
_ARROWS = re.compile(r"↗|↘|\\nearrow(?![a-z])|\\searrow(?![a-z])")
_SIGN_CHANGE = re.compile(r"\+ ?[|&] ?0 ?[|&] ?-|- ?[|&] ?0 ?[|&] ?\+")
#: The end of an English sentence: patterns that refuse ``2.5`` after ``2`` must not refuse ``2.``
#: as well.
_FULL_STOP = re.compile(r"(?<=[\w)}\]'])\.(?= |$)")


def lite(normalised: Normalised) -> Rendering:
    """Return the text without delimiters, sizes, spacing and text commands, on one line."""
    base = Rendering(normalised.text, offsets(0, len(normalised.text) + 1))

    def new(found: re.Match[str]) -> str:
        whole = found.group()
        if found.group(1) is not None:
            return found.group(1)
        if whole.endswith("frac"):
            return "\\frac"
        if whole[0] in " \n\t":
            return " "
        if whole == "{,}":
            return ","
        return " " if "quad" in whole or whole in ("\\ ", "\\;", "\\:") else ""

    made = rewrite(rewrite(base, _NOISE, new), _SPACES, lambda _: " ", needs="  ")
    made = rewrite(
        made,
        _ARROWS,
        lambda found: " increasing 递增 " if found.group() in "↗\\nearrow" else " decreasing 递减 ",
    )
    made = rewrite(
        made,
        _SIGN_CHANGE,
        lambda found: " 由正变负 " if found.group()[0] == "+" else " 由负变正 ",
        needs="0",
    )
    return rewrite(made, _FULL_STOP, lambda _: "。", needs=".")


def squeezed(rendering: Rendering) -> Rendering:
    """Return the rendering without any space."""
    text = rendering.text
    kept = map(" ".__ne__, f"{text}$")  # the last offset is that of the end
    return Rendering(text.replace(" ", ""), array("l", compress(rendering.origin, kept)))


def renamed(rendering: Rendering, names: Mapping[str, str]) -> Rendering:
    """Return the rendering with other letters, where they stand alone."""
    if not names:
        return rendering
    letters = re.compile(rf"(?<![A-Za-z\\])({'|'.join(names)})(?:_\{{?\1\}}?)?(?![A-Za-z])")
    return rewrite(rendering, letters, lambda found: names[found.group(1)])


_PLAIN_COMMANDS = {
    "cdot": "·", "times": "×", "le": "≤", "leq": "≤", "leqslant": "≤", "ge": "≥", "geq": "≥",
    "geqslant": "≥", "lt": "<", "gt": ">", "neq": "≠", "ne": "≠", "infty": "∞", "to": "→",
    "rightarrow": "→", "Rightarrow": "⇒", "int": "∫", "sum": "∑", "in": "∈", "pi": "π",
    "alpha": "α", "beta": "β", "gamma": "γ", "theta": "θ", "lambda": "λ", "mu": "μ", "omega": "ω",
    "rho": "ρ", "sigma": "σ", "phi": "φ", "varphi": "φ", "epsilon": "ε", "varepsilon": "ε",
    "delta": "δ", "Delta": "Δ", "Lambda": "Λ", "Sigma": "Σ", "Phi": "Φ", "Omega": "Ω", "tau": "τ",
    "eta": "η", "xi": "ξ", "partial": "∂", "nabla": "∇", "approx": "≈", "pm": "±", "div": "÷",
    "prime": "'", "circ": "°", "perp": "⊥", "parallel": "∥", "cdots": "...", "dots": "...",
    "ldots": "...", "langle": "⟨", "rangle": "⟩", "lvert": "|", "rvert": "|", "vert": "|",
    "equiv": "≡",
}  # fmt: skip
_NAMED = (
    "sin|cos|tan|cot|sec|csc|ln|lg|log|exp|lim|max|min|arctan|arcsin|arccos|tanh|sinh|cosh|coth|det"
)
_COMMAND = re.compile(
    rf"\\({'|'.join(sorted(_PLAIN_COMMANDS, key=len, reverse=True))})(?![A-Za-z])"
    rf"|\\({_NAMED})(?![A-Za-z])|\^\\circ"
)
_ONE_TERM = re.compile(r"\d+|[a-z]")
_PLAIN_PART = re.compile(r"[\w.π]+|√\d+")
_SQRT = re.compile(r"\\sqrt ?\{([^{}]{1,40})\}")
_FRAC = re.compile(r"\\frac ?(?:\{([^{}]{1,60})\} ?\{([^{}]{1,60})\}|(\d)(\d))")
_LONE = re.compile(r"(?<![\w)])\((\d*[\wπ]?)\)(?=/)")
_BRACED = re.compile(r"([\^_])\{([A-Za-z0-9])\}")


def plain(rendering: Rendering) -> Rendering:
    """Return the rendering with LaTeX commands in Unicode, fractions with a slash, root signs."""

    def command(found: re.Match[str]) -> str:
        return (
            "°"
            if found.group() == "^\\circ"
            else _PLAIN_COMMANDS.get(found.group(1), "")
            if found.group(1)
            else found.group(2)
        )

    def root(found: re.Match[str]) -> str:
        inner = found.group(1)
        return f"√{inner}" if _ONE_TERM.fullmatch(inner) else f"√({inner})"

    def fraction(found: re.Match[str]) -> str:
        top, bottom = found.group(1) or found.group(3), found.group(2) or found.group(4)
        return "/".join(
            part if _PLAIN_PART.fullmatch(part) else f"({part})" for part in (top, bottom)
        )

    made = rewrite(rendering, _COMMAND, command, needs="\\")
    made = rewrite(made, _SQRT, root, needs="\\sqrt")
    for _ in range(2):
        made = rewrite(made, _FRAC, fraction, needs="\\frac")
    made = rewrite(made, _LONE, lambda found: found.group(1), needs=")/")
    return rewrite(made, _BRACED, lambda found: found.group(1) + found.group(2), needs="{")


_LATEX_SIGNS = {
    "≤": "\\le ", "≥": "\\ge ", "≠": "\\ne ", "∞": "\\infty ", "→": "\\to ", "⇒": "\\Rightarrow ",
    "∫": "\\int", "∑": "\\sum", "∈": "\\in ", "π": "\\pi ", "α": "\\alpha ", "β": "\\beta ",
    "γ": "\\gamma ", "θ": "\\theta ", "λ": "\\lambda ", "μ": "\\mu ", "ω": "\\omega ",
    "ρ": "\\rho ", "σ": "\\sigma ", "φ": "\\varphi ", "ε": "\\varepsilon ", "δ": "\\delta ",
    "Δ": "\\Delta ", "∂": "\\partial ", "≈": "\\approx ", "±": "\\pm ", "×": "\\times ",
    "*": "\\cdot ", "<=": "\\le ", ">=": "\\ge ", "->": "\\to ", "Λ": "\\Lambda ", "Σ": "\\Sigma ",
    "∇": "\\nabla ", "°": "^\\circ ",
}  # fmt: skip
_SIGN = re.compile(
    "|".join(re.escape(sign) for sign in sorted(_LATEX_SIGNS, key=len, reverse=True))
    + rf"|(?<![\\A-Za-z])({_NAMED}|pi|exp)(?![A-Za-z]{{2}})"
)
_ROOT = re.compile(r"(?:√|(?<![\\A-Za-z])sqrt) ?(?:\(([^()]{1,40})\)|(\d+|[a-z]))")
_SLASH = re.compile(
    r"(?<![\w.)}])(\d+(?:\.\d+)?|\\[a-z]+ ?|[A-Za-z]|\d*\\pi ?|\([^()]{1,40}\)) ?/ ?"
    r"(\d+(?:\.\d+)?|[A-Za-z](?![A-Za-z])|\([^()]{1,40}\))"
)

_SCRIPT = re.compile(r"[\^_] ?\(([^()]{1,24})\)")


def latex(rendering: Rendering) -> Rendering:
    """Return the rendering with Unicode and plain forms as LaTeX, for patterns in LaTeX."""

    def sign(found: re.Match[str]) -> str:
        return _LATEX_SIGNS.get(found.group()) or "\\" + found.group()

    def root(found: re.Match[str]) -> str:
        return "\\sqrt{" + (found.group(1) or found.group(2)) + "}"

    def fraction(found: re.Match[str]) -> str:
        parts = [
            part[1:-1] if part.startswith("(") else part.strip()
            for part in (found.group(1), found.group(2))
        ]
        return "\\frac{" + parts[0] + "}{" + parts[1] + "}"

    made = rewrite(rewrite(rendering, _SIGN, sign), _ROOT, root)
    made = rewrite(made, _SLASH, fraction, needs="/")
    return rewrite(
        made, _SCRIPT, lambda found: found.group()[0] + "{" + found.group(1) + "}", needs="("
    )
