"""One spelling for the mathematics of an answer: what only looks different becomes the same text.

Reference answers and stated answers pass through the same door. Words stay words; nothing is
evaluated.
"""

from __future__ import annotations

import re
from functools import lru_cache

from scoring.final_answer.notations.counts import bases
from scoring.final_answer.notations.currencies import with_currencies
from scoring.final_answer.notations.durations import durations
from scoring.final_answer.notations.pi_words import multiples_of_pi
from scoring.final_answer.notations.times import times_of_day
from scoring.final_answer.notations.vectors import tuples
from scoring.final_answer.numerals.plain import plain_numbers
from scoring.final_answer.numerals.prices import spoken_prices
from scoring.text.normalise import normalise

#: What chat templates and servers leave behind.
END_MARKS = re.compile(
    r"</s>|<s>|<\|(?:im_end|im_start|endoftext|eot_id|end_of_text|end|return|eos"
    r"|eom_id|end_of_turn)\|>|<end_of_turn>|\[/?INST\]|<｜end▁of▁sentence｜>",
    re.IGNORECASE,
)
#: The mark of a reference, signs for "because" and "therefore", and what ends a proof.
_MARKS = re.compile(r"^\s*####|[∵∴]|[□■∎◻◼▢](?=[\s$]*(?:\n|$))")
_SQUARES = {"㎡": " m^2", "㎥": " m^3", "㎝": " cm", "㎞": " km", "㎏": " kg", "㎎": " mg",
            "㎜": " mm", "㎢": " km^2",
            "㎠": " cm^2", "㎤": " cm^3", "℃": "°C", "℉": "°F", "％": "%", "﹪": "%", "∶": ":",
            "：": ":"}  # fmt: skip
