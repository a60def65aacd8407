-- The views about judges and reviews read what belongs to one run, or to what was judged, and not all results. What they show is the same.
-- A condition on run_id reaches the inside of a window only where run_id is part of its partition; a scoring belongs to one run.

CREATE OR REPLACE VIEW analytics_v1.judgements AS
SELECT g.id AS judgement_id, g.score_id, s.job_id, j.run_id, j.run, j.model, j.problem, j.category, j.prompt, j.repetition,
       g.judge, g.job_id AS judge_job_id, r.name AS judge_run, g.judge_config_hash, g.prompt_hash, g.prompt_version, g.temperature,
       e.steps AS steps_asked, e.judged AS steps_judged, (o.last_token_s - o.submitted_s) * 1000 AS latency_ms,
       o.prompt_tokens, o.output_tokens, t.content AS reply, g.created_at AS judged_at,
       g.id = max(g.id) OVER (PARTITION BY j.run_id, g.score_id, g.judge)
           AND g.score_id = (SELECT max(c.id) FROM eval.score AS c WHERE c.job_id = s.job_id) AS shown
  FROM eval.visible_judgement AS g
  JOIN eval.score AS s ON s.id = g.score_id
  JOIN analytics_v1.jobs AS j ON j.job_id = s.job_id
  JOIN eval.text_blob AS t ON t.hash = g.reply_text_hash
 CROSS JOIN LATERAL (
       SELECT count(*) AS steps, count(d.verdict) AS judged FROM eval.judged_step AS d WHERE d.judgement_id = g.id) AS e
  LEFT JOIN eval.generation AS o ON o.job_id = g.job_id
  LEFT JOIN eval.job AS q ON q.id = g.job_id
  LEFT JOIN eval.run AS r ON r.id = q.run_id;

CREATE OR REPLACE VIEW analytics_v1.reviews AS
SELECT r.id AS review_id, r.score_id, s.job_id, j.run_id, j.run, j.model, j.problem, j.category, j.prompt, j.repetition, r.step,
       r.reviewer, r.verdict, r.old_verdict, r.reason, r.sample, r.created_at AS reviewed_at,
       r.id = max(r.id) OVER (PARTITION BY j.run_id, r.score_id, r.step) AS shown
  FROM eval.review AS r
  JOIN eval.score AS s ON s.id = r.score_id
  JOIN analytics_v1.jobs AS j ON j.job_id = s.job_id;

-- Few answers are judged: begin with those.
CREATE OR REPLACE VIEW analytics_v1.judged_scores AS
SELECT s.job_id, s.run_id, s.run, s.model, s.problem, s.category, s.prompt, s.repetition, s.mode, s.score_id, m.judge,
       m.judgement_id, m.judged_at, s.score7 AS rules_score7, s.score7_high AS rules_score7_high, s.coverage AS rules_coverage,
       m.score7, m.score7_high, m.coverage, m.steps_changed, m.dones_flagged, m.steps_unjudged,
       m.judgement_id = max(m.judgement_id) OVER (PARTITION BY s.run_id, s.score_id) AS shown
  FROM analytics_v1.scores AS s
  JOIN LATERAL (SELECT x.* FROM eval.merged_score AS x WHERE x.score_id = s.score_id OFFSET 0) AS m ON true
 WHERE s.job_id IN (SELECT c.job_id FROM eval.visible_judgement AS g JOIN eval.score AS c ON c.id = g.score_id);

CREATE OR REPLACE VIEW analytics_v1.judged_steps AS
SELECT s.job_id, s.run_id, s.run, s.model, s.problem, s.category, s.prompt, s.repetition, s.score_id, m.judge, m.ordinal, m.step, m.necessary, m.weight,
       m.rules_verdict, m.judge_verdict, m.verdict, m.verdict <> m.rules_verdict AS changed, m.flagged, m.quote, m.reason
  FROM analytics_v1.scores AS s
  JOIN LATERAL (SELECT x.* FROM eval.merged_step AS x WHERE x.score_id = s.score_id OFFSET 0) AS m ON true
 WHERE s.job_id IN (SELECT c.job_id FROM eval.visible_judgement AS g JOIN eval.score AS c ON c.id = g.score_id);

-- What ended lately, among millions: rows lie in the order of time, so a few kB suffice.
CREATE INDEX ix_attempt_time ON eval.attempt USING brin (started_at, ended_at) WITH (autosummarize = on);
