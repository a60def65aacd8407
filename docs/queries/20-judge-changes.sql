-- How far does each judge move the scores, and how long does it take?
SELECT s.judge, s.model, count(*) AS answers, avg(s.rules_score7) AS rules_score7, avg(s.score7) AS score7,
       sum(s.steps_changed) AS steps_changed, sum(s.dones_flagged) AS dones_flagged,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY g.latency_ms) AS median_latency_ms
  FROM analytics_v1.judged_scores AS s
  JOIN analytics_v1.judgements AS g USING (judgement_id)
 GROUP BY s.judge, s.model
 ORDER BY s.judge, s.model;
