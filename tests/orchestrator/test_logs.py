"""``evalctl logs``, and what ``watch`` says at the end of a run."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from core.states import JobState
from orchestrator.log_files import followed, last_lines
from orchestrator.runs.ending import ending_lines, unwatched_line
from tests.support.database import query
from tests.support.four_models import FAILED, FOUR, seed_four
from tests.support.jobs import progress_of, run_of
from tests.support.processes import ROOT, evalctl, evalctl_json, worker

MODELS = """
[models.fake]
engine = "synthetic"
source = "simulated"
"""


def test_the_last_lines_and_what_follows(tmp_path: Path) -> None:
    log = tmp_path / "worker-cpu0.log"
    log.write_text("one\ntwo\nthree\n", encoding="utf-8")
    shown, size = last_lines(log, 2)
    assert (shown, size) == (["two", "three"], 14)
    with log.open("a", encoding="utf-8") as more:
        more.write("four\nfi")
    lines = followed([(log, size)])
    assert next(lines) == (log, "four")
    with log.open("a", encoding="utf-8") as more:
        more.write("ve\n")
    assert next(lines) == (log, "five"), "a line is given once it is whole"


def test_ctrl_c_ends_what_follows_a_log_and_says_that_nothing_else_ends(tmp_path: Path) -> None:
    log = tmp_path / "logs" / "worker-cpu0.log"
    log.parent.mkdir()
    log.write_text("one\n", encoding="utf-8")
    following = subprocess.Popen(
        [sys.executable, "-m", "orchestrator", "logs", "worker", "-f"],
        env=os.environ | {"EVALCTL_HOME": str(tmp_path)}, cwd=ROOT, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert following.stdout is not None
    assert following.stdout.readline() == "one\n"
    with log.open("a", encoding="utf-8") as more:
        more.write("two\n")
    assert following.stdout.readline() == "two\n"
    following.send_signal(signal.SIGINT)
    _, said = following.communicate(timeout=60)
    assert following.returncode == 4, said
    assert said.strip() == "stopped following the log; its process keeps running"


def test_logs_of_this_host_are_shown(user: dict[str, str]) -> None:
    folder = Path(user["EVALCTL_HOME"]) / "logs"
    folder.mkdir(parents=True)
    (folder / "worker-cpu0.log").write_text('{"event": "a"}\n{"event": "\x1b[2J"}\n', "utf-8")

    shown = evalctl(user, "logs worker -n 1").stdout
    assert shown == '{"event": "\N{REPLACEMENT CHARACTER}[2J"}\n'
    missing = evalctl(user, "logs reconciler")
    assert (missing.returncode, "no log of a reconciler" in missing.stderr) == (2, True)
    for wrong in ("logs engine", "logs worker 3"):
        assert "`evalctl logs engine JOB`" in evalctl(user, wrong).stderr


def test_every_line_of_a_worker_is_json(user: dict[str, str], tmp_path: Path) -> None:
    log = tmp_path / "log"
    with log.open("wb") as out:
        command = [sys.executable, "-m", "workers", "--cpu", "--queue", "synthetic"]
        process = subprocess.Popen(command, env=user, stdout=out, stderr=subprocess.STDOUT)
        try:
            for _path, line in followed([(log, 0)]):
                if json.loads(line)["event"] == "worker.ready":
                    break
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)
    assert all(json.loads(line) for line in log.read_text(encoding="utf-8").splitlines())


def test_the_log_of_a_jobs_engine_is_found(user: dict[str, str], engine: Engine) -> None:
    seed_four(engine, problems=1, repetitions=1)
    jobs = query(engine, "SELECT j.id, m.name FROM eval.job AS j "
                         "JOIN eval.model AS m ON m.id = j.model_id")  # fmt: skip
    done = next(job["id"] for job in jobs if job["name"] == FOUR[0])
    failed = next(job["id"] for job in jobs if job["name"] == FAILED)
    assert "kept no log" in evalctl(user, f"logs engine {done}").stderr
    query(engine, "INSERT INTO eval.text_blob (hash, content) VALUES ('log', 'loaded') "
                  "RETURNING hash")  # fmt: skip
    query(engine, "UPDATE eval.boot SET log_text_hash = 'log' RETURNING id")
    assert evalctl(user, f"logs engine {done}").stdout == "loaded\n"
    assert "has no engine start" in evalctl(user, f"logs engine {failed}").stderr


def test_the_end_of_a_run_says_why_and_what_next(engine: Engine, user: dict[str, str]) -> None:
    submitted = seed_four(engine, problems=1, repetitions=1)
    run, progress = run_of(engine, submitted), progress_of(engine, submitted)
    said = " ".join(ending_lines(run, progress))
    assert "failed, 6 of 8 jobs succeeded" in said
    assert f"2 jobs failed ({FAILED}, ENGINE_START_CUDA_OOM): it failed" in said
    for command in ("dead list", "retry", "results"):
        assert f"`evalctl {command} {run.name}`" in said
    assert f"has ended: {progress.state}" in unwatched_line(run, progress, workers=0)
    watched = evalctl(user, f"watch {run.name}")
    assert (watched.returncode, f"`evalctl retry {run.name}`" in watched.stdout) == (1, True)


def test_a_watch_that_ends_well_names_the_results(user: dict[str, str]) -> None:
    with worker(user, "--queue", "synthetic"):
        submit = "submit --model fake --problems sec-symmetric-01 --repetitions 1 --watch"
        done = evalctl(user, submit)
    assert done.returncode == 0, done.stderr
    assert "`evalctl results sec-symmetric-01-" in done.stdout


def test_there_is_no_eta_without_a_worker_nor_right_after_a_pause(
    engine: Engine, user: dict[str, str]
) -> None:
    submitted = seed_four(engine, problems=2, repetitions=2)
    run = str(submitted.run_id)
    query(engine, "UPDATE eval.job SET finished_at = finished_at - interval '1 hour' "
                  "WHERE finished_at IS NOT NULL RETURNING id")  # fmt: skip
    assert evalctl_json(user, f"retry {run}")["retried"] == 8
    assert progress_of(engine, submitted).eta_s is None, "nothing has ended since the retry"
    ended = (
        "UPDATE eval.job SET state = 'failed', failure_kind = 'rejected', "
        "finished_at = now() - %(ago)s * interval '1 s' "
        "WHERE id = (SELECT min(id) FROM eval.job WHERE state = 'queued') RETURNING id"
    )
    query(engine, ended, ago=4)
    assert progress_of(engine, submitted).eta_s is None, "one end says no rate"
    query(engine, ended, ago=2)
    eta_s = progress_of(engine, submitted).eta_s
    assert eta_s is not None
    assert 20 < eta_s < 60, "6 jobs of some 4 s, the hour before left out"
    query(engine, "UPDATE eval.worker SET state = 'lost' RETURNING id")
    assert _status(user, run)["eta_s"] is None
    assert "ETA" not in evalctl(user, f"status {run}").stdout
    assert progress_of(engine, submitted).count(JobState.QUEUED) == 6


def _status(user: dict[str, str], run: str) -> dict[str, Any]:
    return evalctl_json(user, f"status {run}", code=1)
