-- Did anything queue for long?
-- Queue wait is never part of a latency.
SELECT model, count(*) AS results, max(queue_wait_s) AS longest_s,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY queue_wait_s) AS median_s
  FROM analytics_v1.generations
 GROUP BY model ORDER BY model;
