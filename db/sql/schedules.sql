-- Schedules: what is submitted by the clock, and the slots of theirs that were due.

-- name: add_schedule
-- Slots before now do not count.
INSERT INTO eval.schedule (name, cron, timezone, experiment)
VALUES (%(name)s, %(cron)s, %(timezone)s, %(experiment)s)
    ON CONFLICT (name) DO NOTHING
RETURNING id;

-- name: find_schedule
SELECT id, name, cron, timezone, experiment, due_from, paused_at, created_at
  FROM eval.schedule WHERE name = %(name)s;

-- name: active_schedules
SELECT id, name, cron, timezone, experiment, due_from, paused_at, created_at FROM eval.schedule
 WHERE paused_at IS NULL ORDER BY id;

-- name: clock
-- The database's, or a time given.
SELECT coalesce(%(now)s::timestamptz, now()) AS now;

-- name: all_schedules
SELECT id, name, cron, timezone, experiment, due_from, paused_at, created_at
  FROM eval.schedule ORDER BY name;

-- name: lock_due
-- One process at a time submits a slot: another that finds the schedule locked retries at the next
-- tick. A slot that was settled meanwhile is not found: the condition is checked again on the
-- locked row.
SELECT id FROM eval.schedule
 WHERE id = %(schedule)s AND paused_at IS NULL AND due_from < %(slot)s
   FOR NO KEY UPDATE SKIP LOCKED;

-- name: lock_schedule
SELECT id FROM eval.schedule WHERE id = %(schedule)s FOR NO KEY UPDATE;

-- name: free_hand_slot
-- Now, to the microsecond, where no slot is yet. Never a whole minute: those are the clock's.
WITH clock AS MATERIALIZED (SELECT coalesce(%(now)s::timestamptz, clock_timestamp()) AS now)
SELECT t.slot
  FROM clock
 CROSS JOIN generate_series(0, 1000) AS n
 CROSS JOIN LATERAL (SELECT clock.now + n * interval '1 microsecond' AS slot) AS t
 WHERE date_trunc('minute', t.slot) <> t.slot
   AND NOT EXISTS (SELECT FROM eval.schedule_slot AS s
                    WHERE s.schedule_id = %(schedule)s AND s.slot = t.slot)
 ORDER BY n LIMIT 1;

-- name: insert_slot
INSERT INTO eval.schedule_slot (schedule_id, slot, by_hand, run_id, error_message)
VALUES (%(schedule)s, %(slot)s, %(by_hand)s, %(run)s, %(error)s)
    ON CONFLICT (schedule_id, slot) DO NOTHING
RETURNING slot;

-- name: settle
UPDATE eval.schedule SET due_from = greatest(due_from, %(slot)s) WHERE id = %(schedule)s;

-- name: pause_schedule
UPDATE eval.schedule SET paused_at = now()
 WHERE id = %(schedule)s AND paused_at IS NULL RETURNING id;

-- name: resume_schedule
-- What was due while it was paused is passed over.
UPDATE eval.schedule
   SET paused_at = NULL, due_from = greatest(due_from, coalesce(%(now)s::timestamptz, now()))
 WHERE id = %(schedule)s AND paused_at IS NOT NULL RETURNING id;

-- name: remove_schedule
-- Its slots go with it; the runs and what they say of their origin stay.
WITH slots AS (SELECT count(*) FROM eval.schedule_slot WHERE schedule_id = %(schedule)s)
DELETE FROM eval.schedule WHERE id = %(schedule)s RETURNING (SELECT count FROM slots) AS slots;

-- name: slots
-- The last slots of one schedule or of all, newest first, each with what became of its run, counted
-- as in run_list.
WITH running AS (
    SELECT run_id, count(*) AS jobs FROM eval.job WHERE state = 'running' GROUP BY run_id
)
SELECT s.id AS schedule_id, l.slot, l.by_hand, l.made_at, l.error_message, r.id AS run_id,
       r.name AS run, r.cancelled_at, r.paused_at, t.*, coalesce(w.jobs, 0) AS running
  FROM eval.schedule AS s
 CROSS JOIN LATERAL (
       SELECT * FROM eval.schedule_slot WHERE schedule_id = s.id
        ORDER BY slot DESC LIMIT %(limit)s) AS l
  LEFT JOIN eval.run AS r ON r.id = l.run_id
 CROSS JOIN LATERAL (
       SELECT sum(open) AS open, sum(succeeded) AS succeeded, sum(failed) AS failed,
              sum(dead) AS dead, sum(cancelled) AS cancelled
         FROM eval.run_tally WHERE run_id = r.id) AS t
  LEFT JOIN running AS w ON w.run_id = r.id
 WHERE %(schedule)s::bigint IS NULL OR s.id = %(schedule)s
 ORDER BY s.id, l.slot DESC;
