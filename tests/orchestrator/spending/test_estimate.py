"""What `evalctl submit --dry-run` expects a run to take, from what earlier ones took."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Engine

from tests.support.database import query
from tests.support.processes import LoggingProcess, evalctl, evalctl_json, worker

MODELS = """
[models.slow]
engine = "synthetic"
source = "simulated"
options = { text = "a b c d e f g h", ttft_ms = 40, tpot_ms = 5, start_s = 0.5 }
price_per_gpu_hour = 3.6
[models.other]
engine = "synthetic"
source = "simulated"
options = { text = "a b c d", ttft_ms = 1, tpot_ms = 0.1 }
price_per_million_output_tokens = 2
[models.batched]
engine = "synthetic"
source = "simulated"
options = { text = "a b c d", ttft_ms = 40, tpot_ms = 20, max_num_seqs = 3 }
[models.paid]
engine = "openai"
source = "served"
base_url = "http://127.0.0.1:9/v1"
price_per_million_input_tokens = 1
price_per_million_output_tokens = 2
"""
TOOK_S = """
SELECT sum(extract(epoch FROM a.ended_at - a.started_at))::double precision AS took_s
  FROM eval.attempt AS a JOIN eval.job AS j ON j.id = a.job_id
  JOIN eval.run AS r ON r.id = j.run_id WHERE r.name = '{name}'
"""


def expected(user: dict[str, str], given: str) -> dict[str, Any]:
    found = evalctl_json(user, f"submit {given} --dry-run")["estimate"]
    assert isinstance(found, dict)
    return found


def run(user: dict[str, str], process: LoggingProcess, given: str, jobs: int) -> None:
    assert evalctl_json(user, f"submit {given}")["created"] == jobs
    for _ in range(jobs):
        process.wait_for("job.succeeded")


def took_s(engine: Engine, name: str) -> float:
    return float(query(engine, TOOK_S.format(name=name))[0]["took_s"])


def test_an_estimate_comes_from_results_of_the_same_model_mode_and_length(
    user: dict[str, str], engine: Engine
) -> None:
    again = "--model slow --problems quickstart --repetitions 2"
    nothing = expected(user, again)
    assert (nothing["gpu_hours"], nothing["cost"]) == (None, None)
    assert "no earlier result" in nothing["models"][0]["why"]
    with worker(user, "--queue", "synthetic") as process:
        run(user, process, "--model slow --problems quickstart --repetitions 2 --name first", 12)

        found = expected(user, again)
        assert found["why"] is None
        (model,) = found["models"]
        assert (model["jobs"], model["results"], model["runs"]) == (12, 12, 1)
        assert (model["jobs_by"], model["starts"]) == ({"problem": 12}, 0), "it is loaded"
        assert model["start_s"] >= 0.5
        assert found["gpu_hours_p10"] <= found["gpu_hours_p90"]
        jobs_s = took_s(engine, "first") - model["start_s"]
        assert 3600 * found["gpu_hours"] == pytest.approx(jobs_s, rel=0.2)
        assert found["cost"] == pytest.approx(3.6 * found["gpu_hours"])
        assert model["priced_by"] == "GPU hours"

        shown = " ".join(evalctl(user, f"submit {again} --dry-run").stdout.split())
        assert "expected GPU time:" in shown
        assert "12 from their problem" in shown

        longer = expected(user, f"{again} --max-tokens 9")
        assert "other lengths than at most 9 tokens" in longer["models"][0]["why"]
        fresh = expected(user, f"{again} --fresh-engine --new")
        assert fresh["models"][0]["starts"] == 2
        other_mode = expected(user, f"{again} --mode throughput")
        assert "in throughput mode" in other_mode["models"][0]["why"]


def test_what_has_no_results_of_its_own_stands_on_its_category_and_on_other_prompts(
    user: dict[str, str],
) -> None:
    with worker(user, "--queue", "synthetic") as process:
        run(user, process, "--model other --problems quickstart --repetitions 1", 6)
    jobs = len(evalctl_json(user, "problems list core")["problems"])
    found = expected(user, "--model other --problems core --repetitions 1")["models"][0]["jobs_by"]
    assert found["problem"] == 6
    assert found["category"] > 6
    assert sum(found.values()) == jobs
    prompts = expected(user, "--model other --problems secondary --prompt stepwise --new")
    assert list(prompts["models"][0]["jobs_by"]) == ["model"]
    both = expected(user, "--model other --model slow --problems core")
    assert both["gpu_hours"] is None, "of one model nothing is known"
    assert both["models"][1]["jobs_by"] == {"none": 3 * jobs}


def test_jobs_that_exist_are_not_expected_again(user: dict[str, str]) -> None:
    with worker(user, "--queue", "synthetic") as process:
        run(user, process, "--model other --problems quickstart --repetitions 2", 12)
    given = "--model other --problems quickstart"
    topped_up = expected(user, f"{given} --repetitions 3")
    assert (topped_up["existing"], topped_up["models"][0]["jobs"]) == (12, 6)
    assert expected(user, f"{given} --repetitions 3 --new")["models"][0]["jobs"] == 18
    shown = " ".join(evalctl(user, f"submit {given} --repetitions 3 --dry-run").stdout.split())
    assert "12 of these jobs exist already" in shown
    assert topped_up["models"][0]["priced_by"] == "tokens"
    assert topped_up["cost"] == pytest.approx(6 * 4 * 2 / 1e6), "four tokens each"
    done = expected(user, f"{given} --repetitions 2")["models"][0]
    assert (done["jobs"], done["why"]) == (0, "its jobs exist already")


def test_requests_that_share_an_engine_share_its_time(user: dict[str, str], engine: Engine) -> None:
    given = "--model batched --problems quickstart --repetitions 2 --mode throughput"
    with worker(user, "--queue", "synthetic") as process:
        run(user, process, f"{given} --name first", 12)
    found = expected(user, given)
    assert 3600 * found["gpu_hours"] < 0.7 * took_s(engine, "first"), "three ran at a time"


def test_a_server_takes_no_gpu_hours(user: dict[str, str]) -> None:
    (model,) = expected(user, "--model paid --problems quickstart")["models"]
    assert (model["gpus"], model["gpu_hours"]) == (0, None)


def test_without_a_database_the_plan_is_shown_and_says_why_there_is_no_estimate(
    user: dict[str, str], tmp_path: Any
) -> None:
    fresh = {key: value for key, value in user.items() if key != "EVALCTL_DATABASE_URL"}
    fresh |= {"EVALCTL_HOME": str(tmp_path / "new")}
    shown = evalctl(fresh, "submit --model slow --problems quickstart --dry-run")
    assert shown.returncode == 0, shown.stderr
    assert "holds no earlier runs" in " ".join(shown.stdout.split())
    assert not (tmp_path / "new").exists()
    away = user | {"EVALCTL_DATABASE_URL": "postgresql://nowhere@127.0.0.1:9/none"}
    found = evalctl_json(away, "submit --model slow --problems quickstart --dry-run")
    assert found["jobs"] == 18
    assert found["estimate"]["why"]
