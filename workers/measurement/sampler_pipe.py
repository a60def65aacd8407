"""The pipe to the process that samples memory: commands with and without an answer."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from workers.errors import EngineError
from workers.lifecycle.child_answers import read_line
from workers.lifecycle.child_environment import environment_of_child

ANSWER_WITHIN_S = 10.0
SAMPLER_DIED = "SAMPLER_DIED"


class SamplingPipe:
    """One ``sampler_process``, which ends with this process; ``send`` waits for no one's answer."""

    def __init__(self, arguments: Sequence[str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "workers.measurement.sampler_process", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            env=environment_of_child(),
        )
        self._writing = threading.Lock()
        #: Held until an answer has come; taken before the other.
        self._requesting = threading.RLock()

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process.poll() is None

    def send(self, command: bytes) -> None:
        """Write a command; it is lost where the process has ended."""
        assert self._process.stdin is not None
        with self._writing, suppress(BrokenPipeError):
            if not self._process.stdin.closed:
                self._process.stdin.write(command)

    def request(self, command: bytes) -> dict[str, Any]:
        """Write a command and return its answer.

        Raise EngineError (SAMPLER_DIED) where none comes; the process is ended then.
        """
        assert self._process.stdout is not None
        with self._requesting:
            self.send(command)
            closed = self._process.stdout.closed
            line = b"" if closed else read_line(self._process.stdout, ANSWER_WITHIN_S)
            if line is None:
                answer = {"error": "its process does not answer"}
            else:
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
        with self._requesting:
            with self._writing, suppress(OSError):
                self._process.stdin.close()
            try:
                self._process.wait(ANSWER_WITHIN_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process.stdout.close()
