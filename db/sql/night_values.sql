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
