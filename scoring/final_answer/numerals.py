r"""Rewrite numbers that are not plain digits.

Words, scales, mixed numbers, digit groups, repeating decimals.

Everything becomes digits, ``\frac{a}{b}`` or ``(a+\frac{b}{c})``, exactly; text around numbers
is left alone.
"""

from __future__ import annotations

import re
from fractions import Fraction
from functools import lru_cache

_DIGITS = dict(zip("零〇一二三四五六七八九", (0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9), strict=True)) | {
    "两": 2
}
_SMALL = {"十": 10, "百": 100, "千": 1000}
_SCALES = {
    "千": 10**3,
    "百": 10**2,
    "万": 10**4,
    "亿": 10**8,
    "十万": 10**5,
    "百万": 10**6,
    "千万": 10**7,
}
_ENGLISH_SCALES = {
    "hundred": 10**2, "thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12,
    "dozen": 12,
}  # fmt: skip
_ONES = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_TENS = dict(
    zip(
        ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"],
        range(20, 100, 10),
        strict=True,
    )
)
_ENGLISH = {word: number for number, word in enumerate(_ONES)} | _TENS
_ORDINALS = {
    "half": 2, "halves": 2, "third": 3, "thirds": 3, "quarter": 4, "quarters": 4, "fourth": 4,
    "fourths": 4, "fifth": 5,
    "fifths": 5, "sixth": 6, "sixths": 6, "seventh": 7, "sevenths": 7, "eighth": 8, "eighths": 8,
    "ninth": 9,
    "ninths": 9, "tenth": 10, "tenths": 10, "eleventh": 11, "elevenths": 11, "twelfth": 12,
    "twelfths": 12,
    "thirteenth": 13, "thirteenths": 13, "fifteenth": 15, "fifteenths": 15, "sixteenth": 16,
    "sixteenths": 16,
    "twentieth": 20, "twentieths": 20, "hundredth": 100, "hundredths": 100,
}  # fmt: skip
_CHINESE = "零〇一二两三四五六七八九十百千万亿"
#: What may stand after a Chinese number for it to be a number and not part of a word (一定,
#: 一个人 is a number).
_COUNTED = re.compile(
    r"(?:个|只|条|本|支|张|件|元|块|角|分|斤|克|千克|吨|米|厘米|分米|毫米|千米"
    r"|公里|平方|立方|升|毫升|人|名|位|岁|年|月|日|天|周|小时|分钟|秒|时|页|题|道"
    r"|次|倍|度|种|组|班|对|双|套|盒|箱|袋|瓶|杯|辆|台|棵|朵|间|层|根|片|粒|颗|点"
    r"|步|匹|头|部|座|扇|封|笔|枚|串|束|群|架|艘|列|面|堆|顶|首|篇|册|幅|窝|桶|碗"
    r"|勺|盘|壶|罐|包|卷|节|段|场|轮|局|亩|公斤|公顷|毛|美元|份|类|门|排|行|圈|遍"
    r"|趟|期|所|家|户|枝|株|筐|捆|把|块|副|项|件|级|厘|刻|$|[。，,；;！!）)\s=])"
)

_GROUP = re.compile(
    r"(?<![\d.,}_^])\d{1,3}(?:(?:\{,\}|,\\!|\\,|\\ |\\;|\\:|[  ']|(?<=\d),(?=\d{3}))\d{3})+(?![\d])"
)
_INDIAN = re.compile(r"(?<![\d.,])\d{1,2}(?:,\d{2})+,\d{3}(?![\d,])")
_MIXED = re.compile(
    r"(?<![\d.}_^\w\\/])(?P<whole>\d+)\s*(?:又"
    r"|and)?\s*\\frac\s*\{\s*(?P<top>\d+)\s*\}\s*\{\s*(?P<bottom>\d+)\s*\}"
)
_MIXED_PLAIN = re.compile(
    r"(?<![\d.}_^\w\\/*+=<>-])(?P<sign>-?)(?P<whole>\d+)(?:\s+|又|\s+and\s+)"
    r"(?P<top>\d+)\s*/\s*(?P<bottom>\d+)(?![\d/]|\.\d)"
)
_VULGAR = {"½": (1, 2), "⅓": (1, 3), "⅔": (2, 3), "¼": (1, 4), "¾": (3, 4), "⅕": (1, 5),
           "⅖": (2, 5), "⅗": (3, 5),
           "⅘": (4, 5), "⅙": (1, 6), "⅚": (5, 6), "⅛": (1, 8), "⅜": (3, 8), "⅝": (5, 8),
           "⅞": (7, 8)}  # fmt: skip
