-- What 0015 adds to schema analytics_v1: baselines, nights and their metrics.

CREATE VIEW analytics_v1.baselines AS
SELECT b.name AS baseline, b.version, b.schedule, b.reason, b.pinned_by, b.created_at AS pinned_at,
       cardinality(b.run_ids) AS nights, b.run_ids,
       b.version = max(b.version) OVER (PARTITION BY b.name) AS used
  FROM eval.baseline AS b;
COMMENT ON VIEW analytics_v1.baselines IS 'The baselines of nightly comparisons, a row per version; rows are only appended.';
COMMENT ON COLUMN analytics_v1.baselines.baseline IS 'Name of the baseline.';
COMMENT ON COLUMN analytics_v1.baselines.version IS '1, 2, ...; the highest is used.';
COMMENT ON COLUMN analytics_v1.baselines.schedule IS 'Name of the schedule that the nights are of.';
COMMENT ON COLUMN analytics_v1.baselines.reason IS 'Why these nights are the reference, in the person''s words.';
COMMENT ON COLUMN analytics_v1.baselines.pinned_by IS 'Name of the person.';
COMMENT ON COLUMN analytics_v1.baselines.pinned_at IS 'When it was pinned.';
COMMENT ON COLUMN analytics_v1.baselines.nights IS 'Number of nights.';
COMMENT ON COLUMN analytics_v1.baselines.run_ids IS 'The runs of the nights, oldest first.';
COMMENT ON COLUMN analytics_v1.baselines.used IS 'Whether it is the version that nights are compared with.';

CREATE VIEW analytics_v1.nights AS
SELECT s.name AS schedule, n.slot, n.run_id, r.name AS run, n.due_at, n.state, n.reason, n.done, n.done_at,
       b.name AS baseline, b.version AS baseline_version
  FROM eval.night AS n
  JOIN eval.schedule AS s ON s.id = n.schedule_id
  LEFT JOIN eval.run AS r ON r.id = n.run_id
  LEFT JOIN eval.baseline AS b ON b.id = n.baseline_id;
COMMENT ON VIEW analytics_v1.nights IS 'One row per night of a schedule that is compared with a baseline, those without a run among them.';
COMMENT ON COLUMN analytics_v1.nights.schedule IS 'Name of the schedule.';
COMMENT ON COLUMN analytics_v1.nights.slot IS 'When the night was due to start.';
COMMENT ON COLUMN analytics_v1.nights.run_id IS 'Its run; NULL where there is none.';
COMMENT ON COLUMN analytics_v1.nights.run IS 'Name of the run.';
COMMENT ON COLUMN analytics_v1.nights.due_at IS 'When the night had to be done.';
COMMENT ON COLUMN analytics_v1.nights.state IS 'open, learning, quiet, suspect, warned, regressed, incomparable, late, missed or failed.';
COMMENT ON COLUMN analytics_v1.nights.reason IS 'Why it is in this state, as a sentence.';
COMMENT ON COLUMN analytics_v1.nights.done IS 'Whether nothing more will change.';
COMMENT ON COLUMN analytics_v1.nights.done_at IS 'When it was compared or found missing.';
COMMENT ON COLUMN analytics_v1.nights.baseline IS 'Name of the baseline it was compared with; NULL: none.';
COMMENT ON COLUMN analytics_v1.nights.baseline_version IS 'Version of that baseline.';

CREATE VIEW analytics_v1.nightly_comparison AS
SELECT s.name AS schedule, n.slot, r.name AS run, n.run_id, m.model, m.prompt, m.metric, m.unit, m.value, m.problems,
       m.reference, m.difference, m.distance, m.standard_error, m.z, m.z_limit, m.drift, m.drift_limit, m.course, m.tier,
       m.refused, n.state AS night_state, b.name AS baseline, b.version AS baseline_version
  FROM eval.night_metric AS m
  JOIN eval.night AS n ON n.schedule_id = m.schedule_id AND n.slot = m.slot
  JOIN eval.schedule AS s ON s.id = m.schedule_id
  JOIN eval.run AS r ON r.id = n.run_id
  LEFT JOIN eval.baseline AS b ON b.id = n.baseline_id
 WHERE current_setting('evalctl.include_synthetic', true) = 'on'
    OR NOT EXISTS (SELECT FROM eval.job AS j JOIN eval.model AS x ON x.id = j.model_id
                    WHERE j.run_id = n.run_id AND x.name = m.model AND x.synthetic);
COMMENT ON VIEW analytics_v1.nightly_comparison IS 'One row per night, model, prompt and metric: the value beside the frozen reference, and what the rules say.';
COMMENT ON COLUMN analytics_v1.nightly_comparison.schedule IS 'Name of the schedule.';
COMMENT ON COLUMN analytics_v1.nightly_comparison.slot IS 'When the night was due to start.';
COMMENT ON COLUMN analytics_v1.nightly_comparison.run IS 'Name of the run.';
COMMENT ON COLUMN analytics_v1.nightly_comparison.run_id IS 'The run.';
COMMENT ON COLUMN analytics_v1.nightly_comparison.model IS 'Name of the model.';
COMMENT ON COLUMN analytics_v1.nightly_comparison.prompt IS 'Prompt style.';
COMMENT ON COLUMN analytics_v1.nightly_comparison.metric IS 'Name of the metric.';
COMMENT ON COLUMN analytics_v1.nightly_comparison.unit IS 'Unit of value and reference.';
COMMENT ON COLUMN analytics_v1.nightly_comparison.value IS 'Mean over the problems of the means over repetitions, in the unit; geometric means of times and memory.';
COMMENT ON COLUMN analytics_v1.nightly_comparison.problems IS 'Number of problems that count: those that the reference has too, where there is one.';
COMMENT ON COLUMN analytics_v1.nightly_comparison.reference IS 'The same over the frozen nights, in the unit; NULL while nights are learned from.';
COMMENT ON COLUMN analytics_v1.nightly_comparison.difference IS 'Night against reference: per cent of times and memory, else in the unit.';
COMMENT ON COLUMN analytics_v1.nightly_comparison.distance IS 'The difference as the rules read it: the difference of logarithms of times and memory, else in the unit.';
COMMENT ON COLUMN analytics_v1.nightly_comparison.standard_error IS 'Standard error of one night''s distance over its problems, in the unit of distance.';
COMMENT ON COLUMN analytics_v1.nightly_comparison.z IS 'Distance in standard deviations of a night, above 0 where it is worse.';
COMMENT ON COLUMN analytics_v1.nightly_comparison.z_limit IS 'What z must pass on two nights in a row for a jump, in standard deviations.';
COMMENT ON COLUMN analytics_v1.nightly_comparison.drift IS 'Sum of the drift rule, in standard deviations.';
COMMENT ON COLUMN analytics_v1.nightly_comparison.drift_limit IS 'What that sum must pass for a drift, in standard deviations.';
COMMENT ON COLUMN analytics_v1.nightly_comparison.course IS 'quiet, suspect (past the limit for one night), jump or drift; NULL while nights are learned from or cannot be compared.';
COMMENT ON COLUMN analytics_v1.nightly_comparison.tier IS 'What an alarm does: block or warn.';
COMMENT ON COLUMN analytics_v1.nightly_comparison.refused IS 'Why the metric could not be compared; NULL where it was.';
COMMENT ON COLUMN analytics_v1.nightly_comparison.night_state IS 'State of the night, see nights.';
COMMENT ON COLUMN analytics_v1.nightly_comparison.baseline IS 'Name of the baseline; NULL: none.';
COMMENT ON COLUMN analytics_v1.nightly_comparison.baseline_version IS 'Version of that baseline.';
