-- What prompts do to answers, step by step.

-- name: prompt_steps
-- Which steps answers to one prompt show and answers to the base do not: of the same model, problem
-- and repetition, where both follow the same path. The base is the plain prompt, without one the
-- first of the run. A run with one prompt has no rows.
WITH asked AS (
    SELECT prompt, min(id) AS first FROM eval.job
     WHERE run_id = %(run)s AND probe IS NULL AND judged_score_id IS NULL GROUP BY prompt
), base AS (
    SELECT prompt FROM asked WHERE (SELECT count(*) FROM asked) > 1
     ORDER BY prompt <> 'plain', first LIMIT 1
)
SELECT a.model, a.category, a.problem, a.prompt AS base, b.prompt, a.path, x.step,
       count(*) AS pairs,
       count(*) FILTER (WHERE x.verdict <> 'done' AND y.verdict = 'done') AS gained,
       count(*) FILTER (WHERE x.verdict = 'done' AND y.verdict <> 'done') AS lost
  FROM base
  JOIN analytics_v1.scores AS a ON a.run_id = %(run)s AND a.prompt = base.prompt
  JOIN analytics_v1.scores AS b
    ON b.run_id = a.run_id AND b.prompt <> a.prompt
   AND (b.model, b.category, b.problem, b.repetition, b.path)
     = (a.model, a.category, a.problem, a.repetition, a.path)
  JOIN eval.step_verdict AS x ON x.score_id = a.score_id
  JOIN eval.step_verdict AS y ON y.score_id = b.score_id AND y.step = x.step
 GROUP BY a.model, a.category, a.problem, a.prompt, b.prompt, a.path, x.step, x.ordinal
 ORDER BY a.model, b.prompt, a.problem, a.path, x.ordinal;
