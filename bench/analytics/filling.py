"""Fill a database with millions of attempts in runs of 20,000 results, by SQL and without triggers.

Only for a database that is thrown away: foreign keys are not checked and nothing marks the rows as
fake.
"""

from __future__ import annotations

import sys
import time

from sqlalchemy import Connection, Engine

from db.engine import rows

MODELS, PROMPTS, PROBLEMS, REPETITIONS = 4, 2, 125, 20
RESULTS_A_RUN = MODELS * PROMPTS * PROBLEMS * REPETITIONS
#: Every Nth job was claimed twice: its first worker was lost.
SECOND_ATTEMPT_OF = 49
TEXTS = 20_000
#: Samples of memory of a result; every tenth also has three of the GPU's clock.
SAMPLES = 20

_SETTING = """
INSERT INTO eval.model (name, spec_hash, engine, queue, synthetic, spec)
SELECT 'model-' || n, 'fake', 'vllm', 'fake', false, '{}' FROM generate_series(1, 4) AS n;
INSERT INTO eval.problem (name, content_hash, category, document)
SELECT 'problem-' || n, 'fake', (ARRAY['secondary', 'university', 'modelling'])[1 + n %% 3], '{}'
  FROM generate_series(1, 125) AS n;
INSERT INTO eval.worker (id, name, host, pid, device, gpu_index, gpu_uuid, gpu_name, queues,
       version, state, ended_at)
SELECT gen_random_uuid(), 'gpu' || n %% 4 || '-' || n || '@host', 'host', n, 'cuda', n %% 4,
       'GPU-' || n %% 4, 'Fake GPU', '{fake}', '0', 'stopped', now()
  FROM generate_series(1, 200) AS n;
INSERT INTO eval.text_blob (hash, content)
SELECT 'text-' || t, (SELECT string_agg(md5(t::text || ':' || n), ' ')
                        FROM generate_series(1, 30) AS n)
  FROM generate_series(0, 19999) AS t;
INSERT INTO eval.boot (worker_id, model_id, engine_version, config_hash, environment_hash, config,
       environment, backend_facts, start_s, memory_kind, context_mib, weights_mib, buffers_mib,
       activation_peak_mib, graphs_mib, kv_reserved_mib, kv_blocks, kv_block_bytes,
       device_total_mib, device_base_mib, memory_reasons)
SELECT w.id, m.id, 'vllm 0', 'config of ' || m.name, 'environment', '{}', '{}', '{}',
       41, 'device', 47, 2693, 230, 300, 72, 20578, 5560, 2359296, 81079, 480, '{}'
  FROM eval.model AS m, eval.worker AS w
"""
#: Jobs of the runs from %(first)s on; the k-th job of a run follows from k alone.
_PARTS = {
    "runs": """
INSERT INTO eval.run (name, experiment_hash, ordinal, mode, experiment, provenance, created_at)
SELECT 'fake-' || n, 'fake-' || n, 1, 'latency', '{"language": "en", "problems": "math62"}', '{}',
       now() - make_interval(hours => 8 * (%(of)s - n)::int)
  FROM generate_series(%(first)s::int, %(last)s::int) AS n
""",
    "jobs": """
INSERT INTO eval.job (run_id, model_id, problem_id, prompt, repetition, mode, sampling, state,
       attempt_no, created_at, available_at, finished_at)
SELECT r.id, m.ids[1 + k / 5000], p.ids[1 + k %% 125], CASE k / 125 %% 2 WHEN 0 THEN 'plain' ELSE
       'stepwise' END, 1 + k / 250 %% 20, 'latency', '{"seed": 0, "temperature": 0}', 'succeeded',
       CASE WHEN k %% 49 = 0 THEN 2 ELSE 1 END, r.created_at, r.created_at,
       r.created_at + k * interval '1 s'
  FROM (SELECT id, created_at FROM eval.run
         WHERE split_part(name, '-', 2)::int BETWEEN %(first)s AND %(last)s
         ORDER BY created_at) AS r,
       (SELECT array_agg(id ORDER BY id) AS ids FROM eval.model) AS m,
       (SELECT array_agg(id ORDER BY id) AS ids FROM eval.problem) AS p,
       generate_series(0, 19999) AS k
""",
    "attempts": """
INSERT INTO eval.attempt (job_id, attempt_no, worker_id, outcome, started_at, ended_at,
       failure_kind, error_class)
SELECT j.id, n, w.ids[1 + j.id %% 200], CASE WHEN n < j.attempt_no THEN 'lost' ELSE 'succeeded' END,
       j.created_at, j.finished_at, CASE WHEN n < j.attempt_no THEN 'infra' END,
       CASE WHEN n < j.attempt_no THEN 'LEASE_EXPIRED' END
  FROM eval.job AS j,
       (SELECT array_agg(id ORDER BY name) AS ids FROM eval.worker) AS w,
       generate_series(1, j.attempt_no) AS n
 WHERE j.id > %(after)s
""",
    "generations": """
INSERT INTO eval.generation (job_id, attempt_no, boot_id, prompt_hash, output_hash,
       output_text_hash, sampling_hash, prompt_tokens, cached_tokens, output_tokens,
       finish_reason, queue_wait_s, submitted_s, first_token_s, last_token_s, engine_queued_s,
       engine_first_token_s, preemptions, running_peak, memory_kind, kv_used_mib,
       activation_run_mib, need_mib, flags, created_at)
SELECT j.id, j.attempt_no, b.ids[1 + (j.id / 5000) %% 200], 'prompt', md5(j.id::text),
       'text-' || j.id %% 20000, 'sampling', 256, 0, d.tokens,
       CASE WHEN j.id %% 101 = 0 THEN 'content_filter' WHEN j.id %% 33 = 0 THEN 'length'
            ELSE 'stop' END,
       d.spread, 1, 1.02 + 0.03 * d.spread, 1.02 + 0.03 * d.spread + 0.004 * d.tokens, 1.001,
       1.018 + 0.03 * d.spread, 0, 1, 'device', d.tokens * 0.14, 36 + d.spread,
       3342 + d.tokens * 0.14,
       CASE WHEN j.id %% 40 = 0 THEN ARRAY[(ARRAY['throttled', 'clock_drop', 'compile',
            'preempted'])[1 + (j.id / 40) %% 4]] ELSE ARRAY[]::text[] END, j.finished_at
  FROM eval.job AS j
  JOIN (SELECT model_id, array_agg(id ORDER BY id) AS ids FROM eval.boot GROUP BY model_id) AS b
    ON b.model_id = j.model_id
 CROSS JOIN LATERAL (
       SELECT j.id * 7919 %% 1000 / 1000.0::double precision AS spread,
              (500 + j.problem_id %% 100 + CASE
              WHEN j.id %% 29 = 0 THEN 200 ELSE j.id %% 7 END)::bigint AS tokens) AS d
 WHERE j.id > %(after)s
""",
    "traces": """
INSERT INTO eval.memory_trace (job_id, kind, started_s, period_ms, used_mib, peak_mib, mean_mib,
       look_at_s, look_sm_clock_mhz, look_temperature_c, look_power_w, look_reasons,
       max_sm_clock_mhz)
SELECT id, 'device', 1, 100, array_fill(24857 + (id %% 3)::int, ARRAY[20]), 24859, 24858,
       CASE WHEN id %% 10 = 0 THEN '{1.1,1.2,1.3}'::double precision[] END,
       CASE WHEN id %% 10 = 0 THEN '{1935,1980,1980}'::int[] END,
       CASE WHEN id %% 10 = 0 THEN '{60,61,61}'::int[] END,
       CASE WHEN id %% 10 = 0 THEN '{300,310,320}'::double precision[] END,
       CASE WHEN id %% 10 = 0 THEN '{4,0,0}'::bigint[] END,
       CASE WHEN id %% 10 = 0 THEN 1980 END
  FROM eval.job WHERE id > %(after)s
""",
    "scores": """
INSERT INTO eval.score (job_id, scorer_version, path_id, steps_done, steps_total, score7,
       score7_high, answer_correct, guess_suspected)
SELECT id, '1', 'a', id %% 4, 3, 7 * (id %% 4) / 3.0::double precision,
       7 * (id %% 4) / 3.0::double precision, id %% 3 > 0, id %% 4 < 2 AND id %% 3 > 0
  FROM eval.job WHERE id > %(after)s
""",
    "verdicts": """
INSERT INTO eval.step_verdict (score_id, ordinal, step, verdict)
SELECT s.id, n, 'step-' || n, CASE WHEN n <= s.steps_done THEN 'done' ELSE 'missing' END
  FROM eval.score AS s, generate_series(1, 3) AS n
 WHERE s.job_id > %(after)s
""",
}
#: As the triggers, which do not fire here, would have it.
_TALLIES = """
INSERT INTO eval.run_tally (run_id, open, succeeded, failed, dead, cancelled)
SELECT run_id, 0, count(*), 0, 0, 0 FROM eval.job GROUP BY run_id
"""
RUNS_AT_ONCE = 20


