CREATE TABLE eval.prompt_template (
    id bigint GENERATED ALWAYS AS IDENTITY,
    name text NOT NULL,
    version text NOT NULL,
    document jsonb DEFAULT '{}'::jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_prompt_template PRIMARY KEY (id),
    CONSTRAINT uq_prompt_template_name_version UNIQUE (name, version)
);
ALTER TABLE eval.job ADD COLUMN prompt_template_id bigint,
    ADD CONSTRAINT fk_job_prompt_template_id_prompt_template
        FOREIGN KEY (prompt_template_id) REFERENCES eval.prompt_template (id) NOT VALID;
ALTER TABLE eval.job VALIDATE CONSTRAINT fk_job_prompt_template_id_prompt_template;

CREATE VIEW analytics_v1.run_prompts AS
SELECT r.id AS run_id, r.name AS run, j.prompt,
       regexp_replace(j.prompt, '/[1-9][0-9]?$', '') AS style, t.version,
       r.experiment ->> 'language' AS language,
       t.document -> 'system' ->> (r.experiment ->> 'language') AS system_text,
       t.document -> 'user' ->> (r.experiment ->> 'language') AS user_text, count(*) AS jobs
  FROM eval.job AS j
  JOIN eval.run AS r ON r.id = j.run_id
  LEFT JOIN eval.prompt_template AS t ON t.id = j.prompt_template_id
 WHERE j.probe IS NULL AND j.judged_score_id IS NULL
 GROUP BY r.id, j.prompt, t.id;

COMMENT ON VIEW analytics_v1.run_prompts IS 'The prompts of each run with their words.';
COMMENT ON COLUMN analytics_v1.run_prompts.run_id IS 'Id of the run.';
COMMENT ON COLUMN analytics_v1.run_prompts.run IS 'Name of the run.';
COMMENT ON COLUMN analytics_v1.run_prompts.prompt IS 'Prompt style; behind a slash the number of its wording, from 2.';
COMMENT ON COLUMN analytics_v1.run_prompts.style IS 'Prompt style without the number.';
COMMENT ON COLUMN analytics_v1.run_prompts.version IS 'SHA-256 of the words in all languages; NULL for runs from before prompts were kept.';
COMMENT ON COLUMN analytics_v1.run_prompts.language IS 'Language of the run: en or zh.';
COMMENT ON COLUMN analytics_v1.run_prompts.system_text IS 'Words of the system turn in that language; NULL where there is none.';
COMMENT ON COLUMN analytics_v1.run_prompts.user_text IS 'Words of the user turn; {statement} stands for the problem.';
COMMENT ON COLUMN analytics_v1.run_prompts.jobs IS 'Number of jobs of the run with this prompt.';
