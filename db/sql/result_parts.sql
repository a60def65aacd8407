-- A run's scores by any part of the problem set, and the steps that its answers miss most.

-- name: names_of_run
-- The models and problems that a run has jobs for, with or without results.
SELECT array_agg(DISTINCT m.name ORDER BY m.name) AS models,
       coalesce(array_agg(DISTINCT p.name ORDER BY p.name)
                FILTER (WHERE p.name IS NOT NULL), '{}') AS problems
  FROM eval.job AS j
  JOIN eval.model AS m ON m.id = j.model_id
  LEFT JOIN eval.problem AS p ON p.id = j.problem_id
 WHERE j.run_id = %(run)s AND j.judged_score_id IS NULL
HAVING count(*) > 0;

-- name: parts
-- As scores has them by category: means over the repetitions of a problem, then over problems. A
-- problem of several topics counts in each.
WITH by_problem AS (
    SELECT s.model, CASE WHEN %(by)s = 'prompt' THEN 'all' ELSE s.prompt END AS prompt, s.sampling,
           s.problem, k.part, count(*) AS repetitions, avg(s.score7) AS score7_mean,
           avg(s.score7_high) AS score7_high_mean,
           percentile_cont(0.5) WITHIN GROUP (ORDER BY s.score7) AS score7,
           percentile_cont(0.5) WITHIN GROUP (ORDER BY s.score7_high) AS score7_high,
           avg(s.answer_correct::int) AS answer_accuracy, avg(s.guess_suspected::int) AS guess_rate,
           avg(s.coverage) AS coverage, avg((g.finish_reason = 'length')::int) AS cut_share,
           avg((g.finish_reason = 'length'
                AND g.output_tokens < (j.sampling ->> 'max_tokens')::bigint)::int)
               AS context_cut_share
      FROM analytics_v1.scores AS s
      JOIN eval.job AS j ON j.id = s.job_id
      JOIN eval.problem AS p ON p.id = j.problem_id
      JOIN eval.generation AS g ON g.job_id = s.job_id
     CROSS JOIN LATERAL (
           SELECT CASE %(by)s WHEN 'problem' THEN s.problem WHEN 'category' THEN s.category
                  WHEN 'prompt' THEN s.prompt
                  WHEN 'difficulty' THEN 'difficulty ' || (p.document ->> 'difficulty') END AS part
            WHERE %(by)s <> 'topic'
           UNION ALL
           SELECT jsonb_array_elements_text(p.document -> 'topics') WHERE %(by)s = 'topic') AS k
     WHERE s.run_id = %(run)s AND (%(models)s::text[] IS NULL OR s.model = ANY (%(models)s))
       AND (%(categories)s::text[] IS NULL OR s.category = ANY (%(categories)s))
       AND (%(problems)s::text[] IS NULL OR s.problem = ANY (%(problems)s))
     GROUP BY s.model, 2, s.sampling, s.problem, k.part
)
SELECT model, prompt, sampling, coalesce(part, '-') AS part, count(*) AS problems,
       sum(repetitions)::bigint AS repetitions,
       avg(score7) AS score7, avg(score7_high) AS score7_high, avg(score7_mean) AS score7_mean,
       avg(score7_high_mean) AS score7_high_mean,
       avg(answer_accuracy)::double precision AS answer_accuracy,
       avg(guess_rate)::double precision AS guess_rate, avg(coverage) AS coverage,
       avg(cut_share)::double precision AS cut_share,
       avg(context_cut_share)::double precision AS context_cut_share
  FROM by_problem
 GROUP BY model, prompt, sampling, part
 ORDER BY prompt, array_position(ARRAY['secondary', 'university', 'modelling'], part), part, model;

-- name: problem_parts
-- The difficulty of each problem of a run, or its topics.
SELECT p.name AS problem, k.part
  FROM (SELECT DISTINCT problem_id FROM eval.job WHERE run_id = %(run)s) AS j
  JOIN eval.problem AS p ON p.id = j.problem_id
 CROSS JOIN LATERAL (
       SELECT 'difficulty ' || (p.document ->> 'difficulty') AS part WHERE %(by)s = 'difficulty'
       UNION ALL
       SELECT jsonb_array_elements_text(p.document -> 'topics') WHERE %(by)s = 'topic') AS k
 ORDER BY p.name, k.part;

-- name: missed_steps
-- How often each step of a reference path is not shown, over a model's answers that were scored by
-- that path; open are those that the rules cannot decide.
SELECT s.model, s.problem, s.category, v.step, v.ordinal, count(*) AS answers,
       count(*) FILTER (WHERE v.verdict IN ('missing', 'wrong', 'present_invalid')) AS missed,
       count(*) FILTER (WHERE v.verdict IN ('undetermined', 'unclear')) AS open,
       d.describe
  FROM analytics_v1.scores AS s
  JOIN eval.job AS j ON j.id = s.job_id
  JOIN eval.problem AS p ON p.id = j.problem_id
  JOIN eval.step_verdict AS v ON v.score_id = s.score_id
 CROSS JOIN LATERAL (
       SELECT jsonb_path_query_first(
                  p.document, '$.paths[*] ? (@.id == $path).steps[*] ? (@.id == $step).describe',
                  jsonb_build_object('path', coalesce(s.path, ''), 'step', v.step)) AS describe) AS d
 WHERE s.run_id = %(run)s AND (%(models)s::text[] IS NULL OR s.model = ANY (%(models)s))
   AND (%(categories)s::text[] IS NULL OR s.category = ANY (%(categories)s))
   AND (%(problems)s::text[] IS NULL OR s.problem = ANY (%(problems)s))
 GROUP BY s.model, s.problem, s.category, s.path, v.step, v.ordinal, d.describe
HAVING count(*) FILTER (WHERE v.verdict IN ('missing', 'wrong', 'present_invalid')) > 0
 ORDER BY count(*) FILTER (WHERE v.verdict IN ('missing', 'wrong', 'present_invalid'))
             ::double precision / count(*) DESC, missed DESC, s.problem, v.ordinal, s.model;
