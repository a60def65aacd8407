-- Runs whose drafts are verified as soon as they are committed; the marks on each step, and views of them.

CREATE TABLE eval.pipeline (
    run_id uuid NOT NULL,
    verifier_model_id bigint NOT NULL,
    deadline_ms double precision NOT NULL,
    prompt_version text NOT NULL,
    sampling jsonb NOT NULL,
    max_attempts bigint NOT NULL,
    CONSTRAINT pk_pipeline PRIMARY KEY (run_id),
    CONSTRAINT fk_pipeline_run_id FOREIGN KEY (run_id) REFERENCES eval.run (id),
    CONSTRAINT fk_pipeline_verifier_model_id FOREIGN KEY (verifier_model_id) REFERENCES eval.model (id),
    CONSTRAINT ck_pipeline_deadline_ms CHECK (deadline_ms > 0)
);

CREATE TABLE eval.verification (
    job_id bigint NOT NULL,
    draft_job_id bigint NOT NULL,
    verifier_version text NOT NULL,
    prompt_version text NOT NULL,
    labels_by text,
    deadline_ms double precision NOT NULL,
    rule_ms double precision NOT NULL,
    model_ms double precision,
    document_text_hash text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT pk_verification PRIMARY KEY (job_id),
    CONSTRAINT fk_verification_job_id FOREIGN KEY (job_id) REFERENCES eval.job (id),
    CONSTRAINT fk_verification_draft_job_id FOREIGN KEY (draft_job_id) REFERENCES eval.generation (job_id),
    CONSTRAINT fk_verification_document_text_hash
        FOREIGN KEY (document_text_hash) REFERENCES eval.text_blob (hash)
);
CREATE INDEX ix_verification_draft ON eval.verification (draft_job_id);
CREATE INDEX ix_verification_document ON eval.verification (document_text_hash);

CREATE TABLE eval.verified_step (
    job_id bigint NOT NULL,
    ordinal bigint NOT NULL,
    step_start bigint NOT NULL,
    step_end bigint NOT NULL,
    mark text NOT NULL,
    decided_by text,
    reason text NOT NULL,
    parsed boolean NOT NULL,
    late boolean NOT NULL,
    rule_ms double precision NOT NULL,
    model_ms double precision,
    probability double precision,
    outside_mass double precision,
    CONSTRAINT pk_verified_step PRIMARY KEY (job_id, ordinal),
    CONSTRAINT fk_verified_step_job_id FOREIGN KEY (job_id) REFERENCES eval.verification (job_id),
    CONSTRAINT ck_verified_step_mark CHECK (mark IN ('consistent', 'needs_premise', 'wrong', 'unverified')),
    CONSTRAINT ck_verified_step_decided_by CHECK (decided_by IN ('rule', 'model')),
    CONSTRAINT ck_verified_step_late CHECK (NOT late OR mark = 'unverified'),
    CONSTRAINT ck_verified_step_decided CHECK (decided_by IS NOT NULL OR mark = 'unverified'),
    CONSTRAINT ck_verified_step_offsets CHECK (step_start >= 0 AND step_end >= step_start)
);

COMMENT ON COLUMN analytics_v1.jobs.prompt IS 'Prompt style: plain or stepwise; of a probe its kind: sequences, instances or context; judge for a request to a judge, verify for the verification of a draft.';
COMMENT ON COLUMN analytics_v1.jobs.repetition IS '1, 2, ...; each has its own seed, the same for all models. Of a verification the number of the draft''s job.';
COMMENT ON COLUMN analytics_v1.jobs.judged_score_id IS 'The scoring that the job asks a judge about, or whose answer it verifies; NULL for any other job.';

