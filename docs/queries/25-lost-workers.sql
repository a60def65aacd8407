-- Which workers were lost or quarantined, and what became of their attempts?
SELECT w.worker, w.host, w.gpu_uuid, w.state, w.note, w.last_seen_at,
       coalesce(sum(a.attempts), 0) AS attempts,
       coalesce(sum(a.attempts) FILTER (WHERE a.outcome = 'lost'), 0) AS lost_attempts
  FROM analytics_v1.workers AS w
  LEFT JOIN analytics_v1.attempt_counts AS a ON a.worker = w.worker
 WHERE w.state IN ('lost', 'quarantined')
 GROUP BY w.worker, w.host, w.gpu_uuid, w.state, w.note, w.last_seen_at
 ORDER BY w.last_seen_at DESC;
