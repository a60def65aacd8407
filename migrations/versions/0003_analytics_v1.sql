-- What 0003 adds to schema analytics_v1: columns at the end of two views, and the slots of schedules.

CREATE OR REPLACE VIEW analytics_v1.runs AS
SELECT r.id AS run_id, r.name AS run, r.mode, r.experiment ->> 'language' AS language,
       r.experiment ->> 'problems' AS problem_set, r.ordinal, r.created_at, r.cancelled_at, r.paused_at
  FROM eval.run AS r;
COMMENT ON COLUMN analytics_v1.runs.paused_at IS 'When the user paused it, NULL unless it is paused.';

CREATE OR REPLACE VIEW analytics_v1.workers AS
SELECT w.id AS worker_id, w.name AS worker, w.host, w.device, w.gpu_index AS gpu, w.gpu_uuid, w.gpu_name, w.queues, m.name AS model,
       w.state, w.started_at, w.last_seen_at, extract(epoch FROM now() - w.last_seen_at)::double precision AS last_seen_s, w.ended_at,
       w.drain_requested_at, w.messages_refused, w.note
  FROM eval.worker AS w
  LEFT JOIN eval.model AS m ON m.id = w.model_id;
COMMENT ON COLUMN analytics_v1.workers.state IS 'starting, idle, loading, busy, draining, quarantined, stopped or lost.';
COMMENT ON COLUMN analytics_v1.workers.drain_requested_at IS 'When it was asked to finish its job and end, else NULL.';
COMMENT ON COLUMN analytics_v1.workers.messages_refused IS 'Messages of the broker that it threw away because they were no hints.';
COMMENT ON COLUMN analytics_v1.workers.note IS 'What it says of itself in a sentence, e.g. why its GPU is quarantined; else NULL.';

CREATE VIEW analytics_v1.schedule_slots AS
SELECT s.name AS schedule, s.cron, s.timezone, l.slot, l.by_hand, l.run_id, r.name AS run, l.error_message, l.made_at
  FROM eval.schedule_slot AS l
  JOIN eval.schedule AS s ON s.id = l.schedule_id
  LEFT JOIN eval.run AS r ON r.id = l.run_id;
COMMENT ON VIEW analytics_v1.schedule_slots IS 'One row per slot of a schedule that was due, at most one run each.';
COMMENT ON COLUMN analytics_v1.schedule_slots.schedule IS 'Name of the schedule.';
COMMENT ON COLUMN analytics_v1.schedule_slots.cron IS 'When it is due: minute, hour, day of month, month, day of week.';
COMMENT ON COLUMN analytics_v1.schedule_slots.timezone IS 'The time zone in which cron is read, e.g. Asia/Shanghai.';
COMMENT ON COLUMN analytics_v1.schedule_slots.slot IS 'The time it was due, or was run by hand.';
COMMENT ON COLUMN analytics_v1.schedule_slots.by_hand IS 'Whether a user asked for it out of turn.';
COMMENT ON COLUMN analytics_v1.schedule_slots.run_id IS 'The run that was submitted; NULL where none could be.';
COMMENT ON COLUMN analytics_v1.schedule_slots.run IS 'Name of that run.';
COMMENT ON COLUMN analytics_v1.schedule_slots.error_message IS 'Why there is no run, else NULL.';
COMMENT ON COLUMN analytics_v1.schedule_slots.made_at IS 'When the slot was acted on; long after the slot where it was caught up.';
