-- Which step is missed most often?
SELECT problem, step, count(*) FILTER (WHERE verdict = 'missing') AS missing, count(*) AS verdicts
  FROM analytics_v1.step_verdicts
 GROUP BY problem, step
 ORDER BY count(*) FILTER (WHERE verdict = 'missing')::numeric / count(*) DESC, problem, step
 LIMIT 20;
