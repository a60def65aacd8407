"""The command line as a user meets it: what it prints, what it refuses, with which exit code."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pynvml
import pytest
from sqlalchemy import Engine

from db.engine import rows, transaction
from tests.support.database import another_database
from tests.support.processes import evalctl, evalctl_json

MODELS = """
[models.fake]
engine = "synthetic"
source = "simulated"
[models.other]
engine = "synthetic"
source = "simulated"
options = { tokens = 40 }
"""


def submit(user: dict[str, str], options: str) -> dict[str, Any]:
    return evalctl_json(user, f"submit --problems quickstart {options}")


def test_submit_status_cancel_speak_the_contract(user: dict[str, str]) -> None:
    submitted = submit(user, "--model fake --repetitions 2")
    assert (submitted["jobs"], submitted["created"]) == (12, 12)
    assert (submitted["existing"], submitted["published"]) == (0, 12)
    again = submit(user, "--model fake --repetitions 2")
    assert (again["run"], again["created"], again["existing"]) == (submitted["run"], 0, 12)
    more = submit(user, "--model fake --model other --repetitions 3")
    assert (more["run"], more["created"], more["existing"]) == (submitted["run"], 24, 12)
    another = submit(user, "--model fake --repetitions 2 --new")
    assert another["run"] != submitted["run"]

    status = evalctl_json(user, f"status {submitted['run'][:8]}")
    assert status["state"] == "queued"
    ended = dict.fromkeys(("running", "succeeded", "failed", "dead", "cancelled"), 0)
    assert status["jobs"] == {"queued": 36} | ended
    assert {"eta_s", "workers"} <= set(status)
    listed = evalctl_json(user, "status")
    assert [run["run"] for run in listed["runs"]] == [another["run"], submitted["run"]]

    cancelled = evalctl_json(user, f"cancel {submitted['name']}")
    assert cancelled["cancelled"] == 36
    evalctl(user, f"cancel {another['run']}")
    refused = evalctl(user, "submit --problems quickstart --model fake --repetitions 3")
    assert refused.returncode == 2
    assert f"run {another['name']} was cancelled" in " ".join(refused.stderr.split())
    assert "use --new to start a new run" in " ".join(refused.stderr.split())
    followed = evalctl(user, f"watch {another['run']}")
    assert "12 of 12 jobs, cancelled" in " ".join((followed.stdout + followed.stderr).split())
    assert evalctl_json(user, f"status {submitted['run']}")["state"] == "cancelled"


def test_a_run_that_has_ended_is_not_cancelled(user: dict[str, str], engine: Engine) -> None:
    """It keeps its state, and the same submission goes on meaning the same run."""
    submitted = submit(user, "--model fake --repetitions 2")
    with transaction(engine) as connection:
        rows(
            connection,
            "UPDATE eval.job SET state = 'succeeded', finished_at = now() RETURNING id",
        )
    nothing = evalctl(user, f"cancel {submitted['run']}")
    assert nothing.returncode == 0
    assert "nothing to cancel, all its jobs have ended" in " ".join(nothing.stdout.split())
    assert evalctl_json(user, f"status {submitted['run']}")["state"] == "succeeded"
    assert submit(user, "--model fake --repetitions 2")["run"] == submitted["run"]


def test_an_experiment_file_is_read_and_flags_override_it(
    user: dict[str, str], tmp_path: Path
) -> None:
    path = tmp_path / "experiment.toml"
    path.write_text(
        'models = ["fake"]\nproblems = "quickstart"\nrepetitions = 5\nname = "night"\n',
        encoding="utf-8",
    )
    plan = evalctl_json(user, f"submit -f {path} --repetitions 2 --dry-run")
    assert (plan["jobs"], plan["experiment"]["name"]) == (12, "night")
    assert evalctl_json(user, "status")["runs"] == [], "a dry run writes nothing"


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("submit --model nope --problems quickstart", "no model is registered as 'nope'"),
        ("submit --model fake --problems nothere", "nothere"),
        ("submit --model fake --problems {empty}", "problem"),
        ("submit --model fake", "problems is missing"),
        ("submit -f {broken}", "is not valid TOML"),
        ("submit -f {typo}", "unknown keys modles"),
        ("submit -f {absent}", "cannot read"),
        ("submit -f {mode}", "mode 'warp' is not one of latency, throughput"),
        ("submit --model fake --problems quickstart --repetitions 0", "repetitions"),
        ("submit --model fake --problems quickstart --fixed-length x", "IN:OUT"),
        ("status no-such-run", "no run matches 'no-such-run'"),
        ("results latest", "no run matches 'latest'"),
        ("score --problem sec-symmetric-01 --answer {absent}", "cannot read the answer"),
        (
            "submit --model fake --problems quickstart --stop ''",
            'none empty, ["...", "..."], not ["',
        ),
        ("worker --gpu 0 --cpu", "cannot be combined"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_2(
    user: dict[str, str], tmp_path: Path, command: str, said: str
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "broken.toml").write_text("models = [", encoding="utf-8")
    (tmp_path / "typo.toml").write_text('modles = ["fake"]\n', encoding="utf-8")
    mode = 'models = ["fake"]\nproblems = "quickstart"\nmode = "warp"\n'
    (tmp_path / "mode.toml").write_text(mode, encoding="utf-8")
    paths = {name: tmp_path / f"{name}.toml" for name in ("mode", "broken", "typo", "absent")}
    done = evalctl(user, command.format(empty=tmp_path / "empty", **paths))
    assert done.returncode == 2, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_a_database_that_is_away_is_exit_code_3_and_shows_no_password(user: dict[str, str]) -> None:
    away = user | {"EVALCTL_DATABASE_URL": "postgresql://evalctl:hushhush@127.0.0.1:1/evalctl"}
    done = evalctl(away, "submit --model fake --problems quickstart")
    assert done.returncode == 3
    assert "database" in done.stderr
    assert "doctor" in done.stderr
    assert "hushhush" not in done.stderr
    assert "Traceback" not in done.stderr


def test_a_broker_that_is_away_loses_nothing(user: dict[str, str]) -> None:
    away = user | {"EVALCTL_BROKER_URL": "redis://:hushhush@127.0.0.1:1/0"}
    done = evalctl(away, "submit --model fake --problems quickstart --json")
    submitted = json.loads(done.stdout)
    assert done.returncode == 0, done.stderr
    assert (submitted["created"], submitted["published"]) == (18, 0)
    assert "broker is unreachable" in submitted["warnings"][0]
    assert "hushhush" not in done.stderr + done.stdout
    published = evalctl(user, "reconcile --once")
    assert "published 18" in published.stdout, "the hints waited in the outbox"


def test_a_schema_that_is_not_migrated_is_named_with_its_mend(
    user: dict[str, str], endpoints: Any
) -> None:
    with another_database(endpoints.database_url, "unmigrated") as url:
        empty = user | {"EVALCTL_DATABASE_URL": url}
        done = evalctl(empty, "status")
        assert done.returncode == 3
        assert "evalctl db upgrade" in done.stderr
        checks = evalctl_json(empty, "doctor", code=1)["checks"]
    (schema,) = [check for check in checks if check["name"] == "schema"]
    assert (schema["ok"], schema["mend"]) == (False, "Run `evalctl db upgrade`")


def test_doctor_names_a_database_and_a_broker_that_are_away(user: dict[str, str]) -> None:
    nowhere = {
        "EVALCTL_DATABASE_URL": "postgresql://evalctl@127.0.0.1:1/evalctl",
        "EVALCTL_BROKER_URL": "redis://127.0.0.1:1/0",
    }
    checks = evalctl_json(user | nowhere, "doctor", code=1)["checks"]
    found = {check["name"]: check for check in checks}
    for name in ("database", "broker"):
        assert not found[name]["ok"]
        assert found[name]["mend"]
    assert found["problems"]["ok"]


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (pynvml.NVML_ERROR_LIBRARY_NOT_FOUND, "none"),
        (pynvml.NVML_ERROR_DRIVER_NOT_LOADED, "broken"),
    ],
)
def test_doctor_calls_a_gpu_absent_or_broken(
    user: dict[str, str], monkeypatch: pytest.MonkeyPatch, error: int, state: str
) -> None:
    def refuse() -> None:
        raise pynvml.NVMLError(error)

    monkeypatch.setattr(pynvml, "nvmlInit", refuse)
    document = json.loads(evalctl(user, "doctor --json").stdout)
    (gpu,) = [check for check in document["checks"] if check["name"] == "gpu"]
    assert (gpu["ok"], gpu["absent"]) == (False, state == "none")
    lines = map(str.split, evalctl(user, "doctor").stdout.splitlines())
    said = {line[0]: line[1] for line in lines if len(line) > 1}
    assert (said["gpu"], said["workers"]) == (state, "none")


def test_one_is_counted_as_one(user: dict[str, str]) -> None:
    given = "submit --model fake --problems sec-symmetric-01 --repetitions 1 --name one"
    planned = evalctl(user, given, "--dry-run").stdout.splitlines()[0]
    sizes = "1 model x 1 problem x 1 prompt x 1 repetition"
    assert planned == f"would submit 1 job: {sizes}, latency mode"
    assert evalctl(user, given).stdout.endswith(": 1 job submitted\n")
    assert evalctl(user, "cancel one").stdout == "run one: 1 job cancelled\n"


def test_a_name_that_another_experiment_has_is_said(user: dict[str, str]) -> None:
    given = "submit --model fake --problems quickstart --name night"
    assert evalctl_json(user, given)["warnings"] == []
    second = evalctl_json(user, given, "--seed", "5")
    said = "a run of another experiment has the name night; this one is night-2"
    assert (second["name"], second["warnings"]) == ("night-2", [said])


@pytest.mark.parametrize("text", ["", " \n"])
def test_an_answer_without_anything_is_said(
    user: dict[str, str], tmp_path: Path, text: str
) -> None:
    answer = tmp_path / "answer.txt"
    answer.write_text(text, encoding="utf-8")
    given = f"--problem sec-symmetric-01 --answer {answer}"
    verified = evalctl(user, f"verify {given}")
    assert (verified.returncode, verified.stdout) == (1, "")
    assert verified.stderr == "warning: the answer has no step to check\n"
    assert evalctl_json(user, f"verify {given}", code=1)["steps"] == []
    scored = evalctl(user, f"score {given}")
    assert (scored.returncode, scored.stderr) == (0, "warning: the answer is empty\n")


def test_score_speaks_the_contract(user: dict[str, str], tmp_path: Path) -> None:
    answer = tmp_path / "answer.txt"
    answer.write_text("a²+b² = (a+b)² − 2ab = 25 − 12 = 13.\nAnswer: 13", encoding="utf-8")
    scored = evalctl_json(user, f"score --problem sec-symmetric-01 --answer {answer}")
    assert {"problem", "steps_done", "steps_total", "steps", "score7"} <= set(scored)
    assert {"answer_correct", "guess_suspected"} <= set(scored)
    assert scored["answer_correct"] is True
    assert scored["steps_done"] >= 2
    step = next(step for step in scored["steps"] if step["verdict"] == "done")
    evidence = step["evidence"]
    assert (
        answer.read_text(encoding="utf-8")[evidence["start"] : evidence["end"]] == evidence["text"]
    )


@pytest.mark.parametrize(
    "line", ["prompts = 7", "prompts = [7]", "fixed_length = 7", "name = 7", "repetitions = true"]
)
def test_a_wrong_type_in_an_experiment_file_is_one_sentence(
    environment: dict[str, str], tmp_path: Path, line: str
) -> None:
    experiment = tmp_path / "experiment.toml"
    experiment.write_text(
        f'models = ["smollm2"]\nproblems = "quickstart"\n{line}\n', encoding="utf-8"
    )
    done = evalctl(environment, f"submit -f {experiment}")
    assert done.returncode == 2
    assert line.split(" = ", maxsplit=1)[0] in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
