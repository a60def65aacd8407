"""Fill a database with fake results by SQL: whole runs at once, the same numbers every time."""

from __future__ import annotations

import uuid

from sqlalchemy import Engine

from db.engine import rows

MODELS, PROMPTS, PROBLEMS, STARTS = 4, 2, 125, 4
#: Results of one repetition of all: models x prompts x problems.
RESULTS_A_REPETITION = MODELS * PROMPTS * PROBLEMS

_SETTING = """
INSERT INTO eval.model (name, spec_hash, engine, queue, synthetic, spec)
SELECT 'model-' || n, 'fake', 'vllm', 'fake', false, '{}' FROM generate_series(1, %(models)s) AS n;
INSERT INTO eval.problem (name, content_hash, category, document)
SELECT 'problem-' || n, 'fake', (ARRAY['secondary', 'university', 'modelling'])[1 + n %% 3], '{}'
  FROM generate_series(1, %(problems)s) AS n;
"""
_WORKER = """
INSERT INTO eval.worker (id, name, host, pid, device, gpu_index, gpu_uuid, gpu_name, queues,
       version, state)
VALUES (%(worker)s, 'fake', 'fake', 1, 'cuda', 0, 'GPU-0', 'Fake GPU', '{fake}', '0', 'stopped')
"""
_RUN = """
INSERT INTO eval.run (id, name, experiment_hash, ordinal, mode, experiment, provenance)
VALUES (%(run)s, %(name)s, %(name)s, 1, 'latency', '{"language": "en"}', '{}')
"""
_STARTS = """
INSERT INTO eval.boot (worker_id, model_id, engine_version, config_hash, environment_hash, config,
       environment, backend_facts,
                       start_s, memory_kind, context_mib, weights_mib, buffers_mib,
                       activation_peak_mib, graphs_mib,
                       kv_reserved_mib, kv_blocks, kv_block_bytes, device_total_mib,
                       device_base_mib, memory_reasons)
SELECT %(worker)s, m.id, 'vllm 0', 'config of ' || m.name, 'environment', '{}', '{}', '{}',
       40 + n, 'device', 47, 2693, 230, 300, 72,
       20578, 5560, 2359296, 81079, 480, '{}'
  FROM eval.model AS m, generate_series(1, %(starts)s) AS n
 WHERE m.spec_hash = 'fake'
"""
_JOBS = """
INSERT INTO eval.job (run_id, model_id, problem_id, prompt, repetition, mode, sampling, state,
       attempt_no, finished_at)
SELECT %(run)s, m.id, p.id, s.prompt, r, 'latency', '{"temperature": 0, "seed": 0}', 'succeeded',
       1, now()
  FROM generate_series(1, %(repetitions)s) AS r, eval.problem AS p, unnest(ARRAY['plain',
       'stepwise']) AS s(prompt),
       eval.model AS m
 WHERE m.spec_hash = 'fake' AND p.content_hash = 'fake'
 ORDER BY m.id, r, s.prompt, p.id
"""
_ATTEMPTS = """
INSERT INTO eval.attempt (job_id, attempt_no, worker_id, outcome, ended_at)
SELECT id, 1, %(worker)s, 'succeeded', now() FROM eval.job WHERE run_id = %(run)s
"""
_TEXTS = """
INSERT INTO eval.text_blob (hash, content)
SELECT 'text-' || id, (SELECT string_agg(md5(id::text || ':' || n), ' ') FROM generate_series(1,
       50) AS n)
  FROM eval.job WHERE run_id = %(run)s
"""
#: One result in 40 has a flag, one in 29 another length than its repetitions.
_GENERATIONS = """
INSERT INTO eval.generation (job_id, attempt_no, boot_id, prompt_hash, output_hash,
       output_text_hash, sampling_hash,
       prompt_tokens, cached_tokens, output_tokens, finish_reason, queue_wait_s, submitted_s,
       first_token_s, last_token_s,
       engine_queued_s, engine_first_token_s, preemptions, running_peak, memory_kind, kv_used_mib,
       activation_run_mib, need_mib,
       flags)
SELECT j.id, 1, b.id, 'prompt', 'output-' || j.id, 'text-' || j.id, 'sampling', 256, 0, d.tokens,
       'stop', d.spread, d.began_s,
       d.began_s + 0.02 + 0.03 * d.spread, d.began_s + 0.02 + 0.03 * d.spread + 0.004 * d.tokens,
       d.began_s + 0.001, d.began_s + 0.018 + 0.03 * d.spread, 0, 1, 'device', d.tokens * 0.14,
       36 + d.spread, 3342 + d.tokens * 0.14,
       CASE WHEN j.id %% 40 = 0 THEN ARRAY[(ARRAY['throttled', 'clock_drop', 'compile',
       'preempted'])[1 + (j.id / 40) %% 4]]
            ELSE ARRAY[]::text[] END
  FROM eval.job AS j
 CROSS JOIN LATERAL (
       SELECT 3.0 * j.id AS began_s, j.id * 7919 %% 1000 / 1000.0 AS spread,
              (500 + j.problem_id %% 100 + CASE
              WHEN j.id %% 29 = 0 THEN 200 ELSE j.id %% 7 END)::bigint AS tokens) AS d
  JOIN (SELECT id, model_id, row_number() OVER (PARTITION BY model_id
       ORDER BY id DESC) AS place FROM eval.boot) AS b
    ON b.model_id = j.model_id AND b.place = 1 + j.repetition %% %(starts)s
 WHERE j.run_id = %(run)s
 ORDER BY j.id
"""
_TRACES = """
INSERT INTO eval.memory_trace (job_id, kind, started_s, period_ms, used_mib, peak_mib, mean_mib)
SELECT id, 'device', 3.0 * id, 20, (SELECT array_agg(24859 - n %% 3) FROM generate_series(1,
       100) AS n), 24859, 24858
  FROM eval.job WHERE run_id = %(run)s
"""
_SCORES = """
INSERT INTO eval.score (job_id, scorer_version, path_id, steps_done, steps_total, score7,
       answer_correct, guess_suspected)
SELECT id, '1', 'a', id %% 6, 5, 7 * (id %% 6) / 5.0, id %% 3 > 0, id %% 6 < 2 AND id %% 3 > 0
  FROM eval.job WHERE run_id = %(run)s
"""
_VERDICTS = """
INSERT INTO eval.step_verdict (score_id, ordinal, step, verdict)
SELECT s.id, n, 'step-' || n, CASE WHEN n <= s.steps_done THEN 'done' ELSE 'missing' END
  FROM eval.score AS s JOIN eval.job AS j ON j.id = s.job_id, generate_series(1, 5) AS n
 WHERE j.run_id = %(run)s
"""
_PARTS = (_RUN, _STARTS, _JOBS, _ATTEMPTS, _TEXTS, _GENERATIONS, _TRACES, _SCORES, _VERDICTS)


def add_runs(engine: Engine, *, runs: int, results: int) -> list[uuid.UUID]:
    """Add N finished runs of N results each, vacuum, and return the ids of the runs.

    ``results`` is a multiple of ``RESULTS_A_REPETITION``. Nothing marks the numbers as fake: only
    for a database that is thrown away.
    """
    ids = [uuid.uuid4() for _ in range(runs)]
    with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.exec_driver_sql("SET statement_timeout = 0")
        if not rows(connection, "SELECT id FROM eval.model WHERE spec_hash = 'fake' LIMIT 1"):
            for part in _SETTING.split(";\n")[:2]:
                rows(connection, part, {"models": MODELS, "problems": PROBLEMS})
        for run in ids:
            given = {"run": run, "name": f"fake-{run}", "worker": uuid.uuid4(), "starts": STARTS}
            given |= {"repetitions": results // RESULTS_A_REPETITION}
            for part in (_WORKER, *_PARTS):
                rows(connection, part, given)
        connection.exec_driver_sql("VACUUM ANALYZE")
    return ids
