-- Answers made elsewhere, stored like our own: each is a job that has succeeded already.

-- name: known_file
-- Whether a run has the answers of a file; the run is the newest of its experiment.
SELECT f.id AS file_id, r.id AS run_id, r.name AS run,
       (SELECT count(*) FROM eval.imported_answer AS a WHERE a.file_id = f.id) AS answers
  FROM eval.answer_file AS f
  JOIN eval.run AS r ON r.id = f.run_id
 WHERE r.experiment_hash = %(experiment_hash)s AND f.sha256 = %(sha256)s
 ORDER BY r.ordinal DESC LIMIT 1;

-- name: add_file
INSERT INTO eval.answer_file (run_id, sha256, name, form, origin)
VALUES (%(run)s, %(sha256)s, %(name)s, %(form)s, %(origin)s)
RETURNING id;

-- name: add_importer
-- The importing process stands for the worker of these attempts, and what its file says of the
-- engine for the start of one.
WITH importer AS (
    INSERT INTO eval.worker (id, name, host, pid, device, queues, version, state, ended_at)
    VALUES (gen_random_uuid(), %(name)s, %(host)s, %(pid)s, 'cpu', '{}', %(version)s, 'stopped',
            now())
    RETURNING id
), starts AS (
    INSERT INTO eval.boot (
           kind, worker_id, model_id, engine_version, config_hash, environment_hash, config,
           environment)
    SELECT 'imported', importer.id, m.id, %(origin)s, %(config_hash)s, %(environment_hash)s,
           %(config)s::jsonb, '{}'::jsonb
      FROM importer
     CROSS JOIN jsonb_to_recordset(%(models)s::jsonb) AS s(name text, spec_hash text)
      JOIN eval.model AS m ON (m.name, m.spec_hash) = (s.name, s.spec_hash)
)
SELECT id AS worker_id FROM importer;

-- name: add_answers
-- A page of answers with their scores. The repetitions of a problem go on from those that the run
-- has.
WITH given AS (
    SELECT a.*, m.id AS model_id, p.id AS problem_id
      FROM jsonb_to_recordset(%(answers)s::jsonb)
        AS a(ordinal bigint, place text, model text, spec_hash text, problem text,
             content_hash text, sampling jsonb, texts jsonb, generation jsonb, scores jsonb,
             verdicts jsonb)
      JOIN eval.model AS m ON (m.name, m.spec_hash) = (a.model, a.spec_hash)
      JOIN eval.problem AS p ON (p.name, p.content_hash) = (a.problem, a.content_hash)
), numbered AS (
    SELECT g.*, row_number() OVER (PARTITION BY g.model_id, g.problem_id ORDER BY g.ordinal)
           + coalesce((SELECT max(j.repetition) FROM eval.job AS j
                        WHERE j.run_id = %(run)s AND j.model_id = g.model_id
                          AND j.problem_id = g.problem_id AND j.prompt = %(prompt)s), 0)
               AS repetition
      FROM given AS g
), added AS (
    INSERT INTO eval.job (
           run_id, model_id, problem_id, prompt, repetition, mode, sampling, state, attempt_no,
           max_attempts, worker_id, finished_at)
    SELECT %(run)s, model_id, problem_id, %(prompt)s, repetition, %(mode)s, sampling, 'succeeded',
           1, 1, %(worker)s, now()
      FROM numbered ORDER BY ordinal
    RETURNING id, model_id, problem_id, repetition
), placed AS (
    SELECT n.*, a.id AS job_id, b.id AS boot_id
      FROM added AS a
      JOIN numbered AS n USING (model_id, problem_id, repetition)
      JOIN eval.boot AS b ON b.worker_id = %(worker)s AND b.model_id = a.model_id
), attempted AS (
    INSERT INTO eval.attempt (job_id, attempt_no, worker_id, boot_id, outcome, ended_at)
    SELECT job_id, 1, %(worker)s, boot_id, 'succeeded', now() FROM placed
), kept AS (
    INSERT INTO eval.text_blob (hash, content)
    SELECT DISTINCT ON (t.key) t.key, t.value
      FROM placed CROSS JOIN jsonb_each_text(placed.texts) AS t
     ORDER BY t.key  -- the same order everywhere: no two commits wait for each other
        ON CONFLICT DO NOTHING
), generated AS (
    INSERT INTO eval.generation (
           job_id, attempt_no, boot_id, prompt_hash, prompt_text_hash, output_hash,
           output_text_hash, sampling_hash, prompt_tokens, output_tokens, finish_reason, untimed)
    SELECT p.job_id, 1, p.boot_id, g.prompt_hash, g.prompt_text_hash, g.output_hash,
           g.output_text_hash, g.sampling_hash, g.prompt_tokens, g.output_tokens, g.finish_reason,
           'imported'
      FROM placed AS p
     CROSS JOIN jsonb_populate_record(NULL::eval.generation, p.generation) AS g
), scored AS (
    INSERT INTO eval.score (
           job_id, scorer_version, path_id, steps_done, steps_total, score7, score7_high,
           steps_undetermined, coverage, answer_correct, answer_text, guess_suspected)
    SELECT p.job_id, s.scorer_version, s.path_id, s.steps_done, s.steps_total, s.score7,
           s.score7_high, coalesce(s.steps_undetermined, 0), coalesce(s.coverage, 1),
           s.answer_correct, s.answer_text, s.guess_suspected
      FROM placed AS p
     CROSS JOIN jsonb_populate_recordset(NULL::eval.score, p.scores) AS s
    RETURNING id, job_id
), stepwise AS (
    INSERT INTO eval.step_verdict (
           score_id, ordinal, step, verdict, evidence, evidence_start, evidence_end, reason)
    SELECT scored.id, v.ordinal, v.step, v.verdict, v.evidence, v.evidence_start, v.evidence_end,
           v.reason
      FROM scored
      JOIN placed AS p ON p.job_id = scored.job_id
     CROSS JOIN jsonb_populate_recordset(NULL::eval.step_verdict, p.verdicts) AS v
), origins AS (
    INSERT INTO eval.imported_answer (job_id, file_id, place)
    SELECT job_id, %(file)s, place FROM placed
    RETURNING job_id
)
SELECT count(*) AS added FROM origins;
