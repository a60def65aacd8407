-- Runs: submitting jobs, finding a run, reading its progress.

-- name: upsert_models
INSERT INTO eval.model (name, spec_hash, engine, queue, synthetic, price_per_gpu_hour, gpus, spec)
SELECT * FROM jsonb_to_recordset(%(models)s::jsonb)
    AS m(name text, spec_hash text, engine text, queue text, synthetic boolean,
         price_per_gpu_hour float8, gpus integer, spec jsonb)
    ON CONFLICT (name, spec_hash) DO UPDATE
        SET price_per_gpu_hour = excluded.price_per_gpu_hour, spec = excluded.spec
RETURNING id, name;

-- name: upsert_problems
INSERT INTO eval.problem (name, content_hash, category, document)
SELECT * FROM jsonb_to_recordset(%(problems)s::jsonb)
    AS p(name text, content_hash text, category text, document jsonb)
    ON CONFLICT (name, content_hash) DO NOTHING;

-- name: problem_ids
SELECT p.id FROM eval.problem AS p
  JOIN jsonb_to_recordset(%(problems)s::jsonb) AS w(name text, content_hash text)
    ON (p.name, p.content_hash) = (w.name, w.content_hash)
 ORDER BY p.name;

-- name: upsert_prompts
INSERT INTO eval.prompt_template (name, version, document)
SELECT * FROM jsonb_to_recordset(%(prompts)s::jsonb) AS t(name text, version text, document jsonb)
    ON CONFLICT (name, version) DO NOTHING;

-- name: prompt_ids
SELECT t.name, t.id FROM eval.prompt_template AS t
  JOIN jsonb_to_recordset(%(prompts)s::jsonb) AS w(name text, version text)
    ON (t.name, t.version) = (w.name, w.version);

-- name: changed_prompts
-- Prompts of a run that it has jobs of in other words.
SELECT t.name FROM eval.prompt_template AS t
 WHERE t.id = ANY(%(templates)s::bigint[])
   AND EXISTS (SELECT FROM eval.prompt_template AS o
                WHERE o.name = t.name AND o.id <> t.id
                  AND EXISTS (SELECT FROM eval.job AS j
                               WHERE j.run_id = %(run)s AND j.prompt_template_id = o.id))
 ORDER BY t.name;

-- name: last_run_of_experiment
-- Serialises submitters of the same experiment until the end of the transaction.
SELECT r.id, r.name, r.ordinal, r.cancelled_at, r.paused_at, r.experiment
  FROM pg_advisory_xact_lock(hashtextextended(%(experiment_hash)s, 0)) AS _
  LEFT JOIN eval.run AS r ON r.experiment_hash = %(experiment_hash)s
 ORDER BY r.ordinal DESC NULLS LAST LIMIT 1;

-- name: lock_name
-- Serialises runs that want the same name, whatever their experiments.
SELECT pg_advisory_xact_lock(hashtextextended(%(name)s, 1));

-- name: free_name
-- The name itself, or the first of NAME-2, NAME-3, ... that no run has.
SELECT c.name
  FROM generate_series(1, 1 + (SELECT count(*) FROM eval.run
                                WHERE name = %(name)s OR starts_with(name, %(name)s || '-'))) AS n
 CROSS JOIN LATERAL (
       SELECT CASE WHEN n = 1 THEN %(name)s ELSE %(name)s || '-' || n END AS name) AS c
 WHERE NOT EXISTS (SELECT FROM eval.run AS r WHERE r.name = c.name)
 ORDER BY n LIMIT 1;

-- name: insert_run
INSERT INTO eval.run (
       name, experiment_hash, ordinal, mode, experiment, provenance, budget_gpu_hours)
VALUES (%(name)s, %(experiment_hash)s, %(ordinal)s, %(mode)s, %(experiment)s, %(provenance)s,
        %(budget)s)
RETURNING id;

-- name: update_experiment
-- Locks the run's row until the jobs are in: a pause or cancel comes before them or sees them.
UPDATE eval.run
   SET experiment = %(experiment)s, budget_gpu_hours = coalesce(%(budget)s, budget_gpu_hours)
 WHERE id = %(run)s RETURNING paused_at, cancelled_at;

-- name: changed_models
-- Models of a run that it has jobs of with another spec as well.
SELECT m.name FROM eval.model AS m
 WHERE m.id = ANY(%(models)s::bigint[])
   AND EXISTS (SELECT FROM eval.model AS o
                WHERE o.name = m.name AND o.id <> m.id
                  AND EXISTS (SELECT FROM eval.job AS j
                               WHERE j.run_id = %(run)s AND j.model_id = o.id))
 ORDER BY m.name;

