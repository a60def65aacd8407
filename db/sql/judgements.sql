-- Judgements: the scorings that a judge reads, what it said, and jobs that ask it on our queue.

-- name: scored_answers
-- The next page of a run's scorings after one, with the answer, the rules' verdicts and what one
-- judge was asked: the newest scoring of each answer, or these scorings whatever came later. Speed
-- runs have none.
SELECT s.id AS score_id, s.newest, s.path_id, m.name AS model, p.id AS problem_id, p.name AS problem,
       p.content_hash, p.document, p.category, j.prompt, j.repetition,
       coalesce(r.experiment ->> 'language', 'en') AS language, t.content AS text,
       v.steps, coalesce(a.judged, '{}') AS judged, coalesce(a.asked, '{}') AS asked,
       a.replies
  FROM eval.job AS j
  JOIN eval.run AS r ON r.id = j.run_id
  JOIN eval.model AS m ON m.id = j.model_id
  JOIN eval.problem AS p ON p.id = j.problem_id
  JOIN eval.generation AS g ON g.job_id = j.id
  JOIN eval.text_blob AS t ON t.hash = g.output_text_hash
 CROSS JOIN LATERAL (
       SELECT c.id, c.path_id, c.id = max(c.id) OVER () AS newest
         FROM eval.score AS c WHERE c.job_id = j.id) AS s
 CROSS JOIN LATERAL (
       SELECT jsonb_object_agg(x.step, x.verdict ORDER BY x.ordinal) AS steps
         FROM eval.step_verdict AS x WHERE x.score_id = s.id) AS v
  LEFT JOIN LATERAL (
       SELECT count(DISTINCT o.id) AS replies, array_agg(DISTINCT d.step) AS asked,
              array_agg(DISTINCT d.step) FILTER (WHERE d.verdict IS NOT NULL) AS judged
         FROM eval.judgement AS o
         JOIN eval.judged_step AS d ON d.judgement_id = o.id
        WHERE o.score_id = s.id AND o.judge = %(judge)s) AS a ON true
 WHERE j.run_id = %(run)s AND s.id > %(after)s AND s.path_id IS NOT NULL AND v.steps IS NOT NULL
   AND CASE WHEN %(scores)s::bigint[] IS NULL THEN s.newest
            ELSE s.id = ANY (%(scores)s::bigint[]) END
 ORDER BY s.id LIMIT %(limit)s;

-- name: judged_answer
-- What a worker needs to make the request of its job again.
SELECT s.path_id, t.content AS text
  FROM eval.score AS s
  JOIN eval.generation AS g ON g.job_id = s.job_id
  JOIN eval.text_blob AS t ON t.hash = g.output_text_hash
 WHERE s.id = %(score)s;

-- name: add_judgements
-- Replies that are stored already are left out, so that an import again adds nothing.
WITH given AS (
    SELECT * FROM jsonb_to_recordset(%(judgements)s::jsonb) AS g(
           score_id bigint, judge text, prompt_hash text, prompt_version text,
           temperature double precision, reply_text_hash text, reply_key text, steps jsonb)
), texts AS (
    INSERT INTO eval.text_blob (hash, content)
    SELECT t.key, t.value FROM jsonb_each_text(%(texts)s::jsonb) AS t ORDER BY t.key
        ON CONFLICT DO NOTHING
), added AS (
    INSERT INTO eval.judgement (
           score_id, judge, prompt_hash, prompt_version, temperature, reply_text_hash, reply_key)
    SELECT score_id, judge, prompt_hash, prompt_version, temperature, reply_text_hash, reply_key
      FROM given
        ON CONFLICT (score_id, judge, prompt_hash, reply_key) DO NOTHING
    RETURNING id, score_id, judge, prompt_hash, reply_key
), stepwise AS (
    INSERT INTO eval.judged_step (judgement_id, step, verdict, quote, reason)
    SELECT added.id, d.step, d.verdict, d.quote, d.reason
      FROM added
      JOIN given USING (score_id, judge, prompt_hash, reply_key)
     CROSS JOIN jsonb_to_recordset(given.steps)
           AS d(step text, verdict text, quote text, reason text)
)
SELECT count(*) AS added FROM added;

-- name: run_models
-- The models whose answers a run holds.
SELECT DISTINCT m.name, m.spec ->> 'source' AS source
  FROM eval.job AS j JOIN eval.model AS m ON m.id = j.model_id
 WHERE j.run_id = %(run)s AND j.judged_score_id IS NULL;

-- name: run_judges
-- The judges of a run's answers, the newest judgement first.
SELECT judge FROM analytics_v1.judgements WHERE run_id = %(run)s
 GROUP BY judge ORDER BY max(judgement_id) DESC;

