-- What 0005 adds to schema analytics_v1: probes, and more of each generation.

CREATE OR REPLACE VIEW analytics_v1.jobs AS
SELECT j.id AS job_id, j.run_id, r.name AS run, m.name AS model, p.name AS problem, p.category, j.prompt, j.repetition,
       j.mode, j.state, j.attempt_no AS attempts, j.failure_kind, j.error_class, j.error_message,
       j.created_at, j.finished_at, m.synthetic, j.boot_group, j.probe
  FROM eval.job AS j
  JOIN eval.run AS r ON r.id = j.run_id
  JOIN eval.model AS m ON m.id = j.model_id
  LEFT JOIN eval.problem AS p ON p.id = j.problem_id
 WHERE NOT m.synthetic OR current_setting('evalctl.include_synthetic', true) = 'on';
COMMENT ON VIEW analytics_v1.jobs IS 'One row per job: model x problem x prompt x repetition of a run, or one search of a probe.';
COMMENT ON COLUMN analytics_v1.jobs.problem IS 'Identifier of the problem, e.g. sec-symmetric-01; NULL for a probe.';
COMMENT ON COLUMN analytics_v1.jobs.category IS 'secondary, university or modelling; NULL for a probe.';
COMMENT ON COLUMN analytics_v1.jobs.prompt IS 'Prompt style: plain or stepwise; of a probe its kind: sequences, instances or context.';
COMMENT ON COLUMN analytics_v1.jobs.boot_group IS 'Jobs of one run and model with the same number had an engine started for them; NULL: any engine did.';
COMMENT ON COLUMN analytics_v1.jobs.probe IS 'What a probe searched for, and how; NULL for a generation.';
