"""What else tables show beside a run of four models: judges, pipelines, nights, files, logs."""

from __future__ import annotations

import datetime as dt
import itertools
import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from core.sampling_params import SamplingParams
from core.states import NightState
from db.models import Night, NightMetric, Verification, VerifiedStep
from db.nights.nightly import watch
from db.nights.schedules import find_schedule
from db.queue.commits import Result, commit
from db.runs.submissions import PipelineRecord, submit
from orchestrator.judging.judge import Selection, import_replies, plan_questions
from orchestrator.judging.review import import_reviews, sampled_steps
from orchestrator.runs.submit import record_of
from scoring.verification.document import marked_document
from scoring.verification.verify import verify_text
from tests.support.four_models import FOUR, HOST
from tests.support.jobs import claimed, register, spec, submission, take
from tests.support.judging import MIXED, PROBLEM, batch_reply, reply, store_scored
from tests.support.results import result

DEVELOPMENT = Path(__file__).resolve().parents[2] / "problems" / "labelled" / "development"
JUDGED = "judged-answers-of-the-four-candidates-2026-11-30"
DRAFTED = "drafts-of-the-four-candidates-每夜核对-2026-11-30"
ANSWER = (
    "We use $(a+b)^2 = a^2 + 2ab + b^2$, so $a^2+b^2 = (a+b)^2 - 2ab$. 代入已知条件，可知"
    "两数的平方和等于和的平方减去两倍的积，于是结果随之得到。\n\nThus $a^2 + b^2 = 5^2 - 12$.\n\n"
    "That is $25 - 12 = 14$.\n\nAnswer: 14\n"
)
IMPORTED = "".join(
    json.dumps({"problem": "sec-symmetric-01", "model": model, "text": ANSWER}) + "\n"
    for model in FOUR
)
SLOT = dt.datetime(2026, 11, 30, 2, tzinfo=dt.UTC)
#: Of nights: what became of each, newest first.
NIGHTS = (
    (NightState.REGRESSED, f"score7 of {FOUR[2]}, stepwise fell by 1.25 to 3.50 of 7"),
    (NightState.LATE, "the run failed: 6 jobs of 48 are dead (ENGINE_START_CUDA_OOM)"),
    (NightState.QUIET, ""),
)

STYLE = """\
about = "Demands a derivation."
[[wordings]]
user.en = "{statement} Answer: ..."
"""


def seed_judged(engine: Engine) -> None:
    """Store a run whose answers four judges and a person read."""
    run = store_scored(engine, *[MIXED] * 6, name=JUDGED, model=FOUR[0])
    verdicts = itertools.cycle(("done", "wrong", "missing"))
    for judge in FOUR:
        asked = plan_questions(
            engine, run, Selection(check_done=True, retry_unscored=False, judge=judge)
        )
        lines = [
            batch_reply(
                one.custom_id, reply({step: next(verdicts) for step in one.request.step_ids})
            )
            for one in asked.questions
        ]
        import_replies(engine, run, lines, judge=judge)
    read = list(sampled_steps(engine, run, number=12, seed=0, uncertain=False))
    said = [json.dumps(row | {"verdict": next(verdicts)}) for row in read]
    import_reviews(engine, said, reviewer="ada.lovelace@example.org")


def seed_pipeline(engine: Engine) -> None:
    """Store drafts of three models that the fourth verified."""
    pipeline = PipelineRecord(
        verifier=spec(FOUR[3], queue="verifying"), deadline_ms=300.0, prompt_version="1",
        sampling=SamplingParams(max_tokens=1),
    )  # fmt: skip
    models = tuple(map(spec, FOUR[:3]))
    submit(
        engine,
        submission(name=DRAFTED, experiment_hash=DRAFTED, models=models, repetitions=1,
                   problems=(record_of(PROBLEM),), pipeline=pipeline),
    )  # fmt: skip
    worker_id = register(engine)
    drafts = []
    for _ in models:
        job = claimed(engine, worker_id)
        commit(engine, job.job_id, job.attempt_no, result(engine, worker_id, job))
        drafts.append(job.job_id)
    steps = verify_text(PROBLEM, ANSWER).steps
    verifier = register(engine, queues=("verifying",))
    for draft in drafts:
        waiting = take(engine, verifier, queues=("verifying",))
        assert waiting is not None
        document = marked_document(ANSWER, steps)
        found = Verification(
            draft_job_id=draft, verifier_version="1", prompt_version="1", deadline_ms=300.0,
            rule_ms=12.5, model_ms=1234.5, labels_by="logprobs", document_text_hash="document",
        )  # fmt: skip
        marks = [
            VerifiedStep(ordinal=step.index, step_start=step.start, step_end=step.end,
                         mark=step.mark, decided_by=step.by, reason=step.reason,
                         parsed=step.parsed, late=False, rule_ms=1.5,
                         model_ms=None if step.by == "rule" else 298.7)
            for step in steps
        ]  # fmt: skip
        made = Result(
            generation=None, texts={"document": document}, verification=found, verified_steps=marks
        )
        commit(engine, waiting.job_id, waiting.attempt_no, made)


