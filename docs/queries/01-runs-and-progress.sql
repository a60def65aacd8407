-- Which runs exist, and how far are they?
SELECT r.run, r.created_at, j.state, sum(j.jobs) AS jobs
  FROM analytics_v1.runs AS r
  JOIN analytics_v1.job_counts AS j ON j.run_id = r.run_id
 GROUP BY r.run, r.created_at, j.state
 ORDER BY r.created_at DESC, j.state;
