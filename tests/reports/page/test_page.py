"""The report's document and file: what stands in it, what it may load, what it leaves out."""

from __future__ import annotations

import datetime as dt
import hashlib
import html
import json
import re
from base64 import b64encode
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from db.models import Night, NightMetric, Schedule
from reports.page import shell as page_shell
from reports.page.answers import TEXT_AT_MOST, Utf16, answer_documents
from reports.page.intervals import category_intervals
from reports.page.shell import embedded, index_shell, render, report_shell
from tests.support.browser import chromium
from tests.support.pages import DATA, answer_row, document_in, document_of, verdict_row
from tests.support.processes import evalctl, evalctl_json
from tests.support.seeded_run import seed_limits, seed_run

VENDOR = Path(page_shell.__file__).parent / "vendor"


@pytest.mark.parametrize("text", ["", "abc", "中文 x", "a😀b", "😀😀", "𝒙 = 𝟐 😀"])
def test_offsets_are_those_of_a_browser(text: str) -> None:
    units = Utf16.of(text)
    for offset in range(len(text) + 1):
        assert 2 * units.at(offset) == len(text[:offset].encode("utf-16-le"))


@pytest.mark.parametrize(
    ("at", "kept"), [((0, 4), True), ((3, 3), False), ((5, 999), False), ((-1, 3), False)]
)
def test_a_passage_outside_the_text_is_quoted_instead(at: tuple[int, int], *, kept: bool) -> None:
    row = verdict_row(1, at=at, evidence="quoted")
    (answer,) = answer_documents([answer_row(1, "some text")], [row], [])
    (step,) = answer["steps"]
    assert ("start" in step) is kept
    assert step.get("evidence") == (None if kept else "quoted")


def test_a_long_answer_is_cut_and_counted() -> None:
    found = document_of([answer_row(1, "x" * (TEXT_AT_MOST + 5)), answer_row(2, "short")])
    assert [answer.get("characters_cut") for answer in found["answers"]] == [5, None]
    said = {entry["number"]: entry["what"] for entry in found["left_out"]}
    assert "answers whose end is cut: they are longer than the page holds" in said.values()


def test_judges_and_people_stand_beside_the_rules() -> None:
    reading = {"score_id": 1, "step": "s1", "who": "ann", "kind": "review", "verdict": "wrong",
               "text": "no"}  # fmt: skip
    rows = [verdict_row(1, at=None), verdict_row(1, "s2", at=None, ordinal=2)]
    (answer,) = answer_documents([answer_row(1, "text")], rows, [reading])
    assert answer["steps"][0]["said"] == [
        {"who": "ann", "kind": "review", "verdict": "wrong", "text": "no"}
    ]
    assert "said" not in answer["steps"][1]


def test_the_policy_names_the_scripts_and_no_address() -> None:
    page = render({}, report_shell(), title="t").decode()
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    policy = html.unescape(policy)
    scripts = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    digests = [b64encode(hashlib.sha256(one.encode()).digest()).decode() for one in scripts]
    hashes = " ".join(f"'sha256-{digest}'" for digest in digests)
    assert len(scripts) == 3
    assert f"script-src {hashes};" in policy
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe-eval" not in policy
    assert not re.search(r"https?:", policy)


@pytest.mark.parametrize("shell", [report_shell(), index_shell()])
def test_a_page_loads_nothing(shell: page_shell.Shell) -> None:
    page = render({}, shell, title="t").decode()
    assert re.findall(r'(?:src|href)\s*=\s*["\']?(?!#)[\w/.]+:', page.split("<script")[0]) == []
    assert set(re.findall(r"url\((?!data:)[^)]*\)", "".join(shell.styles))) == set()
    assert not any("</script" in script.lower() for script in shell.scripts)
    assert not any("<!--" in script for script in shell.scripts)


def test_no_text_ends_the_data() -> None:
    text = "</script><!--<script>\u2028\u2029\ud800"
    page = render({"a": text}, report_shell(), title=text, run=text)
    assert b"<" not in embedded({"a": text}).encode("utf-8", "replace")
    assert page.count(b"<script") == 4
    assert json.loads(DATA.findall(page.decode())[0])["a"] == text.replace("\ud800", "?")


