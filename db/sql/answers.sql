-- Single answers of a run: the problem, the text, and the newest verdicts on its steps.

-- name: answers
-- Answers to one problem, in the order of models, prompts and repetitions. A step's newest review
-- counts before the newest judgement, that before the rules.
SELECT g.job_id, g.model, g.prompt, g.repetition, g.mode, p.name AS problem, p.document,
       u.experiment ->> 'language' AS language, g.output AS text, g.finish_reason, g.flags,
       g.prompt_tokens, g.output_tokens, g.ttft_ms, g.ttfo_ms, g.e2e_s, g.tpot_ms, g.need_mib,
       g.gpu_name, s.id AS score_id, s.scorer_version, s.path_id, s.steps_done, s.steps_total,
       s.score7, coalesce(s.score7_high, s.score7) AS score7_high, s.coverage, s.answer_correct,
       s.answer_text, s.guess_suspected, coalesce(v.steps, '[]'::jsonb) AS steps
  FROM analytics_v1.generations AS g
  JOIN eval.job AS j ON j.id = g.job_id
  JOIN eval.run AS u ON u.id = j.run_id
  JOIN eval.problem AS p ON p.id = j.problem_id
  LEFT JOIN LATERAL (
       SELECT x.* FROM eval.score AS x WHERE x.job_id = g.job_id
        ORDER BY x.id DESC LIMIT 1) AS s ON true
  LEFT JOIN LATERAL (
       SELECT jsonb_agg(jsonb_build_object(
                  'id', x.step, 'rules', x.verdict, 'evidence', x.evidence,
                  'start', x.evidence_start, 'end', x.evidence_end, 'reason', x.reason,
                  'judge', m.judge, 'judge_verdict', m.judge_verdict, 'quote', m.quote,
                  'reviewer', r.reviewer, 'review', r.verdict) ORDER BY x.ordinal) AS steps
         FROM eval.step_verdict AS x
         LEFT JOIN LATERAL (
              SELECT w.judge, e.verdict AS judge_verdict, e.quote
                FROM eval.visible_judgement AS w
                JOIN eval.judged_step AS e ON e.judgement_id = w.id
               WHERE w.score_id = x.score_id AND e.step = x.step AND e.verdict IS NOT NULL
               ORDER BY w.id DESC LIMIT 1) AS m ON true
         LEFT JOIN LATERAL (
              SELECT w.reviewer, w.verdict FROM eval.review AS w
               WHERE w.score_id = x.score_id AND w.step = x.step
               ORDER BY w.id DESC LIMIT 1) AS r ON true
        WHERE x.score_id = s.id) AS v ON true
 WHERE g.run_id = %(run)s AND p.name = %(problem)s
   AND (%(model)s::text IS NULL OR g.model = %(model)s)
   AND (%(prompt)s::text IS NULL OR g.prompt = %(prompt)s)
   AND (%(repetition)s::int IS NULL OR g.repetition = %(repetition)s)
 ORDER BY g.model, g.prompt, g.repetition;

-- name: answered_problems
-- The problems of a run and how many answers each has.
SELECT p.name AS problem, count(g.job_id) AS answers
  FROM eval.job AS j
  JOIN eval.problem AS p ON p.id = j.problem_id
  LEFT JOIN analytics_v1.generations AS g ON g.job_id = j.id
 WHERE j.run_id = %(run)s AND j.judged_score_id IS NULL
 GROUP BY p.name ORDER BY p.name;
