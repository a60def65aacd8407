"""The metrics that can be compared: what each is, in which unit, and which direction is better."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

#: Points of a score.
SCALE = 7.0


class Better(StrEnum):
    """Which direction is better."""

    #: More is better.
    HIGHER = "higher"
    #: Less is better.
    LOWER = "lower"
    #: Neither; a policy cannot limit it.
    NEITHER = "neither"


class Kind(StrEnum):
    """What a metric is about; it decides which conditions must be equal on both sides."""

    #: What the scorer says of the text.
    SCORE = "score"
    #: The text itself: its length, its end.
    TEXT = "text"
    #: How long it took.
    TIME = "time"
    #: How much memory it took.
    MEMORY = "memory"


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One metric."""

    name: str
    label: str
    unit: str
    kind: Kind
    better: Better
    digits: int
    #: Compared as a ratio: means of logarithms, differences in per cent.
    log_ratio: bool = False
    #: The share of results at or below the value that is compared; None: the mean is.
    percentile: float | None = None
    #: The column that holds its values.
    column: str
    #: Factor from the stored value to the unit.
    factor: float = 1.0
    #: The metric whose other end of the range this is; a verdict must hold at both ends.
    bounds: str | None = None

    #: The largest difference that there can be, in the unit; None where there is no end.
    largest: float | None = None

    @property
    def difference_unit(self) -> str:
        """Unit of a difference."""
        return "%" if self.log_ratio else self.unit


def _mean(
    name: str,
    label: str,
    unit: str,
    better: Better,
    *,
    kind: Kind = Kind.SCORE,
    factor: float = 1.0,
    bounds: str | None = None,
) -> Metric:
    return Metric(
        name=name,
        label=label,
        unit=unit,
        kind=kind,
        better=better,
        digits=2 if factor == 1 else 1,
        column=name,
        factor=factor,
        bounds=bounds,
        largest=SCALE if factor == 1 else factor,
    )


def _ratio(
    name: str,
    label: str,
    unit: str,
    kind: Kind,
    digits: int,
    *,
    better: Better = Better.LOWER,
    column: str | None = None,
    percentile: float | None = None,
) -> Metric:
    return Metric(
        name=name,
        label=label,
        unit=unit,
        kind=kind,
        better=better,
        digits=digits,
        log_ratio=True,
        percentile=percentile,
        column=column or name,
    )


_ALL = (
    _mean("score7", "score of 7", "points of 7", Better.HIGHER),
    _mean("score7_high", "  undetermined done", "points of 7", Better.HIGHER, bounds="score7"),
    _mean("answer_correct", "answers right %", "percentage points", Better.HIGHER, factor=100),
    _mean("guess_suspected", "guesses %", "percentage points", Better.LOWER, factor=100),
    _mean("cut", "cut %", "percentage points", Better.LOWER, kind=Kind.TEXT, factor=100),
    _ratio("output_tokens", "out tokens", "tokens", Kind.TEXT, 0, better=Better.NEITHER),
    _ratio("ttft_ms", "TTFT ms", "ms", Kind.TIME, 1),
    _ratio("ttft_ms_p95", "TTFT p95 ms", "ms", Kind.TIME, 1, column="ttft_ms", percentile=0.95),
    _ratio("tpot_ms", "TPOT ms", "ms", Kind.TIME, 2),
    _ratio("e2e_s", "E2E s", "s", Kind.TIME, 2),
    _ratio("e2e_s_p95", "E2E p95 s", "s", Kind.TIME, 2, column="e2e_s", percentile=0.95),
    _ratio("tokens_per_s", "tokens/s", "tokens/s", Kind.TIME, 1, better=Better.HIGHER),
    _ratio("need_mib", "need MiB", "MiB", Kind.MEMORY, 0),
    _ratio("nvml_peak_mib", "NVML peak MiB", "MiB", Kind.MEMORY, 0),
)
#: Every metric by name, in the order of tables.
METRICS = {metric.name: metric for metric in _ALL}
#: What results are read for: the columns behind the metrics.
COLUMNS = tuple(dict.fromkeys(metric.column for metric in _ALL))
