-- Energy of models is kept of finished runs in latency mode. In throughput mode runs share engine starts, so a later run can change the
-- shares of an earlier one: those are computed, as all are where flagged results are included. No column changes.

SELECT eval.keep_view('model_energy');
CREATE OR REPLACE VIEW analytics_v1.model_energy AS
SELECT e.run_id, e.run, e.model, e.prompt, e.mode, e.config_hash, e.environment_hash, e.gpu_name, e.method, e.shared_by, e.joules,
       e.joules_per_token, e.joules_per_step, e.joules_above_idle, e.idle_power_w, e.joules_min, e.joules_max, e.problems, e.answers
  FROM eval_kept.model_energy AS e
 WHERE coalesce(current_setting('evalctl.include_flagged', true), '') <> 'on'
   AND e.run_id IN (SELECT k.run_id FROM eval.kept_run AS k JOIN eval.run AS r ON r.id = k.run_id
                     WHERE r.mode <> 'throughput'
                       AND (NOT k.synthetic OR current_setting('evalctl.include_synthetic', true) = 'on' AND k.synthetic))
 UNION ALL
SELECT u.id, u.name, l.model, l.prompt, l.mode, l.config_hash, l.environment_hash, l.gpu_name, l.method, l.shared_by, l.joules,
       l.joules_per_token, l.joules_per_step, l.joules_above_idle, l.idle_power_w, l.joules_min, l.joules_max, l.problems, l.answers
  FROM eval.run AS u
 CROSS JOIN LATERAL (SELECT v.* FROM eval.live_model_energy AS v WHERE v.run_id = u.id OFFSET 0) AS l
 WHERE current_setting('evalctl.include_flagged', true) = 'on' OR u.mode = 'throughput'
    OR NOT EXISTS (SELECT FROM eval.kept_run AS k WHERE k.run_id = u.id AND k.synthetic IS NOT NULL);
