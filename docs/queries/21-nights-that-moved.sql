-- Which metric of which model has moved, and on which nights?
-- `value` beside the frozen `reference`; `z` is in standard deviations of a night and above 0 where
-- it is worse.
SELECT schedule, slot, model, prompt, metric, value, reference, unit, z, z_limit, drift, drift_limit, course
  FROM analytics_v1.nightly_comparison
 WHERE course IN ('suspect', 'jump', 'drift')
 ORDER BY slot DESC, schedule, model, metric
 LIMIT 100;
