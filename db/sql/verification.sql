-- Pipelines: runs whose drafts are verified, what a verification reads, and what it found.

-- name: insert_pipeline
INSERT INTO eval.pipeline (
       run_id, verifier_model_id, deadline_ms, prompt_version, sampling, max_attempts)
VALUES (%(run)s, %(verifier)s, %(deadline_ms)s, %(prompt_version)s, %(sampling)s::jsonb,
        %(max_attempts)s)
    ON CONFLICT (run_id) DO NOTHING;

-- name: draft
-- What a worker needs to verify: the draft of its job, and how long a step may take.
SELECT s.job_id AS draft_job_id, t.content AS text, p.deadline_ms, v.judge_prompt_hash AS prompt_version
  FROM eval.job AS v
  JOIN eval.pipeline AS p ON p.run_id = v.run_id
  JOIN eval.score AS s ON s.id = v.judged_score_id
  JOIN eval.generation AS g ON g.job_id = s.job_id
  JOIN eval.text_blob AS t ON t.hash = g.output_text_hash
 WHERE v.id = %(job)s;

-- name: verification
-- One verification with its steps, by its job or that of its draft; synthetic ones too.
SELECT j.id AS job, j.state, r.id AS run, r.name AS run_name, d.id AS draft_job, a.name AS model,
       b.name AS verifier, p.name AS problem, d.prompt, d.repetition, j.error_message,
       t.content AS document, o.content AS text, v.labels_by, v.deadline_ms, v.rule_ms, v.model_ms,
       e.last_token_s - e.submitted_s AS draft_e2e_s, e.output_tokens AS draft_tokens,
       e.need_mib AS draft_need_mib, g.need_mib AS verification_need_mib,
       g.prompt_tokens AS verification_prompt_tokens,
       coalesce((SELECT jsonb_agg(jsonb_build_object(
                     'index', s.ordinal, 'start', s.step_start, 'end', s.step_end, 'mark', s.mark,
                     'by', s.decided_by, 'reason', s.reason, 'parsed', s.parsed, 'late', s.late,
                     'rule_ms', s.rule_ms, 'model_ms', s.model_ms, 'probability', s.probability,
                     'outside_mass', s.outside_mass) ORDER BY s.ordinal)
                   FROM eval.verified_step AS s WHERE s.job_id = j.id), '[]') AS steps
  FROM eval.job AS j
  JOIN eval.score AS c ON c.id = j.judged_score_id
  JOIN eval.job AS d ON d.id = c.job_id
  JOIN eval.run AS r ON r.id = j.run_id
  JOIN eval.model AS a ON a.id = d.model_id
  JOIN eval.model AS b ON b.id = j.model_id
  JOIN eval.problem AS p ON p.id = d.problem_id
  JOIN eval.generation AS e ON e.job_id = d.id
  JOIN eval.text_blob AS o ON o.hash = e.output_text_hash
  LEFT JOIN eval.verification AS v ON v.job_id = j.id
  LEFT JOIN eval.text_blob AS t ON t.hash = v.document_text_hash
  LEFT JOIN eval.generation AS g ON g.job_id = j.id
 WHERE j.prompt = 'verify' AND (j.id = %(job)s OR c.job_id = %(job)s)
 ORDER BY j.id DESC LIMIT 1;

-- name: verified_drafts
-- The drafts of a run that have a verification, with their marks; synthetic ones too.
SELECT d.id AS job, a.name AS model, p.name AS problem, d.prompt, d.repetition, j.state,
       count(s.ordinal) AS steps,
       count(*) FILTER (WHERE s.mark = 'consistent') AS consistent,
       count(*) FILTER (WHERE s.mark = 'needs_premise') AS needs_premise,
       count(*) FILTER (WHERE s.mark = 'wrong') AS wrong,
       count(*) FILTER (WHERE s.mark = 'unverified') AS unverified
  FROM eval.job AS j
  JOIN eval.score AS c ON c.id = j.judged_score_id
  JOIN eval.job AS d ON d.id = c.job_id
  JOIN eval.model AS a ON a.id = d.model_id
  JOIN eval.problem AS p ON p.id = d.problem_id
  LEFT JOIN eval.verified_step AS s ON s.job_id = j.id
 WHERE j.run_id = %(run)s AND j.prompt = 'verify'
 GROUP BY d.id, a.name, p.name, d.prompt, d.repetition, j.state
 ORDER BY d.id;

-- name: verification_table
-- Marks and times of a run by model, verifier, category and prompt.
SELECT model, verifier, prompt, category, count(*) AS drafts, sum(steps)::bigint AS steps,
       sum(consistent)::bigint AS consistent, sum(needs_premise)::bigint AS needs_premise,
       sum(wrong)::bigint AS wrong, sum(unverified)::bigint AS unverified,
       sum(by_rule)::bigint AS by_rule, sum(by_model)::bigint AS by_model,
       sum(sent)::bigint AS sent, sum(late)::bigint AS late, max(deadline_ms) AS deadline_ms,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY draft_e2e_s) AS draft_e2e_s,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY verification_s) AS verification_s,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY draft_e2e_s + verification_s) AS total_s,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY draft_need_mib) AS draft_need_mib,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY verification_need_mib) AS verification_need_mib,
       max(p.p50) AS step_model_ms_p50, max(p.p95) AS step_model_ms_p95
  FROM analytics_v1.verifications AS v
  LEFT JOIN (
       SELECT s.model, s.verifier, s.prompt, s.category,
              percentile_cont(0.5) WITHIN GROUP (ORDER BY s.model_ms) AS p50,
              percentile_cont(0.95) WITHIN GROUP (ORDER BY s.model_ms) AS p95
         FROM analytics_v1.verified_steps AS s WHERE s.run_id = %(run)s
        GROUP BY s.model, s.verifier, s.prompt, s.category) AS p
       USING (model, verifier, prompt, category)
 WHERE v.run_id = %(run)s
 GROUP BY model, verifier, prompt, category
 ORDER BY prompt, array_position(ARRAY['secondary', 'university', 'modelling'], category), model,
          verifier;
