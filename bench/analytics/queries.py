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
    "generation_gpus": "SELECT model, gpu, count(*), max(need_mib) FROM {v} GROUP BY model, gpu",
    "answer_energy": "SELECT model, count(*), avg(joules) FROM {v} GROUP BY model",
}
#: The same of the table behind it, without a join: what the machine needs for reading it.
PLAIN = {
    "jobs": "SELECT model_id, state, count(*), max(finished_at) FROM eval.job GROUP BY 1, 2",
    "attempts": "SELECT outcome, count(*), max(ended_at) FROM eval.attempt GROUP BY 1",
    "generations": "SELECT boot_id, count(*), avg(first_token_s - submitted_s), avg(need_mib) "
    "FROM eval.generation GROUP BY 1",
    "scores": "SELECT answer_correct, count(*), avg(score7) FROM eval.score GROUP BY 1",
    "step_verdicts": "SELECT step, verdict, count(*) FROM eval.step_verdict GROUP BY 1, 2",
    "memory_samples": "SELECT max(u), count(*) FROM eval.memory_trace, unnest(used_mib) AS u",
    "card_looks": "SELECT count(*), min(u) FROM eval.memory_trace, unnest(look_sm_clock_mhz) AS u",
}
#: What else is asked of results over all runs: how long it takes, and no plain table beside it.
MORE = {
    "flags": "SELECT model, flagged, count(*) FROM analytics_v1.generations GROUP BY 1, 2",
    "a median": "SELECT model, percentile_cont(0.5) WITHIN GROUP (ORDER BY ttft_ms) "
    "FROM analytics_v1.generations GROUP BY model",
    "missed steps": "SELECT problem, step, sum(missing), sum(answers) "
    "FROM analytics_v1.step_counts GROUP BY 1, 2",
    "jobs by state": "SELECT model, state, sum(jobs), max(last_finished_at) "
    "FROM analytics_v1.job_counts GROUP BY 1, 2",
    "attempts by outcome": "SELECT model, outcome, sum(attempts), max(last_ended_at) "
    "FROM analytics_v1.attempt_counts GROUP BY 1, 2",
    "times and need": "SELECT model, sum(used), sum(ttft_ms_sum) / sum(timed), max(need_mib_max) "
    "FROM analytics_v1.answer_totals GROUP BY 1",
    "flagged answers": "SELECT model, sum(flagged), sum(answers) "
    "FROM analytics_v1.answer_totals GROUP BY 1",
    "scores by category": "SELECT model, category, sum(scored), sum(score7_sum) / sum(scored) "
    "FROM analytics_v1.answer_totals GROUP BY 1, 2",
    "memory in use": "SELECT model, max(peak_mib_max), sum(mean_mib_sum) / sum(traced) "
    "FROM analytics_v1.answer_totals GROUP BY 1",
    "clocks": "SELECT model, min(sm_clock_mhz_min), max(temperature_c_max) "
    "FROM analytics_v1.answer_totals GROUP BY 1",
    "medians by problem": "SELECT model, percentile_cont(0.5) WITHIN GROUP (ORDER BY ttft_ms) "
    "FROM analytics_v1.problem_resources GROUP BY model",
    "the newest 1,000": "SELECT * FROM analytics_v1.generations ORDER BY job_id DESC LIMIT 1000",
    "the last day": "SELECT model, avg(score7) FROM analytics_v1.scores "
    "WHERE scored_at > now() - interval '1 day' GROUP BY model",
}
