-- The critical statements of the queue: how a job is claimed, kept, finished and given back. Every
-- time is the database's now(); attempt_no is the fencing token of every write about an attempt.

-- name: claim
-- Take the best jobs for a worker, at most N: its loaded engine first, then priority, then age.
-- Once the worker has stayed with its model longer than the age bound, a model whose next job has
-- waited as long goes first, so that a hot model starves no other and models are switched at most
-- once per bound. A job with a boot_group fits only an engine that was started for that group of
-- its run. With mode given, only jobs of that mode that the loaded engine can serve as it is, and
-- that are not suspected of ending an engine: an engine that serves several at once is filled with
-- those, and whatever else comes next ends that. No job of a model that takes more GPUs than are
-- given. No job of a model that is held, and one alone of a model whose server may be back. Walks
-- ix_job_claimable once per model, so its cost does not grow with the queue.
WITH head AS (
    SELECT m.id AS model_id, h.priority, h.id, h.available_at,
           s.failures > 0 AS failing,
           m.id = %(loaded)s::bigint
           AND (h.boot_group IS NULL
                OR (h.boot_group = %(loaded_group)s::bigint
                    AND h.run_id = %(loaded_run)s::uuid)) AS fits
      FROM eval.model AS m
     CROSS JOIN LATERAL (
           SELECT j.priority, j.id, j.available_at, j.run_id, j.boot_group
             FROM eval.job AS j
            WHERE j.state = 'queued' AND NOT j.held AND j.model_id = m.id
              AND j.available_at <= now()
            ORDER BY j.priority, j.id LIMIT 1) AS h
      LEFT JOIN eval.model_server AS s
        ON s.base_url = m.spec ->> 'base_url' AND s.source = m.spec ->> 'source'
     WHERE m.queue = ANY (%(queues)s)
       AND (m.gpus <= %(gpus)s::int OR %(gpus)s::int IS NULL)
       AND (s.failures IS NULL OR s.failures = 0
            OR (s.held_until <= now()
                AND NOT EXISTS (SELECT FROM eval.attempt AS t
                                 WHERE t.job_id = s.trying_job_id
                                   AND t.attempt_no = s.trying_attempt_no
                                   AND t.outcome = 'running')))
), chosen AS (
    SELECT model_id, failing,
           row_number() OVER (
               ORDER BY CASE WHEN fits IS NOT TRUE AND %(loaded_for_s)s > %(age_bound_s)s
                                  AND available_at < now() - make_interval(secs => %(age_bound_s)s)
                             THEN 0
                             WHEN fits THEN 1
                             ELSE 2 END, priority, id) AS place
      FROM head
     ORDER BY place
), pick AS (
    -- One model after another, as far as the first with a job that no other worker is claiming at
    -- this moment.
    SELECT free.*, chosen.failing, row_number() OVER () AS place
      FROM chosen
     CROSS JOIN LATERAL (
           SELECT j.id,
                  %(mode)s::text IS NULL
                  OR (j.mode = %(mode)s::text AND j.probe IS NULL
                      AND right(j.error_class, 9) IS DISTINCT FROM '_IN_BATCH'
                      AND (j.boot_group IS NULL
                           OR (j.boot_group = %(loaded_group)s::bigint
                               AND j.run_id = %(loaded_run)s::uuid))) AS joins
             FROM eval.job AS j
            WHERE j.state = 'queued' AND NOT j.held AND j.available_at <= now()
              AND j.model_id = chosen.model_id
            ORDER BY j.priority, j.id
              FOR UPDATE SKIP LOCKED LIMIT %(at_most)s::int) AS free
     WHERE %(mode)s::text IS NULL OR (chosen.place = 1 AND chosen.model_id = %(loaded)s::bigint)
     LIMIT %(at_most)s::int
), joining AS (
    SELECT id,
           bool_and(joins) OVER (ORDER BY place) AND (place = 1 OR failing IS NOT TRUE) AS joins
      FROM pick
), claimed AS (
    UPDATE eval.job AS j
       SET state = 'running', attempt_no = j.attempt_no + 1, worker_id = %(worker)s,
           lease_expires_at = now() + make_interval(secs => %(lease_s)s)
     WHERE j.id = ANY (ARRAY (SELECT id FROM joining WHERE joins))
    RETURNING j.*
), tried AS (
    INSERT INTO eval.attempt (job_id, attempt_no, worker_id, boot_id)
    SELECT id, attempt_no, worker_id,
           CASE WHEN model_id = %(loaded)s::bigint THEN %(start)s::bigint END
      FROM claimed
)
SELECT c.id, c.attempt_no, c.run_id, c.model_id, c.problem_id, c.prompt, c.repetition, c.mode,
       c.sampling, c.probe, c.error_class, c.boot_group, c.judged_score_id, c.judge_steps,
       c.judge_prompt_hash, c.prompt_template_id, r.experiment ->> 'language' AS language,
       m.spec, p.name AS problem,
       extract(epoch FROM now() - c.available_at)::double precision AS queue_wait_s
  FROM claimed AS c
  JOIN eval.run AS r ON r.id = c.run_id
  JOIN eval.model AS m ON m.id = c.model_id
  LEFT JOIN eval.problem AS p ON p.id = c.problem_id
 ORDER BY c.priority, c.id;

