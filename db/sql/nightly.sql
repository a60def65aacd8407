-- Nights of schedules that are compared with a baseline.

-- name: nightly_due
-- Whether anything may have to be done: a schedule that is watched, or an alert to send.
SELECT EXISTS (SELECT FROM eval.nightly)
    OR EXISTS (SELECT FROM eval.alert
                WHERE sent_at IS NULL AND abandoned_at IS NULL AND next_try_at <= now()) AS due;

-- name: watched
SELECT s.id AS schedule_id, s.name, s.cron, s.timezone, s.experiment, s.due_from, s.paused_at,
       s.created_at, w.baseline, w.policy, w.due_within_s, w.settled_to
  FROM eval.nightly AS w
  JOIN eval.schedule AS s ON s.id = w.schedule_id
 WHERE %(schedule)s::text IS NULL OR s.name = %(schedule)s
 ORDER BY s.id;

-- name: watch
-- Slots before a schedule was first watched are not nights.
INSERT INTO eval.nightly (schedule_id, baseline, policy, due_within_s)
VALUES (%(schedule)s, %(baseline)s, %(policy)s, %(due_within_s)s)
    ON CONFLICT (schedule_id) DO UPDATE
   SET baseline = excluded.baseline, policy = excluded.policy, due_within_s = excluded.due_within_s
 WHERE (nightly.baseline, nightly.policy, nightly.due_within_s)
       IS DISTINCT FROM (excluded.baseline, excluded.policy, excluded.due_within_s)
RETURNING schedule_id;

-- name: slots_since
-- The slots of the clock after an instant, with their runs.
SELECT slot, run_id, error_message FROM eval.schedule_slot
 WHERE schedule_id = %(schedule)s AND slot > %(after)s AND slot <= %(until)s AND NOT by_hand
 ORDER BY slot;

-- name: add_night
INSERT INTO eval.night (schedule_id, slot, run_id, due_at, state, reason)
VALUES (%(schedule)s, %(slot)s, %(run)s, %(due_at)s, %(state)s, %(reason)s)
    ON CONFLICT (schedule_id, slot) DO NOTHING
RETURNING slot;

-- name: settle_nights
UPDATE eval.nightly SET settled_to = greatest(settled_to, %(until)s)
 WHERE schedule_id = %(schedule)s;

-- name: reopen_night
-- A night found missing whose slot was made up for after all.
UPDATE eval.night AS n
   SET run_id = s.run_id, state = 'open', reason = '', done = false, done_at = NULL
  FROM eval.schedule_slot AS s
 WHERE n.schedule_id = %(schedule)s AND n.run_id IS NULL
   AND s.schedule_id = n.schedule_id AND s.slot = n.slot AND s.run_id IS NOT NULL
RETURNING n.slot;

-- name: open_nights
SELECT slot, run_id, due_at, state, reason FROM eval.night
 WHERE schedule_id = %(schedule)s AND NOT done ORDER BY slot;

-- name: lock_night
-- One process at a time decides on a night.
SELECT slot, run_id, due_at, state, reason FROM eval.night
 WHERE schedule_id = %(schedule)s AND slot = %(slot)s AND NOT done
   FOR UPDATE SKIP LOCKED;

-- name: set_night
UPDATE eval.night
   SET state = %(state)s, reason = %(reason)s, baseline_id = %(baseline)s, done = %(done)s,
       done_at = CASE WHEN %(done)s THEN coalesce(%(now)s::timestamptz, now()) END
 WHERE schedule_id = %(schedule)s AND slot = %(slot)s;

-- name: add_night_metrics
INSERT INTO eval.night_metric
SELECT m.*
  FROM jsonb_populate_recordset(NULL::eval.night_metric, %(metrics)s::jsonb) AS m
    ON CONFLICT (schedule_id, slot, model, prompt, metric) DO NOTHING;

-- name: night_history
-- The distances of earlier nights from one version of a baseline, oldest first.
SELECT m.model, m.prompt, m.metric, m.distance, m.standard_error, m.problems
  FROM eval.night_metric AS m
  JOIN eval.night AS n ON n.schedule_id = m.schedule_id AND n.slot = m.slot
 WHERE n.schedule_id = %(schedule)s AND n.baseline_id = %(baseline)s AND n.slot < %(slot)s
   AND m.distance IS NOT NULL
 ORDER BY n.slot;

-- name: state_before
SELECT state, reason FROM eval.night
 WHERE schedule_id = %(schedule)s AND slot < %(slot)s
 ORDER BY slot DESC LIMIT 1;

-- name: last_nights
SELECT n.slot, n.run_id, r.name AS run, n.due_at, n.state, n.reason, n.done, n.done_at,
       b.name AS baseline, b.version AS baseline_version
  FROM eval.night AS n
  LEFT JOIN eval.run AS r ON r.id = n.run_id
  LEFT JOIN eval.baseline AS b ON b.id = n.baseline_id
 WHERE n.schedule_id = %(schedule)s
 ORDER BY n.slot DESC LIMIT %(limit)s;

-- name: last_night_metrics
SELECT slot, model, prompt, metric, unit, value, problems, reference, difference, z, z_limit,
       drift, drift_limit, course, tier, refused
  FROM eval.night_metric
 WHERE schedule_id = %(schedule)s AND slot >= %(since)s
 ORDER BY slot, model, prompt, metric;

-- name: done_runs
-- Runs of nights that may become a reference, newest first.
SELECT n.slot, n.run_id, r.name AS run, n.state
  FROM eval.night AS n JOIN eval.run AS r ON r.id = n.run_id
 WHERE n.schedule_id = %(schedule)s AND n.done AND n.state <> 'failed'
 ORDER BY n.slot DESC;

-- name: newest_baseline
SELECT id, name, version, reason, pinned_by, schedule, run_ids, conditions, created_at
  FROM eval.baseline WHERE name = %(name)s ORDER BY version DESC LIMIT 1;

-- name: baseline_versions
SELECT id, name, version, reason, pinned_by, schedule, run_ids, conditions, created_at
  FROM eval.baseline WHERE name = %(name)s ORDER BY version DESC;

-- name: baseline_metrics
SELECT model, prompt, metric, problems, distances FROM eval.baseline_metric
 WHERE baseline_id = %(baseline)s ORDER BY model, prompt, metric;

-- name: add_baseline
-- No row where the version exists: another person pinned at the same moment.
INSERT INTO eval.baseline (name, version, reason, pinned_by, schedule, run_ids, conditions)
VALUES (%(name)s, %(version)s, %(reason)s, %(pinned_by)s, %(schedule)s, %(run_ids)s,
        %(conditions)s)
    ON CONFLICT (name, version) DO NOTHING
RETURNING id;

-- name: add_baseline_metrics
INSERT INTO eval.baseline_metric (baseline_id, model, prompt, metric, problems, distances)
SELECT %(baseline)s, m.model, m.prompt, m.metric, m.problems, m.distances
  FROM jsonb_to_recordset(%(metrics)s::jsonb)
       AS m (model text, prompt text, metric text, problems jsonb, distances double precision[]);
