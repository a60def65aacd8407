-- What did the answers of each run cost, and what state is the run in?
-- Only models with a price_per_gpu_hour, and only latency mode: there one answer has the engine to
-- itself. Engine starts and waiting are not in it.
SELECT r.run, r.state, r.schedule, g.model, sum(g.answers) AS answers,
       sum(g.e2e_s) / 3600 * m.price_per_gpu_hour AS price
  FROM analytics_v1.runs AS r
  JOIN analytics_v1.answer_totals AS g USING (run_id)
  JOIN analytics_v1.models AS m USING (model_id)
 WHERE g.mode = 'latency' AND m.price_per_gpu_hour IS NOT NULL
 GROUP BY r.run, r.state, r.schedule, g.model, m.model_id, m.price_per_gpu_hour
 ORDER BY price DESC;
