"""Which ramp of engines comes next, from the trials so far alone: an interrupted search goes on where it stood."""

from __future__ import annotations

from collections.abc import Iterable

from workers.probes.trial import Trial


def next_ramp(done: Iterable[Trial], *, ramps: int, most: int) -> int | None:
    """Return the first ramp, 1 to ``ramps``, that has not come to its end; None where all have.

    A ramp has the number that its trials bear. It ends with its first trial that was not stable, or with the ``most``-th
    engine.
    """
    ended = {trial.trial for trial in done if not trial.stable or trial.level >= most}
    return next((ramp for ramp in range(1, ramps + 1) if ramp not in ended), None)


def is_news(trial: Trial, done: Iterable[Trial]) -> bool:
    """Tell whether a trial has to be written: a ramp that begins again repeats stable levels that are written already.

    A level that was stable and is not so when it is repeated is written beside the first: then it is not stable.
    """
    return not trial.stable or not any(
        (one.level, one.trial) == (trial.level, trial.trial) for one in done
    )