-- name: insert_jobs
-- The cross product of models, problems, prompts and repetitions; what exists already stays as it
-- is. The jobs of each model have its sampling. Each repetition has the problems in its own order,
-- drawn from the run's seed and the same for all models, so that nothing that drifts meets the same
-- problems every time. With fresh engines a repetition is a group of jobs for one engine start of
-- each model, and the models follow each other there and back: A B, B A, A B. The first new jobs
-- have their hints in the outbox before any process can see the jobs: as many as the broker may
-- hold of each queue. The reconciler adds hints as these are used. A paused run's jobs are held and
-- get none.
WITH planned AS (
    SELECT m.model_id, p.problem_id, s.prompt, s.template_id, m.repetition, m.sampling
      FROM (SELECT w.model_id, w.model_no, n AS repetition,
                   (%(samplings)s::jsonb -> (w.model_no - 1)::int)
                   || jsonb_build_object('seed', %(seed)s::bigint + n) AS sampling
              FROM generate_series(1, %(repetitions)s) AS n
             CROSS JOIN unnest(%(models)s::bigint[]) WITH ORDINALITY AS w(model_id, model_no)
            OFFSET 0) AS m  -- Once a repetition and model, not once a job.
     CROSS JOIN unnest(%(problems)s::bigint[]) WITH ORDINALITY AS p(problem_id, problem_no)
     CROSS JOIN unnest(%(prompts)s::text[], %(templates)s::bigint[])
           WITH ORDINALITY AS s(prompt, template_id, prompt_no)
     ORDER BY m.repetition,
              CASE WHEN %(fresh_engine)s
                   THEN CASE WHEN m.repetition %% 2 = 1 THEN m.model_no ELSE -m.model_no END END,
              hashint8extended(p.problem_no, %(seed)s::bigint + m.repetition),
              p.problem_no, s.prompt_no, m.model_no
), added AS (
    INSERT INTO eval.job (
           run_id, model_id, problem_id, prompt, repetition, mode, sampling, priority, max_attempts,
           boot_group, prompt_template_id, held)
    SELECT %(run)s, model_id, problem_id, prompt, repetition, %(mode)s, sampling,
           %(priority)s, %(max_attempts)s, CASE WHEN %(fresh_engine)s THEN repetition END,
           template_id,
           (SELECT paused_at IS NOT NULL FROM eval.run WHERE id = %(run)s)
      FROM planned
        ON CONFLICT (run_id, model_id, problem_id, prompt, repetition) DO NOTHING
    RETURNING id, model_id, held
), hinted AS (
    INSERT INTO eval.outbox (job_id, queue)
    SELECT first.id, m.queue
      FROM (SELECT id, model_id FROM added WHERE NOT held ORDER BY id LIMIT %(hints)s) AS first
      JOIN eval.model AS m ON m.id = first.model_id
     ORDER BY first.id
)
SELECT count(*) AS created FROM added;

-- name: find_run
-- By id, by a prefix of the id that only one run has, or by name; the caller refuses two rows.
SELECT id, name, mode, cancelled_at, paused_at, created_at, experiment, provenance, tags,
       budget_gpu_hours, pause_reason
  FROM eval.run
 WHERE name = %(ref)s OR id::text = %(ref)s
    OR (length(%(ref)s) >= 4 AND starts_with(id::text, %(ref)s)
        AND NOT EXISTS (SELECT FROM eval.run WHERE name = %(ref)s))
 LIMIT 2;

-- name: latest_run
SELECT id, name, mode, cancelled_at, paused_at, created_at, experiment, provenance, tags,
       budget_gpu_hours, pause_reason
  FROM eval.run ORDER BY created_at DESC LIMIT 1;

-- name: run_counts
-- From the tallies, so a run of millions is counted as fast as a small one; only what runs now is
-- looked up. A filter keeps the planner from the key's index: it reads all of the run where the
-- table has not been analysed since a submit.
SELECT t.*,
       (SELECT count(*) FILTER (WHERE run_id = %(run)s)
          FROM eval.job WHERE state = 'running') AS running
  FROM (SELECT sum(open) AS open, sum(succeeded) AS succeeded, sum(failed) AS failed,
               sum(dead) AS dead,
               sum(cancelled) AS cancelled
          FROM eval.run_tally WHERE run_id = %(run)s) AS t;

