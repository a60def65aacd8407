-- Probes: the searches of a run, the trials that a search writes, and what is shown of them.

-- name: insert_searches
-- One job for each model and search; what exists already stays as it is. Hints and holds are as in
-- insert_jobs.
WITH planned AS (
    SELECT m.model_id, r.repetition,
           %(sampling)s::jsonb
           || jsonb_build_object('seed', (%(sampling)s::jsonb ->> 'seed')::bigint + r.repetition)
               AS sampling
      FROM generate_series(1, %(repetitions)s) AS r(repetition)
     CROSS JOIN unnest(%(models)s::bigint[]) WITH ORDINALITY AS m(model_id, model_no)
     ORDER BY r.repetition, m.model_no
), added AS (
    INSERT INTO eval.job (
           run_id, model_id, prompt, repetition, mode, sampling, probe, priority, max_attempts,
           held)
    SELECT %(run)s, model_id, %(kind)s, repetition, %(mode)s, sampling, %(probe)s::jsonb,
           %(priority)s, %(max_attempts)s,
           (SELECT paused_at IS NOT NULL FROM eval.run WHERE id = %(run)s)
      FROM planned
        ON CONFLICT (run_id, model_id, prompt, repetition) WHERE problem_id IS NULL DO NOTHING
    RETURNING id, model_id, held
), hinted AS (
    INSERT INTO eval.outbox (job_id, queue)
    SELECT first.id, m.queue
      FROM (SELECT id, model_id FROM added WHERE NOT held ORDER BY id LIMIT %(hints)s) AS first
      JOIN eval.model AS m ON m.id = first.model_id
     ORDER BY first.id
)
SELECT count(*) AS created FROM added;

-- name: add_point
-- Write one trial of a search while its attempt runs; no row means that the lease is lost and
-- nothing was written. The lock on the job keeps the attempt from being ended under it. Repeating
-- it, where an answer was lost, adds nothing.
WITH fenced AS (
    SELECT id, attempt_no FROM eval.job
     WHERE id = %(job)s AND attempt_no = %(attempt_no)s AND state = 'running'
       FOR NO KEY UPDATE
), added AS (
    INSERT INTO eval.probe_point (
           job_id, ordinal, attempt_no, boot_id, level, trial, outcome, reason, sentence, requests,
           errors, preemptions, waiting_steps, ttft_p50_ms, ttft_p95_ms, e2e_p50_s, e2e_p95_s,
           tokens_per_s, memory_kind, need_mib,
           kv_used_mib, base_mib, peak_mib, after_mib, answer_right, details)
    SELECT fenced.id, %(ordinal)s, fenced.attempt_no, p.boot_id, p.level, p.trial, p.outcome,
           p.reason, p.sentence, p.requests, p.errors, p.preemptions, p.waiting_steps,
           p.ttft_p50_ms, p.ttft_p95_ms, p.e2e_p50_s, p.e2e_p95_s, p.tokens_per_s, p.memory_kind,
           p.need_mib, p.kv_used_mib, p.base_mib, p.peak_mib, p.after_mib, p.answer_right, p.details
      FROM fenced CROSS JOIN jsonb_populate_record(NULL::eval.probe_point, %(point)s::jsonb) AS p
        ON CONFLICT (job_id, ordinal) DO NOTHING
)
SELECT id FROM fenced;

-- name: end_search
-- Finish the job of a search whose trials are all written; again where its answer was lost. No row:
-- the lease is lost.
WITH ended AS (
    UPDATE eval.job
       SET state = 'succeeded', finished_at = now(), lease_expires_at = NULL,
           failure_kind = NULL, error_class = NULL, error_message = NULL
     WHERE id = %(job)s AND attempt_no = %(attempt_no)s AND state = 'running'
    RETURNING id, attempt_no
), attempted AS (
    UPDATE eval.attempt AS a SET outcome = 'succeeded', ended_at = now()
      FROM ended WHERE a.job_id = ended.id AND a.attempt_no = ended.attempt_no
)
SELECT id FROM ended
 UNION ALL
SELECT id FROM eval.job WHERE id = %(job)s AND attempt_no = %(attempt_no)s AND state = 'succeeded';

-- name: searches
-- The searches of a run as jobs: their states, and the errors of those that failed.
SELECT model, prompt AS kind, repetition AS search, state, attempts, error_class, error_message
  FROM analytics_v1.jobs
 WHERE run_id = %(run)s AND probe IS NOT NULL
 ORDER BY model, prompt, repetition;

-- name: thresholds
SELECT model, kind, unit, gpu, memory_limit_mib, emulated, searches, max_stable, first_failure,
       reason, limited_by, agreed, need_mib, peak_mib, analytic_bound
  FROM analytics_v1.probe_thresholds
 WHERE run_id = %(run)s
 ORDER BY model, kind, gpu, memory_limit_mib;

-- name: levels
-- The trials of each search, one row a level, in the order of the levels: the worst outcome, and
-- the figures of its trials.
SELECT model, kind, unit, gpu, memory_limit_mib, search, level, count(*) AS trials,
       CASE WHEN bool_or(outcome = 'failed') THEN 'failed'
            WHEN bool_or(outcome = 'unstable') THEN 'unstable'
            ELSE 'stable' END AS outcome,
       mode() WITHIN GROUP (ORDER BY reason) AS reason,
       (array_agg(sentence ORDER BY ordinal) FILTER (WHERE sentence IS NOT NULL))[1] AS sentence,
       sum(requests)::bigint AS requests, sum(errors)::bigint AS errors,
       max(preemptions) AS preemptions, max(waiting_steps) AS waiting_steps,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY ttft_p50_ms) AS ttft_p50_ms,
       max(ttft_p95_ms) AS ttft_p95_ms,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY e2e_p50_s) AS e2e_p50_s,
       max(e2e_p95_s) AS e2e_p95_s,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY tokens_per_s) AS tokens_per_s,
       max(memory_kind) AS memory_kind, max(need_mib) AS need_mib, max(kv_used_mib) AS kv_used_mib,
       min(base_mib) AS base_mib, max(peak_mib) AS peak_mib,
       (array_agg(after_mib ORDER BY ordinal DESC))[1] AS after_mib,
       bool_and(answer_right) AS answer_right, max(analytic_bound) AS analytic_bound
  FROM analytics_v1.probe_points WHERE run_id = %(run)s
 GROUP BY model, kind, unit, gpu, memory_limit_mib, search, level
 ORDER BY model, kind, search, level;

-- name: latest_points
-- The trials written since some were shown, oldest first.
SELECT job_id, model, kind, unit, search, ordinal, level, trial, outcome, reason, e2e_p95_s,
       tokens_per_s, peak_mib
  FROM analytics_v1.probe_points
 WHERE run_id = %(run)s
 ORDER BY created_at, job_id, ordinal OFFSET %(shown)s;
