-- Do longer answers of a run score better?
-- Correlation over answers, within each model; near 0 means that length says nothing.
SELECT s.model, count(*) AS answers, corr(g.output_tokens, s.score7) AS correlation,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY g.output_tokens) AS median_tokens
  FROM analytics_v1.generations AS g
  JOIN analytics_v1.scores AS s USING (run_id, job_id)
 WHERE run_id = (SELECT run_id FROM analytics_v1.runs WHERE run = 'quickstart')
 GROUP BY s.model
 ORDER BY s.model;