-- name: problem_document
-- Read once per problem, since a worker meets the same one again and again.
SELECT document FROM eval.problem WHERE id = %(problem)s;

-- name: prompt_document
SELECT document FROM eval.prompt_template WHERE id = %(template)s;

-- name: renew
-- Extend the lease of a running attempt; no row means that the lease is lost and nothing may be
-- written any more.
UPDATE eval.job
   SET lease_expires_at = now() + make_interval(secs => %(lease_s)s)
 WHERE id = %(job)s AND attempt_no = %(attempt_no)s AND state = 'running'
RETURNING id;

-- name: fail
-- Give up an attempt: back to the queue with a growing pause while attempts are left and a retry
-- can help, else terminal. The same error on another worker before, since the job was last put
-- back, makes it poison: more attempts would only take more engines down. The attempts keep the
-- kind that they had. A forgiven attempt, handed back by a worker that is shutting down, is made up
-- for by another. The hint of a retry goes into the outbox in the same statement; a held job gets
-- its when its run is resumed.
WITH judged AS (
    SELECT j.id, b.attempts AS max_attempts,
           %(retry)s AND NOT s.poison AND j.attempt_no < b.attempts AS again,
           CASE WHEN NOT %(retry)s THEN 'failed'
                WHEN s.poison OR j.attempt_no >= b.attempts THEN 'dead' ELSE 'queued' END AS state,
           CASE WHEN %(retry)s AND s.poison THEN 'poison' ELSE %(kind)s END AS kind
      FROM eval.job AS j
     CROSS JOIN LATERAL (
           SELECT %(contagious)s AND EXISTS (
                  SELECT FROM eval.attempt AS a
                   WHERE a.job_id = j.id AND a.attempt_no > j.retried_after
                     AND a.attempt_no < j.attempt_no
                     AND a.outcome = 'failed' AND a.error_class = %(error_class)s
                     AND a.worker_id <> j.worker_id) AS poison) AS s
     CROSS JOIN LATERAL (SELECT j.max_attempts + %(forgiven)s::int AS attempts) AS b
     WHERE j.id = %(job)s AND j.attempt_no = %(attempt_no)s AND j.state = 'running'
), ended AS (
    UPDATE eval.job AS j
       SET state = judged.state, max_attempts = judged.max_attempts,
           finished_at = CASE WHEN judged.again THEN NULL ELSE now() END,
           available_at = CASE WHEN judged.again
                               THEN now() + make_interval(secs => %(backoff_s)s
                                    * 2 ^ (j.attempt_no - j.retried_after - 1))
                               ELSE j.available_at END,
           lease_expires_at = NULL, failure_kind = judged.kind, error_class = %(error_class)s,
           error_message = %(error_message)s
      FROM judged
     WHERE j.id = judged.id AND j.attempt_no = %(attempt_no)s AND j.state = 'running'
    RETURNING j.id, j.attempt_no, j.state, j.model_id, j.available_at, j.held
), attempted AS (
    UPDATE eval.attempt AS a
       SET outcome = 'failed', ended_at = now(), failure_kind = %(kind)s,
           error_class = %(error_class)s,
           error_message = %(error_message)s
      FROM ended WHERE a.job_id = ended.id AND a.attempt_no = ended.attempt_no
), hinted AS (
    INSERT INTO eval.outbox (job_id, queue, available_at)
    SELECT ended.id, m.queue, ended.available_at
      FROM ended JOIN eval.model AS m ON m.id = ended.model_id
     WHERE ended.state = 'queued' AND NOT ended.held
)
SELECT state FROM ended;

-- name: expire
-- Take back the jobs whose lease has run out: their worker died, froze or was cut off.
WITH expired AS (
    SELECT id FROM eval.job
     WHERE state = 'running' AND lease_expires_at < now()
       FOR UPDATE SKIP LOCKED LIMIT 1000
), ended AS (
    UPDATE eval.job AS j
       SET state = CASE WHEN j.attempt_no >= j.max_attempts THEN 'dead' ELSE 'queued' END,
           finished_at = CASE WHEN j.attempt_no >= j.max_attempts THEN now() END,
           available_at = now(), lease_expires_at = NULL,
           failure_kind = 'infra', error_class = 'LEASE_EXPIRED',
           error_message = 'the worker was not heard of before its lease ran out'
      FROM expired WHERE j.id = expired.id
    RETURNING j.id, j.attempt_no, j.state, j.model_id, j.held
), attempted AS (
    UPDATE eval.attempt AS a
       SET outcome = 'lost', ended_at = now(), failure_kind = 'infra', error_class = 'LEASE_EXPIRED'
      FROM ended WHERE a.job_id = ended.id AND a.attempt_no = ended.attempt_no
), hinted AS (
    INSERT INTO eval.outbox (job_id, queue)
    SELECT ended.id, m.queue FROM ended JOIN eval.model AS m ON m.id = ended.model_id
     WHERE ended.state = 'queued' AND NOT ended.held
)
SELECT id, state FROM ended;

