-- Which comparisons were made with the same side A, and how did they end?
-- Each is a test: of twenty, one fails by chance where nothing differs.
SELECT run_a, model_a, count(*) AS comparisons, count(*) FILTER (WHERE verdict = 'block') AS blocked,
       count(*) FILTER (WHERE verdict = 'pass') AS passed, count(*) FILTER (WHERE forced) AS forced,
       max(compared_at) AS last_compared_at
  FROM analytics_v1.comparisons
 GROUP BY run_a, model_a
 ORDER BY last_compared_at DESC;
