"""Names that the lexer knows: functions, Greek letters, relations, operators, units, words."""

from __future__ import annotations

import re

FUNCTIONS = frozenset((
    "arcsinh", "arccosh", "arctanh", "arcsin", "arccos", "arctan", "arccot", "sinh", "cosh", "tanh",
    "coth", "sech", "csch", "sin", "cos", "tan", "cot", "sec", "csc", "ln", "lg", "log", "exp",
    "sqrt", "sgn", "erf", "det", "rank", "tr", "dim", "gcd", "lcm", "Var", "Cov", "arg", "Re", "Im",
    "Res", "max", "min", "sup", "inf", "lim", "diag", "grad", "div", "curl", "rot", "tg", "ctg",
))  # fmt: skip
#: Functions that may be glued to their argument in plain text: ``sinx``, ``2cos2x``, ``lnx``.
GLUED = re.compile(
    r"(arcsin|arccos|arctan|sinh|cosh|tanh|coth|sin|cos|tan|cot|sec|csc|ln|lg|log|exp|sqrt)([a-zA-Z]?)"
)
GLUED_ALL = re.compile(rf"[a-zA-Z]?(?:(?:{GLUED.pattern[1 : GLUED.pattern.index(')')]})[a-zA-Z]?)+")

GREEK = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "varepsilon": "ε",
    "zeta": "ζ", "eta": "η", "theta": "θ", "vartheta": "θ", "iota": "ι", "kappa": "κ",
    "lambda": "λ", "mu": "μ", "nu": "ν", "xi": "ξ", "pi": "π", "varpi": "π", "rho": "ρ",
    "varrho": "ρ", "sigma": "σ", "varsigma": "σ", "tau": "τ", "upsilon": "υ", "phi": "φ",
    "varphi": "φ", "chi": "χ", "psi": "ψ", "omega": "ω", "Gamma": "Γ", "Delta": "Δ", "Theta": "Θ",
    "Lambda": "Λ", "Xi": "Ξ", "Pi": "Π", "Sigma": "Σ", "Upsilon": "Υ", "Phi": "Φ", "Psi": "Ψ",
    "Omega": "Ω", "ell": "ℓ", "hbar": "ℏ", "partial": "∂", "nabla": "∇", "imath": "i", "jmath": "j",
}  # fmt: skip
#: Greek letters that people spell out in plain text.
PLAIN_GREEK = frozenset((
    "pi", "alpha", "beta", "gamma", "delta", "theta", "lambda", "mu", "omega", "rho", "sigma",
    "phi", "tau", "epsilon",
))  # fmt: skip
RELATIONS = {
    "leq": "≤", "le": "≤", "leqslant": "≤", "leqq": "≤", "geq": "≥", "ge": "≥", "geqslant": "≥",
    "geqq": "≥", "lt": "<", "gt": ">", "neq": "≠", "ne": "≠", "approx": "≈", "simeq": "≈",
    "doteq": "≈", "in": "∈", "equiv": "≡", "sim": "~", "propto": "∝", "coloneqq": "=", "ll": "≪",
    "gg": "≫", "notin": "∉", "subset": "⊂", "subseteq": "⊂",
}  # fmt: skip
WRITTEN_RELATIONS = {
    "=": "=", "==": "=", ":=": "=", "<": "<", ">": ">", "<=": "≤", ">=": "≥", "=<": "≤", "!=": "≠",
    "≤": "≤", "≥": "≥", "≠": "≠", "≈": "≈", "~=": "≈", "∈": "∈", "≡": "≡", "∝": "∝", "∉": "∉",
    "≪": "≪", "≫": "≫", "&=": "=", "/=": "≠",
}  # fmt: skip
OPERATORS = {
    "cdot": "*", "times": "×", "ast": "*", "bullet": "*", "div": "/", "pm": "±", "mp": "∓",
    "circ": "°", "degree": "°", "setminus": "\\", "cup": "∪", "cap": "∩", "wedge": "∧",
    "cross": "×",
}  # fmt: skip
ARROWS = frozenset((
    "Rightarrow", "Longrightarrow", "implies", "iff", "Leftrightarrow", "Longleftrightarrow",
    "rightarrow", "longrightarrow", "to", "mapsto", "therefore", "because", "because", "longmapsto",
    "xrightarrow", "Leftarrow", "leftarrow", "uparrow", "downarrow", "nearrow", "searrow", "land",
    "lor", "forall", "exists", "mid",
))  # fmt: skip
SKIP = frozenset((
    "left", "right", "big", "Big", "bigg", "Bigg", "bigl", "bigr", "Bigl", "Bigr", "biggl", "biggr",
    "Biggl", "Biggr", "displaystyle", "textstyle", "scriptstyle", "quad", "qquad", "limits",
    "nolimits", "mathstrut", "strut", "hline", "nonumber", "notag", "boxed", "allowbreak",
    "phantom", "thinspace", "enspace", "hspace", "vspace", "middle", "bm", "boldsymbol", "mathbf",
    "mathit", "mathsf", "mathcal", "mathbb", "mathfrak", "mathscr", "operatorname*", "tag",
    "underbrace", "overbrace", "color", "cancel", "large", "Large", "small", "footnotesize",
    "normalsize", "rm", "bf", "it",
))  # fmt: skip
#: Commands whose braces only say how their content looks.
WRAPPERS = frozenset((
    "boxed", "bm", "boldsymbol", "mathbf", "mathit", "mathsf", "mathcal", "mathbb", "mathfrak",
    "mathscr", "underbrace", "overbrace", "cancel",
))  # fmt: skip
TEXT = frozenset((
    "text", "textbf", "textit", "textrm", "mbox", "mathrm", "operatorname", "textsf", "textnormal",
    "hbox",
))  # fmt: skip
DOTS = frozenset((
    "cdots", "dots", "ldots", "dotsb", "dotsc", "vdots", "ddots", "dotsm",
))  # fmt: skip
ACCENTS = frozenset((
    "bar", "overline", "hat", "widehat", "tilde", "widetilde", "dot", "ddot",
))  # fmt: skip
VECTORS = frozenset((
    "vec", "overrightarrow", "overset", "underset",
))  # fmt: skip
BIG = frozenset((
    "frac", "dfrac", "tfrac", "cfrac", "sqrt", "sum", "prod", "int", "iint", "iiint", "oint",
    "binom", "dbinom", "tbinom", "lim", "infty",
))  # fmt: skip
ENVIRONMENT = re.compile(r"\{([a-zA-Z]+)\*?\}(?:\{[lcr| ]{0,20}\}|\[[lcr|]{1,20}\])?")
MATRICES = frozenset((
    "matrix", "pmatrix", "bmatrix", "vmatrix", "Vmatrix", "smallmatrix", "array", "Bmatrix",
))  # fmt: skip

