-- Panels of the dashboard "evalctl: nights"; $__timeFilter and ${...} are Grafana"s.

-- name: newest_night
SELECT state FROM analytics_v1.nights
 WHERE schedule = ${schedule:sqlstring} AND done
 ORDER BY slot DESC
 LIMIT 1;

-- name: nights_with_an_alarm
SELECT count(*) FILTER (WHERE state IN ('warned', 'regressed')) AS alarms
  FROM analytics_v1.nights
 WHERE schedule = ${schedule:sqlstring} AND $__timeFilter(slot);

-- name: nights_without_a_verdict
SELECT count(*) FILTER (WHERE state IN ('late', 'missed', 'failed', 'incomparable')) AS nights
  FROM analytics_v1.nights
 WHERE schedule = ${schedule:sqlstring} AND $__timeFilter(slot);

-- name: since_the_last_night_was_done
SELECT extract(epoch FROM now() - max(done_at))::double precision AS since_s
  FROM analytics_v1.nights
 WHERE schedule = ${schedule:sqlstring};

-- name: the_metric_and_its_frozen_band
SELECT slot AS time, s.name AS metric, s.value
  FROM analytics_v1.nightly_comparison AS n
 CROSS JOIN LATERAL (VALUES (n.model || ' ' || n.prompt, n.value),
                            (n.model || ' ' || n.prompt || ' reference', n.reference),
                            (n.model || ' ' || n.prompt || ' band from',
                             CASE WHEN n.unit LIKE 'points%' THEN n.reference - 2 * n.standard_error
                                  ELSE n.reference * exp(-2 * n.standard_error) END),
                            (n.model || ' ' || n.prompt || ' band to',
                             CASE WHEN n.unit LIKE 'points%' THEN n.reference + 2 * n.standard_error
                                  ELSE n.reference * exp(2 * n.standard_error) END)
                    ) AS s(name, value)
 WHERE n.schedule = ${schedule:sqlstring} AND metric = ${metric:sqlstring} AND $__timeFilter(slot)
 ORDER BY 1, 2;

-- name: z_with_its_limit
SELECT slot AS time, s.name AS metric, s.value
  FROM analytics_v1.nightly_comparison AS n
 CROSS JOIN LATERAL (VALUES (n.model || ' ' || n.prompt, n.z),
                            ('limit', n.z_limit)) AS s(name, value)
 WHERE n.schedule = ${schedule:sqlstring} AND metric = ${metric:sqlstring} AND $__timeFilter(slot)
 ORDER BY 1, 2;

-- name: drift_cusum_with_its_limit
SELECT slot AS time, s.name AS metric, s.value
  FROM analytics_v1.nightly_comparison AS n
 CROSS JOIN LATERAL (VALUES (n.model || ' ' || n.prompt, n.drift),
                            ('limit', n.drift_limit)) AS s(name, value)
 WHERE n.schedule = ${schedule:sqlstring} AND metric = ${metric:sqlstring} AND $__timeFilter(slot)
 ORDER BY 1, 2;

-- name: what_moved
SELECT slot, model, prompt, metric, value, reference, unit, z, drift, course, tier
  FROM analytics_v1.nightly_comparison
 WHERE schedule = ${schedule:sqlstring} AND $__timeFilter(slot)
   AND course IN ('suspect', 'jump', 'drift')
 ORDER BY slot DESC
 LIMIT 100;

-- name: nights
SELECT slot, state, reason, run, due_at, done_at, baseline, baseline_version
  FROM analytics_v1.nights
 WHERE schedule = ${schedule:sqlstring} AND $__timeFilter(slot)
 ORDER BY slot DESC;

-- name: limits_found
SELECT run, model, kind, gpu, memory_limit_mib, max_stable, first_failure, unit, reason, limited_by
  FROM analytics_v1.probe_thresholds
 ORDER BY run DESC, model, kind;

-- name: choose_schedule
SELECT DISTINCT schedule FROM analytics_v1.nights ORDER BY schedule;

-- name: choose_metric
SELECT DISTINCT metric FROM analytics_v1.nightly_comparison ORDER BY metric;
