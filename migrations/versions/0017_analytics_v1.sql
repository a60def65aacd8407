-- What 0017 adds to schema analytics_v1: the sampling of jobs, and scores that never mix two of them. Columns are only appended.

CREATE OR REPLACE VIEW analytics_v1.jobs AS
SELECT j.id AS job_id, j.run_id, r.name AS run, m.name AS model, p.name AS problem, p.category, j.prompt, j.repetition,
       j.mode, j.state, j.attempt_no AS attempts, j.failure_kind, j.error_class, j.error_message,
       j.created_at, j.finished_at, m.synthetic, j.boot_group, j.probe, j.judged_score_id, j.sampling - 'seed' AS sampling
  FROM eval.job AS j
  JOIN eval.run AS r ON r.id = j.run_id
  JOIN eval.model AS m ON m.id = j.model_id
  LEFT JOIN eval.problem AS p ON p.id = j.problem_id
 WHERE NOT m.synthetic OR current_setting('evalctl.include_synthetic', true) = 'on';
COMMENT ON COLUMN analytics_v1.jobs.sampling IS 'How the answer is drawn, without the seed: temperature, top_p, max_tokens and what else is set; own: the model''s own generation_config.';

CREATE OR REPLACE VIEW analytics_v1.scores AS
SELECT s.job_id, j.run_id, j.run, j.model, j.problem, j.category, j.prompt, j.repetition, j.mode, s.score_id, s.scorer_version,
       s.path, s.steps_done, s.steps_total, s.score7, s.answer_correct, s.guess_suspected, s.scored_at,
       s.score7_high, s.steps_undetermined, s.coverage, j.sampling
  FROM analytics_v1.jobs AS j
  JOIN LATERAL (
       SELECT c.job_id, c.id AS score_id, c.scorer_version, c.path_id AS path, c.steps_done, c.steps_total, c.score7,
              c.answer_correct, c.guess_suspected, c.created_at AS scored_at, coalesce(c.score7_high, c.score7) AS score7_high,
              c.steps_undetermined, c.coverage
         FROM eval.score AS c WHERE c.job_id = j.job_id ORDER BY c.id DESC LIMIT 1) AS s ON true
 WHERE j.state = 'succeeded';
COMMENT ON COLUMN analytics_v1.scores.sampling IS 'How the answer was drawn, without the seed.';

CREATE OR REPLACE VIEW analytics_v1.problem_scores AS
SELECT run_id, run, model, prompt, mode, category, problem, count(*) AS repetitions,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY score7) AS score7,
       min(score7) AS score7_min, max(score7) AS score7_max,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY steps_done::double precision / steps_total) AS steps_share,
       avg(answer_correct::int)::double precision AS answer_accuracy,
       avg(guess_suspected::int)::double precision AS guess_rate,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY score7_high) AS score7_high,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY coverage) AS coverage, sampling
  FROM analytics_v1.scores
 GROUP BY run_id, run, model, prompt, mode, category, problem, sampling;
COMMENT ON COLUMN analytics_v1.problem_scores.sampling IS 'How the answers were drawn; a run that was topped up after a change has a row for each.';

CREATE OR REPLACE VIEW analytics_v1.category_scores AS
SELECT run_id, run, model, prompt, mode, category, count(*) AS problems, sum(repetitions)::bigint AS repetitions,
       avg(score7) AS score7, min(score7) AS score7_min, max(score7) AS score7_max, avg(steps_share) AS steps_share,
       avg(answer_accuracy) AS answer_accuracy, avg(guess_rate) AS guess_rate, avg(score7_high) AS score7_high,
       avg(coverage) AS coverage, sampling
  FROM analytics_v1.problem_scores
 GROUP BY run_id, run, model, prompt, mode, category, sampling;
COMMENT ON COLUMN analytics_v1.category_scores.sampling IS 'How the answers were drawn; a run that was topped up after a change has a row for each.';

CREATE OR REPLACE VIEW analytics_v1.prompt_uplift AS
SELECT run_id, run, model, category,
       max(score7) FILTER (WHERE prompt = 'plain') AS plain,
       max(score7) FILTER (WHERE prompt = 'stepwise') AS stepwise,
       100 * (max(score7) FILTER (WHERE prompt = 'stepwise') / nullif(max(score7) FILTER (WHERE prompt = 'plain'), 0) - 1)
           AS uplift_pct, sampling
  FROM analytics_v1.category_scores
 GROUP BY run_id, run, model, category, sampling
HAVING count(DISTINCT prompt) > 1;
COMMENT ON COLUMN analytics_v1.prompt_uplift.sampling IS 'How the answers were drawn, with both prompts.';
