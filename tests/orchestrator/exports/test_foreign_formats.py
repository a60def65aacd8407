"""Logs of Inspect and records of Every Eval Ever, read back by what their projects use."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from sqlalchemy import Engine

from db.results.exports import run_export
from db.runs.run import find_run
from orchestrator.exports.every_eval_ever import export_every_eval_ever
from orchestrator.exports.inspect_logs import export_inspect
from orchestrator.imports.import_answers import ImportRequest, import_answers
from tests.support.database import query
from tests.support.seeded_run import seed_run

#: The project's own schema, at version 0.3.0.
SCHEMA = Path(__file__).parent / "every_eval_ever" / "eval.schema.json"


@pytest.fixture
def seeded(engine: Engine) -> str:
    """Give a run of two simulated models and prompts with times, memory, flags and steps."""
    return str(seed_run(engine, problems=3, repetitions=2, language="en").run_id)


def test_records_are_valid_by_the_schema_of_the_project(
    engine: Engine, seeded: str, tmp_path: Path
) -> None:
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    with run_export(engine, find_run(engine, seeded).run_id) as opened:
        made = export_every_eval_ever(
            opened, tmp_path, version="1.0", problem_set="math62", organisation="us"
        )
    records = [json.loads((tmp_path / name).read_text(encoding="utf-8")) for name in made]
    models = query(
        engine,
        "SELECT DISTINCT model FROM analytics_v1.generations WHERE run_id = %(run)s",
        run=seeded,
    )
    assert {one["model_info"]["name"] for one in records} == {row["model"] for row in models}
    for record in records:
        jsonschema.validate(record, schema)
        assert record["schema_version"] == schema["version"]
        assert len(record["evaluation_results"]) == made[_name_of(record, tmp_path)] > 0
    (expected,) = query(
        engine,
        "SELECT avg(score7) AS score7 FROM (SELECT problem, avg(score7) AS score7"
        " FROM analytics_v1.scores WHERE run_id = %(run)s AND model = %(model)s"
        " AND prompt = 'plain' AND category = 'secondary' GROUP BY problem) AS p",
        run=seeded,
        model=records[0]["model_info"]["name"],
    )
    result = next(
        one
        for one in records[0]["evaluation_results"]
        if one["evaluation_name"] == "math62 secondary, plain prompt: steps"
    )
    assert result["score_details"]["score"] == pytest.approx(expected["score7"])
    broken = records[0] | {"eval_library": {}}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(broken, schema)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Export from a folder that holds a model's, ``here/qwen``."""
    (tmp_path / "work" / "here" / "qwen").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "work")


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("model", "identity"),
    [
        (("vllm", "Qwen/Qwen3-4B"), "Qwen/Qwen3-4B"),
        (("openai", "deepseek-ai/DeepSeek-V3"), "deepseek-ai/DeepSeek-V3"),
        (("vllm", "/models/Qwen/Qwen3-4B"), "us/model-a"),
        (("vllm", "./Qwen3-4B"), "us/model-a"),
        (("vllm", "~/Qwen3-4B"), "us/model-a"),
        (("vllm", "embedded:smollm2"), "us/model-a"),
        (("openai", "deepseek-chat"), "us/model-a"),
        (("replay", "people/texts"), "us/model-a"),
        (("vllm", "models/qwen", "folder"), "us/model-a"),
        (("vllm", "models/qwen", "hub"), "models/qwen"),
        (("vllm", "here/qwen"), "us/model-a"),
        (("vllm", "here/qwen", "hub"), "here/qwen"),
        (("openai", "here/qwen"), "here/qwen"),
    ],
)
def test_a_model_of_a_hub_has_the_id_that_it_has_there(
    engine: Engine, seeded: str, tmp_path: Path, model: tuple[str, ...], identity: str
) -> None:
    """A relative folder looks like an id: the start said what it loaded, older ones did not."""
    kind, source, *loaded = model
    query(
        engine,
        "UPDATE eval.model SET engine = %(kind)s,"
        " spec = spec || jsonb_build_object('source', %(source)s::text) WHERE name = 'model-a'",
        kind=kind,
        source=source,
    )
    for weights in loaded:
        query(
            engine,
            "UPDATE eval.boot SET backend_facts = jsonb_build_object('weights', %(weights)s::text)"
            " WHERE model_id = (SELECT id FROM eval.model WHERE name = 'model-a')",
            weights=weights,
        )
    with run_export(engine, find_run(engine, seeded).run_id) as opened:
        made = export_every_eval_ever(
            opened,
            tmp_path,
            version="1.0",
            problem_set="math62",
            organisation="us",
            developer="us",
        )
    (path,) = [name for name in made if "model-b" not in name]
    record = json.loads((tmp_path / path).read_text(encoding="utf-8"))
    assert record["model_info"]["id"] == identity
    assert record["model_info"]["name"] == "model-a"
    assert path.startswith(f"math62/{identity}/"), "the validator compares both"


def _name_of(record: object, folder: Path) -> str:
    return next(
        str(file.relative_to(folder))
        for file in folder.glob("math62/unknown/*/*-*-4*-*-*.json")
        if json.loads(file.read_text(encoding="utf-8")) == record
    )


def test_inspect_reads_its_log_with_the_steps_and_the_answers_come_back(
    engine: Engine, seeded: str, tmp_path: Path
) -> None:
    log = pytest.importorskip("inspect_ai.log", reason="the package inspect-ai is not installed")
    with run_export(engine, find_run(engine, seeded).run_id) as opened:
        made = export_inspect(opened, tmp_path, version="1.0")
    (counts,) = query(
        engine,
        "SELECT count(*) AS n FROM analytics_v1.generations WHERE run_id = %(run)s",
        run=seeded,
    )
    assert sum(made.values()) == counts["n"] > 0
    assert len(made) == 4, "two models, two prompts"
    for name, samples in made.items():
        read = log.read_eval_log(str(tmp_path / name))
        assert (read.status, len(read.samples)) == ("success", samples)
        assert "2020" < read.stats.started_at <= read.stats.completed_at
        tokens = sum(one.output.usage.total_tokens for one in read.samples)
        assert [usage.total_tokens for usage in read.stats.model_usage.values()] == [tokens]
        assert all(one.target and one.total_time == one.metadata["e2e_s"] for one in read.samples)
        scored = [one for one in read.samples if one.scores]
        assert scored
        for sample in scored:
            score = sample.scores["steps of 7"]
            job = sample.metadata["job_id"]
            steps = query(
                engine,
                "SELECT v.step, v.verdict, v.evidence FROM eval.step_verdict AS v"
                " JOIN analytics_v1.scores AS s ON s.score_id = v.score_id"
                " WHERE s.job_id = %(job)s ORDER BY v.ordinal",
                job=job,
            )
            kept = [{key: one[key] for key in steps[0]} for one in score.metadata["steps"]]
            assert kept == steps
    name = next(iter(made))
    back = import_answers(engine, ImportRequest(file=tmp_path / name, problems="core"))
    assert (back.added, back.unknown, back.refused) == (made[name], {}, ())
    assert back.source.origin.startswith("Inspect")
