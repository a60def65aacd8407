"""The score tables: steps shown, right answers, guesses and cut answers, a line per category."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.table import Table

from reports.results.sampling import sampling_text
from reports.tables.layout import add_named_row, lean_table, legend

Row = Mapping[str, Any]
FIGURES = (
    "mean\nof 7", "median\nof 7", "right\n%", "guess\n%", "cut\n%", "cov.\n%", "n",
)  # fmt: skip
WORDS = ("of 7", "mean", "right", "guess", "cut", "cov.", "n")


def score_tables(scores: Sequence[Row], missing: Sequence[Row] = ()) -> list[Table]:
    """Return a table per prompt: a block of lines per model, a line per category.

    ``missing`` are the jobs without a result: a model that has nothing else stands there too.
    """
    named = by_sampling(scores)
    scored = {row["model"] for row in scores}
    without: dict[str, list[str]] = {}
    for row in missing:
        if row["model"] not in scored:
            without.setdefault(row["model"], []).append(f"{row['jobs']} {row['state']}")
    prompts = dict.fromkeys(row["prompt"] for row in named)
    tables = [
        _table(prompt, [row for row in named if row["prompt"] == prompt], without)
        for prompt in prompts
    ]
    ranged = ("range",) if any(has_range(row) for row in scores) else ()
    tables[-1].caption = legend(*WORDS, *ranged)
    return tables


def _table(prompt: str, rows: Sequence[Row], without: Mapping[str, Sequence[str]]) -> Table:
    if any("part" in row for row in rows):
        return _by_part(prompt, rows)
    table = lean_table(f"Scores, prompt {prompt}", ("model", "category"), FIGURES)
    table.columns[1].no_wrap = True  # Its lines stand beside those of the figures.
    for model in dict.fromkeys(row["model"] for row in rows):
        of_model = [row for row in rows if row["model"] == model]
        cells = zip(*map(_cells, of_model), strict=True)
        categories = "\n".join(row["category"] for row in of_model)
        add_named_row(table, (model, categories), map("\n".join, cells))
    for model, jobs in without.items():
        add_named_row(table, (model, "\n".join(("no results", *jobs))), "-" * len(FIGURES))
    return table


def _by_part(prompt: str, rows: Sequence[Row]) -> Table:
    """Return a table with a block per part, in it a line per model."""
    by = rows[0]["by"]
    title = f"Scores by {by}" if prompt == "all" else f"Scores by {by}, prompt {prompt}"
    table = lean_table(title, (by, "model"), FIGURES)
    for part in dict.fromkeys(row["part"] for row in rows):
        first, *others = [row for row in rows if row["part"] == part]
        add_named_row(table, (part, first["model"]), _cells(first))
        for row in others:
            add_named_row(table, ("", row["model"]), _cells(row))
    return table


def by_sampling(rows: Sequence[Row]) -> list[Row]:
    """Name models whose answers were drawn in several ways by these, so that each is apart."""
    drawn: dict[str, set[str]] = {}
    for row in rows:
        drawn.setdefault(row["model"], set()).add(sampling_text(row.get("sampling") or {}))
    return [
        row
        if len(drawn[row["model"]]) == 1
        else {**row, "model": f"{row['model']}\n{sampling_text(row['sampling'])}"}
        for row in rows
    ]


def _cells(row: Row) -> Iterator[str]:
    yield score_range(*means(row))
    yield f"{row['score7']:.2f}"
    for key in ("answer_accuracy", "guess_rate", "cut_share", "coverage"):
        yield "-" if row.get(key) is None else f"{100 * row[key]:.0f}"
    yield f"{row['problems']} x {row['repetitions'] / row['problems']:.3g}"


def means(row: Row) -> tuple[float, float]:
    """Return the mean score of a row, and the one with every undetermined step done."""
    low, high = row.get("score7_mean"), row.get("score7_high_mean")
    return (row["score7"] if low is None else low, row["score7_high"] if high is None else high)


def has_range(row: Row) -> bool:
    """Return whether undetermined steps could raise a score as shown."""
    return "-" in score_range(*means(row))


def score_range(low: float, high: float) -> str:
    """Return a score, or from where to where it may lie."""
    shown = f"{low:.2f}", f"{high:.2f}"
    return shown[0] if shown[0] == shown[1] else "-".join(shown)


def judged_table(judged: Sequence[Row], judge: str) -> Table:
    """Return the scores of rules + judge beside those of the rules alone."""
    table = lean_table(
        f"Steps of 7: by the rules, and by rules + {judge}",
        ("model", "prompt", "category"),
        ("rules", "with\njudge", "cov.\n%", "judged", "chan-\nged", "flag-\nged"),
    )
    for row in judged:
        add_named_row(
            table,
            (row["model"], row["prompt"], row["category"]),
            (
                score_range(row["rules_score7"], row["rules_score7_high"]),
                score_range(row["score7"], row["score7_high"]),
                f"{100 * row['coverage']:.0f}",
                f"{row['judged']} of\n{row['repetitions']}",
                str(row["steps_changed"]),
                str(row["dones_flagged"]),
            ),
        )
    table.caption = (
        "judged: answers with a usable verdict of the judge; changed: steps with another verdict "
        "than the rules'; flagged: steps that the rules found and the judge did not, which stay "
        f"done; {legend('of 7', 'cov.', 'range')}"
    )
    return table


def unscored_table(unscored: Sequence[Row]) -> Table:
    """Return how many answers no score is made of, and why."""
    names = ("model", "prompt", "category", "ended by")
    table = lean_table("Answers that are in no mean of scores", names, ("results",))
    for row in unscored:
        words = (row["model"], row["prompt"], row["category"], row["finish_reason"])
        add_named_row(table, words, (str(row["results"]),))
    return table