CREATE VIEW analytics_v1.verifications AS
SELECT v.job_id, j.run_id, j.run, v.draft_job_id, d.model, j.model AS verifier, d.problem, d.category, d.prompt, d.repetition, j.mode,
       s.steps, s.consistent, s.needs_premise, s.wrong, s.unverified, s.by_rule, s.by_model, s.sent, s.late,
       v.rule_ms, v.model_ms, s.step_model_ms_p50, s.step_model_ms_p95, v.deadline_ms, v.labels_by,
       a.last_token_s - a.submitted_s AS draft_e2e_s, a.output_tokens AS draft_tokens, a.need_mib AS draft_need_mib,
       (v.rule_ms + coalesce(v.model_ms, 0)) / 1000 AS verification_s, g.need_mib AS verification_need_mib,
       g.queue_wait_s AS verification_queue_wait_s, g.prompt_tokens AS verification_prompt_tokens,
       v.verifier_version, v.prompt_version, t.content AS document, v.created_at AS verified_at,
       d.problem_id, d.model_id, j.model_id AS verifier_model_id
  FROM eval.verification AS v
  JOIN analytics_v1.jobs AS j ON j.job_id = v.job_id
  JOIN analytics_v1.jobs AS d ON d.job_id = v.draft_job_id
  JOIN eval.generation AS a ON a.job_id = v.draft_job_id
  JOIN eval.text_blob AS t ON t.hash = v.document_text_hash
 CROSS JOIN LATERAL (
       SELECT count(*) AS steps, count(*) FILTER (WHERE x.mark = 'consistent') AS consistent,
              count(*) FILTER (WHERE x.mark = 'needs_premise') AS needs_premise,
              count(*) FILTER (WHERE x.mark = 'wrong') AS wrong, count(*) FILTER (WHERE x.mark = 'unverified') AS unverified,
              count(*) FILTER (WHERE x.decided_by = 'rule') AS by_rule, count(*) FILTER (WHERE x.decided_by = 'model') AS by_model,
              count(x.model_ms) AS sent, count(*) FILTER (WHERE x.late) AS late,
              percentile_cont(0.5) WITHIN GROUP (ORDER BY x.model_ms) AS step_model_ms_p50,
              percentile_cont(0.95) WITHIN GROUP (ORDER BY x.model_ms) AS step_model_ms_p95
         FROM eval.verified_step AS x WHERE x.job_id = v.job_id) AS s
  LEFT JOIN eval.generation AS g ON g.job_id = v.job_id
 WHERE j.state = 'succeeded';
