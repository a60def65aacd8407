-- Answers made elsewhere: the file that each comes from, and room for what such a file does not say.

ALTER TABLE eval.generation
    ALTER COLUMN prompt_tokens DROP NOT NULL,
    ALTER COLUMN output_tokens DROP NOT NULL,
    ALTER COLUMN queue_wait_s DROP NOT NULL,
    ALTER COLUMN submitted_s DROP NOT NULL;
ALTER TABLE eval.boot
    ALTER COLUMN start_s DROP NOT NULL,
    DROP CONSTRAINT ck_boot_kind,
    ADD CONSTRAINT ck_boot_kind CHECK (kind IN ('profile', 'measured', 'single', 'imported'));

CREATE TABLE eval.answer_file (
    id bigint GENERATED ALWAYS AS IDENTITY,
    run_id uuid NOT NULL,
    sha256 text NOT NULL,
    name text NOT NULL,
    form text NOT NULL,
    origin text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT pk_answer_file PRIMARY KEY (id),
    CONSTRAINT uq_answer_file_run_id_sha256 UNIQUE (run_id, sha256),
    CONSTRAINT fk_answer_file_run_id_run FOREIGN KEY (run_id) REFERENCES eval.run (id),
    CONSTRAINT ck_answer_file_form CHECK (form IN ('lm-eval', 'inspect', 'jsonl'))
);
CREATE TABLE eval.imported_answer (
    job_id bigint NOT NULL,
    file_id bigint NOT NULL,
    place text NOT NULL,
    CONSTRAINT pk_imported_answer PRIMARY KEY (job_id),
    CONSTRAINT fk_imported_answer_job_id_generation
        FOREIGN KEY (job_id) REFERENCES eval.generation (job_id),
    CONSTRAINT fk_imported_answer_file_id_answer_file
        FOREIGN KEY (file_id) REFERENCES eval.answer_file (id)
);
CREATE INDEX ix_imported_answer_file ON eval.imported_answer (file_id);

CREATE VIEW analytics_v1.imported_answers AS
SELECT a.job_id, j.run_id, r.name AS run, m.name AS model, p.name AS problem, p.category, j.prompt, j.repetition,
       f.origin, f.form, f.name AS file, f.sha256 AS file_sha256, a.place, f.created_at AS imported_at, b.config_hash
  FROM eval.imported_answer AS a
  JOIN eval.answer_file AS f ON f.id = a.file_id
  JOIN eval.job AS j ON j.id = a.job_id
  JOIN eval.run AS r ON r.id = j.run_id
  JOIN eval.model AS m ON m.id = j.model_id
  JOIN eval.problem AS p ON p.id = j.problem_id
  JOIN eval.generation AS g ON g.job_id = a.job_id
  JOIN eval.boot AS b ON b.id = g.boot_id;
COMMENT ON VIEW analytics_v1.imported_answers IS 'Where answers come from that were made elsewhere: scored here like any other, without times and memory.';
COMMENT ON COLUMN analytics_v1.imported_answers.job_id IS 'The job that stands for the answer.';
COMMENT ON COLUMN analytics_v1.imported_answers.run_id IS 'The run.';
COMMENT ON COLUMN analytics_v1.imported_answers.run IS 'Name of the run.';
COMMENT ON COLUMN analytics_v1.imported_answers.model IS 'Name of the model, as the file or the user says it.';
COMMENT ON COLUMN analytics_v1.imported_answers.problem IS 'Name of the problem.';
COMMENT ON COLUMN analytics_v1.imported_answers.category IS 'secondary, university or modelling.';
COMMENT ON COLUMN analytics_v1.imported_answers.prompt IS 'Prompt style; imported where the problem was not asked with a prompt of ours.';
COMMENT ON COLUMN analytics_v1.imported_answers.repetition IS '1, 2, ... among the answers of the model to the problem.';
COMMENT ON COLUMN analytics_v1.imported_answers.origin IS 'Program that made the answers, with its version where the file says it.';
COMMENT ON COLUMN analytics_v1.imported_answers.form IS 'Format of the file: lm-eval, inspect or jsonl.';
COMMENT ON COLUMN analytics_v1.imported_answers.file IS 'Name of the file, without its folder.';
COMMENT ON COLUMN analytics_v1.imported_answers.file_sha256 IS 'SHA-256 of the file.';
COMMENT ON COLUMN analytics_v1.imported_answers.place IS 'Line or sample of the file.';
COMMENT ON COLUMN analytics_v1.imported_answers.imported_at IS 'When it was imported.';
COMMENT ON COLUMN analytics_v1.imported_answers.config_hash IS 'Hash of origin and format, in place of an engine configuration.';
COMMENT ON COLUMN analytics_v1.generations.untimed IS 'Why some times are NULL: no_text, buffered (tokens came in too few pieces), hidden_reasoning, or imported (no time is known); NULL: all are reported.';
