"""The process in which math-verify runs: one JSON question a line in, one JSON answer out.

Started by `scoring.final_answer.equivalence.math_verify`. Each question is answered in a fork, so
that none meets the caches or the memory that another has filled. A fork is bounded by its processor
time, never by the clock on the wall: an answer does not depend on how busy the machine is. Text is
never evaluated in any other way than math-verify's own grammar does.
"""

from __future__ import annotations

import gc
import json
import logging
import os
import resource
import signal
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

MEMORY_BYTES = 1 << 30
#: Processor time that one question may take; one in use takes some 20 ms.
QUESTION_CPU_S = 1
MAX_CHARACTERS = 2000
_STATUSES: dict[bool | None, int] = {True: 0, False: 1, None: 2}


def limit() -> None:
    """Bound the memory and forbid written files."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def compare(parse: Any, verify: Any, gold: str, answer: str) -> bool | None:
    """Return whether the answer equals the gold one, or None where either cannot be read."""
    if len(gold) > MAX_CHARACTERS or len(answer) > MAX_CHARACTERS:
        return None
    wanted = parse(f"${gold}$", parsing_timeout=None)
    given = parse(f"${answer}$", parsing_timeout=None)
    if not wanted or not given:
        return None
    return bool(verify(wanted, given, timeout_seconds=None))


def in_fork(work: Callable[[], bool | None]) -> dict[str, Any]:
    """Return ``equal`` as the work finds it in a fork, None where it fails or takes too long.

    ``error`` stands instead where the machine ended the fork, which says nothing about the
    question.
    """
    child = os.fork()
    if child == 0:
        status = _STATUSES[None]
        try:
            resource.setrlimit(resource.RLIMIT_CPU, (QUESTION_CPU_S, QUESTION_CPU_S + 1))
            resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
            status = _STATUSES[work()]
        finally:
            # Whatever hostile text does to the parser is "unknown".
            os._exit(status)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status in (-signal.SIGKILL, -signal.SIGTERM):
        return {"error": f"a fork was ended by signal {-status}"}
    return {"equal": {code: equal for equal, code in _STATUSES.items()}.get(status)}


def main() -> None:
    """Answer questions until the input ends."""
    limit()
    logging.disable(logging.CRITICAL)
    from math_verify import parse, verify  # noqa: PLC0415  # only under the limits

    compare(parse, verify, "[0,1)\\cup(2,3)", "\\{1,\\frac{1}{2}\\}")  # fills the parser's caches
    gc.freeze()
    sys.stdout.write('{"ready": true}\n')
    sys.stdout.flush()
    for line in sys.stdin:
        question = json.loads(line)
        try:
            reply = in_fork(partial(compare, parse, verify, question["gold"], question["answer"]))
        except OSError as error:
            reply = {"error": str(error)}
        sys.stdout.write(json.dumps(reply) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
