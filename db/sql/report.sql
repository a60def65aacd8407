-- What the report page shows beside the tables of `results`.

-- name: head
-- The run, and the language of its statements.
SELECT run_id, run AS name, mode, coalesce(language, 'en') AS language, problem_set, ordinal,
       created_at, cancelled_at, paused_at
  FROM analytics_v1.runs WHERE run_id = %(run)s;

-- name: models
-- The models of the run in the order in which they were given; probes and judges count apart.
SELECT j.model, bool_or(j.synthetic) AS synthetic, count(*) AS jobs,
       count(*) FILTER (WHERE j.state = 'succeeded') AS succeeded,
       count(DISTINCT j.problem) AS problems, count(DISTINCT j.prompt) AS prompts,
       max(j.repetition) AS repetitions
  FROM analytics_v1.jobs AS j
 WHERE j.run_id = %(run)s AND j.probe IS NULL AND j.judged_score_id IS NULL
 GROUP BY j.model ORDER BY min(j.job_id);

-- name: missing
-- Jobs without a result, by the reason.
SELECT model, prompt, state, error_class, min(error_message) AS example, count(*) AS jobs
  FROM analytics_v1.jobs
 WHERE run_id = %(run)s AND state <> 'succeeded'
 GROUP BY model, prompt, state, error_class ORDER BY jobs DESC, model, state LIMIT 50;

-- name: overall
-- Means over all problems of the medians over repetitions.
SELECT model, prompt, count(*) AS problems, sum(repetitions)::bigint AS answers,
       avg(score7) AS score7, avg(score7_high) AS score7_high, avg(steps_share) AS steps_share,
       avg(answer_accuracy) AS answer_accuracy, avg(guess_rate) AS guess_rate,
       avg(coverage) AS coverage
  FROM analytics_v1.problem_scores WHERE run_id = %(run)s
 GROUP BY model, prompt ORDER BY prompt, model;

-- name: steps_shown
-- How often each step of a path is shown, over a model's answers that follow the path.
SELECT s.model, s.problem, s.category, s.path, v.ordinal, v.step, count(*) AS answers,
       count(*) FILTER (WHERE v.verdict = 'done') AS done,
       count(*) FILTER (WHERE v.verdict IN ('undetermined', 'unclear')) AS undetermined,
       count(*) FILTER (WHERE v.verdict = 'wrong') AS wrong,
       (array_agg(s.job_id ORDER BY v.verdict = 'done', v.verdict <> 'wrong', s.job_id))[1]
           AS example
  FROM analytics_v1.scores AS s
  JOIN eval.step_verdict AS v ON v.score_id = s.score_id
 WHERE s.run_id = %(run)s AND s.path IS NOT NULL
 GROUP BY s.model, s.problem, s.category, s.path, v.ordinal, v.step
 ORDER BY count(*) FILTER (WHERE v.verdict = 'done')::double precision / count(*),
          count(*) DESC, s.problem, v.ordinal;

-- name: problem_scores
-- The medians over the repetitions of each problem, which intervals are made of.
SELECT model, prompt, category, problem, score7
  FROM analytics_v1.problem_scores WHERE run_id = %(run)s ORDER BY problem;

