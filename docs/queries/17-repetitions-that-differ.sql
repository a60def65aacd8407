-- Which problems does a model sometimes solve and sometimes not?
-- Sampling or the engine decides there, not the model; more repetitions separate the two.
SELECT run, model, prompt, problem, repetitions, answer_accuracy, score7_min, score7_max
  FROM analytics_v1.problem_scores
 WHERE answer_accuracy > 0 AND answer_accuracy < 1
    OR score7_max > score7_min
 ORDER BY score7_max - score7_min DESC, run, model, problem
 LIMIT 50;