#: Words that stay words even beside an operator.
STOP = frozenset((
    "a", "an", "and", "or", "so", "is", "at", "in", "of", "to", "we", "if", "as", "by", "on", "it",
    "be", "for", "the", "let", "get", "has", "are", "was", "not", "but", "its", "all", "one", "two",
    "thus", "then", "hence", "with", "from", "that", "this", "when", "than", "also", "use", "using",
    "gives", "give", "have", "into", "our", "can", "so", "do", "no", "yes", "per", "set", "put",
    "by", "ie", "eg", "wlog", "qed", "sum", "step", "case", "area", "max.", "cost", "rate", "mean",
    "time", "line", "side", "root", "term", "each", "both", "only", "where", "which", "answer",
    "since", "now", "I",
))  # fmt: skip
UNIT_WORDS = frozenset((
    "mm", "cm", "dm", "m", "km", "mg", "g", "kg", "t", "s", "ms", "h", "min", "ml", "mL", "L", "l",
    "N", "J", "W", "kW", "Pa", "kPa", "V", "A", "K", "Hz", "rad", "deg", "yuan", "RMB", "cups",
    "cup", "people", "persons", "units", "unit", "orders", "order", "cars", "vehicles", "customers",
    "minutes", "minute", "hours", "hour", "seconds", "days", "day", "km/h", "m/s", "dollars",
    "percent", "metres", "meters", "dollar", "week", "weeks", "month", "months", "year", "years",
    "mph", "GB", "MB", "KB", "TB", "lb", "lbs", "oz", "ft", "feet", "inch", "inches", "miles",
    "mile",
))  # fmt: skip
#: Kinds of tokens that end a formula.
BREAK_KINDS = frozenset(("word", "unit", "arrow", "sep", "delim"))
#: Chinese and English words that multiply the number before them.
SCALES = {"万": 1e4, "亿": 1e8}
ENGLISH_SCALES = {"thousand": 1e3, "million": 1e6, "billion": 1e9}