_TEXT = re.compile(
    r"\\(?:text|mathrm|textbf|textit|textrm|textnormal|texttt|textsf|mbox|hbox"
    r"|operatorname|mathbf|mathit|mathsf|mathtt|emph|bm|boldsymbol|underline"
    r"|uline|mathop|ensuremath|rm|bf|sf|tt)\s*\{((?:[^{}]|\{[^{}]*\})*)\}"
)
_BARE_STYLE = re.compile(
    r"\\(?:displaystyle|textstyle|scriptstyle|limits|nolimits|rm|bf|sf|it|tt"
    r"|large|Large|small|normalsize|mathstrut|strut|boldmath|left|right|bigl|bigr"
    r"|Bigl|Bigr|biggl|biggr|Biggl|Biggr|big|Big|bigg|Bigg|middle)(?![A-Za-z])"
)
_SPACE = re.compile(
    r"(?<!\\)\\(?:,|;|:|!|>|\s|quad|qquad|enspace|thinspace|medspace|thickspace"
    r"|negthinspace|hfill|hspace\*?\s*\{[^{}]*\}|phantom\s*\{[^{}]*\})|~"
)
_COLOUR = re.compile(
    r"\\(?:textcolor|colorbox)\s*(?:\[[^\]]*\])?\s*\{[^{}]*\}"
    r"|\\color\s*(?:\[[^\]]*\])?\s*\{[^{}]*\}"
)
_FRACTIONS = re.compile(r"\\(?:d|t|c|s|x|nice|flat)frac(?![A-Za-z])|\\nicefrac(?![A-Za-z])")
_BARE_FRAC = re.compile(
    r"\\frac\s*(?:\{(?P<a>[^{}]*)\}|(?P<b>[A-Za-z0-9]))\s*(?:\{(?P<c>[^{}]*)\}|(?P<d>[A-Za-z0-9]))"
)
_OVER = re.compile(r"\{?\s*(?P<top>[^{}\\]+|\\[A-Za-z]+)\s*\\over\s+(?P<bottom>[^{}]+?)\s*(?:\}|$)")
_CHOOSE = re.compile(r"\{?\s*(?P<top>[^{}\\]+?)\s*\\choose\s*(?P<bottom>[^{}]+?)\s*(?:\}|$)")
_RELATIONS = {
    r"\\(?:leqslant|leqq|leq|le)(?![A-Za-z])": "≤", r"\\(?:geqslant|geqq|geq|ge)(?![A-Za-z])": "≥",
    r"\\(?:neq|ne)(?![A-Za-z])|\\not\s*=|!=|/=": "≠", r"\\lt(?![A-Za-z])|&lt;": "<",
    r"\\gt(?![A-Za-z])|&gt;": ">",
    r"<=|=<": "≤", r">=|=>(?!\s*$)": "≥", r"\\(?:approx|simeq|doteq|thickapprox)(?![A-Za-z])": "≈",
    r"\\in(?![A-Za-z])": "∈", r"\\cup(?![A-Za-z])|\\bigcup(?![A-Za-z])": "∪",
    r"\\infty(?![A-Za-z])|\\infin(?![A-Za-z])|(?<![A-Za-z])(?:infinity"
r"|inf)(?![A-Za-z])": "∞",
    r"\\pm(?![A-Za-z])|\+/-|\+-": "±", r"\\(?:cdot|times|ast|bullet)(?![A-Za-z])": "*", r"×": "*",
    r"\\div(?![A-Za-z])": "/",
    r"\^\s*\{?\s*\\?(?:circ|degree)\s*\}?|\\degree(?![A-Za-z])|\\deg(?![A-Za-z])": "°",
    r"\\%": "%", r"\\\$": "$", r"\\colon(?![A-Za-z])|\\ratio(?![A-Za-z])": ":",
    r"\\(?:emptyset|varnothing)(?![A-Za-z])": "∅", r"\\lor(?![A-Za-z])|\\vee(?![A-Za-z])": " or ",
    r"\\land(?![A-Za-z])|\\wedge(?![A-Za-z])": " and ", r"\\mid(?![A-Za-z])": "|",
    r"\\cap(?![A-Za-z])": "∩",
    r"\\(?:ldots|dots|cdots)(?![A-Za-z])": "...", r"\\mathbb\s*\{?\s*R\s*\}?|(?<![A-Za-z])ℝ": "ℝ",
    r"\\lbrace(?![A-Za-z])": r"\\{", r"\\rbrace(?![A-Za-z])": r"\\}",
    r"\\(?:lbrack)(?![A-Za-z])": "[", r"\\(?:rbrack)(?![A-Za-z])": "]",
}  # fmt: skip
_RELATION = tuple((re.compile(pattern), to) for pattern, to in _RELATIONS.items())
#: Those that a text without a backslash may hold.
_RELATION_TYPED = tuple(
    (re.compile(pattern), to)
    for pattern, to in _RELATIONS.items()
    if "|" in pattern or not pattern.startswith("\\\\")
)
_CASES = re.compile(
    r"\\(?:begin|end)\s*\{(?:cases|aligned|align\*?|array|gathered|split"
    r"|equation\*?|rcases)\}(?:\s*\{[lcr|\s]+\})?"
)
_MATRIX = re.compile(r"\\begin\s*\{[bpvBV]?matrix\}|\\begin\s*\{array\}")

#: ``11001 in base two``; ``base two`` has become ``base 2``.
_BASE = re.compile(
    r"(?P<digits>\b[0-9A-F]+)\s*,?\s*\(?\s*(?:in\s+)?base[\s-]*(?P<base>\d{1,2})\)?", re.IGNORECASE
)
_PROMPT = re.compile(r"^\s*(?:>>>|\$ |Out\[\d+\]:|print:)\s*", re.MULTILINE)
_SUBSCRIPTS = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
_LOG_BASE = re.compile(r"\\?log\s*([₀-₉]+)")


#: A letter that counts periods says nothing by itself: "for k ∈ Z".
_INTEGER = re.compile(
    r"\s*[,，(（]?\s*(?:for|where|with|其中)?\s*"
    r"(?:[kmn]\s*∈\s*(?:\\mathbb\s*\{?[ZN]\}?|[ZN])\s*(?:[_^]?\s*\{?[*+]\}?)?"
    r"|[kmn]\s*(?:为|是|取)(?:任意|任何|一切)?整数"
    r"|(?:[kmn]\s+(?:is\s+)?(?:an?|any)\s+integer|(?:any|all|an|every)\s+integers?\s+[kmn]))[)）]?"
    r"(?=[\s.。]*$)"
)


