-- Did anything queue for long?
-- Queue wait is never part of a latency.
SELECT model, sum(answers) AS results, max(queue_wait_s_max) AS longest_s,
       sum(queue_wait_s) / sum(answers) AS mean_s
  FROM analytics_v1.answer_totals
 GROUP BY model ORDER BY model;
