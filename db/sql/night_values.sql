-- What a night found, per model, prompt and problem: repetitions are averaged first.

-- name: include_synthetic
-- A night of synthetic models is compared as any other, until the end of the transaction.
SELECT set_config('evalctl.include_synthetic', 'on', true);

-- name: problem_values
-- Means over the repetitions; of logarithms where the metric is compared as a ratio. Times and
-- memory of results with a flag are left out.
SELECT g.model, g.prompt, g.problem, avg(s.score7) AS score7, avg(s.score7_high) AS score7_high,
       avg(s.answer_correct::int)::double precision AS answer_correct,
       avg(s.guess_suspected::int)::double precision AS guess_suspected,
       avg((g.finish_reason = 'length')::int)::double precision AS cut,
       avg(ln(nullif(g.ttft_ms, 0))) FILTER (WHERE g.used) AS ttft_ms,
       avg(ln(nullif(g.tpot_ms, 0))) FILTER (WHERE g.used) AS tpot_ms,
       avg(ln(nullif(g.e2e_s, 0))) FILTER (WHERE g.used) AS e2e_s,
       avg(ln(nullif(g.tokens_per_s, 0))) FILTER (WHERE g.used) AS tokens_per_s,
       avg(ln(nullif(g.need_mib, 0))) FILTER (WHERE g.used) AS need_mib,
       avg(ln(nullif(g.nvml_peak_mib, 0)::double precision)) FILTER (WHERE g.used) AS nvml_peak_mib
  FROM analytics_v1.generations AS g
  LEFT JOIN analytics_v1.scores AS s ON s.job_id = g.job_id AND s.run_id = %(run)s
 WHERE g.run_id = %(run)s
 GROUP BY g.model, g.prompt, g.problem
 ORDER BY g.model, g.prompt, g.problem;

-- name: settings
-- Under which registrations, modes, sampling parameters and scorers a model's results were made.
SELECT m.name AS model, array_agg(DISTINCT m.spec_hash) AS spec, array_agg(DISTINCT j.mode) AS mode,
       array_agg(DISTINCT (j.sampling - 'seed')::text) AS sampling,
       array_agg(DISTINCT s.scorer_version) FILTER (WHERE s.scorer_version IS NOT NULL) AS scorer,
       array_agg(DISTINCT r.experiment ->> 'language')
           FILTER (WHERE r.experiment ->> 'language' IS NOT NULL) AS language
  FROM eval.job AS j
  JOIN eval.run AS r ON r.id = j.run_id
  JOIN eval.model AS m ON m.id = j.model_id
  LEFT JOIN LATERAL (
       SELECT c.scorer_version FROM eval.score AS c WHERE c.job_id = j.id
        ORDER BY c.id DESC LIMIT 1) AS s ON true
 WHERE j.run_id = %(run)s AND j.state = 'succeeded' AND j.problem_id IS NOT NULL
 GROUP BY m.name;

-- name: starts
-- The engine starts that a model's results are of: configuration and environment.
SELECT DISTINCT m.name AS model, b.config, b.environment
  FROM eval.job AS j
  JOIN eval.model AS m ON m.id = j.model_id
  JOIN eval.generation AS g ON g.job_id = j.id
  JOIN eval.boot AS b ON b.id = g.boot_id
 WHERE j.run_id = %(run)s AND j.state = 'succeeded' AND j.problem_id IS NOT NULL;

-- name: prompts
-- Which content of each problem was sent, and as which exact prompt.
SELECT m.name AS model, p.name AS problem, j.prompt, array_agg(DISTINCT p.content_hash) AS content,
       array_agg(DISTINCT g.prompt_hash) AS prompts
  FROM eval.job AS j
  JOIN eval.model AS m ON m.id = j.model_id
  JOIN eval.problem AS p ON p.id = j.problem_id
  JOIN eval.generation AS g ON g.job_id = j.id
 WHERE j.run_id = %(run)s AND j.state = 'succeeded'
 GROUP BY m.name, p.name, j.prompt;
