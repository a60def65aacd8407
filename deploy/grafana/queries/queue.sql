-- Panels of the dashboard "evalctl: queue and workers"; $__timeFilter and ${...} are Grafana"s.

-- name: jobs_that_wait
SELECT coalesce(sum(waiting_jobs), 0) AS waiting FROM analytics_v1.queue_health;

-- name: oldest_job_waits
SELECT coalesce(max(oldest_waiting_s), 0) AS oldest FROM analytics_v1.queue_health;

-- name: jobs_that_run
SELECT coalesce(sum(running_jobs), 0) AS running FROM analytics_v1.queue_health;

-- name: late_leases
SELECT coalesce(sum(late_leases), 0) AS late FROM analytics_v1.queue_health;

-- name: oldest_hint_is_due_for
SELECT coalesce(max(oldest_hint_s), 0) AS due FROM analytics_v1.queue_health;

-- name: quarantined_workers
SELECT count(*) AS workers FROM analytics_v1.workers WHERE state = 'quarantined';

-- name: queues
SELECT queue, waiting_jobs, oldest_waiting_s, waiting_retries, later_jobs, running_jobs,
       late_leases, hints_due, workers, busy_workers, quarantined_workers, held_models
  FROM analytics_v1.queue_health
 ORDER BY waiting_jobs DESC, queue;

-- name: workers
SELECT worker, host, gpu, gpu_name, model, state, last_seen_s, drain_requested_at,
       messages_refused, note
  FROM analytics_v1.workers
 WHERE state <> 'stopped' AND (state <> 'lost' OR $__timeFilter(ended_at))
 ORDER BY host, gpu, worker;

-- name: attempts_that_ended
SELECT date_bin('10 min', ended_at, 'epoch') AS time, outcome AS metric,
       count(*) AS attempts
  FROM analytics_v1.attempts
 WHERE $__timeFilter(ended_at)
 GROUP BY 1, 2
 ORDER BY 1, 2;

-- name: what_failed
SELECT error_class, failure_kind, outcome, count(*) AS attempts,
       count(DISTINCT worker) AS workers, max(ended_at) AS last_at
  FROM analytics_v1.attempts
 WHERE outcome IN ('failed', 'lost') AND $__timeFilter(ended_at)
 GROUP BY error_class, failure_kind, outcome
 ORDER BY attempts DESC
 LIMIT 50;

-- name: unfinished_runs
SELECT run, state, jobs
  FROM (SELECT run, state, count(*) AS jobs,
               bool_or(state IN ('queued', 'running')) OVER (PARTITION BY run) AS unfinished
          FROM analytics_v1.jobs
         WHERE run_id IN (SELECT run_id FROM analytics_v1.runs
                           WHERE cancelled_at IS NULL ORDER BY created_at DESC LIMIT 20)
         GROUP BY run, state) AS r
 WHERE unfinished
 ORDER BY run, state;