_MIXED_VULGAR = re.compile(rf"(?P<whole>\d+)?\s*(?P<sign>[{''.join(_VULGAR)}])")
_OVERLINE = re.compile(
    r"(?<!\d)(?P<whole>\d*)\.(?P<head>\d*)(?:\\(?:overline|bar"
    r"|overset\{\s*\\_+\})\s*\{(?P<tail>\d+)\}|\\(?:overline|bar)\s*(?P<one>\d)"
    r"|\((?P<paren>\d+)\)(?![\d(*]))"
)
_DOTTED = re.compile(
    r"(?<!\d)(?P<whole>\d*)\.(?P<head>\d*)\\dot\s*\{?(?P<a>\d)\}?(?P<mid>\d*)(?:\\dot\s*\{?(?P<b>\d)\}?)?"
)
_SAID_REPEATING = re.compile(
    r"(?<![\d.])(?P<whole>\d*)\.(?P<tail>\d)\s*(?:,\s*)?\(?(?:repeating|recurring|循环)\)?"
    r"(?!\s+\d)",
    re.IGNORECASE,
)
_COMBINING = re.compile(
    r"(?<!\d)(?P<whole>\d*)\.(?P<head>\d*?)(?P<tail>(?:\d[\u0305\u0304\u0307])+)"
)
_ELLIPSIS = re.compile(
    r"(?<![\d.])(?P<whole>\d+)\.(?P<digits>\d{2,})\s*(?:\.\.\.+|…+|\\ldots|\\dots|\\cdots)"
)


@lru_cache(maxsize=1024)
def plain_numbers(text: str) -> str:
    """Return the text with every number in digits; idempotent."""
    text = _repeating(_roots(text))
    text = _INDIAN.sub(lambda found: found.group().replace(",", ""), text)
    if not text.isascii():
        text = _MIXED_VULGAR.sub(_vulgar, text)
    text = re.sub(r"(?<=\d)，(?=\d{3}(?!\d))", ",", text)
    text = _GROUP.sub(lambda found: re.sub(r"[^\d]", "", found.group()), text)
    if "\\frac" in text:
        text = _MIXED.sub(_mixed, text)
    if "/" in text:
        text = _MIXED_PLAIN.sub(_mixed, text)
    if not text.isascii():
        text = _chinese(_with_halves(text))
    text = _english(text)
    text = re.sub(
        r"(?<![\d.-])(?P<n>\d+(?:\.\d+)?)(?P<unit>\s*(?:degrees?\s*)?)below (?:zero"
        r"|0)|零下\s*(?=\d)",
        lambda m: f"-{m['n']}{m['unit']}" if m["n"] else "-",
        text,
    )
    return _scaled(text)


#: A half behind a number with its unit or its counter: 两天半, 一个半小时, 3年半.
_HALF_BEHIND = re.compile(
    r"(?P<number>\d+|[零一二两三四五六七八九十百]+)"
    r"(?:个半(?P<counted>小时|钟头|月|星期|(?![\u3400-\u9fff])))"
    r"|(?P<number2>\d+|[零一二两三四五六七八九十百]+)"
    r"(?P<unit>小时|钟头|天|年|周|米|千米|公里|元|块|斤|千克|公斤|吨|升|倍)半(?![\u3400-\u9fff])"
)


def _with_halves(text: str) -> str:
    """Return the text with a half that is said behind a number as its decimal: 1.5小时."""
    if "半" not in text:
        return text

    def made(m: re.Match[str]) -> str:
        whole = _value(m["number"] or m["number2"])
        unit = m["unit"] or m["counted"] or "个"
        return m.group() if whole is None else f"{whole}.5{unit}"

    return _HALF_BEHIND.sub(made, text)


_ROOT = re.compile(
    r"(?P<times>倍)?根号(?:下)?\s*(?:\(\s*)?(?P<number>\d+"
    r"|[零一二两三四五六七八九十百]+|[a-z](?![A-Za-z]))\s*\)?"
)


