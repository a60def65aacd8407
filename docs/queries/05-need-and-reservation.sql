-- What does a model need, and what does it reserve?
-- Compare only within one engine configuration and environment. Medians over runs and problems.
SELECT model, mode, left(config_hash, 8) AS config, left(environment_hash, 8) AS environment,
       sum(repetitions) AS results,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY need_mib) AS need_mib,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY nvml_peak_mib) AS device_peak_mib
  FROM analytics_v1.problem_resources
 GROUP BY model, mode, config_hash, environment_hash
 ORDER BY model, mode;
