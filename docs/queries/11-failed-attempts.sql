-- Which attempts failed, on which worker, and why?
SELECT a.started_at, a.worker, a.model, a.problem, a.attempt_no, a.outcome, a.error_class, a.error_message
  FROM analytics_v1.attempts AS a
 WHERE a.outcome IN ('failed', 'lost')
 ORDER BY a.started_at DESC
 LIMIT 50;