def _roots(text: str) -> str:
    """Return the text with roots in Chinese words as LaTeX: 二分之根号三."""
    if "根号" not in text:
        return text

    def root(m: re.Match[str]) -> str:
        known = chinese_number(m["number"])
        return f"\\sqrt{{{m['number'] if known is None else known}}}"

    text = re.sub(
        rf"(?P<n>[{_CHINESE}]+)(?=倍?根号)",
        lambda m: (
            str(chinese_number(m["n"]))
            if not m.string[: m.start()].endswith("分之") and chinese_number(m["n"]) is not None
            else m["n"]
        ),
        text,
    )
    text = _ROOT.sub(root, text)
    return re.sub(
        rf"(?P<bottom>[{_CHINESE}\d]+)分之(?P<top>[{_CHINESE}\d]*倍?\\sqrt\{{\w+\}})",
        lambda m: f"\\frac{{{m['top'].replace('倍', '')}}}{{{_value(m['bottom'])}}}",
        text,
    )


def _fraction(value: Fraction) -> str:
    if value.denominator == 1:
        return str(value.numerator)
    sign = "-" if value < 0 else ""
    return f"{sign}\\frac{{{abs(value.numerator)}}}{{{value.denominator}}}"


def _repeating(text: str) -> str:
    def made(whole: str, head: str, tail: str) -> str:
        scale = 10 ** len(head)
        value = Fraction(int((whole or "0") + head or "0"), scale)
        return _fraction(value + Fraction(int(tail), (10 ** len(tail) - 1) * scale))

    text = _SAID_REPEATING.sub(lambda m: made(m["whole"], "", m["tail"]), text)
    text = _OVERLINE.sub(
        lambda m: made(m["whole"], m["head"], m["tail"] or m["one"] or m["paren"]), text
    )
    text = _DOTTED.sub(
        lambda m: made(m["whole"], m["head"], m["a"] + ((m["mid"] + m["b"]) if m["b"] else "")),
        text,
    )
    text = _COMBINING.sub(lambda m: made(m["whole"], m["head"], re.sub(r"\D", "", m["tail"])), text)

    def endless(m: re.Match[str]) -> str:
        digits = m["digits"]
        for size in range(1, len(digits) // 2 + 1):
            for head in range(len(digits) - 2 * size + 1):
                tail = digits[head : head + size]
                rest = digits[head:]
                # A period shows where its digits come at least twice and fill all that follows.
                if rest == (tail * len(rest))[: len(rest)] and (size > 1 or len(rest) >= 2):
                    return made(m["whole"], digits[:head], tail)
        return m.group()

    return _ELLIPSIS.sub(endless, text)


def _vulgar(found: re.Match[str]) -> str:
    top, bottom = _VULGAR[found["sign"]]
    return f"({found['whole'] or 0}+\\frac{{{top}}}{{{bottom}}})"


def _mixed(found: re.Match[str]) -> str:
    """Return a whole number before a proper fraction as a sum; anything else stays as it is."""
    top, bottom = int(found["top"]), int(found["bottom"])
    if not 0 < top < bottom:
        return found.group()
    sign = found.groupdict().get("sign") or ""
    return f"{sign}({found['whole']}+\\frac{{{top}}}{{{bottom}}})"


def chinese_number(text: str) -> int | None:
    """Return the value of a number in Chinese characters, or None where it is none.

    三百二十, 一万零五, 二〇二四.
    """
    if not text or any(char not in _CHINESE for char in text):
        return None
    if all(char in _DIGITS for char in text):
        return int("".join(str(_DIGITS[char]) for char in text)) if len(text) > 1 or text else None
    total, section, digit = 0, 0, None
    for char in text:
        if char in _DIGITS:
            digit = _DIGITS[char]
        elif char in _SMALL:
            section += (1 if digit is None else digit) * _SMALL[char]
            digit = None
        else:
            scale = 10**4 if char == "万" else 10**8
            section += digit or 0
            total = (total + section) * scale if char == "亿" else total + (section or 1) * scale
            section, digit = 0, None
    return total + section + (digit or 0)


_CHINESE_FRACTION = re.compile(
    rf"(?P<sign>负)?(?:(?P<whole>[{_CHINESE}\d]+)又)?(?P<bottom>[{_CHINESE}\d]+)"
    rf"分之(?P<top>[{_CHINESE}\d.]+)"
)
_CHINESE_NUMBER = re.compile(
    rf"(?P<sign>负)?(?P<number>(?:(?!零[件钱食售头下散碎]"
    rf"|千[米克瓦卡帕])[{_CHINESE}])+)(?:点(?P<decimals>[零〇一二三四五六七八九]+)"
    rf")?"
)


def _value(text: str) -> int | None:
    return int(text) if text.isdigit() else chinese_number(text)


def _chinese(text: str) -> str:
    def fraction(m: re.Match[str]) -> str:
        top: Fraction | None
        try:
            top = Fraction(m["top"])
        except ValueError:
            known = chinese_number(m["top"])
            top = None if known is None else Fraction(known)
        bottom = _value(m["bottom"])
        whole = _value(m["whole"]) if m["whole"] else 0
        if top is None or not bottom or whole is None:
            return m.group()
        if m["bottom"] in ("百", "100") and not m["whole"]:
            return f"{'-' if m['sign'] else ''}{_decimal(top)}%"
        return ("-" if m["sign"] else "") + _fraction(whole + top / bottom)

    def number(m: re.Match[str]) -> str:
        value = chinese_number(m["number"])
        before, after = text_now[: m.start()], text_now[m.end() :]
        # 第三步 and 十分 do not answer anything; digits before make it a scale (3万).
        if (
            value is None
            or before.endswith(("第", "每", "方案", "情形", "情况", "方法", "步骤"))
            or (m["number"] == "一" and re.match(r"个?[是为]|个[等就]", after))
            or (
                m["number"] == "一"
                and before.endswith(("另", "某", "任", "同", "这", "那", "哪", "各", "统", "唯"))
            )
            or re.search(r"[\d.}$]\s*\$?$", before)
            or m["number"] in ("万", "亿", "千", "百")
        ):
            return m.group()
        if m["decimals"]:
            digits = "".join(str(_DIGITS[char]) for char in m["decimals"])
            return f"{'-' if m['sign'] else ''}{value}.{digits}"
        ratio = re.match(rf"比[{_CHINESE}]+(?![{_CHINESE}多少大小高低长短快慢])", after)
        if not m["sign"] and not ratio and not _COUNTED.match(after):
            return m.group()
        return f"{'-' if m['sign'] else ''}{value}"

    text = _CHINESE_FRACTION.sub(fraction, text)
    text_now = text
    text = _CHINESE_NUMBER.sub(number, text)
    return re.sub(r"负(?=\s*[\d\\(])", "-", text)


def _decimal(value: Fraction) -> str:
    return str(value.numerator) if value.denominator == 1 else str(float(value))


def _counted_out(words: str) -> str:
    """Return numbers in English words as digits.

    "five and seven" are two, "one hundred and seven" is one.
    """
    made: list[str] = []
    total = section = 0
    last = ""  # the word before, to see where a new number begins
    for gap, word in re.findall(r"([\s-]*(?:and\s+)?)([a-z]+)", words.lower()):
        fits = (
            not last
            or word not in _ENGLISH
            or last in _ENGLISH_SCALES
            or (last in _TENS and 0 < _ENGLISH[word] < 10 and "and" not in gap)
        )
        if not fits:
            made += [str(total + section), gap]
            total = section = 0
        if word in _ENGLISH:
            section += _ENGLISH[word]
        elif word == "hundred":
            section = (section or 1) * 100
        else:
            total, section = total + (section or 1) * _ENGLISH_SCALES[word], 0
        last = word
    return "".join([*made, str(total + section)])


_SQUARE_ROOT = re.compile(
    r"(?:(?P<times>\d+)\s+times\s+)?(?:the\s+)?(?:square\s+)?root\s+(?:of\s+)?(?"
    r"P<number>\d+)(?!\d|\.\d)",
    re.IGNORECASE,
)
_MINUS = re.compile(r"\b(?:minus|negative)\s+(?=\d|\\frac|\\sqrt)", re.IGNORECASE)


def _signs(text: str) -> str:
    """Return the text with minus, plus and square roots in words as signs."""
    text = _SQUARE_ROOT.sub(lambda m: f"{m['times'] or ''}\\sqrt{{{m['number']}}}", text)
    text = re.sub(
        r"(?:(?<=\d)|(?<=\})|(?<=(?<![A-Za-z])[A-Za-z]))\s+(?P<sign>minus"
        r"|plus)\s+(?=\d|\\|[A-Za-z](?![A-Za-z]))",
        lambda m: " - " if m["sign"] == "minus" else " + ",
        text,
    )
    return _MINUS.sub("-", text)


_WORD_NUMBER = re.compile(
    rf"(?<![A-Za-z\\])(?P<words>(?"
    rf":{'|'.join(sorted(_ENGLISH, key=len, reverse=True))})(?:(?:[\s-]+(?:and\s+)"
    rf"?)(?"
    rf":{'|'.join(sorted([*_ENGLISH, *_ENGLISH_SCALES], key=len, reverse=True))}))"
    rf"*)(?![A-Za-z])",
    re.IGNORECASE,
)
_WORD_FRACTION = re.compile(
    rf"(?<![A-Za-z\\])(?P<top>{'|'.join(_ONES[1:])}"
    rf"|an?)(?:[\s-]+)(?P<bottom>{'|'.join(sorted(_ORDINALS, key=len, reverse=True))}"
    rf")(?![A-Za-z])",
    re.IGNORECASE,
)


#: "half a mile", "half an hour".
_HALF = re.compile(r"(?<![A-Za-z])half\s+an?\s+(?P<unit>[a-z]+)", re.IGNORECASE)
#: "4/5 of an hour".
_PART_OF = re.compile(
    r"(?P<part>\d+\s*/\s*\d+|\\frac\{\d+\}\{\d+\}|\d*\.\d+)\s+of\s+an?\s+(?P<unit>[a-z]+)",
    re.IGNORECASE,
)
#: What "two and a half" has become.
_AND_FRACTION = re.compile(
    r"(?<![\d.}_^\w\\/])(?P<whole>\d+)\s+and\s+\\frac\{(?P<top>\d+)\}\{(?P<bottom>\d+)\}"
)


def _english(text: str) -> str:
    def fraction(m: re.Match[str]) -> str:
        top = 1 if m["top"].lower() in ("a", "an") else _ENGLISH[m["top"].lower()]
        return f"\\frac{{{top}}}{{{_ORDINALS[m['bottom'].lower()]}}}"

    def number(m: re.Match[str]) -> str:
        counted = re.match(
            r"\s+(?:dollar|cent|hour|minute|second|day|week|month|year|metre|meter|mile|pound)\b",
            m.string[m.end() :],
        )
        if (
            m["words"].lower() == "one"
            and not counted
            and not re.search(
                r"(?:\b(?:is|are|was|equals|exactly|only|just|or|and)|[=:])\s*\**$",
                m.string[: m.start()][-14:],
                re.IGNORECASE,
            )
        ):
            return m.group()  # "one can see" counts nothing
        return _counted_out(m["words"])

    text = _HALF.sub(r"\\frac{1}{2} \g<unit>", text)
    text = _WORD_FRACTION.sub(fraction, text)
    text = _WORD_NUMBER.sub(number, text)
    text = _PART_OF.sub(r"\g<part> \g<unit>", text)
    return _AND_FRACTION.sub(_mixed, _signs(text))


_SCALE = re.compile(
    r"(?P<number>\d+(?:\.\d+)?)\s*\$?\s*(?P<scale>十万|百万|千万|[万亿](?!分)"
    r"|千(?![克米瓦卡])|百(?!分)|(?:hundred|thousand|million|billion|trillion"
    r"|dozen)(?![A-Za-z]))",
    re.IGNORECASE,
)
_COMPOUND = re.compile(
    r"\d+(?:\.\d+)?\s*\$?\s*(?:十万|百万|千万|[万亿千百])(?:\s*(?:零"
    r"|〇)?\s*\d+(?:\.\d+)?\s*\$?\s*(?:十万|百万|千万|[万亿千百])?(?!\d))*",
)


def _scaled(text: str) -> str:
    """Return numbers with a scale multiplied out: ``3万6千``, ``2亿4000万``, ``2.5 million``."""

    def compound(found: re.Match[str]) -> str:
        pieces = re.findall(r"(\d+(?:\.\d+)?)\s*\$?\s*(十万|百万|千万|[万亿千百])?", found.group())
        if re.search(r"千[克米瓦卡]|百分", text[found.start() : found.end() + 1]):
            return found.group()
        total, last = Fraction(0), 0
        for number, scale in pieces:
            size = _SCALES.get(scale, 1)
            if not scale and last and "." not in number and len(number) == 1:
                size = last // 10  # 3万6 is said for 36000
            total += Fraction(number) * size
            last = size
        return _decimal(total)

    text = _COMPOUND.sub(compound, text)
    return _SCALE.sub(
        lambda m: _decimal(
            Fraction(m["number"]) * (_SCALES.get(m["scale"]) or _ENGLISH_SCALES[m["scale"].lower()])
        ),
        text,
    )
