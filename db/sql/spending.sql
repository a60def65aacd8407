-- What earlier jobs took, to estimate what a run will take; what a run takes, and may take.

-- name: past_times
-- Results of these models in the newest runs of one mode and language, newest first. A job that
-- starts an engine takes that time as well: its attempt begins before the start.
SELECT m.name AS model, p.name AS problem, p.content_hash, p.category, j.prompt,
       coalesce(j.sampling ->> 'fixed_input_tokens', '') AS fixed_input,
       coalesce(j.sampling ->> 'fixed_output_tokens', j.sampling ->> 'max_tokens') AS at_most,
       j.run_id, g.boot_id AS start_id, w.gpu_name, g.prompt_tokens, g.output_tokens,
       g.submitted_s, g.last_token_s,
       extract(epoch FROM a.ended_at - a.started_at)::double precision AS attempt_s,
       b.started_at BETWEEN a.started_at AND a.ended_at AS started_engine
  FROM (SELECT r.id FROM eval.run AS r
         WHERE r.mode = %(mode)s AND coalesce(r.experiment ->> 'language', 'en') = %(language)s
           AND r.experiment -> 'models' ?| %(names)s::text[]
         ORDER BY r.created_at DESC LIMIT %(runs)s) AS r
  JOIN eval.job AS j ON j.run_id = r.id
  JOIN eval.model AS m ON m.id = j.model_id
  JOIN unnest(%(names)s::text[], %(hashes)s::text[]) AS k(name, spec_hash)
    ON k.name = m.name AND k.spec_hash = m.spec_hash
  JOIN eval.problem AS p ON p.id = j.problem_id
  JOIN eval.generation AS g ON g.job_id = j.id
  JOIN eval.attempt AS a ON a.job_id = j.id AND a.attempt_no = g.attempt_no
  JOIN eval.boot AS b ON b.id = g.boot_id
  JOIN eval.worker AS w ON w.id = b.worker_id
 WHERE j.state = 'succeeded' AND j.judged_score_id IS NULL AND g.last_token_s IS NOT NULL
 ORDER BY j.id DESC LIMIT %(results)s;

-- name: planned_already
-- Jobs that the newest run of an experiment has of each model, problem and prompt.
SELECT m.name AS model, p.name AS problem, p.content_hash, j.prompt, count(*) AS jobs
  FROM (SELECT id FROM eval.run WHERE experiment_hash = %(experiment_hash)s
         ORDER BY ordinal DESC LIMIT 1) AS r
  JOIN eval.job AS j ON j.run_id = r.id
  JOIN eval.model AS m ON m.id = j.model_id
  JOIN eval.problem AS p ON p.id = j.problem_id
 WHERE j.repetition <= %(repetitions)s
 GROUP BY m.id, m.name, p.name, p.content_hash, j.prompt;

-- name: budgeted_runs
-- Runs with a budget that have open jobs and are not paused.
SELECT r.id AS run_id, r.name, r.budget_gpu_hours
  FROM eval.run AS r
 WHERE r.budget_gpu_hours IS NOT NULL AND r.paused_at IS NULL AND r.cancelled_at IS NULL
   AND (SELECT sum(t.open) FROM eval.run_tally AS t WHERE t.run_id = r.id) > 0
 ORDER BY r.created_at;

-- name: spending
-- What a run has taken of GPUs, what one of its jobs usually takes, and what the running ones will
-- take yet if they are usual. Attempts side by side on one worker share its time: the share is what
-- the worker was taken for by what the attempts took one by one.
WITH tried AS (
    SELECT a.worker_id, eval.gpus_of(m.spec) AS gpus, a.started_at, a.ended_at IS NULL AS running,
           greatest(a.started_at, coalesce(a.ended_at, now())) AS until
      FROM eval.job AS j
      JOIN eval.model AS m ON m.id = j.model_id
      JOIN eval.attempt AS a ON a.job_id = j.id
     WHERE j.run_id = %(run)s
), used AS (
    SELECT coalesce(sum(b.gpus * (SELECT sum(extract(epoch FROM upper(o) - lower(o)))
                                    FROM unnest(b.times) AS o)), 0) AS gpu_s
      FROM (SELECT worker_id, gpus, range_agg(tstzrange(started_at, until)) AS times
              FROM tried GROUP BY worker_id, gpus) AS b
), alone AS (
    SELECT coalesce(sum(gpus * extract(epoch FROM until - started_at)), 0) AS gpu_s,
           coalesce(percentile_cont(0.5) WITHIN GROUP (
               ORDER BY gpus * extract(epoch FROM until - started_at))
               FILTER (WHERE NOT running AND gpus > 0), 0) AS job_gpu_s,
           coalesce(sum(gpus) FILTER (WHERE running), 0) AS gpus_running
      FROM tried
), share AS (
    SELECT coalesce(used.gpu_s / nullif(alone.gpu_s, 0), 1) AS share FROM used, alone
)
SELECT (used.gpu_s / 3600)::double precision AS used_h,
       (alone.job_gpu_s * share / 3600)::double precision AS job_h,
       (SELECT coalesce(sum(greatest(0, alone.job_gpu_s
                                        - gpus * extract(epoch FROM until - started_at))), 0)
          FROM tried WHERE running)::double precision * share / 3600 AS running_h,
       alone.gpus_running::bigint AS gpus_running
  FROM used, alone, share;

-- name: pause_over_budget
-- Unless someone paused or cancelled it meanwhile, or gave it another budget.
UPDATE eval.run SET paused_at = now(), pause_reason = %(reason)s
 WHERE id = %(run)s AND paused_at IS NULL AND cancelled_at IS NULL
   AND budget_gpu_hours = %(budget)s
RETURNING id;

-- name: set_budget
UPDATE eval.run SET budget_gpu_hours = %(budget)s WHERE id = %(run)s;