@lru_cache(maxsize=1024)
def one_spelling(written: str, *, commas: bool = True) -> str:
    """Return the text in one spelling.

    With ``commas`` false, ``1,600`` may be two numbers and stays.
    """
    text = _with_plain_signs(_as_typed(written), commas=commas)
    text = durations(times_of_day(plain_numbers(times_of_day(spoken_prices(text)))))
    text = re.sub(r"(?<=[ℝR}])\s*(?:\\setminus|\\backslash|\\)\s*(?=\\?\{)", " ∖ ", text)
    text = plain_numbers(normalise(_SPACE.sub(" ", text)).text)
    for pattern, to in _SAID:
        text = pattern.sub(to, text)
    text = re.sub(r"\[\s*\[[^\[\]]+\](?:\s*,\s*\[[^\[\]]+\])*\s*\]", _rows, text)
    text = re.sub(r"-+>|→|\\(?:to|rightarrow|longrightarrow)(?![A-Za-z])", " = ", text)
    for pattern, to in _RELATION if "\\" in text else _RELATION_TYPED:
        text = pattern.sub(to, text)
    text = plain_numbers(_with_braces(text))
    if not _MATRIX.search(text):
        text = _CASES.sub(" ", text)
        text = re.sub(r"\\\\(?:\[[^\]]*\])?", " ; ", text).replace("&", " ")
    text = _INTEGER.sub("", re.sub(r"\\[()\[\]]|\$", " ", text))
    text = multiples_of_pi(tuples(bases(text)))
    text = _BASE.sub(lambda m: f"{m['digits']}_{{{m['base']}}}", text)
    text = re.sub(r"\s*\n\s*(?=[=≈](?!=))", " ", _PROMPT.sub("", text))
    if not re.fullmatch(r"\s*(?:\\\{\s*\\\}|\{\s*\})\s*", text):
        text = re.sub(r"\{\s*\}", "", text)
    return re.sub(r"[ \t]+", " ", text).strip()


#: A decimal without its zero, and groups of digits kept together by negative spaces.
_BARE_POINT = re.compile(r"(?<![\w.)\]}…])\.(?=\d)")
_CLOSE_GROUPS = re.compile(r"(?<=\d)\{?,?\}?\s*(?:\\!\s*)+(?=\d{3}(?!\d))")
#: A backslash before a digit, and the ending of an ordinal as an exponent.
_SLIPPED = re.compile(r"(?<!\\)\\(?=\d)")
_ORDINAL = re.compile(
    r"(?P<n>\d)\s*\^\s*\{?\s*(?:\\text\s*\{)?\s*(?:st|nd|rd|th)\s*\}{0,2}(?![A-Za-z])"
)
#: Commands whose backslash was escaped once too often, on its way through JSON.
_ESCAPED_TWICE = re.compile(r"\\\\(?=[A-Za-z]{2})")


def _as_typed(written: str) -> str:
    """Return a text with whole decimals, without negative spaces and twice escaped commands."""
    if "\\begin" not in written and not re.search(r"(?<!\\)\\[A-Za-z]", written):
        written = _ESCAPED_TWICE.sub(r"\\", written)
    if "^" in written:
        written = _ORDINAL.sub(r"\g<n>", written)
    if "\\" in written:
        written = _CLOSE_GROUPS.sub("", _SLIPPED.sub("", written))
    return _BARE_POINT.sub("0.", written)


