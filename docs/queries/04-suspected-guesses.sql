-- Which right answers of a run look like guesses?
-- Read them yourself.
SELECT s.model, s.problem, s.repetition, s.steps_done, s.steps_total, left(g.output, 200) AS beginning
  FROM analytics_v1.scores AS s
  JOIN analytics_v1.generations AS g USING (run_id, job_id)
 WHERE s.guess_suspected
   AND run_id = (SELECT run_id FROM analytics_v1.runs WHERE run = 'quickstart')
 ORDER BY s.model, s.problem, s.repetition;