def fill(engine: Engine, attempts: int) -> int:
    """Add finished runs until there are about N attempts, vacuum, and return how many runs."""
    runs = max(1, round(attempts / (RESULTS_A_RUN * (1 + 1 / SECOND_ATTEMPT_OF))))
    with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        for setting in ("statement_timeout = 0", "session_replication_role = replica",
                        "synchronous_commit = off"):  # fmt: skip
            connection.exec_driver_sql(f"SET {setting}")
        for part in _SETTING.split(";\n"):
            rows(connection, part)
        for first in range(1, runs + 1, RUNS_AT_ONCE):
            _add(connection, first, min(first + RUNS_AT_ONCE - 1, runs), runs)
        rows(connection, _TALLIES)
        connection.exec_driver_sql("VACUUM (FREEZE, ANALYZE)")
    return runs


def _add(connection: Connection, first: int, last: int, of: int) -> None:
    started_s = time.monotonic()
    after = rows(connection, "SELECT coalesce(max(id), 0) AS id FROM eval.job")[0]["id"]
    for sql in _PARTS.values():
        rows(connection, sql, {"first": first, "last": last, "of": of, "after": after})
    print(f"runs {first}-{last} of {of}: {time.monotonic() - started_s:.0f} s", file=sys.stderr)


def keep_all(engine: Engine) -> None:
    """Keep the results of all runs, as the reconciler would in the background."""
    with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.exec_driver_sql("SET statement_timeout = 0")
        for row in rows(connection, "SELECT id FROM eval.run ORDER BY created_at"):
            rows(connection, "SELECT eval.keep_run(%(run)s)", {"run": row["id"]})
        connection.exec_driver_sql("ANALYZE")
