"""Windows over one series of samples: several may be open at once, and each gets its part."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from workers.gpu.energy import EnergyMeter, EnergyReading
from workers.gpu.telemetry import GpuSample

#: Shortest time between two GPU samples, whatever the rate of the memory samples.
GPU_SAMPLE_EVERY_S = 0.2

#: When, on the monotonic clock, and the MiB in use on each GPU.
Sample = tuple[float, Sequence[float]]


@dataclass(slots=True, kw_only=True)
class _Window:
    first: Sample
    #: How many ticks and GPU samples had been taken before it began.
    ticks_before: int
    gpu_samples_before: int
    #: Read a moment after ``first``, which a request waits for.
    energy: EnergyReading | None = None


Energy = tuple[EnergyReading | None, EnergyReading | None]


class Windows:
    """Sample memory while any window is open, and the GPUs too where ``sample_gpu`` is given.

    ``read_mib`` returns one value per GPU, one in all on a CPU.
    """

    def __init__(
        self,
        read_mib: Callable[[], Sequence[float]],
        period_s: float,
        *,
        sample_gpu: Callable[[float], GpuSample] | None = None,
        meter: EnergyMeter | None = None,
    ) -> None:
        self._read_mib = read_mib
        self._period_s = period_s
        self._sample_gpu = sample_gpu
        self._meter = meter
        self._open: dict[int, _Window] = {}
        self._without_energy: list[int] = []
        self._stopped: dict[int, tuple[list[Sample], list[GpuSample], Energy]] = {}
        self._ticks: list[Sample] = []
        self._gpu_samples: list[GpuSample] = []
        #: Ticks and GPU samples that were dropped because no open window covers them.
        self._ticks_dropped = self._gpu_samples_dropped = 0
        self._next_s = self._next_gpu_sample_s = 0.0

    @property
    def wait_s(self) -> float | None:
        """Seconds until the next tick is due; None while no window is open."""
        return max(0.0, self._next_s - time.monotonic()) if self._open else None

    def begin(self, number: int) -> None:
        """Open a window with a first sample for it alone; ``read_energy`` is due next."""
        first = self._sample()
        if not self._open:
            self._next_s = first[0] + self._period_s
        ticks = self._ticks_dropped + len(self._ticks)
        gpu = self._gpu_samples_dropped + len(self._gpu_samples)
        self._open[number] = _Window(first=first, ticks_before=ticks, gpu_samples_before=gpu)
        self._without_energy.append(number)

    def read_energy(self) -> None:
        """Read where the energy of the windows begins that were opened since the last call."""
        opened = [self._open[number] for number in self._without_energy if number in self._open]
        self._without_energy.clear()
        if opened:
            energy = self._energy()
            for window in opened:
                window.energy = energy

    def stop(self, number: int) -> None:
        """Close a window with a last sample for it alone. Raise KeyError for one not open."""
        self.read_energy()
        window = self._open.pop(number)
        energy = (window.energy, self._energy())
        ticks = self._ticks[window.ticks_before - self._ticks_dropped :]
        gpu_samples = self._gpu_samples[window.gpu_samples_before - self._gpu_samples_dropped :]
        samples = [window.first, *ticks, self._sample()]
        self._drop_uncovered()
        self._stopped[number] = samples, gpu_samples, energy

    def trace(self, number: int) -> dict[str, Any]:
        """Return all samples of a window once, of memory those of the fullest GPU.

        Raise KeyError for one not stopped.
        """
        samples, gpu_samples, energy = self._stopped.pop(number)
        peaks_mib = [max(used) for used in zip(*(used for _, used in samples), strict=True)]
        return {
            "at_s": [at_s for at_s, _ in samples],
            "used_mib": [max(used) for _, used in samples],
            "peak_per_gpu_mib": peaks_mib if len(peaks_mib) > 1 else [],
            "gpu_samples": [asdict(sample) for sample in gpu_samples],
            "energy": _between(*energy),
        }

    def tick(self) -> None:
        """Take a memory sample for all open windows, and a GPU sample when one is due."""
        now_s, _ = sample = self._sample()
        self._ticks.append(sample)
        if self._sample_gpu is not None and now_s >= self._next_gpu_sample_s:
            self._gpu_samples.append(self._sample_gpu(now_s))
            self._next_gpu_sample_s = now_s + GPU_SAMPLE_EVERY_S
            if self._meter is not None:
                self._meter.follow(time.monotonic())
        # A late sample delays the later ones instead of being followed by a burst.
        self._next_s = max(self._next_s + self._period_s, time.monotonic())

    def _energy(self) -> EnergyReading | None:
        return None if self._meter is None else self._meter.read(time.monotonic())

    def _sample(self) -> Sample:
        mib = self._read_mib()
        return time.monotonic(), mib

    def _drop_uncovered(self) -> None:
        windows = self._open.values()
        end = self._ticks_dropped + len(self._ticks)
        ticks = min((w.ticks_before for w in windows), default=end)
        newest = self._gpu_samples_dropped + len(self._gpu_samples)
        gpu_samples = min((w.gpu_samples_before for w in windows), default=newest)
        del self._ticks[: ticks - self._ticks_dropped]
        del self._gpu_samples[: gpu_samples - self._gpu_samples_dropped]
        self._ticks_dropped, self._gpu_samples_dropped = ticks, gpu_samples


def _between(begin: EnergyReading | None, end: EnergyReading | None) -> dict[str, Any] | None:
    """Return both ends of a window's energy; None where one of them is unknown."""
    if begin is None or end is None:
        return None
    return {"begin_j": begin.joules, "end_j": end.joules, "method": begin.method}
