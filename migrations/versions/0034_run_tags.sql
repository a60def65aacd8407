CREATE OR REPLACE VIEW analytics_v1.runs AS
SELECT r.id AS run_id, r.name AS run, r.mode, r.experiment ->> 'language' AS language,
       r.experiment ->> 'problems' AS problem_set, r.ordinal, r.created_at, r.cancelled_at, r.paused_at,
       CASE WHEN r.cancelled_at IS NOT NULL AND coalesce(t.open, 0) = 0 THEN 'cancelled'
            WHEN r.paused_at IS NOT NULL AND t.open > 0 THEN 'paused'
            WHEN t.open > 0 AND t.open = t.jobs AND w.run_id IS NULL THEN 'queued'
            WHEN t.open > 0 THEN 'running'
            WHEN t.failed > 0 THEN 'failed'
            ELSE 'succeeded' END AS state,
       r.experiment AS settings, l.schedule, r.tags
  FROM eval.run AS r
  LEFT JOIN (
       SELECT run_id, sum(open) AS open, sum(failed + dead) AS failed, sum(open + succeeded + failed + dead + cancelled) AS jobs
         FROM eval.run_tally GROUP BY run_id) AS t ON t.run_id = r.id
  LEFT JOIN (SELECT run_id FROM eval.job WHERE state = 'running' GROUP BY run_id) AS w ON w.run_id = r.id
  LEFT JOIN (
       SELECT s.run_id, min(c.name) AS schedule
         FROM eval.schedule_slot AS s
         JOIN eval.schedule AS c ON c.id = s.schedule_id
        GROUP BY s.run_id) AS l ON l.run_id = r.id;
COMMENT ON COLUMN analytics_v1.runs.tags IS 'Words that people gave it with evalctl run tag, sorted; empty: none.';
