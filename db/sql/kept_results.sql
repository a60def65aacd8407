-- The results of finished runs, kept so that views over all runs read and do not compute.

-- name: runs_to_keep
-- The oldest runs that have ended and are not kept, quiet for long enough that no more is likely to
-- follow; the tallies say which have ended.
SELECT r.id
  FROM eval.run AS r
 WHERE NOT EXISTS (SELECT FROM eval.kept_run AS k WHERE k.run_id = r.id)
   AND (SELECT sum(t.open) FROM eval.run_tally AS t WHERE t.run_id = r.id) = 0
   AND coalesce((SELECT max(j.finished_at) FROM eval.job AS j
                  WHERE j.run_id = r.id AND j.state IN ('succeeded', 'failed', 'dead')),
                r.created_at) < now() - make_interval(secs => %(quiet_s)s)
 ORDER BY r.created_at LIMIT %(limit)s;

-- name: keep_run
SELECT eval.keep_run(%(run)s) AS kept;
