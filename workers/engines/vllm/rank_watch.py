"""Notice at once that a rank of an engine has exited.

vLLM's core gives the other ranks nine seconds to end before it kills them, and those wait for the
dead one inside a kernel. Until then nothing is generated and every GPU stays held.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterable


class RankWatch:
    """Call ``on_exit`` with the pid of the first rank that exits, once, on the running loop."""

    def __init__(self, pids: Iterable[int], on_exit: Callable[[int], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._on_exit = on_exit
        self._descriptors: list[int] = []
        self._noticed = False
        for pid in pids:
            try:
                descriptor = os.pidfd_open(pid)
            except ProcessLookupError:
                self._loop.call_soon(self._ended, pid)
                return
            self._descriptors.append(descriptor)
            # A process's descriptor becomes readable when it exits.
            self._loop.add_reader(descriptor, self._ended, pid)

    def close(self) -> None:
        """End the watch; harmless when called again."""
        descriptors, self._descriptors = self._descriptors, []
        for descriptor in descriptors:
            self._loop.remove_reader(descriptor)
            os.close(descriptor)

    def _ended(self, pid: int) -> None:
        self.close()
        if not self._noticed:
            self._noticed = True
            self._on_exit(pid)