_SIGNS_ZH = {"乘": "*", "加": "+", "减": "-", "除": "/"}
#: What is said in words or typed on a keyboard, as signs.
_SAID = (
    (re.compile(r"\b(?:negative|minus)\s+infinity\b|负无穷大?", re.IGNORECASE), "-∞"),
    (re.compile(r"\b(?:positive|plus)\s+infinity\b|正?无穷大", re.IGNORECASE), "∞"),
    (re.compile(r"\\pmod\s*(?:\{[^{}]*\}|\w)|\(\s*(?:\\bmod|\\mod|mod)\s*\w+\s*\)"), " "),
    (re.compile(r"\\equiv(?![A-Za-z])|≡"), "="),
    (re.compile(r"(?<=\+)\s*(?:an? )?const(?:ant|\.)?(?![A-Za-z])"), " C"),
    (re.compile(r"(?<![\d:])(?P<time>(?:[01]?\d|2[0-3]):[0-5]\d):00(?![\d:])"), r"\g<time>"),
    (re.compile(r"(?<![A-Za-z])(?P<n>\d*[a-z])\s+squared(?![A-Za-z])"), r"\g<n>^2"),
    (re.compile(r"(?<![A-Za-z])(?P<n>\d*[a-z])\s+cubed(?![A-Za-z])"), r"\g<n>^3"),
    (re.compile(r"(?<![A-Za-z\d_])(?P<n>[xyz])(?P<at>[1-4])(?=\s*=)"), r"\g<n>_\g<at>"),
    (
        re.compile(
            r"(?P<a>\d+(?:\.\d+)?)\s*(?P<sign>乘以?|加上?|减去?|除以)\s*(?P<b>\d+(?:\.\d+)?)\s*"
            r"(?:等于|得到?|就?是|=)\s*(?=-?\d)"
        ),
        lambda m: f"{m['a']}{_SIGNS_ZH[m['sign'][0]]}{m['b']}=",
    ),
    (re.compile(r"(?P<part>\\frac\{\d+\}\{\d+\})\s+of\s+(?=√|\\sqrt|e(?![A-Za-z]))"), r"\g<part>*"),
    (re.compile(r"\bhalf\s+(?:of\s+)?e(?![A-Za-z])", re.IGNORECASE), r"\\frac{e}{2}"),
    (re.compile(r"(?<=[\dπe)}])\s*(?:除以|divided by)\s*(?=[\d(])"), "/"),
    (re.compile(r"∨"), " or "),
    (re.compile(r"∧"), " and "),
    (re.compile(r"(?<![A-Za-z])oo(?![A-Za-z])"), "∞"),
    (re.compile(r"(?<=[)\]])\s*U\s*(?=[(\[])"), "∪"),
    (re.compile(r"(?<=\d)\s+[xX]\s+(?=\d)"), "*"),
    (re.compile(r"(?<=\d)\s+over\s+(?=\d)"), "/"),
    (
        re.compile(
            r"(?<=\d)(?P<unit>\s*(?:km|kilomet(?:er|re)s?|miles?|m|met(?:er|re)s?|feet|ft))\s+"
            r"(?:in\s+(?:one|1|an|a)|every|each)\s+(?=(?:hour|minute|second)\b)"
        ),
        r"\g<unit> per ",
    ),
    (re.compile(r"(?<=\d)\.(?=[0-5]\d\s*[ap]\.?\s?m\b)", re.IGNORECASE), ":"),
    (re.compile(r"^\s*at\s+(?=\d{1,2}:\d\d)", re.IGNORECASE), ""),
    (
        re.compile(
            r"\b(?:plus[ -](?:or )?(?:minus|-))\s*(?=[\d\\])|正负\s*(?=[\d\\])", re.IGNORECASE
        ),
        "±",
    ),
    (
        re.compile(
            r"(?<=[\d}])\s*(?P<above>[A-Za-z]{1,3})\s*[·*.]?\s*(?P<below>s|h|hr|min)\s*\^\s*\{?\s*-"
            r"\s*(?P<power>[123])\s*\}?"
        ),
        r" \g<above>/\g<below>^\g<power>",
    ),
)


_AND = re.compile(r"(?<=\d)\s*&\s*(?=-?\d)")