def seed_nights(engine: Engine, name: str) -> None:
    """Store three nights of a schedule that is compared with the baseline main."""
    schedule = find_schedule(engine, name)
    watch(engine, schedule, baseline="main", policy={}, due_within_s=6 * 3600)
    with Session(engine) as session:
        for number, (state, reason) in enumerate(NIGHTS):
            slot = SLOT - dt.timedelta(days=number)
            session.add(
                Night(schedule_id=schedule.schedule_id, slot=slot, run_id=None, state=state,
                      due_at=slot, reason=reason, done=True, done_at=slot)
            )  # fmt: skip
            session.flush()
            session.add_all(
                NightMetric(schedule_id=schedule.schedule_id, slot=slot, model=model,
                            prompt="stepwise", metric=metric, unit=unit, value=value - number,
                            problems=6, difference=-1.25, course="jump", tier="block")
                for model in FOUR
                for metric, unit, value in (("score7", "of 7", 6.5), ("e2e_s", "s", 12_345.678))
            )  # fmt: skip
        session.commit()


def write_files(folder: Path, home: Path) -> Mapping[str, str]:
    """Write the files that commands read; return what stands for them in a command line."""
    rows: Sequence[Mapping[str, object]] = [
        {"id": f"gsm8k-{number}", "problem": "Add 2 and 3.", "generator": FOUR[0],
         "steps": ["We have 2+3=5.", "So 5*2=11."], "label": label}
        for number, label in enumerate((1, 1, -1))
    ]  # fmt: skip
    files = {
        "ANSWER": ("answer.md", ANSWER),
        "PROCESSBENCH": ("gsm8k.json", json.dumps(rows)),
        "IMPORTED": ("imported-answers-of-the-four-candidates.jsonl", IMPORTED),
        "STYLE": ("a-style-with-a-very-long-name.toml", STYLE),
    }
    for name, text in files.values():
        (folder / name).write_text(text, encoding="utf-8")
    (home / "logs").mkdir(parents=True, exist_ok=True)
    (home / "logs" / "worker-gpu7.log").write_text(
        json.dumps({"event": "job.succeeded", "host": HOST, "model": FOUR[2]}, ensure_ascii=False)
        + "\n", encoding="utf-8",
    )  # fmt: skip
    _write_labels(folder / "labels")
    made = ("OUT", "OUT.html", "OUT.jsonl", "OUT.yaml", "READ.jsonl", "IMPORTS")
    written = {key: str(folder / name) for key, (name, _) in files.items()}
    written["LABELS"] = str(folder / "labels")
    return written | {name: str(folder / name.lower()) for name in made}


def _write_labels(folder: Path) -> None:
    """Write two labelled answers as a separate folder."""
    labels = (DEVELOPMENT / "labels-1.jsonl").read_text(encoding="utf-8").splitlines()[:2]
    chosen = {json.loads(line)["answer"] for line in labels}
    index = (DEVELOPMENT / "index.jsonl").read_text(encoding="utf-8").splitlines()
    (folder / "answers").mkdir(parents=True)
    for name in chosen:
        shutil.copy(DEVELOPMENT / "answers" / f"{name}.md", folder / "answers")
    kept = [line for line in index if json.loads(line)["answer"] in chosen]
    for file, lines in (("labels-1.jsonl", labels), ("index.jsonl", kept)):
        (folder / file).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