def test_the_vendored_files_are_those_of_the_manifest() -> None:
    manifest = json.loads((VENDOR / "manifest.json").read_text(encoding="utf-8"))
    held = {
        str(path.relative_to(VENDOR)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in VENDOR.rglob("*")
        if path.is_file() and path.name != "manifest.json"
    }
    assert held == {file["path"]: file["sha256"] for file in manifest["files"]}
    licences = (VENDOR / "LICENSES.txt").read_text(encoding="utf-8")
    lock = json.loads(
        (VENDOR.parents[2] / "deploy" / "vendor" / "package-lock.json").read_text(encoding="utf-8")
    )["packages"]
    for package in manifest["packages"]:
        assert package["integrity"] == lock[f"node_modules/{package['name']}"]["integrity"]
        bundled = f"{package['name']} {package['version']}" in licences
        assert bundled or package["name"] == "esbuild", package
        assert package["licence"] in {"MIT", "ISC", "BSD-3-Clause"}


def test_intervals_are_of_problems_and_stay_on_the_scale() -> None:
    rows = [
        {"model": model, "prompt": "plain", "category": "secondary", "problem": f"p{n}",
         "score7": score}
        for model, scores in (("a", (7.0, 7.0, 6.5)), ("b", (4.0, 3.0, 4.5)))
        for n, score in enumerate(scores)
    ]  # fmt: skip
    found = {row["model"]: row for row in category_intervals(rows)}
    assert found["a"]["ci_high"] == 7.0
    # By hand: 4, 3, 4.5; t(0.975, 2) = 4.3027, standard error 0.7638 / sqrt(3).
    assert found["b"]["ci_low"] == pytest.approx(23 / 6 - 4.3027 * 0.7638 / 3**0.5, abs=1e-3)
    assert category_intervals(rows[:1]) == []


def test_the_command_writes_a_run_with_all_its_parts(
    engine: Engine, environment: dict[str, str], tmp_path: Path
) -> None:
    seed_limits(engine)
    seed_run(engine, problems=3, repetitions=2)
    file = tmp_path / "pages" / "seeded.html"
    facts = evalctl_json(environment, f"report seeded --synthetic -o {file}")
    assert (facts["answers"], facts["bytes"]) == (24, file.stat().st_size)
    found = document_in(file)
    assert found["run"]["name"] == "seeded"
    assert len(found["summary"]) == 4
    asked = "2 models answered 3 problems with 2 prompts, 2 times each (24 answers)."
    assert found["summary"][0] == asked
    score, *_ = found["comparison"]["metrics"]
    assert (score["metric"], score["category"], score["n"]) == ("score7", None, 3)
    assert f"model-a shows {score['a']:.2f} and model-b {score['b']:.2f}" in found["summary"][1]
    assert facts["verdict"] == found["comparison"]["verdict"]
    unpriced, *answers = found["recommendation"]["answers"]
    assert (unpriced["priority"], unpriced["choice"]) == ("steady-cheap", None)
    assert "steady-cheap" not in found["summary"][3]
    for answer in answers:
        words = "Recommended: " if answer["shown"] else "Ahead, but this run does not prove it: "
        _, _, said = found["summary"][3].partition(words)
        assert answer["priority"] in said
        assert f"{answer['choice']['model']} with the {answer['choice']['prompt']} prompt" in said
    assert {row["model"] for row in found["weakest"]} == {"model-a", "model-b"}
    assert [len(row["cuts"]) for row in found["distributions"]] == [41] * 12
    assert {row["model"]: row["level"] for row in found["ladder"] if row["stable"] < 3} == {
        "model-a": 5,
        "model-b": 4,
    }
    for line in found["memory"]:
        terms = [term["mib"] for term in line["example"]["need"] if term["counts"]]
        assert sum(terms) == pytest.approx(line["example"]["need_mib"])
    assert {len(trace["samples"]) for trace in found["traces"]} == {80}
    gained = {row["model"]: row["gained"] - row["lost"] for row in found["prompt_steps"]}
    assert gained.keys() == {"model-a", "model-b"}
    for answer in found["answers"]:
        text = answer["text"].encode("utf-16-le")
        for step in (one for one in answer["steps"] if "start" in one):
            passage = text[2 * step["start"] : 2 * step["end"]].decode("utf-16-le")
            assert passage.strip()
        assert answer["text"].startswith("<think>") is (answer["model"] == "model-b")
        assert (answer["answer_start"] > 0) is (answer["model"] == "model-b")


def test_the_list_can_be_shorter_and_says_so(
    engine: Engine, environment: dict[str, str], tmp_path: Path
) -> None:
    seed_run(engine, problems=2, repetitions=2, prompts=("plain",))
    facts = evalctl_json(
        environment, f"report latest --synthetic --answers 3 -o {tmp_path / 'r.html'}"
    )
    assert facts["answers"] == 3
    assert [entry["number"] for entry in facts["left_out"] if "--answers" in entry["what"]] == [5]
    found = document_in(tmp_path / "r.html")
    assert {answer["repetition"] for answer in found["answers"]} == {1}


def test_the_index_links_the_reports_of_its_folder(
    engine: Engine, environment: dict[str, str], tmp_path: Path
) -> None:
    seed_run(engine, problems=1, repetitions=1, name="one")
    seed_run(engine, problems=1, repetitions=1, name="two")
    evalctl(environment, "report one --synthetic -o", str(tmp_path / "a b#1.html"))
    facts = evalctl_json(environment, f"report --index --synthetic -o {tmp_path / 'index.html'}")
    assert (facts["runs"], facts["linked"]) == (2, 1)
    runs = {run["name"]: run for run in document_in(tmp_path / "index.html")["runs"]}
    assert (runs["one"]["file"], runs["two"]["file"]) == ("./a%20b%231.html", None)
    assert {row["model"] for row in runs["one"]["scores"]} == {"model-a", "model-b"}


def test_a_run_of_simulated_models_is_refused_without_the_option(
    engine: Engine, environment: dict[str, str], tmp_path: Path
) -> None:
    seed_run(engine, problems=1, repetitions=1, name="one")
    done = evalctl(environment, f"report one -o {tmp_path / 'r.html'}")
    assert done.returncode == 2
    assert "add --synthetic to include synthetic models" in done.stderr


def test_a_file_that_cannot_be_written_is_named(
    engine: Engine, environment: dict[str, str], tmp_path: Path
) -> None:
    seed_run(engine, problems=1, repetitions=1, name="one")
    (tmp_path / "file").write_text("", encoding="utf-8")
    done = evalctl(environment, f"report one --synthetic -o {tmp_path / 'file' / 'r.html'}")
    assert done.returncode == 2
    assert f"cannot write {tmp_path / 'file' / 'r.html'}: " in done.stderr


def test_a_run_is_compared_with_its_baseline(
    engine: Engine, environment: dict[str, str], tmp_path: Path
) -> None:
    for name in ("before", "after"):
        seed_run(engine, problems=3, repetitions=1, prompts=("plain",), name=name)
    file = tmp_path / "r.html"
    facts = evalctl_json(environment, f"report after --baseline before --synthetic -o {file}")
    heads = document_in(file)["comparison"]["comparisons"]
    assert [(one["a"]["name"], one["b"]["name"], one["b"]["model"]) for one in heads] == [
        ("before", "after", "model-a"),
        ("before", "after", "model-b"),
    ]
    assert "model-a in before shows" in facts["summary"][1]
    done = evalctl(environment, f"report after --baseline nowhere --synthetic -o {file}")
    assert (done.returncode, "no run matches 'nowhere'" in done.stderr) == (2, True)


def test_the_nights_up_to_the_run_are_shown(
    engine: Engine, environment: dict[str, str], tmp_path: Path
) -> None:
    runs = [
        seed_run(engine, problems=1, repetitions=1, prompts=("plain",), name=f"night-{n}").run_id
        for n in range(3)
    ]
    slots = [dt.datetime(2026, 11, 1 + n, tzinfo=dt.UTC) for n in range(3)]
    with Session(engine) as session:
        schedule = Schedule(name="nightly", cron="0 1 * * *", timezone="UTC", experiment={})
        session.add(schedule)
        session.flush()
        for n, (slot, run_id) in enumerate(zip(slots, runs, strict=True)):
            night = {"schedule_id": schedule.id, "slot": slot}
            session.add(
                Night(**night, run_id=run_id, due_at=slot, state="quiet", done=True, done_at=slot)
            )
            session.flush()
            session.add(
                NightMetric(
                    **night, model="model-a", prompt="plain", metric="score7", unit="points of 7",
                    value=5.0 - n, problems=1, reference=5.0, distance=n, standard_error=0.5,
                    difference=-n, z=2.0 * n, z_limit=3.0, course="quiet", tier="block",
                )
            )  # fmt: skip
        session.commit()
    file = tmp_path / "r.html"
    assert evalctl(environment, f"report night-1 --synthetic -o {file}").returncode == 0
    nights = document_in(file)["nights"]
    assert [(night["run"], night["own"], night["z"]) for night in nights] == [
        ("night-0", False, 0.0),
        ("night-1", True, 2.0),
    ]
    with chromium() as page:
        page.open(file)
        page.settle()
        assert page.complaints == []
        drawn = page.evaluate("document.querySelector('#nights svg').getAttribute('aria-label')")
    assert drawn == "score of 7: model-a, plain: last night 2.0 of 3.0 standard deviations, quiet."
