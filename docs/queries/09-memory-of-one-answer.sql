-- How did one generation's memory develop?
SELECT job_id, ordinal, since_submit_ms, used_mib
  FROM analytics_v1.memory_samples
 WHERE job_id = (SELECT job_id FROM analytics_v1.generations
                  WHERE coalesce(nvml_peak_mib, host_peak_mib) IS NOT NULL
                  ORDER BY job_id DESC LIMIT 1)
 ORDER BY ordinal;
