-- What do the steps ask for that a model misses?
-- Problem, path and step name a row of steps, in the words of the problem as it was submitted.
SELECT v.model, v.problem, v.step, t.description_en, t.weight, sum(v.missing) AS missed
  FROM analytics_v1.step_counts AS v
  JOIN analytics_v1.steps AS t USING (problem_id, path, step)
 WHERE v.missing > 0 AND t.necessary
 GROUP BY v.model, v.problem, v.step, t.description_en, t.weight
 ORDER BY missed DESC, v.model, v.problem, v.step
 LIMIT 20;
