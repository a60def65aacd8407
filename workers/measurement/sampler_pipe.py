"""The pipe to a process that samples memory: commands that are only told, and commands that are answered."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import IO, Any

from workers.errors import EngineError
from workers.lifecycle.child_environment import environment_of_child

ANSWER_WITHIN_S = 10.0
SAMPLER_DIED = "SAMPLER_DIED"


class SamplingPipe:
    """One ``workers.measurement.sampler_process``, which ends with this process in every kind of death.

    Safe for several threads; who only tells something does not wait for the answers of others.
    """

    def __init__(self, arguments: Sequence[str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "workers.measurement.sampler_process", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            env=environment_of_child(),
        )
        self._telling = threading.Lock()
        #: Held until an answer has come; taken before the other.
        self._asking = threading.RLock()

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process.poll() is None

    def tell(self, command: bytes) -> None:
        """Write a command; one that a process does not get that has ended is lost."""
        assert self._process.stdin is not None
        with self._telling, suppress(BrokenPipeError):
            if not self._process.stdin.closed:
                self._process.stdin.write(command)

    def ask(self, command: bytes) -> dict[str, Any]:
        """Write a command and return its answer. Raise EngineError (SAMPLER_DIED) where none comes; the process is ended then."""
        assert self._process.stdout is not None
        with self._asking:
            self.tell(command)
            line = b"" if self._process.stdout.closed else _line(self._process.stdout)
            answer = json.loads(line or '{"error": "its process ended"}')
            if "error" in answer:
                self.close()
                raise EngineError(
                    f"the memory sampler failed: {answer['error']}", error_class=SAMPLER_DIED
                )
            return dict(answer)

    def close(self) -> None:
        """End the process and wait for it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with self._asking:
            with self._telling, suppress(OSError):
                self._process.stdin.close()
            try:
                self._process.wait(ANSWER_WITHIN_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process.stdout.close()


def _line(stdout: IO[bytes]) -> bytes:
    """Read one line, but never wait for ever on a process that hangs."""
    deadline, line = time.monotonic() + ANSWER_WITHIN_S, b""
    while not line.endswith(b"\n"):
        if not select.select([stdout], [], [], max(0.0, deadline - time.monotonic()))[0]:
            return b'{"error": "its process does not answer"}'
        piece = os.read(stdout.fileno(), 1 << 16)
        if not piece:
            return b""
        line += piece
    return line
