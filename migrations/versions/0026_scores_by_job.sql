-- The job of a score is that of the job's row, so that a condition on it is looked up and not looked for in all scores. As before otherwise.

CREATE OR REPLACE VIEW analytics_v1.scores AS
SELECT j.job_id, j.run_id, j.run, j.model, j.problem, j.category, j.prompt, j.repetition, j.mode, s.score_id, s.scorer_version,
       s.path, s.steps_done, s.steps_total, s.score7, s.answer_correct, s.guess_suspected, s.scored_at,
       s.score7_high, s.steps_undetermined, s.coverage, j.sampling
  FROM analytics_v1.jobs AS j
  JOIN LATERAL (
       SELECT c.job_id, c.id AS score_id, c.scorer_version, c.path_id AS path, c.steps_done, c.steps_total, c.score7,
              c.answer_correct, c.guess_suspected, c.created_at AS scored_at, coalesce(c.score7_high, c.score7) AS score7_high,
              c.steps_undetermined, c.coverage
         FROM eval.score AS c WHERE c.job_id = j.job_id ORDER BY c.id DESC LIMIT 1) AS s ON true
 WHERE j.state = 'succeeded';

-- From what was judged to its scores, and never the other way: with this many joins the planner keeps the order that is written.
CREATE OR REPLACE VIEW analytics_v1.judged_scores AS
SELECT d.job_id, d.run_id, s.run, s.model, s.problem, s.category, s.prompt, s.repetition, s.mode, s.score_id, m.judge,
       m.judgement_id, m.judged_at, s.score7 AS rules_score7, s.score7_high AS rules_score7_high, s.coverage AS rules_coverage,
       m.score7, m.score7_high, m.coverage, m.steps_changed, m.dones_flagged, m.steps_unjudged,
       m.judgement_id = max(m.judgement_id) OVER (PARTITION BY d.run_id, s.score_id) AS shown
  FROM (SELECT DISTINCT j.run_id, c.job_id
          FROM eval.visible_judgement AS g
          JOIN eval.score AS c ON c.id = g.score_id
          JOIN eval.job AS j ON j.id = c.job_id) AS d
 CROSS JOIN LATERAL (SELECT x.* FROM analytics_v1.scores AS x WHERE x.job_id = d.job_id OFFSET 0) AS s
  JOIN LATERAL (SELECT x.* FROM eval.merged_score AS x WHERE x.score_id = s.score_id OFFSET 0) AS m ON true;

CREATE OR REPLACE VIEW analytics_v1.judged_steps AS
SELECT d.job_id, d.run_id, s.run, s.model, s.problem, s.category, s.prompt, s.repetition, s.score_id, m.judge, m.ordinal, m.step, m.necessary, m.weight,
       m.rules_verdict, m.judge_verdict, m.verdict, m.verdict <> m.rules_verdict AS changed, m.flagged, m.quote, m.reason
  FROM (SELECT DISTINCT j.run_id, c.job_id
          FROM eval.visible_judgement AS g
          JOIN eval.score AS c ON c.id = g.score_id
          JOIN eval.job AS j ON j.id = c.job_id) AS d
 CROSS JOIN LATERAL (SELECT x.* FROM analytics_v1.scores AS x WHERE x.job_id = d.job_id OFFSET 0) AS s
  JOIN LATERAL (SELECT x.* FROM eval.merged_step AS x WHERE x.score_id = s.score_id OFFSET 0) AS m ON true;
