"""Ask math-verify in a separate process, which bounds the work for each question.

Only for what it is good at (sets, intervals, matrices, sums, integrals) and only after the scorer's
own comparison had no opinion; measured, math-verify also says yes to wrong relations, units and
subsets.
"""

from __future__ import annotations

import atexit
import json
import os
import select
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

#: Far beyond what the bounds on processor time allow on any machine that still runs the process.
STALLED_AFTER_S = 900.0
_PROCESS = Path(__file__).with_name("math_verify_process.py")


class MathVerifyError(RuntimeError):
    """The math-verify process does not run or answer: a fault of the machine, not a verdict."""


class MathVerify:
    """A process started at the first question. Safe to share between threads, which take turns."""

    def __init__(self, *, stalled_after_s: float = STALLED_AFTER_S) -> None:
        self.stalled_after_s = stalled_after_s
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def equal(self, gold: str, answer: str) -> bool | None:
        """Return whether two answers are equal; None where that is unknown or takes too much work.

        Raises `MathVerifyError` where neither this process nor a new one answers.
        """
        question = json.dumps({"gold": gold, "answer": answer}).encode() + b"\n"
        with self._lock:
            reply = self._question(question) or self._question(question) or {}
        if "equal" not in reply:
            raise MathVerifyError(
                f"math-verify gave no answer: {reply.get('error', 'its process ends')}; "
                "check the memory of this machine and that the package math-verify imports"
            )
        equal: bool | None = reply["equal"]
        return equal

    def close(self) -> None:
        """End the process."""
        with self._lock:
            self._stop()

    @property
    def pid(self) -> int | None:
        """Process id of the running process, if there is one."""
        process = self._process
        return None if process is None or process.poll() is not None else process.pid

    def _question(self, question: bytes) -> dict[str, Any] | None:
        """Return the reply, or None where the process has ended."""
        if self.pid is None:
            self._start()
            if self._read_line() is None:
                return None
        assert self._process is not None
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(question)
            self._process.stdin.flush()
        except OSError:
            self._stop()
            return None
        return self._read_line()

    def _start(self) -> None:
        self._stop()
        # Neither the user's environment nor his folders; the same hashes each time.
        self._process = subprocess.Popen(
            [sys.executable, "-s", "-P", str(_PROCESS)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={"PYTHONHASHSEED": "0"},
            cwd="/",
            start_new_session=True,
        )

    def _read_line(self) -> dict[str, Any] | None:
        """Read one reply; None where the process has ended."""
        assert self._process is not None
        stream = self._process.stdout
        assert stream is not None
        if not select.select([stream], [], [], self.stalled_after_s)[0]:
            pid = self._process.pid
            self._stop()
            raise MathVerifyError(
                f"the math-verify process {pid} said nothing for {self.stalled_after_s:.0f} s; "
                "it was stopped, or this machine gives it no processor time"
            )
        line = stream.readline()
        if not line.endswith(b"\n"):
            self._stop()
            return None
        reply: dict[str, Any] = json.loads(line)
        return reply

    def _stop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                try:
                    stream.close()
                except OSError:
                    continue
        process.wait()


_shared = MathVerify()
atexit.register(_shared.close)


def shared() -> MathVerify:
    """Return the process that this one shares between its threads, ended with it."""
    return _shared
