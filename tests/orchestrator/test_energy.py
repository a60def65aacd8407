"""Energy of answers as users see it: the table, the document, and as a criterion."""

from __future__ import annotations

from sqlalchemy import Engine

from tests.support.database import query
from tests.support.processes import evalctl, evalctl_json, worker

MODELS = """
[models.hungry]
engine = "synthetic"
source = "simulated"
options = { text = "a b c d", ttft_ms = 1, tpot_ms = 0.1 }
[models.frugal]
engine = "synthetic"
source = "simulated"
options = { text = "a b c d e f g h", ttft_ms = 1, tpot_ms = 0.1 }
"""
#: 800 J for each answer of one, 200 J of the other.
MEASURED = """
UPDATE eval.generation AS g
   SET energy_begin_j = 1000, energy_end_j = CASE m.name WHEN 'hungry' THEN 1800 ELSE 1200 END,
       energy_method = 'counter'
  FROM eval.job AS j JOIN eval.model AS m ON m.id = j.model_id WHERE j.id = g.job_id
"""


def measured(user: dict[str, str], engine: Engine) -> None:
    given = "--model hungry --model frugal --problems quickstart --repetitions 2 --name run"
    evalctl_json(user, f"submit {given}")
    with worker(user, "--queue", "synthetic") as process:
        for _ in range(24):
            process.wait_for("job.succeeded")
    query(engine, MEASURED)


def test_results_and_recommend_show_what_answers_take(user: dict[str, str], engine: Engine) -> None:
    measured(user, engine)
    rows = evalctl_json(user, "results run --synthetic")["energy"]
    assert {row["model"]: row["joules"] for row in rows} == {"hungry": 800, "frugal": 200}
    assert {row["model"]: row["joules_per_token"] for row in rows} == {"hungry": 200, "frugal": 25}
    assert {row["answers"] for row in rows} == {12}
    shown = " ".join(evalctl(user, "results run --synthetic --table energy").stdout.split())
    assert "Energy, prompt plain, latency mode" in shown
    assert "the GPU's counter, which changes every 100 ms" in shown
    assert "Times" not in shown

    chosen = evalctl_json(user, "recommend run --synthetic --force --weight joules=1")
    assert chosen["answers"][0]["choice"]["model"] == "frugal"
    values = {row["model"]: row["values"]["joules"] for row in chosen["candidates"]}
    assert values == {"hungry": 800, "frugal": 200}


def test_without_measured_energy_nothing_is_said_of_it(user: dict[str, str]) -> None:
    evalctl_json(user, "submit --model frugal --problems quickstart --repetitions 1 --name run")
    with worker(user, "--queue", "synthetic") as process:
        for _ in range(6):
            process.wait_for("job.succeeded")
    assert evalctl_json(user, "results run --synthetic")["energy"] == []
    assert "Energy" not in evalctl(user, "results run --synthetic").stdout
    chosen = evalctl_json(user, "recommend run --synthetic")
    assert "joules" not in chosen["candidates"][0]["values"]