-- name: run_list
WITH running AS (
    SELECT run_id, count(*) AS jobs FROM eval.job WHERE state = 'running' GROUP BY run_id
)
SELECT r.id, r.name, r.mode, r.cancelled_at, r.paused_at, r.created_at, r.experiment, r.provenance,
       r.tags, r.budget_gpu_hours, r.pause_reason, t.*, coalesce(w.jobs, 0) AS running
  FROM (SELECT * FROM eval.run WHERE %(tag)s::text IS NULL OR %(tag)s = ANY (tags)
         ORDER BY created_at DESC LIMIT %(limit)s) AS r
 CROSS JOIN LATERAL (
       SELECT sum(open) AS open, sum(succeeded) AS succeeded, sum(failed) AS failed,
              sum(dead) AS dead, sum(cancelled) AS cancelled
         FROM eval.run_tally WHERE run_id = r.id) AS t
  LEFT JOIN running AS w ON w.run_id = r.id
 ORDER BY r.created_at DESC;

-- name: fold_tallies
-- Replace the rows of a run's tally by their sum. Only rows that this statement has deleted are
-- summed, so it may run at the same time as anything, itself included.
WITH long AS (
    SELECT run_id FROM eval.run_tally GROUP BY run_id HAVING count(*) > %(longest)s
), taken AS (
    DELETE FROM eval.run_tally AS t USING long WHERE t.run_id = long.run_id
    RETURNING t.*
)
INSERT INTO eval.run_tally (run_id, open, succeeded, failed, dead, cancelled)
SELECT run_id, sum(open), sum(succeeded), sum(failed), sum(dead), sum(cancelled)
  FROM taken GROUP BY run_id;

-- name: run_pace
-- Mean seconds between the last finished jobs of a run, engine starts included. Jobs that run
-- together end together, so that a few of them say nothing about the rate.
-- A pause in which nothing ended, as before a retry or without a worker, says nothing either: only
-- jobs since the last one count, and none while one lasts.
WITH recent AS (
    SELECT finished_at FROM eval.job
     WHERE run_id = %(run)s AND state IN ('succeeded', 'failed', 'dead')
     ORDER BY finished_at DESC
     LIMIT (SELECT CASE mode WHEN 'throughput' THEN 200 ELSE 20 END
              FROM eval.run WHERE id = %(run)s)
), spaced AS (
    SELECT finished_at,
           extract(epoch FROM lag(finished_at, 1, greatest(now(), finished_at))
                                  OVER (ORDER BY finished_at DESC) - finished_at) AS until_next_s
      FROM recent
), pauses AS (
    SELECT finished_at,
           count(*) FILTER (WHERE until_next_s > greatest(%(pause_s)s, 10 * u.usual_s))
               OVER (ORDER BY finished_at DESC) AS later
      FROM spaced
     CROSS JOIN (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY until_next_s) AS usual_s
                   FROM spaced) AS u
)
SELECT extract(epoch FROM greatest(max(finished_at), now()) - min(finished_at))::double precision
       / nullif(count(*) - 1, 0) AS seconds_per_job
  FROM pauses WHERE later = 0;

-- name: run_failures
-- The errors of a run, most frequent first, each with an example; of a run with very many, among
-- the latest.
SELECT m.name AS model, j.state, j.failure_kind, j.error_class, min(j.error_message) AS example,
       count(*) AS jobs
  FROM (SELECT * FROM eval.job
         WHERE run_id = %(run)s AND state IN ('failed', 'dead')
         ORDER BY finished_at DESC LIMIT %(latest)s) AS j
  JOIN eval.model AS m ON m.id = j.model_id
 GROUP BY m.name, j.state, j.failure_kind, j.error_class
 ORDER BY jobs DESC LIMIT 20;

-- name: engine_log
-- The engine start behind a job: of its result, else the latest of its model on the worker of its
-- last attempt before that attempt ended.
SELECT b.id AS start_id, b.log_path, w.host, t.content
  FROM eval.job AS j
  LEFT JOIN eval.generation AS g ON g.job_id = j.id
  LEFT JOIN LATERAL (
       SELECT s.id FROM eval.attempt AS a
         JOIN eval.boot AS s ON s.worker_id = a.worker_id AND s.model_id = j.model_id
                            AND s.started_at <= coalesce(a.ended_at, now())
        WHERE a.job_id = j.id
        ORDER BY a.attempt_no DESC, s.id DESC LIMIT 1) AS latest ON true
  JOIN eval.boot AS b ON b.id = coalesce(g.boot_id, latest.id)
  JOIN eval.worker AS w ON w.id = b.worker_id
  LEFT JOIN eval.text_blob AS t ON t.hash = b.log_text_hash
 WHERE j.id = %(job)s;
