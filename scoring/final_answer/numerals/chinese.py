"""Numbers in Chinese characters: 三百二十, 五分之二, 两天半, 根号三."""

from __future__ import annotations

import re
from fractions import Fraction

from scoring.final_answer.numerals.written import as_decimal, as_fraction

_DIGITS = dict(zip("零〇一二三四五六七八九", (0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9), strict=True)) | {
    "两": 2
}
_SMALL = {"十": 10, "百": 100, "千": 1000}
_CHINESE = "零〇一二两三四五六七八九十百千万亿"
#: What may stand after a Chinese number for it to be a number and not part of a word (一定,
#: 一个人 is a number).
_COUNTED = re.compile(
    r"(?:π|派|个|只|条|本|支|张|件|元|块|角|分|斤|克|千克|吨|米|厘米|分米|毫米|千米"
    r"|公里|平方|立方|升|毫升|人|名|位|岁|年|月|日|天|周|小时|分钟|秒|时|页|题|道"
    r"|次|倍|度|种|组|班|对|双|套|盒|箱|袋|瓶|杯|辆|台|棵|朵|间|层|根|片|粒|颗|点"
    r"|步|匹|头|部|座|扇|封|笔|枚|串|束|群|架|艘|列|面|堆|顶|首|篇|册|幅|窝|桶|碗"
    r"|勺|盘|壶|罐|包|卷|节|段|场|轮|局|亩|公斤|公顷|毛|美元|份|类|门|排|行|圈|遍"
    r"|趟|期|所|家|户|枝|株|筐|捆|把|块|副|项|件|级|厘|刻|$|[。，,；;！!）)\s=])"
)
#: A half behind a number with its unit or its counter: 两天半, 一个半小时, 3年半.
_HALF_BEHIND = re.compile(
    r"(?P<number>\d+|[零一二两三四五六七八九十百]+)"
    r"(?:个半(?P<counted>小时|钟头|月|星期|(?![\u3400-\u9fff])))"
    r"|(?P<number2>\d+|[零一二两三四五六七八九十百]+)"
    r"(?P<unit>小时|钟头|天|年|周|米|千米|公里|元|块|斤|千克|公斤|吨|升|倍)半(?![\u3400-\u9fff])"
)


def with_halves(text: str) -> str:
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


def with_roots(text: str) -> str:
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
    rf"(?P<sign>负的?)?(?:(?P<whole>[{_CHINESE}\d]+)又)?(?P<bottom>[{_CHINESE}\d]+)"
    rf"分之(?P<top>[{_CHINESE}\d.]+)"
)
_CHINESE_NUMBER = re.compile(
    rf"(?P<sign>负的?)?(?P<number>(?:(?!零[件钱食售头下散碎]"
    rf"|千[米克瓦卡帕])[{_CHINESE}])+)(?:点(?P<decimals>[零〇一二三四五六七八九]+)"
    rf")?"
)


#: A line of the multiplication table as it is learnt: 五八四十, 二三得六.
_RHYME = re.compile(
    r"(?<![\u3400-\u9fff\d])(?P<a>[一二三四五六七八九])(?P<b>[一二三四五六七八九])"
    r"(?:得(?P<c>[一二三四五六七八九])|(?P<tens>[一二三四五六七八九]?十[一二三四五六七八九]?))(?:(?P<on>[，,；;]\s*(?=\S))|(?=[。\s]|$))"
)


def _product(found: re.Match[str]) -> str:
    """Return the product that a line of the table ends in, nothing where a result stands behind."""
    return "" if found["on"] else str(chinese_number(found["c"] or found["tens"]))


def _value(text: str) -> int | None:
    return int(text) if text.isdigit() else chinese_number(text)


def with_chinese(text: str) -> str:
    """Return a text with numbers in Chinese characters as digits."""

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
            return f"{'-' if m['sign'] else ''}{as_decimal(top)}%"
        return ("-" if m["sign"] else "") + as_fraction(whole + top / bottom)

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
        # Behind a comma three digits would pass for thousands: 乘6,三百三十.
        apart = " " if not m["sign"] and re.search(r"\d[,，]$", before) else ""
        return f"{apart}{'-' if m['sign'] else ''}{value}"

    text = _CHINESE_FRACTION.sub(fraction, _RHYME.sub(_product, text))
    text_now = text
    text = _CHINESE_NUMBER.sub(number, text)
    return re.sub(r"负的?(?=\s*[\d\\(])", "-", text)
