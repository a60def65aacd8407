-- What does a right answer cost in seconds of a GPU?
-- Multiply by the price of your GPU. Only latency mode: there one answer has the engine to itself.
SELECT model, sum(used) AS results, sum(e2e_s_used) AS gpu_s, sum(correct_used) AS right_answers,
       sum(e2e_s_used) / nullif(sum(correct_used), 0)::double precision AS gpu_s_per_right_answer
  FROM analytics_v1.answer_totals
 WHERE mode = 'latency'
 GROUP BY model
HAVING sum(used) > 0
 ORDER BY gpu_s_per_right_answer;
