-- How did the nights of each schedule end, month by month?
SELECT schedule, date_trunc('month', slot) AS month, count(*) AS nights,
       count(*) FILTER (WHERE state = 'quiet') AS quiet,
       count(*) FILTER (WHERE state IN ('warned', 'regressed')) AS alarms,
       count(*) FILTER (WHERE state IN ('late', 'missed', 'failed', 'incomparable')) AS without_a_verdict
  FROM analytics_v1.nights
 GROUP BY schedule, date_trunc('month', slot)
 ORDER BY month DESC, schedule;
