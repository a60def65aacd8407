-- What does a right answer cost in seconds of a GPU?
-- Multiply by the price of your GPU. Only latency mode: there one answer has the engine to itself.
SELECT g.model, count(*) AS results, sum(g.e2e_s) AS gpu_s, count(*) FILTER (WHERE s.answer_correct) AS right_answers,
       sum(g.e2e_s) / nullif(count(*) FILTER (WHERE s.answer_correct), 0) AS gpu_s_per_right_answer
  FROM analytics_v1.generations AS g
  JOIN analytics_v1.scores AS s USING (job_id)
 WHERE g.mode = 'latency' AND g.used
 GROUP BY g.model
 ORDER BY gpu_s_per_right_answer;
