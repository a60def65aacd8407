"""Which commands print tables: those on the page, those off it, and why the others are left out.

``tests/orchestrator/test_tables.py`` fails when a command stands in none of these lists. Words in
capitals stand for what ``tests/support/tables_page.py`` stores.
"""

from __future__ import annotations

from collections.abc import Collection

#: Shown on the page, in its order.
SHOWN = (
    "status", "status RUN", "watch RUN", "results RUN --synthetic",
    "results RUN --synthetic --table resources --include-flagged",
    "results RUN --synthetic --table resources --explain",
    "results RUN --synthetic --by topic --category university --table scores",
    "results RUN --synthetic --problem PROBLEM --model FIRST",
    "results LIMITS --synthetic", "results LIMITS --synthetic --table concurrency --explain",
    "results JUDGED --synthetic --table scores", "results DRAFTED --synthetic --table verification",
    "answer RUN --synthetic --problem PROBLEM --model FIRST",
    "compare RUN --models MODELS --synthetic",
    "recommend RUN --synthetic --price-per-gpu-hour 2.5",
    "submit ALL --problems quickstart --dry-run", "judge card JUDGED",
    "pipeline drafts DRAFTED", "pipeline show DRAFT",
    "verify --problem sec-symmetric-01 --answer ANSWER",
    "verify-bench --processbench PROCESSBENCH",
    "score --problem sec-symmetric-01 --answer ANSWER",
    "dead list --limit 2", "dead show JOB", "models list", "worker list", "schedule list",
    "schedule show SCHEDULE", "baseline show main", "nights SCHEDULE", "prompts list",
    "problems list quickstart",
)  # fmt: skip
#: Held to the same width, but off the page: what they find is the host's or long.
UNSHOWN = (
    "doctor", "models check", "problems show PROBLEM",
    "problems validate FILE", "db check",
    "db prune --older-than 1h", "run delete RUN",
)  # fmt: skip
#: Run once at 80 columns: they change what is stored, or write a file.
ONCE = (
    "submit --model FIRST --problems quickstart --name LONG", "run rename LONG LONGER",
    "run tag LONGER paper", "pause LONGER", "resume LONGER", "cancel LONGER", "retry RUN",
    "dead drop RUN", "dead retry RUN", "run delete LONGER",
    "report RUN -o OUT.html --synthetic", "export RUN --format csv -o OUT --synthetic",
    "judge submit JUDGED --judge FIRST --force", "judge export JUDGED -o OUT.jsonl",
    "judge import JUDGED OUT.jsonl --judge FIRST", "review export JUDGED -o READ.jsonl",
    "review import READ.jsonl --reviewer ada.lovelace@example.org", "rescore RUN",
    "pipeline submit --draft FIRST --verify SECOND --set quickstart",
    "probe sequences --model FIRST --memory-limit 24GiB --no-watch",
    "probe instances --model FIRST --no-watch", "probe context --model FIRST --no-watch",
    "schedule pause SCHEDULE", "schedule resume SCHEDULE", "schedule run-now SCHEDULE",
    "schedule remove SCHEDULE", "import-answers IMPORTED",
    "problems new sec-area-01 --level secondary --out OUT.yaml",
    "problems import processbench PROCESSBENCH --out IMPORTS", "worker drain --all",
    "prompts check STYLE",
    "problems agreement LABELS",
)  # fmt: skip
#: Commands without a table, and why they are not run here.
ELSEWHERE = {
    "quickstart": "prints the tables of results; tests/orchestrator/test_quickstart.py runs it",
    "up": "starts processes, a line each", "down": "stops them",
    "worker": "is a process and prints a log", "reconcile": "is a process and prints a log",
    "logs": "prints lines as they are, to be copied or searched",
    "models show": "prints JSON",
    "prompts show": "prints the words of a prompt as they are sent",
    "baseline pin": "needs ten nights, one sentence",
    "baseline repin": "needs ten nights, one sentence",
    "schedule add": "run before the page is made",
    "db shell": "is psql", "db url": "prints one line for programs",
    "db upgrade": "needs an old schema", "db dump": "copies a database, one sentence",
    "db restore": "copies a database, one sentence",
    "db grant-analyst": "changes a role, one sentence",
    "db grant-writer": "changes a role, one sentence",
}  # fmt: skip


def named(command: str, known: Collection[str]) -> str:
    """Return the command of these known ones that a command line begins with."""
    words = command.split()
    starts = (" ".join(words[:number]) for number in (2, 1))
    return next((start for start in starts if start in known), command)
