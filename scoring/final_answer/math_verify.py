"""Ask math-verify in a process of its own.

One persistent worker, a deadline a question, killed and replaced when late.

Only for what it is good at (sets, intervals, matrices, sums, integrals) and only after the
scorer's own comparison had no opinion; measured, math-verify also says yes to wrong relations,
units and subsets.
"""

from __future__ import annotations

import atexit
import json
import select
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

#: The worker itself bounds the processor time of a question; this is for one that hangs in
#: foreign code.
DEADLINE_S = 10.0
#: Importing SymPy takes most of a second, more on a busy machine.
START_DEADLINE_S = 20.0
#: A worker is replaced after so many questions: SymPy's caches only grow.
RECYCLE_AFTER = 300
_WORKER = Path(__file__).with_name("math_verify_process.py")


class MathVerify:
    """A worker process started when first asked. Safe to share between threads.

    Questions are answered one by one.
    """

    def __init__(self, *, deadline_s: float = DEADLINE_S) -> None:
        self.deadline_s = deadline_s
        self.starts = 0
        self._asked = 0
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._ready = False

    def equal(self, gold: str, answer: str) -> bool | None:
        """Return whether two answers are equal.

        Or None where that is unknown, too slow or the worker fails.
        """
        with self._lock:
            if self._asked >= RECYCLE_AFTER:
                self._stop()
            if not self._started():
                return None
            self._asked += 1
            reply = self._ask({"gold": gold, "answer": answer})
        equal = None if reply is None else reply.get("equal")
        return equal if isinstance(equal, bool) else None

    def close(self) -> None:
        """End the worker."""
        with self._lock:
            self._stop()

    @property
    def pid(self) -> int | None:
        """Process id of the running worker, if there is one."""
        return (
            None if self._process is None or self._process.poll() is not None else self._process.pid
        )

    def _started(self) -> bool:
        if self._process is None or self._process.poll() is not None:
            self._spawn()
        if not self._ready:
            self._ready = self._read(START_DEADLINE_S) is not None
        return self._ready

    def _spawn(self) -> None:
        self._stop()
        self._process = subprocess.Popen(
            [sys.executable, "-I", str(_WORKER)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={},
            cwd="/",
            close_fds=True,
        )
        self.starts += 1
        self._asked = 0

    def _ask(self, question: dict[str, str]) -> dict[str, Any] | None:
        assert self._process is not None
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(question).encode() + b"\n")
            self._process.stdin.flush()
        except (BrokenPipeError, OSError):
            self._stop()
            return None
        reply = self._read(self.deadline_s)
        if reply is None:
            # The next one is made ready at once, so that the next question need not wait for it.
            self._spawn()
        return reply

    def _read(self, timeout_s: float) -> dict[str, Any] | None:
        """Read one line before the deadline; a worker that is late or gone is ended."""
        assert self._process is not None
        assert self._process.stdout is not None
        deadline = time.monotonic() + timeout_s
        stream, held = self._process.stdout, b""
        while not held.endswith(b"\n"):
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([stream], [], [], left)[0]:
                self._stop()
                return None
            piece = stream.read1(65536)  # type: ignore[attr-defined]  # a buffered pipe has it
            if not piece:
                self._stop()
                return None
            held += piece
        try:
            reply = json.loads(held)
        except ValueError:
            self._stop()
            return None
        return reply if isinstance(reply, dict) else None

    def _stop(self) -> None:
        process, self._process = self._process, None
        self._ready = False
        if process is None:
            return
        process.kill()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                try:
                    stream.close()
                except OSError:
                    continue
        process.wait()


_shared: list[MathVerify] = []


def shared() -> MathVerify:
    """Return the worker that this process shares, ended with it."""
    if not _shared:
        _shared.append(MathVerify())
        atexit.register(_shared[0].close)
    return _shared[0]
