"""Every table of the command line at 80 columns, with four models of long names, as text.

``python -m tests.support.tables_page`` writes docs/reference/tables.md.
"""

from __future__ import annotations

import os
import re
import shlex
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from sqlalchemy import Engine

from core.settings import Settings
from db.engine import open_database
from db.migrate import upgrade
from services.usage import services
from tests.support.database import query
from tests.support.four_models import FAILED, FOUR, MESSAGE, NAME, seed_four, seed_limits
from tests.support.processes import evalctl
from tests.support.table_commands import SHOWN
from tests.support.table_subjects import (
    DRAFTED,
    JUDGED,
    seed_judged,
    seed_nights,
    seed_pipeline,
    write_files,
)

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "reference" / "tables.md"
WIDTH = 80
SCHEDULE = "nightly-regression-of-the-four-candidates"
REGISTRY = "".join(
    f'[models."{name}"]\nengine = "synthetic"\nsource = "example.org/maths/{name}"\n'
    f'quantisation = "compressed-tensors-w4a16-g128"\n'
    for name in FOUR
)
EXPERIMENT = f'models = {list(FOUR)!r}\nproblems = "quickstart"\nrepetitions = 1\n'
HEAD = """\
<!-- Written by `make docs` with tests/support/tables_page.py; do not edit. -->
# Tables at 80 columns

What the command line prints on a terminal of 80 columns for four models with long names, one of
which has no result. The rows are simulated, and moments, ids and figures of the host are replaced.
`COLUMNS=120 evalctl ...` prints for another width. Names go on in the next line, at their hyphens;
a figure is never broken. Columns without any content are left out.
"""
#: What differs from one rendering to the next, and what is put in its place.
VARYING = (
    (re.compile(r"^\d\d:\d\d UTC", re.MULTILINE), "02:00 UTC"),
    (re.compile(r"^\d\d:\d\d:\d\d ", re.MULTILINE), "02:00:00 "),
    (re.compile(r"\b(\d\d:\d\d):\d\d UTC"), r"\g<1>:00 UTC"),
    (re.compile(r"\b\d\d-\d\d( +)\d\d:\d\d\b"), r"11-30\g<1>02:00"),
    (re.compile(r"\b\d{4}-\d\d-\d\d( +)\d\d:\d\d\b"), r"2026-11-30\g<1>02:00"),
    (re.compile(r"\b\w{3} 2026-11-30"), "Mon 2026-11-30"),
    (re.compile(r"\b\d\d-\d\d$", re.MULTILINE), "11-30"),
    (re.compile(r"\b\d\d:\d\d$", re.MULTILINE), "02:00"),
    (re.compile(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
     "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"),
    (re.compile(r"\b(?=[0-9a-f]*[0-9])[0-9a-f]{8}$", re.MULTILINE), "0f1e2d3c"),
    (re.compile(r"\b[0-9] s ago"), "3 s ago"),
)  # fmt: skip


def seed(engine: Engine, environment: Mapping[str, str], folder: Path) -> dict[str, str]:
    """Store all that the commands show; return the environment to run them in."""
    (folder / "evalctl.toml").write_text(REGISTRY, encoding="utf-8")
    (folder / "nightly.toml").write_text(EXPERIMENT, encoding="utf-8")
    user = {**environment, "COLUMNS": str(WIDTH), "EVALCTL_CONFIG": str(folder / "evalctl.toml")}
    seed_limits(engine)
    run = seed_four(engine)
    add = f"schedule add {SCHEDULE} --cron '0 2 * * *' --tz Asia/Shanghai -f {folder}/nightly.toml"
    for command in (add, f"schedule run-now {SCHEDULE}", "cancel latest"):
        done = evalctl(user, command)
        assert done.returncode == 0, done.stderr
    query(engine, "UPDATE eval.run SET name = %(name)s WHERE right(name, 8) = '-by-hand' "
                  "RETURNING id", name=f"{SCHEDULE}-2026-11-30T02:00:00-by-hand")  # fmt: skip
    query(engine, "UPDATE eval.run SET created_at = created_at - interval '1 hour' "
                  "WHERE starts_with(name, 'limits-') RETURNING id")  # fmt: skip
    query(
        engine,
        "INSERT INTO eval.baseline "
        "(name, version, reason, pinned_by, schedule, run_ids, conditions) VALUES ('main', 2, "
        "'the first ten nights on the new GPU, after the driver was updated', "
        "'ada.lovelace@example.org', %(schedule)s, %(runs)s, '{}') RETURNING id",
        schedule=SCHEDULE,
        runs=[run.run_id] * 10,
    )
    query(engine, "UPDATE eval.job SET error_message = %(said)s, failure_kind = "
                  "CASE state WHEN 'dead' THEN 'poison' ELSE failure_kind END "
                  "WHERE state IN ('dead', 'failed') RETURNING id", said=MESSAGE)  # fmt: skip
    query(engine, "UPDATE eval.attempt SET error_message = %(said)s "
                  "WHERE outcome = 'failed' RETURNING job_id", said=MESSAGE)  # fmt: skip
    query(engine, "UPDATE eval.worker SET model_id = (SELECT id FROM eval.model WHERE name = "
                  "%(model)s ORDER BY id LIMIT 1), state = 'busy', note = 'its GPU is warm' "
                  "RETURNING id", model=FAILED)  # fmt: skip
    seed_judged(engine)
    seed_pipeline(engine)
    seed_nights(engine, SCHEDULE)
    query(engine, "UPDATE eval.worker SET state = 'stopped' WHERE state = 'starting' RETURNING id")
    return user


def values(engine: Engine, folder: Path, home: Path) -> dict[str, Sequence[str]]:
    """Return what the words in capitals of a command stand for; write the files among them."""
    (job,) = query(engine, "SELECT max(id) AS job FROM eval.job WHERE state = 'dead'")
    (draft,) = query(engine, "SELECT max(draft_job_id) AS job FROM eval.verification")
    found: dict[str, Sequence[str]] = {"MODELS": FOUR[:2]}
    found["ALL"] = [word for model in FOUR for word in ("--model", model)]
    one = dict(write_files(folder, home)) | {
        "RUN": NAME, "JOB": str(job["job"]), "DRAFT": str(draft["job"]), "JUDGED": JUDGED,
        "DRAFTED": DRAFTED, "LIMITS": f"limits-{FOUR[2]}", "SCHEDULE": SCHEDULE, "FIRST": FOUR[0],
        "SECOND": FOUR[1], "PROBLEM": "mod-bike-fleet-01", "LONG": f"{NAME}-第二次",
        "LONGER": f"{NAME}-第二次-with-another-name",
    }  # fmt: skip
    one["FILE"] = str(ROOT / "problems/math62/secondary/sec-symmetric-01.yaml")
    return found | {name: (value,) for name, value in one.items()}


def shown(
    engine: Engine,
    user: Mapping[str, str],
    commands: Iterable[str],
    known: Mapping[str, Sequence[str]],
    width: int = WIDTH,
) -> Iterator[tuple[str, str]]:
    """Yield each command with what it prints at a width."""
    for command in commands:
        query(engine, "UPDATE eval.worker SET last_seen_at = now() RETURNING id")
        words = [part for word in command.split() for part in known.get(word, (word,))]
        done = evalctl({**user, "COLUMNS": str(width)}, shlex.join(words))
        assert done.stdout, (command, done.stderr)
        assert not done.stderr.startswith("evalctl: "), (command, done.stderr)
        yield command, done.stdout


def fixed(text: str) -> str:
    """Return a text without what differs from one rendering to the next."""
    lines = "\n".join(line.rstrip() for line in text.splitlines())
    for pattern, constant in VARYING:
        lines = pattern.sub(constant, lines)
    return lines.strip("\n")


def page(texts: Iterable[tuple[str, str]]) -> str:
    """Return the page of what commands print."""
    parts = [HEAD]
    parts += [f"## evalctl {command}\n\n```text\n{fixed(text)}\n```\n" for command, text in texts]
    return "\n".join(parts)


def main() -> None:
    """Write the page, on servers started for it."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        with services(Settings(home=home)) as found:
            settings = {"evalctl.include_synthetic": "on"}
            engine = open_database(found.database_url, name="tables", settings=settings)
            upgrade(engine)
            kept = {name: text for name, text in os.environ.items() if "EVALCTL" not in name}
            user = seed(engine, {**kept, "EVALCTL_HOME": str(home)}, Path(folder))
            known = values(engine, Path(folder), home)
            texts = shown(engine, user, SHOWN, known)
            PAGE.write_text(page(texts), encoding="utf-8")
            engine.dispose()


if __name__ == "__main__":
    main()
