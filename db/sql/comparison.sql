-- What is compared: the results of one side, and what they were made under.

-- name: models
-- The models of a run that have results, with the prompts of each.
SELECT m.name AS model, array_agg(DISTINCT j.prompt ORDER BY j.prompt) AS prompts
  FROM eval.job AS j
  JOIN eval.model AS m ON m.id = j.model_id
 WHERE j.run_id = %(run)s AND j.state = 'succeeded' AND j.problem_id IS NOT NULL
   AND j.judged_score_id IS NULL
   AND (NOT m.synthetic OR current_setting('evalctl.include_synthetic', true) = 'on')
 GROUP BY m.name ORDER BY min(m.id);

-- name: results
-- Time and memory of flagged results are NULL; a text counts whatever its flags. With a judge the
-- scores are those of rules + judge; an answer that the judge has not read keeps that of the rules.
SELECT g.job_id, g.problem, g.prompt, g.category, coalesce(d.score7, s.score7) AS score7,
       coalesce(d.score7_high, s.score7_high) AS score7_high,
       s.answer_correct::integer AS answer_correct, s.guess_suspected::integer AS guess_suspected,
       (g.finish_reason = 'length')::integer AS cut, g.prompt_tokens, g.output_tokens,
       CASE WHEN g.used THEN g.ttft_ms END AS ttft_ms,
       CASE WHEN g.used THEN g.tpot_ms END AS tpot_ms,
       CASE WHEN g.used THEN g.e2e_s END AS e2e_s,
       CASE WHEN g.used THEN g.tokens_per_s END AS tokens_per_s,
       CASE WHEN g.used THEN g.need_mib END AS need_mib,
       CASE WHEN g.used THEN g.nvml_peak_mib END AS nvml_peak_mib
  FROM analytics_v1.generations AS g
  LEFT JOIN LATERAL (
       SELECT c.id, c.score7, coalesce(c.score7_high, c.score7) AS score7_high, c.answer_correct,
              c.guess_suspected
         FROM eval.score AS c WHERE c.job_id = g.job_id ORDER BY c.id DESC LIMIT 1) AS s ON true
  LEFT JOIN LATERAL (
       SELECT m.score7, m.score7_high
         FROM eval.merged_score AS m
        WHERE m.score_id = s.id AND m.judge = %(judge)s OFFSET 0) AS d
    ON %(judge)s::text IS NOT NULL
 WHERE g.run_id = %(run)s AND g.model = %(model)s
   AND (%(prompt)s::text IS NULL OR g.prompt = %(prompt)s);

-- name: conditions
-- What all results of a side share, or do not: each distinct value.
SELECT array_agg(DISTINCT m.spec_hash) AS spec, array_agg(DISTINCT j.mode) AS mode,
       array_agg(DISTINCT coalesce(r.experiment ->> 'language', '')) AS language,
       array_agg(DISTINCT (j.sampling - 'seed')::text) AS sampling,
       coalesce(array_agg(DISTINCT s.scorer_version) FILTER (WHERE s.scorer_version IS NOT NULL),
                '{}') AS scorer,
       array_agg(DISTINCT g.boot_id) AS starts, max(m.price_per_gpu_hour) AS price_per_gpu_hour,
       max(m.gpus) AS gpus,
       max((m.spec ->> 'price_per_million_input_tokens')::double precision)
           AS price_per_million_input_tokens,
       max((m.spec ->> 'price_per_million_output_tokens')::double precision)
           AS price_per_million_output_tokens
  FROM eval.job AS j
  JOIN eval.run AS r ON r.id = j.run_id
  JOIN eval.model AS m ON m.id = j.model_id
  JOIN eval.generation AS g ON g.job_id = j.id
  LEFT JOIN LATERAL (
       SELECT c.scorer_version FROM eval.score AS c
        WHERE c.job_id = j.id ORDER BY c.id DESC LIMIT 1) AS s ON true
 WHERE j.run_id = %(run)s AND m.name = %(model)s AND j.state = 'succeeded'
   AND j.problem_id IS NOT NULL AND j.judged_score_id IS NULL
   AND (%(prompt)s::text IS NULL OR j.prompt = %(prompt)s);

-- name: cells
-- Problems and prompts of a side, each with the hashes of what was asked.
SELECT p.name AS problem, j.prompt, array_agg(DISTINCT p.content_hash) AS contents,
       array_agg(DISTINCT g.prompt_hash) AS prompts
  FROM eval.job AS j
  JOIN eval.model AS m ON m.id = j.model_id
  JOIN eval.problem AS p ON p.id = j.problem_id
  JOIN eval.generation AS g ON g.job_id = j.id
 WHERE j.run_id = %(run)s AND m.name = %(model)s AND j.state = 'succeeded'
   AND j.judged_score_id IS NULL AND (%(prompt)s::text IS NULL OR j.prompt = %(prompt)s)
 GROUP BY p.name, j.prompt;

-- name: judges
-- What a judge was when it read a side: its model spec and the version of the request.
SELECT DISTINCT concat_ws(' ', j.judge, j.judge_config_hash, 'prompt', j.prompt_version) AS judge
  FROM analytics_v1.judgements AS j
 WHERE j.run_id = %(run)s AND j.model = %(model)s AND j.judge = %(judge)s AND j.shown
   AND (%(prompt)s::text IS NULL OR j.prompt = %(prompt)s);

-- name: starts
SELECT config, environment FROM eval.boot WHERE id = ANY(%(starts)s);

-- name: answers
SELECT g.job_id, g.output, g.repetition, s.score7, s.answer_correct
  FROM analytics_v1.generations AS g
  LEFT JOIN analytics_v1.scores AS s ON s.job_id = g.job_id AND s.run_id = g.run_id
 WHERE g.run_id = %(run)s AND g.job_id = ANY(%(jobs)s);

-- name: keep
INSERT INTO eval.comparison (run_a_id, run_b_id, model_a, model_b, prompt_a, prompt_b, policy,
       policy_hash, verdict, forced, problems)
VALUES (%(run_a)s, %(run_b)s, %(model_a)s, %(model_b)s, %(prompt_a)s, %(prompt_b)s,
        %(policy)s::jsonb, %(policy_hash)s, %(verdict)s, %(forced)s, %(problems)s);

-- name: tries
-- The latest comparison of each other run of B's experiment with the same side A: earlier tries of
-- the same gate.
SELECT t.run_id, t.run, t.verdict, t.forced, t.policy_hash, t.compared_at
  FROM (SELECT DISTINCT ON (c.run_b_id)
               c.run_b_id AS run_id, r.name AS run, c.verdict, c.forced, c.policy_hash,
               c.created_at AS compared_at, c.id
          FROM eval.comparison AS c
          JOIN eval.run AS r ON r.id = c.run_b_id
          JOIN eval.run AS b ON b.id = %(run_b)s AND b.experiment_hash = r.experiment_hash
         WHERE c.run_a_id = %(run_a)s AND c.run_b_id NOT IN (%(run_a)s, %(run_b)s)
           AND c.model_a = %(model_a)s AND c.model_b = %(model_b)s
           AND c.prompt_a IS NOT DISTINCT FROM %(prompt_a)s
           AND c.prompt_b IS NOT DISTINCT FROM %(prompt_b)s
         ORDER BY c.run_b_id, c.id DESC) AS t
 ORDER BY t.id;