-- name: prompt_steps
-- What the stepwise prompt gains and loses, step by step: answers of the same model, problem and
-- repetition to both prompts that follow the same path.
WITH shown AS (
    SELECT s.model, s.problem, s.category, s.repetition, s.prompt, s.path, s.score_id
      FROM analytics_v1.scores AS s
     WHERE s.run_id = %(run)s AND s.prompt IN ('plain', 'stepwise') AND s.path IS NOT NULL
), paired AS (
    SELECT a.model, a.category, a.path = b.path AS alike, a.score_id AS plain,
           b.score_id AS stepwise
      FROM shown AS a
      JOIN shown AS b USING (model, problem, category, repetition)
     WHERE a.prompt = 'plain' AND b.prompt = 'stepwise'
)
SELECT p.model, p.category, count(*) AS pairs, count(*) FILTER (WHERE NOT p.alike) AS other_path,
       coalesce(sum(c.steps), 0)::bigint AS steps, coalesce(sum(c.gained), 0)::bigint AS gained,
       coalesce(sum(c.lost), 0)::bigint AS lost
  FROM paired AS p
  LEFT JOIN LATERAL (
       SELECT count(*) AS steps,
              count(*) FILTER (WHERE x.verdict <> 'done' AND y.verdict = 'done') AS gained,
              count(*) FILTER (WHERE x.verdict = 'done' AND y.verdict <> 'done') AS lost
         FROM eval.step_verdict AS x
         JOIN eval.step_verdict AS y ON y.score_id = p.stepwise AND y.step = x.step
        WHERE x.score_id = p.plain AND p.alike) AS c ON true
 GROUP BY p.model, p.category
 ORDER BY array_position(ARRAY['secondary', 'university', 'modelling'], p.category), p.model;

-- name: distributions
-- The distribution of each time over the results that count, as 41 quantiles at equal steps.
SELECT g.model, g.prompt, g.mode, g.config_hash, g.environment_hash, g.memory_kind, v.figure,
       count(v.value) AS n,
       percentile_cont((SELECT array_agg(q / 40.0::double precision ORDER BY q)
                          FROM generate_series(0, 40) AS q))
           WITHIN GROUP (ORDER BY v.value) AS cuts
  FROM analytics_v1.generations AS g
 CROSS JOIN LATERAL (VALUES
       ('ttft_ms', g.ttft_ms), ('e2e_s', g.e2e_s), ('tpot_ms', g.tpot_ms)) AS v(figure, value)
 WHERE g.run_id = %(run)s AND g.used AND g.prompt NOT IN ('judge', 'verify') AND v.value IS NOT NULL
 GROUP BY g.model, g.prompt, g.mode, g.config_hash, g.environment_hash, g.memory_kind, v.figure
 ORDER BY g.prompt, g.mode, g.model, v.figure;

-- name: traces
-- The memory of these results over time: the highest sample of each of at most 240 slices.
SELECT job_id, memory_kind, min(since_submit_ms) AS since_submit_ms, max(used_mib) AS used_mib
  FROM (SELECT job_id, memory_kind, since_submit_ms, used_mib,
               ntile(240) OVER (PARTITION BY job_id ORDER BY ordinal) AS slice
          FROM analytics_v1.memory_samples WHERE job_id = ANY (%(jobs)s)) AS s
 GROUP BY job_id, memory_kind, slice ORDER BY job_id, slice;

-- name: ladder
-- The levels that the probes of these runs tried for these models.
SELECT run, model, kind, unit, gpu, memory_limit_mib, emulated, level, count(*) AS trials,
       count(*) FILTER (WHERE outcome = 'stable') AS stable,
       mode() WITHIN GROUP (ORDER BY reason) AS reason,
       mode() WITHIN GROUP (ORDER BY sentence) AS sentence, max(need_mib) AS need_mib,
       max(peak_mib) AS peak_mib, min(tokens_per_s) AS tokens_per_s
  FROM analytics_v1.probe_points
 WHERE run = ANY (%(runs)s) AND model = ANY (%(models)s)
 GROUP BY run, model, kind, unit, gpu, memory_limit_mib, emulated, level
 ORDER BY array_position(ARRAY['sequences', 'instances', 'context'], kind), memory_limit_mib, gpu,
          model, level;

-- name: problems
-- The documents of the run's problems as they were when it was submitted.
SELECT DISTINCT ON (p.name) p.name AS problem, p.category, p.document
  FROM eval.problem AS p
 WHERE p.id IN (SELECT j.problem_id FROM eval.job AS j WHERE j.run_id = %(run)s)
 ORDER BY p.name, p.id DESC;

