-- What leaves for other programs: a row per answer, a row per step, in the order of the jobs.

-- name: answers
-- Every column of the view generations, then the score that counts, sampling and origin.
SELECT g.*, s.score_id, s.scorer_version, s.path, s.steps_done, s.steps_total, s.score7,
       s.score7_high, s.steps_undetermined, s.coverage, s.answer_correct, s.guess_suspected,
       s.scored_at, j.sampling, i.origin, i.file AS imported_file, i.place AS imported_place
  FROM analytics_v1.generations AS g
  JOIN analytics_v1.jobs AS j ON j.job_id = g.job_id
  LEFT JOIN analytics_v1.scores AS s ON s.job_id = g.job_id AND s.run_id = g.run_id
  LEFT JOIN analytics_v1.imported_answers AS i ON i.job_id = g.job_id
 WHERE g.run_id = %(run)s AND g.prompt NOT IN ('judge', 'verify')
 ORDER BY g.job_id;

-- name: sources
-- Where the weights of each model are from: as registered, and what its last start loaded.
SELECT DISTINCT ON (m.model) m.model, m.engine, m.source,
       (SELECT b.backend_facts ->> 'weights' FROM eval.boot AS b
         WHERE b.model_id = m.model_id AND b.backend_facts ? 'weights'
         ORDER BY b.id DESC LIMIT 1) AS weights
  FROM analytics_v1.models AS m
 WHERE m.model_id IN (SELECT j.model_id FROM eval.job AS j WHERE j.run_id = %(run)s)
 ORDER BY m.model, m.model_id DESC;

-- name: problems
-- The documents of the problems, as they were when they were submitted, and the language of the
-- run.
SELECT DISTINCT ON (p.name) p.name AS problem, p.document, r.experiment ->> 'language' AS language
  FROM eval.problem AS p
 CROSS JOIN eval.run AS r
 WHERE r.id = %(run)s
   AND p.id IN (SELECT j.problem_id FROM eval.job AS j WHERE j.run_id = %(run)s)
 ORDER BY p.name, p.id DESC;

-- name: steps
-- The verdicts of the scores that count.
SELECT s.job_id, s.score_id, s.run_id, s.run, s.model, s.problem, s.category, s.prompt,
       s.repetition, s.path, v.ordinal, v.step, v.verdict, v.evidence, v.evidence_start,
       v.evidence_end, v.reason
  FROM analytics_v1.scores AS s
  JOIN eval.step_verdict AS v ON v.score_id = s.score_id
 WHERE s.run_id = %(run)s
 ORDER BY s.job_id, v.ordinal;
