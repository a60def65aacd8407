-- What earlier jobs took, to estimate what a run will take.

-- name: past_times
-- Results of these models in the newest runs of one mode and language, newest first. A job that
-- starts an engine takes that time as well: its attempt begins before the start.
SELECT m.name AS model, p.name AS problem, p.content_hash, p.category, j.prompt,
       coalesce(j.sampling ->> 'fixed_input_tokens', '') AS fixed_input,
       coalesce(j.sampling ->> 'fixed_output_tokens', j.sampling ->> 'max_tokens') AS at_most,
       j.run_id, g.boot_id AS start_id, w.gpu_name, g.prompt_tokens, g.output_tokens,
       g.submitted_s, g.last_token_s,
       extract(epoch FROM a.ended_at - a.started_at)::double precision AS attempt_s,
       b.started_at BETWEEN a.started_at AND a.ended_at AS started_engine
  FROM (SELECT r.id FROM eval.run AS r
         WHERE r.mode = %(mode)s AND coalesce(r.experiment ->> 'language', 'en') = %(language)s
           AND r.experiment -> 'models' ?| %(names)s::text[]
         ORDER BY r.created_at DESC LIMIT %(runs)s) AS r
  JOIN eval.job AS j ON j.run_id = r.id
  JOIN eval.model AS m ON m.id = j.model_id
  JOIN unnest(%(names)s::text[], %(hashes)s::text[]) AS k(name, spec_hash)
    ON k.name = m.name AND k.spec_hash = m.spec_hash
  JOIN eval.problem AS p ON p.id = j.problem_id
  JOIN eval.generation AS g ON g.job_id = j.id
  JOIN eval.attempt AS a ON a.job_id = j.id AND a.attempt_no = g.attempt_no
  JOIN eval.boot AS b ON b.id = g.boot_id
  JOIN eval.worker AS w ON w.id = b.worker_id
 WHERE j.state = 'succeeded' AND j.judged_score_id IS NULL AND g.last_token_s IS NOT NULL
 ORDER BY j.id DESC LIMIT %(results)s;

-- name: planned_already
-- Jobs that the newest run of an experiment has of each model, problem and prompt.
SELECT m.name AS model, p.name AS problem, p.content_hash, j.prompt, count(*) AS jobs
  FROM (SELECT id FROM eval.run WHERE experiment_hash = %(experiment_hash)s
         ORDER BY ordinal DESC LIMIT 1) AS r
  JOIN eval.job AS j ON j.run_id = r.id
  JOIN eval.model AS m ON m.id = j.model_id
  JOIN eval.problem AS p ON p.id = j.problem_id
 WHERE j.repetition <= %(repetitions)s
 GROUP BY m.id, m.name, p.name, p.content_hash, j.prompt;
