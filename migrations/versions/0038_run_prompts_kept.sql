-- How many jobs of a finished run had which prompt is kept: the words are looked up as before. No column changes.

CREATE VIEW eval.live_run_prompts AS
SELECT j.run_id, j.prompt, j.prompt_template_id, count(*) AS jobs
  FROM eval.job AS j
 WHERE j.probe IS NULL AND j.judged_score_id IS NULL
 GROUP BY j.run_id, j.prompt, j.prompt_template_id;
CREATE TABLE eval_kept.run_prompts AS SELECT * FROM eval.live_run_prompts WITH NO DATA;
CREATE INDEX ON eval_kept.run_prompts (run_id);
DELETE FROM eval.kept_run;

-- The names of prompts say nothing that is simulated, so those of synthetic models are shown to every session, kept or not.
CREATE OR REPLACE VIEW analytics_v1.run_prompts AS
SELECT r.id AS run_id, r.name AS run, j.prompt,
       regexp_replace(j.prompt, '/[1-9][0-9]?$', '') AS style, t.version,
       r.experiment ->> 'language' AS language,
       t.document -> 'system' ->> (r.experiment ->> 'language') AS system_text,
       t.document -> 'user' ->> (r.experiment ->> 'language') AS user_text, j.jobs
  FROM eval.run AS r
  LEFT JOIN eval.kept_run AS k ON k.run_id = r.id
 CROSS JOIN LATERAL (
       SELECT e.prompt, e.prompt_template_id, e.jobs FROM eval_kept.run_prompts AS e
        WHERE e.run_id = r.id AND k.synthetic IS NOT NULL
        UNION ALL
       SELECT l.prompt, l.prompt_template_id, l.jobs FROM eval.live_run_prompts AS l
        WHERE l.run_id = r.id AND k.synthetic IS NULL) AS j
  LEFT JOIN eval.prompt_template AS t ON t.id = j.prompt_template_id;
