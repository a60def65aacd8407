-- What waits in each queue, for how long, and who serves it?
-- Nothing waits for long where `workers` is above 0 and `late_leases` is 0.
SELECT queue, waiting_jobs, oldest_waiting_s, running_jobs, late_leases, hints_due, oldest_hint_s, workers, busy_workers,
       quarantined_workers, held_models
  FROM analytics_v1.queue_health
 ORDER BY queue;
