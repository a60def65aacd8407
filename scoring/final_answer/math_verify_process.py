"""The process in which math-verify runs.

Reads one JSON question a line, writes one JSON answer a line.

Started by `scoring.final_answer.math_verify` as ``python -I``; it limits itself before it imports
anything large and never evaluates text in any other way than math-verify's own grammar does.
"""

from __future__ import annotations

import json
import logging
import resource
import signal
import sys
from typing import Any

MEMORY_BYTES = 1 << 30
CPU_SECONDS = 120
#: Processor time for one question: a verdict must not depend on how busy the machine is.
CPU_SECONDS_EACH = 0.5
MAX_CHARACTERS = 2000


def limit() -> None:
    """Bound memory and processor time, forbid written files and further processes."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))


def compare(parse: Any, verify: Any, gold: str, answer: str) -> bool | None:
    """Return whether the answer equals the gold one, or None where either cannot be read."""
    wanted = parse(f"${gold}$", parsing_timeout=None)
    given = parse(f"${answer}$", parsing_timeout=None)
    if not wanted or not given:
        return None
    return bool(verify(wanted, given, timeout_seconds=None))


def main() -> None:
    """Answer questions until the input ends."""
    limit()
    logging.disable(logging.CRITICAL)
    from math_verify import parse, verify  # noqa: PLC0415  # only under the limits

    signal.signal(signal.SIGPROF, signal.SIG_DFL)  # ends the process, inside foreign code too
    sys.stdout.write('{"ready": true}\n')
    sys.stdout.flush()
    for line in sys.stdin:
        equal: bool | None = None
        try:
            question = json.loads(line)
            gold, answer = str(question["gold"]), str(question["answer"])
            if len(gold) <= MAX_CHARACTERS and len(answer) <= MAX_CHARACTERS:
                signal.setitimer(signal.ITIMER_PROF, CPU_SECONDS_EACH)
                equal = compare(parse, verify, gold, answer)
            signal.setitimer(signal.ITIMER_PROF, 0)
        except (Exception, RecursionError):  # noqa: BLE001  # hostile text may do anything
            signal.setitimer(signal.ITIMER_PROF, 0)
            equal = None
        sys.stdout.write(json.dumps({"equal": equal}) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
