-- How many sequences, engines or tokens of context does each GPU carry?
-- `reason` is what ended the search; `agreed` is false where two searches found different limits.
SELECT model, kind, gpu, memory_limit_mib, max_stable, unit, first_failure, reason, limited_by, searches, agreed
  FROM analytics_v1.probe_thresholds
 ORDER BY model, kind, gpu;
