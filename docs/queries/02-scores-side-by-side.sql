-- How do two models score side by side, and what is the gap?
-- Pair the problems: the same problem is hard for both.
SELECT a.category, count(*) AS problems, avg(a.score7) AS first, avg(b.score7) AS second,
       avg(b.score7 - a.score7) AS gap
  FROM analytics_v1.problem_scores AS a
  JOIN analytics_v1.problem_scores AS b USING (run_id, problem, prompt, mode)
 WHERE a.run = 'quickstart' AND a.model = 'smollm2' AND b.model = 'smollm2-awq'
 GROUP BY a.category ORDER BY a.category;
