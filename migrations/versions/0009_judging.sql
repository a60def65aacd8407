-- Scores that say what they do not know; judgements and reviews of steps; jobs that ask a judge.

ALTER TABLE eval.score
    ADD COLUMN score7_high double precision,
    ADD COLUMN steps_undetermined bigint DEFAULT 0 NOT NULL,
    ADD COLUMN coverage double precision DEFAULT 1 NOT NULL,
    ADD CONSTRAINT ck_score_score7_high CHECK (score7_high >= score7 AND score7_high <= 7),
    ADD CONSTRAINT ck_score_steps_undetermined CHECK (steps_undetermined >= 0),
    ADD CONSTRAINT ck_score_coverage CHECK (coverage >= 0 AND coverage <= 1);

ALTER TABLE eval.step_verdict
    DROP CONSTRAINT ck_step_verdict_verdict,
    ADD CONSTRAINT ck_step_verdict_verdict CHECK (
        verdict IN ('done', 'present_invalid', 'wrong', 'missing', 'unclear', 'undetermined'));

-- Older scorers called a step unclear where only a judge can decide. Rows hold no weights, so each
-- of these steps counts alike, and at most as many as are not done.
UPDATE eval.score AS s
   SET steps_undetermined = u.steps,
       score7_high = least(7, s.score7 + 7 * u.steps::double precision / s.steps_total),
       coverage = 1 - u.steps::double precision / s.steps_total
  FROM (SELECT c.id, least(count(*), c.steps_total - c.steps_done) AS steps
          FROM eval.score AS c
          JOIN eval.step_verdict AS v ON v.score_id = c.id AND v.verdict = 'unclear'
         WHERE c.steps_total > 0
         GROUP BY c.id) AS u
 WHERE s.id = u.id;

ALTER TABLE eval.job
    ADD COLUMN judged_score_id bigint,
    ADD COLUMN judge_steps text[],
    ADD COLUMN judge_prompt_hash text,
    ADD CONSTRAINT fk_job_judged_score_id FOREIGN KEY (judged_score_id) REFERENCES eval.score (id),
    ADD CONSTRAINT ck_job_judged CHECK (
        num_nonnulls(judged_score_id, judge_steps, judge_prompt_hash) IN (0, 3));
CREATE UNIQUE INDEX uq_job_judged
    ON eval.job (run_id, model_id, judged_score_id, judge_prompt_hash)
 WHERE judged_score_id IS NOT NULL;

CREATE TABLE eval.judgement (
    id bigint GENERATED ALWAYS AS IDENTITY,
    score_id bigint NOT NULL,
    judge text NOT NULL,
    job_id bigint,
    judge_config_hash text,
    prompt_hash text NOT NULL,
    prompt_version text NOT NULL,
    temperature double precision,
    reply_text_hash text NOT NULL,
    reply_key text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT pk_judgement PRIMARY KEY (id),
    CONSTRAINT uq_judgement_score_id_judge_prompt_hash_reply_key UNIQUE (score_id, judge, prompt_hash, reply_key),
    CONSTRAINT uq_judgement_job_id UNIQUE (job_id),
    CONSTRAINT fk_judgement_score_id FOREIGN KEY (score_id) REFERENCES eval.score (id),
    CONSTRAINT fk_judgement_job_id FOREIGN KEY (job_id) REFERENCES eval.generation (job_id),
    CONSTRAINT fk_judgement_reply_text_hash
        FOREIGN KEY (reply_text_hash) REFERENCES eval.text_blob (hash)
);

CREATE TABLE eval.judged_step (
    judgement_id bigint NOT NULL,
    step text NOT NULL,
    verdict text,
    quote text,
    reason text,
    CONSTRAINT pk_judged_step PRIMARY KEY (judgement_id, step),
    CONSTRAINT fk_judged_step_judgement_id
        FOREIGN KEY (judgement_id) REFERENCES eval.judgement (id),
    CONSTRAINT ck_judged_step_verdict CHECK (verdict IN ('done', 'wrong', 'missing'))
);

CREATE TABLE eval.review (
    id bigint GENERATED ALWAYS AS IDENTITY,
    score_id bigint NOT NULL,
    step text NOT NULL,
    reviewer text NOT NULL,
    verdict text NOT NULL,
    old_verdict text NOT NULL,
    reason text,
    sample text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT pk_review PRIMARY KEY (id),
    CONSTRAINT fk_review_score_id FOREIGN KEY (score_id) REFERENCES eval.score (id),
    CONSTRAINT ck_review_verdict CHECK (
        verdict IN ('done', 'present_invalid', 'wrong', 'missing', 'unclear')),
    CONSTRAINT ck_review_sample CHECK (sample IN ('random', 'uncertain'))
);
CREATE INDEX ix_review_score ON eval.review (score_id, step, id);

-- A review is evidence of what a person said: it is added to, never changed.
CREATE FUNCTION eval.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of eval.% are only appended', TG_TABLE_NAME;
END
$$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON eval.review
    FOR EACH ROW EXECUTE FUNCTION eval.refuse_change();