-- name: insert_judge_jobs
-- One job for each request to each judge; what the run has already stays as it is. Submitters of
-- one run come one after another, so the numbers of one problem's requests go on where they ended.
-- Hints and holds are as in insert_jobs.
WITH planned AS (
    SELECT m.model_id, q.problem_id, q.score_id, q.steps, q.prompt_hash,
           coalesce((SELECT max(e.repetition) FROM eval.job AS e
                      WHERE e.run_id = %(run)s AND e.model_id = m.model_id
                        AND e.problem_id = q.problem_id AND e.prompt = 'judge'), 0)
           + row_number() OVER (PARTITION BY m.model_id, q.problem_id
                                    ORDER BY q.score_id, q.prompt_hash) AS repetition
      FROM jsonb_to_recordset(%(requests)s::jsonb)
           AS q(score_id bigint, problem_id bigint, steps text[], prompt_hash text)
     CROSS JOIN unnest(%(models)s::bigint[]) AS m(model_id)
     WHERE NOT EXISTS (
           SELECT FROM eval.job AS e
            WHERE e.run_id = %(run)s AND e.model_id = m.model_id
              AND e.judged_score_id = q.score_id AND e.judge_prompt_hash = q.prompt_hash)
     ORDER BY q.score_id, q.prompt_hash, m.model_id
), added AS (
    INSERT INTO eval.job (
           run_id, model_id, problem_id, prompt, repetition, mode, sampling, priority, max_attempts,
           judged_score_id, judge_steps, judge_prompt_hash, held)
    SELECT %(run)s, model_id, problem_id, 'judge', repetition, %(mode)s, %(sampling)s::jsonb,
           %(priority)s, %(max_attempts)s, score_id, steps, prompt_hash,
           (SELECT paused_at IS NOT NULL FROM eval.run WHERE id = %(run)s)
      FROM planned
        ON CONFLICT (run_id, model_id, judged_score_id, judge_prompt_hash)
           WHERE judged_score_id IS NOT NULL DO NOTHING
    RETURNING id, model_id, held
), hinted AS (
    INSERT INTO eval.outbox (job_id, queue)
    SELECT first.id, m.queue
      FROM (SELECT id, model_id FROM added WHERE NOT held ORDER BY id LIMIT %(hints)s) AS first
      JOIN eval.model AS m ON m.id = first.model_id
     ORDER BY first.id
)
SELECT count(*) AS created FROM added;

-- name: reviewable_steps
-- The steps of a run's newest scorings, in a fixed order.
SELECT s.score_id, v.step, v.verdict
  FROM analytics_v1.scores AS s
  JOIN eval.step_verdict AS v ON v.score_id = s.score_id
 WHERE s.run_id = %(run)s AND s.path IS NOT NULL
 ORDER BY s.score_id, v.ordinal;

-- name: known_steps
-- Which of these steps exist.
SELECT DISTINCT v.score_id, v.step
  FROM jsonb_to_recordset(%(reviews)s::jsonb) AS g(score_id bigint, step text)
  JOIN eval.step_verdict AS v ON v.score_id = g.score_id AND v.step = g.step;

-- name: add_reviews
-- Append what is new: a verdict and reason that the reviewer's newest review has are not said again.
WITH given AS (
    SELECT * FROM jsonb_to_recordset(%(reviews)s::jsonb) AS g(
           score_id bigint, step text, verdict text, reason text, sample text, number bigint)
), added AS (
    INSERT INTO eval.review (score_id, step, reviewer, verdict, old_verdict, reason, sample)
    SELECT g.score_id, g.step, %(reviewer)s, g.verdict, coalesce(last.verdict, v.verdict), g.reason,
           g.sample
      FROM given AS g
      JOIN eval.step_verdict AS v ON v.score_id = g.score_id AND v.step = g.step
      LEFT JOIN LATERAL (
           SELECT r.verdict FROM eval.review AS r
            WHERE r.score_id = g.score_id AND r.step = g.step ORDER BY r.id DESC LIMIT 1) AS last
        ON true
      LEFT JOIN LATERAL (
           SELECT r.verdict, r.reason FROM eval.review AS r
            WHERE r.score_id = g.score_id AND r.step = g.step AND r.reviewer = %(reviewer)s
            ORDER BY r.id DESC LIMIT 1) AS own ON true
     WHERE (own.verdict, own.reason) IS DISTINCT FROM (g.verdict, g.reason)
     ORDER BY g.number
    RETURNING id
)
SELECT count(*) AS added FROM added;

-- name: reviewed_steps
-- The newest review of each step of a run that was chosen at random, beside the rules and one judge.
SELECT r.model, r.problem, r.category, r.prompt AS style, r.step, r.verdict AS truth,
       v.verdict AS rules, d.judge_verdict AS judge, coalesce(d.verdict, v.verdict) AS merged
  FROM analytics_v1.reviews AS r
  JOIN eval.step_verdict AS v ON v.score_id = r.score_id AND v.step = r.step
  LEFT JOIN analytics_v1.judged_steps AS d
    ON d.score_id = r.score_id AND d.step = r.step AND d.judge = %(judge)s AND d.run_id = %(run)s
 WHERE r.run_id = %(run)s AND r.shown AND r.sample = 'random' AND r.verdict <> 'unclear'
 ORDER BY r.review_id;

-- name: chosen_reviews
-- How many steps have a review that was not chosen at random.
SELECT count(*) AS steps FROM analytics_v1.reviews
 WHERE run_id = %(run)s AND shown AND sample <> 'random';

-- name: repeated_verdicts
-- Steps on which one judge answered the same request more than once: its first two usable verdicts.
SELECT said[1] AS first, said[2] AS second
  FROM (SELECT array_agg(d.verdict ORDER BY g.judgement_id) AS said
          FROM analytics_v1.judgements AS g
          JOIN eval.judged_step AS d ON d.judgement_id = g.judgement_id
         WHERE g.run_id = %(run)s AND g.judge = %(judge)s AND d.verdict IS NOT NULL
         GROUP BY g.score_id, g.prompt_hash, d.step) AS each
 WHERE cardinality(said) > 1;
