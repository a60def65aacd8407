-- The space that measurements take, and what may be pruned of them.

-- name: prunable
SELECT t.traces, t.trace_bytes, l.logs, l.log_bytes
  FROM (SELECT count(*) AS traces,
               coalesce(sum(pg_column_size(m.used_mib) + coalesce(pg_column_size(m.look_at_s), 0)
                   + coalesce(pg_column_size(m.look_sm_clock_mhz), 0)
                   + coalesce(pg_column_size(m.look_temperature_c), 0)
                   + coalesce(pg_column_size(m.look_power_w), 0)
                   + coalesce(pg_column_size(m.look_reasons), 0)), 0)::bigint AS trace_bytes
          FROM eval.memory_trace AS m JOIN eval.generation AS g ON g.job_id = m.job_id
         WHERE g.created_at < now() - make_interval(secs => %(older_s)s)
           AND (cardinality(m.used_mib) > 0 OR m.look_at_s IS NOT NULL)) AS t
 CROSS JOIN (
       SELECT count(*) AS logs, coalesce(sum(pg_column_size(t.content)), 0)::bigint AS log_bytes
         FROM eval.boot AS b JOIN eval.text_blob AS t ON t.hash = b.log_text_hash
        WHERE b.started_at < now() - make_interval(secs => %(older_s)s)) AS l;

-- name: list_old_logs
INSERT INTO pg_temp.deleted_text
SELECT DISTINCT log_text_hash FROM eval.boot
 WHERE log_text_hash IS NOT NULL AND started_at < now() - make_interval(secs => %(older_s)s);

-- name: empty_traces
-- The row stays with its peak and mean.
UPDATE eval.memory_trace AS m
   SET used_mib = '{}', look_at_s = NULL, look_sm_clock_mhz = NULL, look_temperature_c = NULL,
       look_power_w = NULL, look_reasons = NULL
  FROM eval.generation AS g
 WHERE g.job_id = m.job_id AND g.created_at < now() - make_interval(secs => %(older_s)s)
   AND (cardinality(m.used_mib) > 0 OR m.look_at_s IS NOT NULL);

-- name: forget_logs
UPDATE eval.boot SET log_text_hash = NULL
 WHERE log_text_hash IS NOT NULL AND started_at < now() - make_interval(secs => %(older_s)s);

-- name: space_use
-- All of the database, then its largest tables with their indexes and long values.
SELECT 'database' AS part, pg_database_size(current_database()) AS bytes
 UNION ALL
(SELECT n.nspname || '.' || c.relname, pg_total_relation_size(c.oid)
   FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
  WHERE n.nspname IN ('eval', 'eval_kept') AND c.relkind = 'r'
  ORDER BY 2 DESC, 1 LIMIT 4);
