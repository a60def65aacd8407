"""What evalctl makes of odd streams, refusals and lists: all run in one trial, a job for each.

A row is right where what was seen equals what its behaviour expects.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from core.model_spec import ModelSpec
from tests.odd_servers.server import BEHAVIOURS, Exchange, OddServer
from tests.odd_servers.trial import Trial
from tests.support.database import query
from tests.support.jobs import quickstart

#: What is expected, by behaviour, and what its sentence has to hold.
EXPECTED: dict[str, str] = {}
SAYS: dict[str, str] = {}
SEEN = """
SELECT m.name, j.state::text AS state, j.error_class, j.error_message, g.finish_reason, g.untimed,
       g.flags, g.output, g.output_tokens, g.ttft_ms, g.tpot_ms, s.score7
  FROM eval.job AS j JOIN eval.model AS m ON m.id = j.model_id
  LEFT JOIN analytics_v1.generations AS g ON g.job_id = j.id
  LEFT JOIN analytics_v1.scores AS s ON s.job_id = j.id
"""
COUNTED = """
SELECT m.name, count(*) FILTER (WHERE a.outcome NOT IN ('succeeded', 'handed_back')) AS failed
  FROM eval.attempt AS a JOIN eval.job AS j ON j.id = a.job_id
  JOIN eval.model AS m ON m.id = j.model_id GROUP BY m.name
"""


def stream(
    expected: str, *, says: str = ""
) -> Callable[[Callable[[Exchange], None]], Callable[[Exchange], None]]:
    """Register a behaviour with what is right, and a part of the sentence of its failure."""

    def add(behave: Callable[[Exchange], None]) -> Callable[[Exchange], None]:
        name = behave.__name__.replace("_", "-")
        BEHAVIOURS[name], EXPECTED[name] = behave, expected
        if says:
            SAYS[name] = says
            EXPECTED[name] += f": {says}"
        return behave

    return add


def see_streams(trial: Trial) -> dict[str, str]:
    """Ask for every behaviour once, in one run; return what came of each."""
    with OddServer() as server:
        models = [
            ModelSpec(name=name, engine="openai", source=name, base_url=server.base_url,
                      queue="openai")
            for name in EXPECTED if name not in LISTS
        ]  # fmt: skip
        models += [
            ModelSpec(name=name, engine="openai", source="plain", queue="openai",
                      base_url=server.base_url.replace("/v1", f"/{name}/v1"))
            for name in LISTS
        ]  # fmt: skip
        trial.run_models(models, problems=quickstart()[:1], max_attempts=1, workers=2, within_s=600)
    counted = {row["name"]: row["failed"] for row in query(trial.engine, COUNTED)}
    return {
        row["name"]: _seen(row, counted.get(row["name"], 0)) for row in query(trial.engine, SEEN)
    }


def _seen(row: dict[str, Any], counted: int) -> str:
    """Return a row as words: how it ended, what is reported, what is flagged."""
    if row["state"] != "succeeded":
        text = row["error_message"] or ""
        hidden = " masked" if "***" in text else ""
        says = SAYS.get(row["name"], "")
        said = f": {says if says in text else text}" if says else ""
        return f"{row['state']} {row['error_class']}{hidden}{said}"
    words = [f"{row['finish_reason']}"]
    words += ["no score"] if row["score7"] is None else []
    words += sorted(row["flags"] or ())
    words += [row["untimed"]] if row["untimed"] and row["untimed"] not in words else []
    words += ["no TTFT"] if row["ttft_ms"] is None else []
    words += ["no TPOT"] if row["tpot_ms"] is None else []
    words += [f"{counted} counted"] if counted else []
    if row["name"] in TEXTS:
        words.append(TEXTS[row["name"]](row["output"]))
    return ", ".join(words)


#: What is said of an answer's text, by behaviour.
TEXTS: dict[str, Callable[[str], str]] = {
    "bom": lambda text: "whole" if text.startswith("x+y=5") else "first word lost",
    "split-emoji": lambda text: "joined" if text.endswith("13 \N{GRINNING FACE}") else text,
    "nul": lambda text: "replaced" if "\N{REPLACEMENT CHARACTER}" in text else text,
    "not-utf8": lambda text: "replaced" if "\N{REPLACEMENT CHARACTER}" in text else text,
    "two-choices": lambda text: "one" if "other" not in text else "mixed",
    "key-in-answer": lambda text: "masked" if "***" in text else text,
}
#: What a server says to a question for its models, by the first part of its path.
LISTS = dict.fromkeys(
    ("list-400", "list-404", "list-405", "list-501", "list-html", "list-null", "list-latest",
     "list-path", "list-big", "list-odd", "list-names"),
    "stop",
)  # fmt: skip
EXPECTED |= LISTS
