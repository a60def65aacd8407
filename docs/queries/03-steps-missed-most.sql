-- Which step is missed most often?
-- Counts per run and problem are kept of finished runs, so this is quick over years of runs.
SELECT problem, step, sum(missing) AS missing, sum(answers) AS verdicts
  FROM analytics_v1.step_counts
 GROUP BY problem, step
 ORDER BY sum(missing) / sum(answers) DESC, problem, step
 LIMIT 20;
