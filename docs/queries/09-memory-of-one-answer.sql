-- How did one generation's memory develop?
SELECT job_id, ordinal, since_submit_ms, used_mib
  FROM analytics_v1.memory_samples
 WHERE job_id = (SELECT max(job_id) FROM analytics_v1.memory_samples)
 ORDER BY ordinal;