COMMENT ON VIEW analytics_v1.verifications IS 'One row per verified draft of a pipeline: how many steps have which mark, how long both stages took, and the whole solution with its marks.';
COMMENT ON COLUMN analytics_v1.verifications.job_id IS 'The verification job.';
COMMENT ON COLUMN analytics_v1.verifications.run_id IS 'The run.';
COMMENT ON COLUMN analytics_v1.verifications.run IS 'Name of the run.';
COMMENT ON COLUMN analytics_v1.verifications.draft_job_id IS 'The job whose answer is the draft, see generations.';
COMMENT ON COLUMN analytics_v1.verifications.model IS 'Model that wrote the draft.';
COMMENT ON COLUMN analytics_v1.verifications.verifier IS 'Model that marked the steps which computation left open.';
COMMENT ON COLUMN analytics_v1.verifications.problem IS 'Name of the problem.';
COMMENT ON COLUMN analytics_v1.verifications.category IS 'secondary, university or modelling.';
COMMENT ON COLUMN analytics_v1.verifications.prompt IS 'Prompt style of the draft.';
COMMENT ON COLUMN analytics_v1.verifications.repetition IS 'Repetition of the draft: 1, 2, ...';
COMMENT ON COLUMN analytics_v1.verifications.mode IS 'latency or throughput; in latency mode the steps of one draft are sent side by side, with nothing else in the engine.';
COMMENT ON COLUMN analytics_v1.verifications.steps IS 'Number of derivation steps of the draft.';
COMMENT ON COLUMN analytics_v1.verifications.consistent IS 'Number of steps that follow from what stands before.';
COMMENT ON COLUMN analytics_v1.verifications.needs_premise IS 'Number of steps that follow only under a condition that is not stated.';
COMMENT ON COLUMN analytics_v1.verifications.wrong IS 'Number of steps that contradict what stands before.';
COMMENT ON COLUMN analytics_v1.verifications.unverified IS 'Number of steps that neither computation nor the model decided.';
COMMENT ON COLUMN analytics_v1.verifications.by_rule IS 'Number of steps that computation decided.';
COMMENT ON COLUMN analytics_v1.verifications.by_model IS 'Number of steps to which the model gave a label, unsure ones included.';
COMMENT ON COLUMN analytics_v1.verifications.sent IS 'Number of steps that the model was sent.';
COMMENT ON COLUMN analytics_v1.verifications.late IS 'Number of steps without a label at the deadline; they are unverified.';
COMMENT ON COLUMN analytics_v1.verifications.rule_ms IS 'Computation over all steps, in milliseconds.';
COMMENT ON COLUMN analytics_v1.verifications.model_ms IS 'From the first request to the last label or deadline, in milliseconds; NULL where the model was sent nothing.';
COMMENT ON COLUMN analytics_v1.verifications.step_model_ms_p50 IS 'Median over the steps sent, from the request to its label or deadline, in milliseconds; NULL where none was sent.';
COMMENT ON COLUMN analytics_v1.verifications.step_model_ms_p95 IS '95th percentile over the steps sent, in milliseconds; NULL where none was sent.';
COMMENT ON COLUMN analytics_v1.verifications.deadline_ms IS 'Time that a step was given, in milliseconds.';
COMMENT ON COLUMN analytics_v1.verifications.labels_by IS 'How the labels were read: logprob_token_ids, choice, top or text (without log-probabilities); NULL where the model was sent nothing.';
COMMENT ON COLUMN analytics_v1.verifications.draft_e2e_s IS 'From the submission of the draft''s request to its last token, in seconds.';
COMMENT ON COLUMN analytics_v1.verifications.draft_tokens IS 'Number of output tokens of the draft.';
COMMENT ON COLUMN analytics_v1.verifications.draft_need_mib IS 'Memory that the draft needed, in MiB, as in generations.';
COMMENT ON COLUMN analytics_v1.verifications.verification_s IS 'Computation and model together, in seconds, without waiting in the queue and loading.';
COMMENT ON COLUMN analytics_v1.verifications.verification_need_mib IS 'Memory that the verification needed, in MiB, as in generations; NULL where the model was sent nothing or a term is unknown.';
COMMENT ON COLUMN analytics_v1.verifications.verification_queue_wait_s IS 'From the commit of the draft to the claim of its verification, in seconds; NULL where the model was sent nothing.';
COMMENT ON COLUMN analytics_v1.verifications.verification_prompt_tokens IS 'Number of prompt tokens of all requests together; NULL where the model was sent nothing.';
COMMENT ON COLUMN analytics_v1.verifications.verifier_version IS 'Version of the checks by computation.';
COMMENT ON COLUMN analytics_v1.verifications.prompt_version IS 'Version of the words that the model is sent.';
COMMENT ON COLUMN analytics_v1.verifications.document IS 'The whole solution with its marks; lines of the solution begin with a bar, those of the marks do not.';
COMMENT ON COLUMN analytics_v1.verifications.verified_at IS 'When it was committed.';
COMMENT ON COLUMN analytics_v1.verifications.problem_id IS 'The problem as it was submitted, see problems.';
COMMENT ON COLUMN analytics_v1.verifications.model_id IS 'The model of the draft as it was submitted, see models.';
COMMENT ON COLUMN analytics_v1.verifications.verifier_model_id IS 'The verifier as it was submitted, see models.';

