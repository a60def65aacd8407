-- Which workers were lost or quarantined, and what became of their attempts?
SELECT w.worker, w.host, w.gpu_uuid, w.state, w.note, w.last_seen_at,
       count(a.job_id) AS attempts, count(a.job_id) FILTER (WHERE a.outcome = 'lost') AS lost_attempts
  FROM analytics_v1.workers AS w
  LEFT JOIN analytics_v1.attempts AS a ON a.worker = w.worker
 WHERE w.state IN ('lost', 'quarantined')
 GROUP BY w.worker, w.host, w.gpu_uuid, w.state, w.note, w.last_seen_at
 ORDER BY w.last_seen_at DESC;
