"""The quickstart: what it compares fits the processor, what it ends with can be copied."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path

import pytest

from core.settings import Settings
from orchestrator.models.registry import load_registry
from orchestrator.quickstart import WRITTEN, experiment, models, next_commands
from tests.support.processes import evalctl, run_program, worker

OLD = "processor\t: 0\nflags\t\t: fpu sse2 avx avx2 fma\n"
NEW = "processor\t: 0\nflags\t\t: fpu sse2 avx avx2 fma avx512f avx512_bf16\n"


@pytest.mark.parametrize(
    ("cpuinfo", "second"),
    [
        (NEW, "smollm2-awq"),
        (OLD, "smollm2-rounded"),
        ("processor\t: 0\nFeatures\t: fp asimd\n", "smollm2-rounded"),
    ],
)
def test_4_bits_are_compared_where_the_processor_has_avx_512(cpuinfo: str, second: str) -> None:
    registry, compared = load_registry(Settings.from_environment({})), models(cpuinfo)
    assert compared == ("smollm2", second)
    assert experiment(compared, repetitions=3, max_tokens=96).models == compared
    assert [registry.get(name).source for name in compared] == [
        f"embedded:{name}" for name in compared
    ]


def test_written_answers_differ_through_queue_and_scorer(environment: dict[str, str]) -> None:
    both = [word for name in WRITTEN for word in ("--model", name)]
    submitted = evalctl(
        environment, "submit --problems examples --repetitions 1 --json --name w", *both
    )
    assert json.loads(submitted.stdout)["jobs"] == 36
    with worker(environment, "--queue", "replay") as process:
        for _ in range(36):
            process.wait_for("job.succeeded", within_s=120)
    printed = evalctl(environment, "results w --json")
    found = json.loads(printed.stdout)
    mean = {
        model: sum(row["score7"] for row in found["scores"] if row["model"] == model) / 3
        for model in WRITTEN
    }
    guesses = {row["guess_rate"] for row in found["scores"] if row["model"] == WRITTEN[0]}
    assert mean["example:complete"] > mean["example:hasty"] + 2
    assert guesses == {0}
    assert all(row["guess_rate"] > 0 for row in found["scores"] if row["model"] == WRITTEN[1])
    assert {row["ttft_ms"] for row in found["resources"]} == {None}
    assert "Times" not in evalctl(environment, "results w").stdout, "nothing of it was measured"


def test_the_commands_it_ends_with_name_a_program_that_is_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    for command in next_commands("quickstart-2"):
        program = shlex.split(command)[0]
        assert Path(program).resolve() == Path(sys.executable).parent.resolve() / "evalctl"
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent))
    assert {shlex.split(command)[0] for command in next_commands("q")} == {"evalctl"}


def test_a_shell_needs_no_installed_psql(environment: dict[str, str]) -> None:
    shell = (sys.executable, "-m", "orchestrator", "db", "shell", "--", "-At", "-c")
    done = run_program(*shell, "SELECT 6 * 7", env=environment | {"PATH": "/nowhere"})
    assert done.stdout == "42\n", done.stderr


@pytest.mark.parametrize(("given", "pager"), [({}, ""), ({"PSQL_PAGER": "less -S"}, "less -S")])
def test_a_query_on_the_command_line_waits_for_no_key(
    environment: dict[str, str], given: dict[str, str], pager: str
) -> None:
    shell = (sys.executable, "-m", "orchestrator", "db", "shell", "--", "-c")
    done = run_program(*shell, r'\! echo "[$PSQL_PAGER]"', env=environment | given)
    assert done.stdout == f"[{pager}]\n", done.stderr
