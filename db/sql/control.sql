-- What users do to runs and jobs: pause, resume, list dead jobs, requeue them, drop them. A
-- statement that makes jobs of a run claimable first locks the run's row, so that a pause at the
-- same moment misses none.

-- name: pause_run
-- Not of a run whose jobs have all ended. Its row is locked before, in the same transaction, so that
-- jobs that are added at the same moment are seen.
UPDATE eval.run SET paused_at = coalesce(paused_at, now())
 WHERE id = %(run)s
   AND EXISTS (SELECT FROM eval.job AS j
                WHERE j.run_id = %(run)s AND j.state IN ('queued', 'running'))
RETURNING paused_at;

-- name: hold_jobs
-- Running jobs are marked too: they finish, but an attempt that fails is not followed by another.
-- They come second, so that their workers do not wait for as long as it takes to mark a million
-- queued ones.
WITH marked AS (
    UPDATE eval.job SET held = true
     WHERE run_id = %(run)s AND state = ANY (%(states)s) AND NOT held
    RETURNING state
)
SELECT count(*) FILTER (WHERE state = 'queued') AS held,
       count(*) FILTER (WHERE state = 'running') AS running FROM marked;

-- name: resume_run
UPDATE eval.run SET paused_at = NULL, pause_reason = NULL WHERE id = %(run)s;

-- name: release_jobs
-- Every released job gets a hint unless one waits for it in the outbox already. First the queued
-- jobs, then with the mark of the run whatever is left, as when jobs are held.
WITH released AS (
    UPDATE eval.job SET held = false
     WHERE run_id = %(run)s AND held AND (%(state)s::text IS NULL OR state = %(state)s)
    RETURNING id, state, model_id, available_at
), hinted AS (
    INSERT INTO eval.outbox (job_id, queue, available_at)
    SELECT r.id, m.queue, greatest(r.available_at, now())
      FROM released AS r JOIN eval.model AS m ON m.id = r.model_id
     WHERE r.state = 'queued' AND NOT EXISTS (SELECT FROM eval.outbox AS o WHERE o.job_id = r.id)
     ORDER BY r.id
)
SELECT count(*) FILTER (WHERE state = 'queued') AS released FROM released;

-- name: list_dead
-- Dead and failed jobs with their attempts, the latest end first.
SELECT j.id AS job, r.id AS run, r.name AS run_name, m.name AS model,
       coalesce(p.name, 'probe') AS problem, j.prompt, j.repetition, j.state, j.attempt_no,
       j.max_attempts, j.failure_kind, j.error_class, j.error_message, j.finished_at, h.attempts,
       count(*) OVER () AS total
  FROM eval.job AS j
  JOIN eval.run AS r ON r.id = j.run_id
  JOIN eval.model AS m ON m.id = j.model_id
  LEFT JOIN eval.problem AS p ON p.id = j.problem_id
 CROSS JOIN LATERAL (
       SELECT coalesce(jsonb_agg(jsonb_build_object(
                  'attempt_no', a.attempt_no, 'worker', w.name, 'host', w.host, 'gpu', w.gpu_index,
                  'outcome', a.outcome, 'failure_kind', a.failure_kind,
                  'error_class', a.error_class, 'error_message', a.error_message,
                  'started_at', a.started_at, 'ended_at', a.ended_at)
                  ORDER BY a.attempt_no), '[]') AS attempts
         FROM eval.attempt AS a JOIN eval.worker AS w ON w.id = a.worker_id
        WHERE a.job_id = j.id) AS h
 WHERE j.state IN ('dead', 'failed') AND (%(run)s::uuid IS NULL OR j.run_id = %(run)s)
   AND (%(job)s::bigint IS NULL OR j.id = %(job)s)
 ORDER BY j.finished_at DESC, j.id DESC LIMIT %(limit)s;

-- name: retry_jobs
-- Back to the queue with as many attempts as at first, those not counted that were made up for when
-- a worker gave the job back; attempt_no continues, so that no fence is ever used twice.
WITH picked AS (
    SELECT j.id, r.paused_at IS NOT NULL AS held
      FROM eval.job AS j JOIN eval.run AS r ON r.id = j.run_id
     WHERE j.state = ANY (%(states)s) AND (%(run)s::uuid IS NULL OR j.run_id = %(run)s)
       AND (%(jobs)s::bigint[] IS NULL OR j.id = ANY (%(jobs)s))
     ORDER BY j.id
       FOR UPDATE OF j FOR SHARE OF r
), again AS (
    UPDATE eval.job AS j
       SET state = 'queued', finished_at = NULL, available_at = now(), held = picked.held,
           max_attempts = j.attempt_no + (j.max_attempts - j.retried_after) - (
               SELECT count(*) FROM eval.attempt AS a
                WHERE a.job_id = j.id AND a.attempt_no > j.retried_after
                  AND (a.error_class = ANY (%(forgiven)s) OR a.outcome = 'handed_back')),
           retried_after = j.attempt_no,
           failure_kind = NULL, error_class = NULL, error_message = NULL
      FROM picked WHERE j.id = picked.id
    RETURNING j.id, j.model_id, j.held, j.run_id
), hinted AS (
    INSERT INTO eval.outbox (job_id, queue)
    SELECT again.id, m.queue
      FROM again JOIN eval.model AS m ON m.id = again.model_id
     WHERE NOT again.held
     ORDER BY again.id
)
SELECT id AS job, run_id AS run, held FROM again ORDER BY id;

-- name: holding_runs
SELECT DISTINCT r.name FROM eval.job AS j JOIN eval.run AS r ON r.id = j.run_id
 WHERE j.id = ANY (%(jobs)s::bigint[]) AND j.held ORDER BY r.name;

-- name: drop_dead
-- The user gives dead jobs up: they count as cancelled and no longer as a failure of their run.
-- Attempts are kept.
UPDATE eval.job AS j SET state = 'cancelled'
 WHERE j.state = 'dead' AND (%(run)s::uuid IS NULL OR j.run_id = %(run)s)
   AND (%(jobs)s::bigint[] IS NULL OR j.id = ANY (%(jobs)s))
RETURNING j.id AS job, j.run_id AS run;
