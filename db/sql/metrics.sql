-- What /metrics shows, in one statement: from tallies and from partial indexes, so that a scrape
-- costs the same however many jobs have ended.

-- name: gauges
-- The jobs of each model that are looked at for the oldest are the next ones to be claimed, up to a
-- limit. Workers that were lost long ago are history.
SELECT (SELECT jsonb_build_object(
               'queued', greatest(coalesce(sum(t.open), 0) - w.running, 0), 'running', w.running,
               'succeeded', coalesce(sum(t.succeeded), 0), 'failed', coalesce(sum(t.failed), 0),
               'dead', coalesce(sum(t.dead), 0), 'cancelled', coalesce(sum(t.cancelled), 0))
          FROM eval.run_tally AS t) AS jobs,
       w.late AS late_leases,
       (SELECT coalesce(jsonb_object_agg(q.queue, q.oldest_s), '{}')
          FROM (SELECT m.queue,
                       coalesce(extract(epoch FROM now() - min(h.available_at)), 0) AS oldest_s
                  FROM eval.model AS m
                  LEFT JOIN LATERAL (
                       SELECT j.available_at FROM eval.job AS j
                        WHERE j.state = 'queued' AND NOT j.held AND j.model_id = m.id
                          AND j.available_at <= now()
                        ORDER BY j.priority, j.id LIMIT %(limit)s) AS h ON true
                 GROUP BY m.queue) AS q) AS oldest_s,
       (SELECT coalesce(jsonb_object_agg(s.state, s.workers), '{}')
          FROM (SELECT state, count(*) AS workers FROM eval.worker
                 WHERE state NOT IN ('stopped', 'lost')
                    OR (state = 'lost' AND ended_at > now() - interval '1 hour')
                 GROUP BY state) AS s) AS workers,
       (SELECT coalesce(extract(epoch FROM now() - min(last_seen_at)), 0) FROM eval.worker
         WHERE state NOT IN ('stopped', 'lost')) AS silent_s,
       (SELECT count(DISTINCT coalesce(gpu_uuid, id::text)) FROM eval.worker
         WHERE state = 'quarantined') AS quarantined_gpus,
       (SELECT jsonb_build_array(count(*), coalesce(extract(epoch FROM now() - min(available_at)), 0))
          FROM eval.outbox WHERE available_at <= now()) AS outbox,
       (SELECT count(*) FROM eval.model_server WHERE held_until > now()) AS held_models,
       (SELECT coalesce(jsonb_agg(jsonb_build_array(n.schedule, n.state, n.finished)), '[]')
          FROM (SELECT s.name AS schedule, l.state, extract(epoch FROM l.done_at) AS finished
                  FROM eval.nightly AS y
                  JOIN eval.schedule AS s ON s.id = y.schedule_id
                 CROSS JOIN LATERAL (
                       SELECT x.state, x.done_at FROM eval.night AS x
                        WHERE x.schedule_id = y.schedule_id AND x.done
                        ORDER BY x.slot DESC LIMIT 1) AS l) AS n) AS nights
  FROM (SELECT count(*) AS running, count(*) FILTER (WHERE lease_expires_at < now()) AS late
          FROM eval.job WHERE state = 'running') AS w;