def _with_plain_signs(written: str, *, commas: bool) -> str:
    """Return the text without what only sets or colours it.

    And with commas apart that are none of a number.
    """
    written = written.replace("\\in\\math", "∈\\math")
    if "&" in written and "\\" not in written:
        written = _AND.sub(" and ", written)
    text = _with_dollars(with_currencies(_MARKS.sub(" ", END_MARKS.sub(" ", written))))
    for sign, to in _SQUARES.items():
        text = text.replace(sign, to)
    text = re.sub(r"\\\\\[[\d.]+\s*[a-z]{2}\]", r"\\\\", text)
    pair = r"\\cup|∪|^[\s$]*(?:\\left)?[(\[][^()\[\]]*,[^()\[\]]*[)\]][\s$]*$"
    if not commas or re.search(pair, text):
        text = re.sub(r"(?<=\d),(?=\d)", ", ", text)
    text = _BARE_STYLE.sub(lambda m: "" if m.group() in (r"\left", r"\right") else " ", text)
    text = _FRACTIONS.sub(lambda _: "\\frac", _COLOUR.sub(" ", text))
    for _ in range(4):
        unwrapped = _TEXT.sub(_unwrapped, text)
        if unwrapped == text:
            break
        text = unwrapped
    return _LOG_BASE.sub(lambda m: "\\log_{" + m[1].translate(_SUBSCRIPTS) + "} ", text)


def _with_braces(text: str) -> str:
    """Return the text with fractions and binomials in their braced form."""
    # Both begin with what stands before their command: slow on a long text, and most have none.
    if "\\over" in text:
        text = _OVER.sub(lambda m: f"\\frac{{{m['top'].strip()}}}{{{m['bottom'].strip()}}}", text)
    if "\\choose" in text:
        text = _CHOOSE.sub(
            lambda m: f"\\binom{{{m['top'].strip()}}}{{{m['bottom'].strip()}}}", text
        )
    text = re.sub(r"\\[dt]?binom(?![A-Za-z])\s*(?:(\d)\s*(\d))?", _binomial, text)

    def braced(m: re.Match[str]) -> str:
        top, bottom = (
            first if first is not None else second
            for first, second in ((m["a"], m["b"]), (m["c"], m["d"]))
        )
        return f"\\frac{{{top}}}{{{bottom}}}"

    return _BARE_FRAC.sub(braced, text)


_MONEY = re.compile(
    r"\\?\$\s?(?P<amount>\d(?:(?:,|\{,\})?\d"
    r"|[ \u00a0\u202f]\d{3}(?!\d))*(?:\.\d+)?(?:\s*(?:hundred|thousand|million"
    r"|billion|trillion)\b)?)(?!\s*(?:dollars?|cents?)\b)",
    re.IGNORECASE,
)


def _with_dollars(text: str) -> str:
    """Return the text with sums of money as dollars.

    Where each dollar sign stands before a number, none is a formula's.
    """
    escaped = text.count("\\$")
    plain = text.count("$") - escaped
    if escaped:
        text = re.sub(
            _MONEY.pattern.replace(r"\\?\$", r"\\\$", 1),
            r"\g<amount> dollars",
            text,
            flags=re.IGNORECASE,
        )
    if plain and len(re.findall(r"(?<!\\)\$\s?\d", text)) == plain and "$$" not in text:
        text = _MONEY.sub(r"\g<amount> dollars", text)
    # Within a calculation the sign says nothing: "$10 + $8 = $18".
    return re.sub(r"(?<=\d) dollars(?=\s*(?:[-+*/×÷=≈x]|\\times|\\cdot)\s*[\d$(\\])", "", text)


_POINT_GROUPS = re.compile(r"(?<![\d.,])\d{1,3}(?:\.\d{3})+(?![\d.])(?:,\d+)?(?!\d)")
_COMMA_DECIMAL = re.compile(r"(?<![\d.,])(\d+),(\d{1,2})(?![\d,])")
_LONE_COMMA = re.compile(r"\s*\$?\s*(-?0(?=,\d)|-?\d+(?=,\d\d)),(\d+)\s*\$?\s*")


