"""Simulate months of nights, and write what the rules find into docs/measurements/nightly.md.

``python -m bench.nights`` runs the rules of ``comparison/nights.py`` as the reconciler does; it
takes some minutes. ``--months 50`` shows the tables of a quick run and writes nothing.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from comparison.metrics import METRICS
from comparison.nights import (
    DRIFT_ALLOWANCE,
    DRIFT_LIMIT,
    FEWEST_NIGHTS,
    Distance,
    NightFinding,
    Reference,
    distance_from,
    find,
    make_reference,
)

PAGE = Path(__file__).resolve().parent.parent / "docs" / "measurements" / "nightly.md"
BEGIN, END = "<!-- python -m bench.nights: begin -->", "<!-- python -m bench.nights: end -->"
MONTHS, NIGHTS, METRICS_WATCHED = 1000, 30, 12
PROBLEMS, REPETITIONS = 62, 3
SCORE = METRICS["score7"]


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """How nights vary; the unit is the standard error of one night."""

    name: str
    reference_nights: int = FEWEST_NIGHTS
    #: Noise that all problems of a night share, beside their own.
    night_noise: float = 0.0
    #: Correlation of a night with the night before.
    correlation: float = 0.0
    #: By how much the values drop on the first night after the reference, and stay.
    step: float = 0.0


QUIET_WORLDS = (
    World(name="independent nights"),
    World(name="with night noise of 0.7 standard errors", night_noise=0.7),
    World(name="autocorrelated, AR(1) 0.3", correlation=0.3),
    World(name="autocorrelated, 20 reference nights", correlation=0.3, reference_nights=20),
    World(name="night noise, 20 reference nights", night_noise=0.7, reference_nights=20),
)


def gaussian_month(draw: np.random.Generator, world: World, series: int) -> list[NightFinding]:
    """Return the findings of one metric in one month."""
    count = world.reference_nights + NIGHTS
    values = draw.normal(size=count) * math.hypot(1, world.night_noise)
    if world.correlation:
        own = math.sqrt(1 - world.correlation**2)
        for night in range(1, count):
            values[night] = world.correlation * values[night - 1] + own * values[night]
    values[world.reference_nights :] -= world.step
    errors = np.sqrt(draw.chisquare(PROBLEMS - 1, size=count) / (PROBLEMS - 1))
    frozen = values[: world.reference_nights]
    distances = tuple((frozen - frozen.mean()).tolist())
    reference = Reference(metric=SCORE, problems={"all": 0.0}, distances=distances)
    nights = [
        Distance(mean=float(value - frozen.mean()), standard_error=float(error), problems=PROBLEMS)
        for value, error in zip(
            values[world.reference_nights :], errors[world.reference_nights :], strict=True
        )
    ]
    return find(reference, nights, series=series)


def scored_month(draw: np.random.Generator, drop: float) -> tuple[list[NightFinding], float]:
    """Return the findings on discrete scores, and the standard error of a night in points of 7.

    Problems have 3 to 7 steps with a difficulty each, a step is shown or not, and 7 % of the
    answers collapse to 0. ``drop``, in points of 7, begins after the reference.
    """
    steps = draw.integers(3, 8, size=PROBLEMS)
    shown = np.clip(draw.beta(2.5, 1.2, size=PROBLEMS), 0.02, 0.98)
    nights: list[dict[str, float]] = []
    for night in range(FEWEST_NIGHTS + NIGHTS):
        lost = drop / 7 / 0.93 if night >= FEWEST_NIGHTS else 0.0
        chance = np.clip(shown - lost * shown / shown.mean(), 0, 1)[:, None]
        done = draw.binomial(steps[:, None], chance, size=(PROBLEMS, REPETITIONS))
        kept = draw.random((PROBLEMS, REPETITIONS)) >= 0.07
        scores = (7 * done / steps[:, None] * kept).mean(axis=1)
        nights.append({f"p{place}": float(score) for place, score in enumerate(scores)})
    reference = make_reference(SCORE, nights[:FEWEST_NIGHTS])
    assert reference is not None
    distances = [distance_from(reference, night) for night in nights[FEWEST_NIGHTS:]]
    known = [distance for distance in distances if distance is not None]
    error = float(np.mean([distance.standard_error for distance in known]))
    return find(reference, known, series=METRICS_WATCHED), error


def first_alarm(found: Sequence[NightFinding]) -> int | None:
    """Return the number of the night with the first alarm, from 1."""
    return next((n for n, one in enumerate(found, start=1) if one.course.alarms), None)


def plain_cusum(found: Sequence[NightFinding]) -> bool:
    """Return whether a CUSUM of k = 1 and h = 4 on z itself alarms, whatever is watched beside."""
    summed = 0.0
    for one in found:
        summed = max(0.0, summed + one.z - DRIFT_ALLOWANCE)
        if summed > DRIFT_LIMIT:
            return True
    return False


def false_alarms(months: int) -> Iterator[str]:
    """Yield the table of months in which any of 12 independent metrics alarmed."""
    yield "| nights | months | any false alarm | of one metric | any, by a plain CUSUM |"
    yield "|---|---|---|---|---|"
    for number, world in enumerate(QUIET_WORLDS):
        draw = np.random.default_rng(number)
        alarms = np.zeros((months, METRICS_WATCHED), dtype=bool)
        plain = np.zeros((months, METRICS_WATCHED), dtype=bool)
        for month, metric in np.ndindex(alarms.shape):
            found = gaussian_month(draw, world, METRICS_WATCHED)
            alarms[month, metric] = first_alarm(found) is not None
            plain[month, metric] = plain_cusum(found)
        any_alarm, one = 100 * alarms.any(axis=1).mean(), 100 * alarms.mean()
        by_plain = 100 * plain.any(axis=1).mean()
        yield (
            f"| {world.name} | {months:,} | {any_alarm:.1f} % | {one:.2f} % | {by_plain:.1f} % |"
        )


def found_table(months: int) -> Iterator[str]:
    """Yield the table of steps found."""
    yield "| nights | step, in standard errors | by night 2 | by night 5 | within the month |"
    yield "|---|---|---|---|---|"
    for world in (QUIET_WORLDS[0], *QUIET_WORLDS[1:3]):
        for step in (2.0, 3.0, 5.0):
            draw = np.random.default_rng(int(10 * step))
            stepped = replace(world, step=step)
            firsts = [
                first_alarm(gaussian_month(draw, stepped, METRICS_WATCHED)) for _ in range(months)
            ]
            yield f"| {world.name} | {step:g} | {_shares(firsts)} |"


def scored_table(months: int) -> Iterator[str]:
    """Yield the table of drops found on discrete scores, in points of 7."""
    yield "| drop, points of 7 | in standard errors | by night 2 | by night 5 | within the month |"
    yield "|---|---|---|---|---|"
    draw = np.random.default_rng(7)
    error = float(np.mean([scored_month(draw, 0.0)[1] for _ in range(20)]))
    drops = (0.0, 2 * error, 3 * error, 5 * error, 0.5, 1.0)
    for drop in sorted(drops):
        draw = np.random.default_rng(int(1000 * drop))
        firsts = [first_alarm(scored_month(draw, drop)[0]) for _ in range(months)]
        yield f"| {drop:.2f} | {drop / error:.1f} | {_shares(firsts)} |"


def _shares(firsts: Sequence[int | None]) -> str:
    def share(by: int) -> str:
        found = sum(first is not None and first <= by for first in firsts)
        return f"{100 * found / len(firsts):.1f} %"

    return " | ".join((share(2), share(5), share(NIGHTS)))


def tables(months: int) -> str:
    """Return the generated part of the page."""
    parts = (
        ("False alarms", false_alarms(months)),
        ("Steps that are found", found_table(months)),
        (
            f"Drops of the score, {PROBLEMS} problems x {REPETITIONS} repetitions",
            scored_table(months),
        ),
    )
    return "\n\n".join("\n".join((f"### {title}", "", *lines)) for title, lines in parts)


def main() -> None:
    """Write the tables into the page, or print those of a quick run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--months", type=int, default=MONTHS)
    months: int = parser.parse_args().months
    made = tables(months)
    if months != MONTHS:
        sys.stdout.write(made + "\n")
        return
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text(f"{before}{BEGIN}\n\n{made}\n\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