-- name: lock_run
-- Before a cancel or pause, in the same transaction: a top-up, a retry or the commit of a draft that
-- is under way, which may add jobs, has ended then, and one that comes later sees what was done.
SELECT FROM eval.run WHERE id = %(run)s FOR NO KEY UPDATE;

-- name: cancel
-- Take back what is not finished of a run; a running attempt loses its lease and writes nothing.
WITH ended AS (
    UPDATE eval.job AS j
       SET state = 'cancelled', finished_at = now(), lease_expires_at = NULL
     WHERE j.run_id = %(run)s AND j.state IN ('queued', 'running')
    RETURNING j.id, j.attempt_no
), attempted AS (
    UPDATE eval.attempt AS a SET outcome = 'cancelled', ended_at = now()
      FROM ended WHERE a.job_id = ended.id AND a.attempt_no = ended.attempt_no
       AND a.outcome = 'running'
), unhinted AS (
    DELETE FROM eval.outbox AS o USING ended WHERE o.job_id = ended.id
)
SELECT count(*) AS cancelled FROM ended;

-- name: mark_cancelled
-- Only of a run that had jobs to cancel; one whose jobs have all ended keeps the state it ended in.
UPDATE eval.run SET cancelled_at = now() WHERE id = %(run)s AND cancelled_at IS NULL;

-- name: take_outbox
-- Take the next hints that no other process publishes; an error of the broker before the end of the
-- transaction brings them back. Jobs are not locked: a claim skips what is locked, so the hint
-- would be spent on nothing.
WITH due AS (
    SELECT id FROM eval.outbox WHERE available_at <= now()
     ORDER BY available_at, id
       FOR UPDATE SKIP LOCKED LIMIT %(limit)s
)
DELETE FROM eval.outbox AS o USING due WHERE o.id = due.id RETURNING o.job_id, o.queue;

-- name: waiting
-- How many jobs of each queue could be claimed now, counted up to a limit: hints beyond it are of
-- no use. Walks ix_job_claimable once per model, so its cost grows with the limit and not with the
-- queue.
SELECT q.queue,
       (SELECT count(*)
          FROM (SELECT
                  FROM eval.model AS m
                 CROSS JOIN LATERAL (
                       SELECT j.id FROM eval.job AS j
                        WHERE j.state = 'queued' AND NOT j.held AND j.model_id = m.id
                          AND j.available_at <= now()
                        ORDER BY j.priority, j.id LIMIT %(limit)s) AS h
                 WHERE m.queue = q.queue
                   AND NOT EXISTS (
                       SELECT FROM eval.model_server AS s
                        WHERE s.base_url = m.spec ->> 'base_url'
                          AND s.source = m.spec ->> 'source' AND s.held_until > now())
                 LIMIT %(limit)s) AS counted) AS jobs
  FROM (SELECT DISTINCT queue FROM eval.model) AS q;

-- name: next_jobs
-- The jobs of a queue that will be claimed next, model by model, to name in hints.
SELECT h.id
  FROM eval.model AS m
 CROSS JOIN LATERAL (
       SELECT j.id FROM eval.job AS j
        WHERE j.state = 'queued' AND NOT j.held AND j.model_id = m.id AND j.available_at <= now()
        ORDER BY j.priority, j.id LIMIT %(limit)s) AS h
 WHERE m.queue = %(queue)s
   AND NOT EXISTS (
       SELECT FROM eval.model_server AS s
        WHERE s.base_url = m.spec ->> 'base_url'
          AND s.source = m.spec ->> 'source' AND s.held_until > now())
 LIMIT %(limit)s;

-- name: lose_workers
-- Mark the workers that have been silent too long; their leases expire by themselves.
UPDATE eval.worker SET state = 'lost', ended_at = now()
 WHERE state NOT IN ('stopped', 'lost')
   AND last_seen_at < now() - make_interval(secs => %(silent_s)s)
RETURNING name;

-- name: lead
-- Become the one reconciler until the end of the transaction, unless another is.
SELECT pg_try_advisory_xact_lock(%(key)s) AS leads;

-- name: bound_idle
-- A leader that is silent for longer has frozen: the server ends its session and thereby its lock.
SELECT set_config('idle_in_transaction_session_timeout', %(idle_ms)s::text, true);

-- name: reconciler_runs
-- Whether a session of this database holds the reconciler's advisory lock.
SELECT EXISTS (
    SELECT FROM pg_locks
     WHERE locktype = 'advisory' AND granted AND objsubid = 1
       AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
       AND (classid::bigint << 32) + objid::bigint = %(key)s) AS runs;