-- name: nights
-- The last nights of the schedule that made the run, up to the run itself: each metric as it stands
-- to the frozen reference, in standard deviations of a night.
SELECT c.schedule, c.slot, c.run, c.run_id = %(run)s AS own, c.model, c.prompt, c.metric, c.unit,
       c.value, c.reference, c.z, c.z_limit, c.course, c.refused, c.baseline, c.baseline_version
  FROM analytics_v1.nightly_comparison AS c
  JOIN (SELECT DISTINCT schedule, slot FROM analytics_v1.nightly_comparison
         WHERE run_id = %(run)s) AS own ON own.schedule = c.schedule AND c.slot <= own.slot
 WHERE c.slot >= (SELECT min(slot)
                    FROM (SELECT DISTINCT n.slot FROM analytics_v1.nightly_comparison AS n
                           WHERE n.schedule = own.schedule AND n.slot <= own.slot
                           ORDER BY n.slot DESC LIMIT %(most)s) AS last)
 ORDER BY c.model, c.prompt, c.metric, c.slot;

-- name: answer_counts
-- The number of answers, and how many have no score.
SELECT count(*) AS answers, count(*) FILTER (WHERE s.job_id IS NULL) AS unscored
  FROM analytics_v1.generations AS g
  LEFT JOIN analytics_v1.scores AS s ON s.job_id = g.job_id AND s.run_id = g.run_id
 WHERE g.run_id = %(run)s AND g.prompt NOT IN ('judge', 'verify');

-- name: answers
-- Answers with their scores, the first repetitions first.
SELECT g.job_id, g.model, g.problem, g.category, g.prompt, g.repetition, g.finish_reason,
       g.prompt_tokens, g.output_tokens, g.ttft_ms, g.e2e_s, g.need_mib, g.host_peak_mib, g.flags,
       g.output, s.path, s.score7, s.score7_high, s.steps_done, s.steps_total,
       s.steps_undetermined, s.answer_correct, s.guess_suspected, s.scorer_version, s.score_id
  FROM analytics_v1.generations AS g
  LEFT JOIN analytics_v1.scores AS s ON s.job_id = g.job_id AND s.run_id = g.run_id
 WHERE g.run_id = %(run)s AND g.prompt NOT IN ('judge', 'verify')
 ORDER BY g.repetition, g.problem, g.prompt, g.model, g.job_id LIMIT %(most)s;

-- name: verdicts
-- The verdicts of these scorings.
SELECT score_id, ordinal, step, verdict, evidence, evidence_start, evidence_end, reason
  FROM eval.step_verdict WHERE score_id = ANY (%(scores)s) ORDER BY score_id, ordinal;

-- name: second_readings
-- What judges and people say of these scorings: each judge's newest verdict, each newest review.
SELECT score_id, step, judge AS who, 'judge' AS kind, judge_verdict AS verdict, quote AS text
  FROM analytics_v1.judged_steps
 WHERE run_id = %(run)s AND score_id = ANY (%(scores)s) AND judge_verdict IS NOT NULL
 UNION ALL
SELECT score_id, step, reviewer, 'review', verdict, reason
  FROM analytics_v1.reviews
 WHERE run_id = %(run)s AND score_id = ANY (%(scores)s) AND shown
 ORDER BY score_id, step, kind, who;

-- name: index
-- The newest runs with the mean score of each model.
SELECT r.run_id, r.run AS name, r.mode, r.problem_set, r.created_at, r.cancelled_at,
       (SELECT json_agg(m ORDER BY m.prompt, m.model)
          FROM (SELECT p.model, p.prompt, count(*) AS problems, avg(p.score7) AS score7,
                       avg(p.answer_accuracy) AS answer_accuracy
                  FROM analytics_v1.problem_scores AS p
                 WHERE p.run_id = r.run_id GROUP BY p.model, p.prompt) AS m) AS scores
  FROM (SELECT * FROM analytics_v1.runs ORDER BY created_at DESC LIMIT %(most)s) AS r
 ORDER BY r.created_at DESC;
