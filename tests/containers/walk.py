"""What a user and an operator do with the containers, step by step; each says what it saw."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg

from services.waiting import wait_until
from tests.containers.docker import CommandFailed
from tests.containers.stack import LIMIT_S, Stack

SUBMIT = ("submit", "--model", "smollm2", "--problems", "starter", "--prompt", "plain",
          "--max-tokens", "48")  # fmt: skip
ALWAYS = ("postgres", "redis", "reconciler", "worker-cpu")
#: In the container, the worker is the child of the init process.
KILL = "kill -9 $(cat /proc/1/task/1/children)"
COMMITTED = "SELECT count(*), count(DISTINCT job_id) FROM eval.generation"


class NotAsExpected(Exception):  # noqa: N818 - named for what happened
    """Say what a step saw in place of what it should."""


def up(stack: Stack) -> str:
    """Start everything, and wait for the health checks and the end of the migration."""
    stack.compose("up", "--detach", "--no-build")
    stack.wait_for("migrate", "exited 0")
    for service in ALWAYS:
        stack.wait_for(service, "healthy")
    return "migrate exited 0; " + ", ".join(ALWAYS) + " healthy"


def confined(stack: Stack) -> str:
    """Look at user, file system and ports from inside and from the host."""
    script = "id -u; touch /opt/x 2>/dev/null && echo writable || echo read-only"
    seen = stack.compose("exec", "-T", "worker-cpu", "sh", "-c", script).split()
    _expect(seen, ["10001", "read-only"])
    password = _variable(stack, "POSTGRES_PASSWORD")
    address = f"host=127.0.0.1 port={stack.postgres_port} dbname=evalctl user=evalctl"
    with psycopg.connect(f"{address} password={password}") as connection:
        runs = connection.execute("SELECT count(*) FROM analytics_v1.runs").fetchone()
    _expect(runs, (0,))
    return "user 10001, read-only; analysts reach Postgres on the host's loopback address"


def answered(stack: Stack) -> str:
    """Run twelve jobs of the tiny real model to their end, and read the results."""
    stack.evalctl(*SUBMIT, "--repetitions", "2", "--name", "first", "--watch")
    _expect(_jobs(stack, "first"), {"succeeded": 12})
    results = stack.document("results", "first")
    _expect([row["problems"] for row in results["scores"]], [6])
    score, need = results["scores"][0]["score7_mean"], results["resources"][0]["need_mib"]
    return f"12 of 12 jobs; {score:.2f} of 7 steps, {need:.0f} MiB"


def drained(stack: Stack) -> str:
    """Stop the worker in the middle of a job; it finishes that one and ends with 0."""
    stack.evalctl(*SUBMIT, "--repetitions", "2", "--name", "second")
    _while_running(stack, "second")
    stack.compose("stop", "worker-cpu", limit_s=780)
    _expect(stack.state("worker-cpu"), "exited 0")
    jobs = _jobs(stack, "second")
    _expect(set(jobs), {"succeeded", "queued"})
    return f"worker exited 0; {jobs['succeeded']} jobs done, {jobs['queued']} queued, none running"


def killed(stack: Stack) -> str:
    """Kill the worker with -9 in the middle of a job; the restarted one completes the run."""
    stack.compose("start", "worker-cpu")
    _while_running(stack, "second")
    stack.compose("exec", "-T", "worker-cpu", "sh", "-c", KILL)
    _until(lambda: stack.container("worker-cpu")["RestartCount"] == 1, "restarted")
    stack.evalctl("watch", "second")
    _expect(_jobs(stack, "second"), {"succeeded": 12})
    _expect(stack.query(COMMITTED), ["24", "24"])
    return "Docker started it again; 12 of 12 jobs, each committed once"


def broker_lost(stack: Stack) -> str:
    """Throw the broker and its data away; what is submitted meanwhile is done once it is back."""
    stack.compose("rm", "--stop", "--force", "redis")
    stack.docker("volume", "rm", f"{stack.project}_redis")
    submitted = stack.document(*SUBMIT, "--repetitions", "1", "--name", "third")
    _expect(bool(submitted["warnings"]), True)
    stack.compose("up", "--detach", "--no-build", "redis")
    stack.evalctl("watch", "third")
    _expect(_jobs(stack, "third"), {"succeeded": 6})
    return "submit warned; 6 of 6 jobs after an empty broker came back"


def down(stack: Stack) -> str:
    """Take everything down, with the volumes."""
    stack.compose("down", "--volumes", "--timeout", "60")
    of_project = ("--filter", f"label=com.docker.compose.project={stack.project}", "--quiet")
    for kind in (("ps", "--all"), ("volume", "ls"), ("network", "ls")):
        _expect(stack.docker(*kind, *of_project).split(), [])
    return "no container, volume or network left"


STEPS: tuple[tuple[str, Callable[[Stack], str]], ...] = (
    ("up", up),
    ("confined", confined),
    ("submit, results", answered),
    ("stop: drain", drained),
    ("kill -9", killed),
    ("broker lost", broker_lost),
    ("down", down),
)


def _expect(seen: Any, wanted: Any) -> None:
    if seen != wanted:
        raise NotAsExpected(f"saw {seen!r}, expected {wanted!r}")


def _variable(stack: Stack, name: str) -> str:
    lines = (stack.folder / "env").read_text(encoding="ascii").splitlines()
    return dict(line.split("=", 1) for line in lines)[name]


def _jobs(stack: Stack, run: str) -> dict[str, int]:
    """Return the number of jobs in each state that has some."""
    return {state: n for state, n in stack.document("status", run)["jobs"].items() if n}


def _while_running(stack: Stack, run: str) -> None:
    """Wait until a job of the run has succeeded and another runs."""
    before = _jobs(stack, run).get("succeeded", 0)

    def works() -> bool:
        jobs = _jobs(stack, run)
        return jobs.get("succeeded", 0) > before and "running" in jobs

    _until(works, f"a job of {run} runs")


def _until(condition: Callable[[], bool], what: str) -> None:
    if not wait_until(condition, LIMIT_S):
        raise CommandFailed(("wait",), 1, f"not within {LIMIT_S:g} s: {what}")
