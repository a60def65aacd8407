"""What is asked of each view: all of one run, and everything, beside the plain table."""

from __future__ import annotations

#: A view with a row per result or finer: what is asked over all runs is an aggregate, for
#: millions of rows are not read by a person.
OVER_ALL = {
    "jobs": "SELECT model, state, count(*), max(finished_at) FROM {v} GROUP BY model, state",
    "attempts": "SELECT model, outcome, count(*), max(ended_at) FROM {v} GROUP BY model, outcome",
    "generations": "SELECT model, count(*), avg(ttft_ms), avg(need_mib) FROM {v} GROUP BY model",
    "scores": "SELECT model, category, count(*), avg(score7) FROM {v} GROUP BY model, category",
    "step_verdicts": "SELECT step, verdict, count(*) FROM {v} GROUP BY step, verdict",
    "memory_samples": "SELECT max(used_mib), count(*) FROM {v}",
    "card_looks": "SELECT model, count(*), min(sm_clock_mhz) FROM {v} GROUP BY model",
}
#: The same of the table behind it, without a join: what the machine needs for reading it.
PLAIN = {
    "jobs": "SELECT model_id, state, count(*), max(finished_at) FROM eval.job GROUP BY 1, 2",
    "attempts": "SELECT outcome, count(*), max(ended_at) FROM eval.attempt GROUP BY 1",
    "generations": "SELECT boot_id, count(*), avg(first_token_s - submitted_s), avg(need_mib) "
    "FROM eval.generation GROUP BY 1",
    "scores": "SELECT answer_correct, count(*), avg(score7) FROM eval.score GROUP BY 1",
    "step_verdicts": "SELECT step, verdict, count(*) FROM eval.step_verdict GROUP BY 1, 2",
    "memory_samples": "SELECT max(peak_mib), count(*) FROM eval.memory_trace",
    "card_looks": "SELECT count(look_at_s), min(max_sm_clock_mhz) FROM eval.memory_trace",
}