def same_decimal(one: str, other: str) -> bool:
    """Return whether one of two numbers is the other with a decimal comma: ``2,74`` and ``2.74``.

    Not ``2,3``, which may be two answers.
    """
    for comma, point in ((one, other), (other, one)):
        found = _LONE_COMMA.fullmatch(comma)
        if found is not None and point.strip(" $") == f"{found[1]}.{found[2]}":
            return True
    return False


def in_point_notation(stated: str, text: str, statement: str) -> str:
    """Return what is stated with decimal points.

    Where the whole text writes decimal commas or points between thousands.

    A number shows that where both marks stand in it, or where it is one of the problem's or the
    text's own in that spelling.
    """
    # A name of the problem, José, makes no text Spanish.
    if any(found.group() not in statement for found in _FOREIGN.finditer(text)):
        return _of_continent(stated)
    if "," not in stated and "." not in stated:
        return stated
    dotted = [m.group() for m in _POINT_GROUPS.finditer(text)]
    known = {n.replace(",", "") for n in re.findall(r"\d[\d,]*", statement)}
    european = any("," in n or n.count(".") > 1 or n.replace(".", "") in known for n in dotted)
    if european:
        return _POINT_GROUPS.sub(
            lambda m: m.group().replace(".", "").replace(",", "."), _decimal_commas(stated)
        )
    twins = set(re.findall(r"\d+\.\d+", text + " " + statement))
    return _COMMA_DECIMAL.sub(
        lambda m: f"{m[1]}.{m[2]}" if f"{m[1]}.{m[2]}" in twins else m.group(), stated
    )


#: German, French and Spanish, which write decimal commas, and points or spaces between thousands.
_FOREIGN = re.compile(
    r"\w*[äöüßéèêàçñ]\w*|\b(?:ist|ergibt|antwort|daher|somit|donc|il y a|por lo tanto|luego"
    r"|entonces|respuesta)\b|\b(?:est|vaut|hay|vale)(?= [-\d])",
    re.IGNORECASE,
)
_THERE_IS = re.compile(r"^\s*(?:il y a|es gibt(?: also)?|hay)\s+(?=\d)", re.IGNORECASE)
_PLAIN_LETTERS = str.maketrans("äöüéèêàçñ", "aoueeeacn")
_SPACED_GROUPS = re.compile(r"(?<![\d.,])\d{1,3}(?: \d{3})+(?![\d])")


def _of_continent(stated: str) -> str:
    """Return a text of the Continent with decimal points and without marks between thousands."""
    if "\\" in stated:
        return stated
    text = _THERE_IS.sub("", stated).translate(_PLAIN_LETTERS)
    text = _SPACED_GROUPS.sub(lambda m: m.group().replace(" ", ""), text)
    return _POINT_GROUPS.sub(
        lambda m: m.group().replace(".", "").replace(",", "."), _decimal_commas(text)
    )


def _decimal_commas(text: str) -> str:
    return _COMMA_DECIMAL.sub(r"\1.\2", text)


def _rows(found: re.Match[str]) -> str:
    """Return a matrix that is written as a list of rows in LaTeX."""
    rows = re.findall(r"\[([^\[\]]+)\]", found.group())
    return (
        "\\begin{pmatrix}"
        + " \\\\ ".join(row.replace(",", " & ") for row in rows)
        + "\\end{pmatrix}"
    )


def _binomial(found: re.Match[str]) -> str:
    return f"\\binom{{{found[1]}}}{{{found[2]}}}" if found[1] else "\\binom"


def _unwrapped(found: re.Match[str]) -> str:
    inner = found.group(1)
    command = found.group().split("{")[0]
    if "operatorname" in command:
        return "\\" + inner.strip() + " " if inner.strip().isalpha() else inner
    return f" {inner} " if "text" in command or "box" in command or "mathrm" in command else inner


def squeezed(written: str) -> str:
    """Return a text by which two writings are the same but for spaces, dollars and a full stop."""
    return re.sub(r"[\s$]", "", written).rstrip(".。")
