-- How much later does the worker see the first token than the engine stamps it?
-- The median over runs and problems, of the medians over repetitions.
SELECT model, sum(repetitions) AS results,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY ttft_ms - engine_ttft_ms) AS hop_ms
  FROM analytics_v1.problem_resources
 WHERE engine_ttft_ms IS NOT NULL
 GROUP BY model ORDER BY model;