CREATE VIEW analytics_v1.verified_steps AS
SELECT v.job_id, j.run_id, j.run, v.draft_job_id, d.model, j.model AS verifier, d.problem, d.category, d.prompt, d.repetition,
       x.ordinal, btrim(substr(t.content, x.step_start::int + 1, (x.step_end - x.step_start)::int), E' \t\r\n') AS step_text,
       x.step_start, x.step_end, x.mark, x.decided_by, x.reason, x.parsed, x.late, x.rule_ms, x.model_ms, x.probability,
       x.outside_mass
  FROM eval.verification AS v
  JOIN eval.verified_step AS x ON x.job_id = v.job_id
  JOIN analytics_v1.jobs AS j ON j.job_id = v.job_id
  JOIN analytics_v1.jobs AS d ON d.job_id = v.draft_job_id
  JOIN eval.generation AS a ON a.job_id = v.draft_job_id
  JOIN eval.text_blob AS t ON t.hash = a.output_text_hash
 WHERE j.state = 'succeeded';
COMMENT ON VIEW analytics_v1.verified_steps IS 'One row per step of each verified draft: its mark, who decided it, and how long that took.';
COMMENT ON COLUMN analytics_v1.verified_steps.job_id IS 'The verification job.';
COMMENT ON COLUMN analytics_v1.verified_steps.run_id IS 'The run.';
COMMENT ON COLUMN analytics_v1.verified_steps.run IS 'Name of the run.';
COMMENT ON COLUMN analytics_v1.verified_steps.draft_job_id IS 'The job whose answer is the draft, see generations.';
COMMENT ON COLUMN analytics_v1.verified_steps.model IS 'Model that wrote the draft.';
COMMENT ON COLUMN analytics_v1.verified_steps.verifier IS 'Model that marked the steps which computation left open.';
COMMENT ON COLUMN analytics_v1.verified_steps.problem IS 'Name of the problem.';
COMMENT ON COLUMN analytics_v1.verified_steps.category IS 'secondary, university or modelling.';
COMMENT ON COLUMN analytics_v1.verified_steps.prompt IS 'Prompt style of the draft.';
COMMENT ON COLUMN analytics_v1.verified_steps.repetition IS 'Repetition of the draft: 1, 2, ...';
COMMENT ON COLUMN analytics_v1.verified_steps.ordinal IS 'Place of the step in the draft, from 1.';
COMMENT ON COLUMN analytics_v1.verified_steps.step_text IS 'The step as the draft words it.';
COMMENT ON COLUMN analytics_v1.verified_steps.step_start IS 'Where the step begins: number of characters of the draft before it.';
COMMENT ON COLUMN analytics_v1.verified_steps.step_end IS 'Where the step ends: number of characters of the draft up to there.';
COMMENT ON COLUMN analytics_v1.verified_steps.mark IS 'consistent, needs_premise, wrong or unverified.';
COMMENT ON COLUMN analytics_v1.verified_steps.decided_by IS 'rule: computation; model: its label; NULL: neither.';
COMMENT ON COLUMN analytics_v1.verified_steps.reason IS 'Why the step has its mark; empty where nothing is to be said.';
COMMENT ON COLUMN analytics_v1.verified_steps.parsed IS 'Whether computation could read a relation of the step on both sides.';
COMMENT ON COLUMN analytics_v1.verified_steps.late IS 'Whether the model gave no label before the deadline.';
COMMENT ON COLUMN analytics_v1.verified_steps.rule_ms IS 'Computation, in milliseconds.';
COMMENT ON COLUMN analytics_v1.verified_steps.model_ms IS 'From the request to its label or deadline, in milliseconds; NULL where the model was not sent the step.';
COMMENT ON COLUMN analytics_v1.verified_steps.probability IS 'Probability of the model''s label among the labels, from 0 to 1; NULL without log-probabilities.';
COMMENT ON COLUMN analytics_v1.verified_steps.outside_mass IS 'Probability that the model gave to anything but the labels, from 0 to 1; NULL without log-probabilities.';
