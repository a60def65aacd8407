"""The history of a schedule's nights as text of 80 columns: a table and a sparkline per metric."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from comparison.metrics import METRICS
from reports.tables.layout import broken, folded

WIDTH = 80
#: Nights that a sparkline shows.
SPARKS = 30
_BARS = "▁▂▃▄▅▆▇█"
#: A night without a value.
_NONE = "·"


def nights_text(
    nights: Sequence[Mapping[str, Any]],
    metrics: Sequence[Mapping[str, Any]],
    zone: dt.tzinfo,
) -> Iterator[str]:
    """Yield the lines: every night, newest first, then every metric of every model and prompt."""
    yield f"{'night':<16}  {'state':<12}  why"
    for night in nights:
        when = f"{night['slot'].astimezone(zone):%Y-%m-%d %H:%M}"
        room = WIDTH - 32
        first, *rest = folded(night["reason"] or night["run"] or "-", room)
        yield f"{when:<16}  {night['state']:<12}  {first}"
        yield from (f"{'':<32}{line}" for line in rest)
    slots = [night["slot"] for night in nights][::-1][-SPARKS:]
    by_series: dict[tuple[str, str], dict[str, list[Mapping[str, Any]]]] = {}
    for row in metrics:
        named = by_series.setdefault((row["model"], row["prompt"]), {})
        named.setdefault(row["metric"], []).append(row)
    for (model, prompt), named in by_series.items():
        yield ""
        yield from broken(f"{model}, {prompt}", WIDTH)
        for name in [known for known in METRICS if known in named]:
            yield _series(name, named[name], slots)


def sparkline(values: Sequence[float | None]) -> str:
    """Return a bar per value, from the lowest to the highest; a dot where there is none."""
    known = [value for value in values if value is not None]
    low, high = min(known, default=0.0), max(known, default=0.0)

    def bar(value: float | None) -> str:
        if value is None:
            return _NONE
        if high - low <= 1e-9 * max(abs(high), 1e-9):
            return _BARS[3]
        return _BARS[min(int(8 * (value - low) / (high - low)), 7)]

    return "".join(map(bar, values))


def _series(name: str, rows: Sequence[Mapping[str, Any]], slots: Sequence[dt.datetime]) -> str:
    metric = METRICS[name]
    values = {row["slot"]: float(row["value"]) for row in rows}
    last = rows[-1]
    value = f"{last['value']:.{metric.digits}f}"
    unit = "%" if metric.log_ratio else ""
    change = "" if last["difference"] is None else f"{last['difference']:+.{metric.digits}f}{unit}"
    course = "refused" if last["refused"] else last["course"] or ""
    spark = sparkline([values.get(slot) for slot in slots])
    return f"  {name:<15} {spark:<{SPARKS}} {value:>9} {change:>9} {course}".rstrip()
