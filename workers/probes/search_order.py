"""Which level or ramp to try next, from the trials so far alone, so that a search can resume."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from workers.probes.trial import Trial


def next_bisected(done: Iterable[Trial], *, trials: int, most: int) -> tuple[int, int] | None:
    """Return the next level and trial of a search from 1 to ``most``, None where it has ended.

    Levels double up to the first that is not stable; then the gap below it is halved until it is
    closed. A level is stable after ``trials`` stable trials, and not stable after its first that is
    not.
    """
    stable, unstable, begun = _sorted(done, trials)
    if begun is not None:
        return begun
    lowest = min(unstable, default=None)
    # A level that was stable above one that was not does not count towards the limit.
    highest = max((level for level in stable if lowest is None or level < lowest), default=0)
    if lowest is None:
        return None if highest >= most else (min(max(1, 2 * highest), most), 1)
    return None if lowest - highest <= 1 else ((highest + lowest) // 2, 1)


def next_in_turn(
    done: Iterable[Trial], *, levels: Sequence[int], trials: int
) -> tuple[int, int] | None:
    """Return the next of the levels, lowest first, up to the first not stable; None at the end."""
    stable, unstable, begun = _sorted(done, trials)
    if begun is not None:
        return begun
    rest = [level for level in sorted(levels) if level not in stable]
    return (rest[0], 1) if rest and not unstable else None


def next_ramp(done: Iterable[Trial], *, ramps: int, most: int) -> int | None:
    """Return the first ramp, 1 to ``ramps``, that has not ended; None where all have.

    A ramp's number is the ``trial`` of its trials. It ends with its first trial that was not
    stable, or with the ``most``-th engine.
    """
    ended = {trial.trial for trial in done if not trial.stable or trial.level >= most}
    return next((ramp for ramp in range(1, ramps + 1) if ramp not in ended), None)


def is_news(trial: Trial, done: Iterable[Trial]) -> bool:
    """Return whether a trial has to be written: a restarted ramp repeats levels already written.

    A level that was stable and is not when repeated is written beside the first, and counts as not
    stable.
    """
    there = {(one.level, one.trial) for one in done}
    return not trial.stable or (trial.level, trial.trial) not in there


def _sorted(
    done: Iterable[Trial], trials: int
) -> tuple[set[int], set[int], tuple[int, int] | None]:
    """Return the stable levels, the unstable ones, and the next trial of one that lacks some."""
    by_level: dict[int, list[Trial]] = {}
    for trial in done:
        by_level.setdefault(trial.level, []).append(trial)
    unstable = {level for level, tried in by_level.items() if not all(one.stable for one in tried)}
    stable = {
        level for level, tried in by_level.items() if level not in unstable and len(tried) >= trials
    }
    return stable, unstable, _begun(by_level, stable | unstable)


def _begun(by_level: Mapping[int, Sequence[Trial]], settled: set[int]) -> tuple[int, int] | None:
    return next(
        ((level, len(tried) + 1) for level, tried in by_level.items() if level not in settled), None
    )
