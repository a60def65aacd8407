-- What 0009 adds to schema analytics_v1: intervals of scores, judgements, reviews. Columns are only appended.

CREATE OR REPLACE VIEW analytics_v1.jobs AS
SELECT j.id AS job_id, j.run_id, r.name AS run, m.name AS model, p.name AS problem, p.category, j.prompt, j.repetition,
       j.mode, j.state, j.attempt_no AS attempts, j.failure_kind, j.error_class, j.error_message,
       j.created_at, j.finished_at, m.synthetic, j.boot_group, j.probe, j.judged_score_id
  FROM eval.job AS j
  JOIN eval.run AS r ON r.id = j.run_id
  JOIN eval.model AS m ON m.id = j.model_id
  LEFT JOIN eval.problem AS p ON p.id = j.problem_id
 WHERE NOT m.synthetic OR current_setting('evalctl.include_synthetic', true) = 'on';
COMMENT ON VIEW analytics_v1.jobs IS 'One row per job: model x problem x prompt x repetition of a run, one search of a probe, or one request to a judge.';
COMMENT ON COLUMN analytics_v1.jobs.prompt IS 'Prompt style: plain or stepwise; of a probe its kind: sequences, instances or context; judge for a request to a judge.';
COMMENT ON COLUMN analytics_v1.jobs.judged_score_id IS 'The scoring that the job asks a judge about; NULL for any other job.';

-- Requests to a judge about one problem differ, so their lengths are not compared: else as before.
CREATE OR REPLACE VIEW analytics_v1.generations AS
SELECT g.job_id, g.attempt_no, j.run_id, r.name AS run, m.name AS model, p.name AS problem, p.category, j.prompt, j.repetition, j.mode,
       b.config_hash, b.environment_hash, b.engine_version,
       g.prompt_tokens, g.output_tokens, g.cached_tokens, g.finish_reason, g.queue_wait_s,
       (g.first_token_s - g.submitted_s) * 1000 AS ttft_ms,
       (g.engine_first_token_s - g.engine_queued_s) * 1000 AS engine_ttft_ms,
       g.last_token_s - g.submitted_s AS e2e_s,
       CASE WHEN g.output_tokens > 1
            THEN (g.last_token_s - g.first_token_s) * 1000 / (g.output_tokens - 1) END AS tpot_ms,
       CASE WHEN g.last_token_s > g.submitted_s
            THEN g.output_tokens / (g.last_token_s - g.submitted_s) END AS tokens_per_s,
       g.preemptions, g.memory_kind, g.need_mib, g.kv_used_mib,
       CASE WHEN t.kind = 'device' THEN t.peak_mib END AS nvml_peak_mib,
       CASE WHEN t.kind = 'host' THEN t.peak_mib END AS host_peak_mib,
       f.flags, g.prompt_hash, g.output_hash, g.sampling_hash, o.content AS output, g.created_at,
       g.boot_id, (g.first_answer_s - g.submitted_s) * 1000 AS ttfo_ms, g.activation_run_mib, g.running_peak,
       g.sm_clock_mhz, g.temperature_c, g.power_w, g.clock_event_reasons, cardinality(f.flags) > 0 AS flagged,
       w.gpu_name,
       cardinality(f.flags) = 0 OR coalesce(current_setting('evalctl.include_flagged', true), '') = 'on' AS used
  FROM eval.generation AS g
  JOIN eval.job AS j ON j.id = g.job_id
  JOIN eval.run AS r ON r.id = j.run_id
  JOIN eval.model AS m ON m.id = j.model_id
  JOIN eval.problem AS p ON p.id = j.problem_id
  JOIN eval.boot AS b ON b.id = g.boot_id
  LEFT JOIN eval.worker AS w ON w.id = b.worker_id
  LEFT JOIN eval.text_blob AS o ON o.hash = g.output_text_hash
  LEFT JOIN eval.memory_trace AS t ON t.job_id = g.job_id
  -- Grouped by the run, so that a condition on run_id reaches the inside; omitted where flags are not read. Whether a job is greedy
  -- is not a condition, and all that must agree is one text: the planner cannot estimate how many rows an expression leaves or how
  -- columns depend on each other, and a plan made for a wrong estimate takes minutes.
 CROSS JOIN LATERAL (
       SELECT concat_ws(' ', j.model_id, j.problem_id, b.config_hash, b.environment_hash, j.mode, j.prompt) COLLATE "C" AS alike) AS k
  LEFT JOIN (
       SELECT lj.run_id, lj.alike,
              percentile_cont(0.5) WITHIN GROUP (ORDER BY lj.output_tokens::double precision) FILTER (WHERE lj.greedy) AS output_tokens
         FROM (SELECT x.run_id, lg.output_tokens,
                      coalesce((x.sampling ->> 'temperature')::double precision, 0) = 0
                          AND x.sampling ->> 'fixed_output_tokens' IS NULL AND x.judged_score_id IS NULL AS greedy,
                      concat_ws(' ', x.model_id, x.problem_id, lb.config_hash, lb.environment_hash, x.mode, x.prompt) COLLATE "C" AS alike
                 FROM eval.job AS x
                 JOIN eval.generation AS lg ON lg.job_id = x.id
                 JOIN eval.boot AS lb ON lb.id = lg.boot_id
                WHERE x.state = 'succeeded') AS lj
        GROUP BY lj.run_id, lj.alike
       HAVING count(*) FILTER (WHERE lj.greedy) >= 3) AS l ON l.run_id = j.run_id AND l.alike = k.alike
 CROSS JOIN LATERAL (
       SELECT g.flags || CASE
              WHEN j.sampling ->> 'fixed_output_tokens' IS NOT NULL
              THEN CASE WHEN g.output_tokens <> (j.sampling ->> 'fixed_output_tokens')::bigint
                        THEN ARRAY['length_outlier'] ELSE ARRAY[]::text[] END
              WHEN coalesce((j.sampling ->> 'temperature')::double precision, 0) = 0
                   AND g.output_tokens NOT BETWEEN 0.9::double precision * l.output_tokens AND 1.1::double precision * l.output_tokens
              THEN ARRAY['length_outlier'] ELSE ARRAY[]::text[] END AS flags) AS f
 WHERE j.state = 'succeeded' AND (NOT m.synthetic OR current_setting('evalctl.include_synthetic', true) = 'on');

CREATE OR REPLACE VIEW analytics_v1.scores AS
SELECT s.job_id, j.run_id, j.run, j.model, j.problem, j.category, j.prompt, j.repetition, j.mode, s.score_id, s.scorer_version,
       s.path, s.steps_done, s.steps_total, s.score7, s.answer_correct, s.guess_suspected, s.scored_at,
       s.score7_high, s.steps_undetermined, s.coverage
  FROM analytics_v1.jobs AS j
  JOIN LATERAL (
       SELECT c.job_id, c.id AS score_id, c.scorer_version, c.path_id AS path, c.steps_done, c.steps_total, c.score7,
              c.answer_correct, c.guess_suspected, c.created_at AS scored_at, coalesce(c.score7_high, c.score7) AS score7_high,
              c.steps_undetermined, c.coverage
         FROM eval.score AS c WHERE c.job_id = j.job_id ORDER BY c.id DESC LIMIT 1) AS s ON true
 WHERE j.state = 'succeeded';
COMMENT ON COLUMN analytics_v1.scores.score7 IS '7 x the weighted share of steps done, from 0 to 7: what is shown for certain.';
COMMENT ON COLUMN analytics_v1.scores.guess_suspected IS 'Right answer with under half of the steps, and no undetermined step that could change that.';
COMMENT ON COLUMN analytics_v1.scores.score7_high IS 'score7 if every undetermined step were done, from score7 to 7.';
COMMENT ON COLUMN analytics_v1.scores.steps_undetermined IS 'Number of reference steps that the rules could not decide.';
COMMENT ON COLUMN analytics_v1.scores.coverage IS 'Share of the reference steps, by weight, that the rules decided, from 0 to 1. Of scorers before 1.2.0 by number.';
COMMENT ON COLUMN analytics_v1.step_verdicts.verdict IS 'done, present_invalid, wrong, missing or undetermined (the rules cannot decide; unclear in scorers before 1.2.0).';

CREATE OR REPLACE VIEW analytics_v1.problem_scores AS
SELECT run_id, run, model, prompt, mode, category, problem, count(*) AS repetitions,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY score7) AS score7,
       min(score7) AS score7_min, max(score7) AS score7_max,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY steps_done::double precision / steps_total) AS steps_share,
       avg(answer_correct::int)::double precision AS answer_accuracy,
       avg(guess_suspected::int)::double precision AS guess_rate,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY score7_high) AS score7_high,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY coverage) AS coverage
  FROM analytics_v1.scores
 GROUP BY run_id, run, model, prompt, mode, category, problem;
COMMENT ON COLUMN analytics_v1.problem_scores.score7_high IS 'Median of score7_high over the repetitions, from score7 to 7.';
COMMENT ON COLUMN analytics_v1.problem_scores.coverage IS 'Median over the repetitions of the share of steps that the rules decided, from 0 to 1.';

CREATE OR REPLACE VIEW analytics_v1.category_scores AS
SELECT run_id, run, model, prompt, mode, category, count(*) AS problems, sum(repetitions)::bigint AS repetitions,
       avg(score7) AS score7, min(score7) AS score7_min, max(score7) AS score7_max, avg(steps_share) AS steps_share,
       avg(answer_accuracy) AS answer_accuracy, avg(guess_rate) AS guess_rate, avg(score7_high) AS score7_high,
       avg(coverage) AS coverage
  FROM analytics_v1.problem_scores
 GROUP BY run_id, run, model, prompt, mode, category;
COMMENT ON COLUMN analytics_v1.category_scores.score7_high IS 'Mean over the problems of the median score7_high, from score7 to 7.';
COMMENT ON COLUMN analytics_v1.category_scores.coverage IS 'Mean over the problems of the median share of steps that the rules decided, from 0 to 1.';

-- The judgements that a session sees: those of synthetic judges only where it includes synthetic models.
CREATE VIEW eval.visible_judgement AS
SELECT g.*
  FROM eval.judgement AS g
  LEFT JOIN eval.job AS j ON j.id = g.job_id
  LEFT JOIN eval.model AS m ON m.id = j.model_id
 WHERE m.synthetic IS NOT TRUE OR current_setting('evalctl.include_synthetic', true) = 'on';

-- Rules + judge, step by step, of every scoring and every judge of it. The same rule is in scoring/judging/merge.py; a test compares
-- them. The newest usable verdict of a judge counts; weight and necessity are those of the problem as submitted.
CREATE VIEW eval.merged_step AS
SELECT v.score_id, w.judge, v.ordinal, v.step, v.verdict AS rules_verdict, n.verdict AS judge_verdict, n.quote, n.reason,
       CASE WHEN v.verdict IN ('missing', 'undetermined', 'unclear') THEN coalesce(n.verdict, v.verdict) ELSE v.verdict END AS verdict,
       v.verdict = 'done' AND coalesce(n.verdict, 'done') <> 'done' AS flagged,
       coalesce((d.step ->> 'weight')::double precision, 1) AS weight,
       coalesce((d.step ->> 'necessary')::boolean, true) AS necessary
  FROM (SELECT DISTINCT g.score_id, g.judge FROM eval.visible_judgement AS g) AS w
  JOIN eval.step_verdict AS v ON v.score_id = w.score_id
  JOIN eval.score AS s ON s.id = v.score_id
  JOIN eval.job AS j ON j.id = s.job_id
  JOIN eval.problem AS p ON p.id = j.problem_id
  LEFT JOIN LATERAL (
       SELECT one.step
         FROM jsonb_array_elements(p.document -> 'paths') AS along(path)
        CROSS JOIN LATERAL jsonb_array_elements(along.path -> 'steps') AS one(step)
        WHERE along.path ->> 'id' = s.path_id AND one.step ->> 'id' = v.step LIMIT 1) AS d ON true
  LEFT JOIN LATERAL (
       SELECT e.verdict, e.quote, e.reason
         FROM eval.visible_judgement AS g
         JOIN eval.judged_step AS e ON e.judgement_id = g.id
        WHERE g.score_id = v.score_id AND g.judge = w.judge AND e.step = v.step
        ORDER BY e.verdict IS NULL, g.id DESC LIMIT 1) AS n ON true;

CREATE VIEW analytics_v1.judgements AS
SELECT g.id AS judgement_id, g.score_id, s.job_id, j.run_id, j.run, j.model, j.problem, j.category, j.prompt, j.repetition,
       g.judge, g.job_id AS judge_job_id, r.name AS judge_run, g.judge_config_hash, g.prompt_hash, g.prompt_version, g.temperature,
       e.steps AS steps_asked, e.judged AS steps_judged, (o.last_token_s - o.submitted_s) * 1000 AS latency_ms,
       o.prompt_tokens, o.output_tokens, t.content AS reply, g.created_at AS judged_at,
       g.id = max(g.id) OVER (PARTITION BY g.score_id, g.judge)
           AND g.score_id = (SELECT max(c.id) FROM eval.score AS c WHERE c.job_id = s.job_id) AS shown
  FROM eval.visible_judgement AS g
  JOIN eval.score AS s ON s.id = g.score_id
  JOIN analytics_v1.jobs AS j ON j.job_id = s.job_id
  JOIN eval.text_blob AS t ON t.hash = g.reply_text_hash
 CROSS JOIN LATERAL (
       SELECT count(*) AS steps, count(d.verdict) AS judged FROM eval.judged_step AS d WHERE d.judgement_id = g.id) AS e
  LEFT JOIN eval.generation AS o ON o.job_id = g.job_id
  LEFT JOIN eval.job AS q ON q.id = g.job_id
  LEFT JOIN eval.run AS r ON r.id = q.run_id;
COMMENT ON VIEW analytics_v1.judgements IS 'One row per judgement: one judge asked once about one scoring. The steps are in judged_steps.';
COMMENT ON COLUMN analytics_v1.judgements.judgement_id IS 'Identifier of the judgement; later ones are larger.';
COMMENT ON COLUMN analytics_v1.judgements.score_id IS 'The scoring that was judged, see scores.';
COMMENT ON COLUMN analytics_v1.judgements.job_id IS 'The job whose answer was judged.';
COMMENT ON COLUMN analytics_v1.judgements.run_id IS 'The run of that job.';
COMMENT ON COLUMN analytics_v1.judgements.run IS 'Name of that run.';
COMMENT ON COLUMN analytics_v1.judgements.model IS 'Name of the model that gave the answer.';
COMMENT ON COLUMN analytics_v1.judgements.problem IS 'Identifier of the problem.';
COMMENT ON COLUMN analytics_v1.judgements.category IS 'secondary, university or modelling.';
COMMENT ON COLUMN analytics_v1.judgements.prompt IS 'Prompt style of the answer.';
COMMENT ON COLUMN analytics_v1.judgements.repetition IS '1, 2, ... of the answer.';
COMMENT ON COLUMN analytics_v1.judgements.judge IS 'Name of the judge: of the model that our queue asked, or as given at the import.';
COMMENT ON COLUMN analytics_v1.judgements.judge_job_id IS 'The job that asked; NULL for imported replies.';
COMMENT ON COLUMN analytics_v1.judgements.judge_run IS 'Name of the run of that job; NULL for imported replies.';
COMMENT ON COLUMN analytics_v1.judgements.judge_config_hash IS 'SHA-256 of the judge''s model spec; NULL for imported replies.';
COMMENT ON COLUMN analytics_v1.judgements.prompt_hash IS 'Hash of everything that the judge was sent: messages and schema.';
COMMENT ON COLUMN analytics_v1.judgements.prompt_version IS 'Version of the wording of the request.';
COMMENT ON COLUMN analytics_v1.judgements.temperature IS 'Sampling temperature; NULL where it is not known.';
COMMENT ON COLUMN analytics_v1.judgements.steps_asked IS 'Number of steps that the request is about.';
COMMENT ON COLUMN analytics_v1.judgements.steps_judged IS 'Number of them with a usable verdict.';
COMMENT ON COLUMN analytics_v1.judgements.latency_ms IS 'Milliseconds from submission to the last token; NULL for imported replies.';
COMMENT ON COLUMN analytics_v1.judgements.prompt_tokens IS 'Tokens of the request; NULL for imported replies.';
COMMENT ON COLUMN analytics_v1.judgements.output_tokens IS 'Tokens of the reply; NULL for imported replies.';
COMMENT ON COLUMN analytics_v1.judgements.reply IS 'The reply as it came.';
COMMENT ON COLUMN analytics_v1.judgements.judged_at IS 'When it was stored.';
COMMENT ON COLUMN analytics_v1.judgements.shown IS 'Whether it is its judge''s newest about the newest scoring of the answer. Where it has no verdict on a step, an older one of the same judge counts.';

CREATE VIEW analytics_v1.judged_steps AS
SELECT s.job_id, s.run_id, s.run, s.model, s.problem, s.category, s.prompt, s.repetition, s.score_id, m.judge, m.ordinal, m.step, m.necessary, m.weight,
       m.rules_verdict, m.judge_verdict, m.verdict, m.verdict <> m.rules_verdict AS changed, m.flagged, m.quote, m.reason
  FROM analytics_v1.scores AS s
  JOIN LATERAL (SELECT x.* FROM eval.merged_step AS x WHERE x.score_id = s.score_id OFFSET 0) AS m ON true;
COMMENT ON VIEW analytics_v1.judged_steps IS 'Rules + judge, a row per step of each newest scoring and per judge of it. A judge can turn missing and undetermined into done, wrong or missing; it takes no done of the rules away, it only flags it.';
COMMENT ON COLUMN analytics_v1.judged_steps.job_id IS 'The job whose answer was judged.';
COMMENT ON COLUMN analytics_v1.judged_steps.run_id IS 'The run.';
COMMENT ON COLUMN analytics_v1.judged_steps.run IS 'Name of the run.';
COMMENT ON COLUMN analytics_v1.judged_steps.model IS 'Name of the model that gave the answer.';
COMMENT ON COLUMN analytics_v1.judged_steps.problem IS 'Identifier of the problem.';
COMMENT ON COLUMN analytics_v1.judged_steps.category IS 'secondary, university or modelling.';
COMMENT ON COLUMN analytics_v1.judged_steps.prompt IS 'Prompt style of the answer.';
COMMENT ON COLUMN analytics_v1.judged_steps.repetition IS '1, 2, ... of the answer.';
COMMENT ON COLUMN analytics_v1.judged_steps.score_id IS 'The scoring.';
COMMENT ON COLUMN analytics_v1.judged_steps.judge IS 'Name of the judge.';
COMMENT ON COLUMN analytics_v1.judged_steps.ordinal IS 'Place of the step in the reference path, from 1.';
COMMENT ON COLUMN analytics_v1.judged_steps.step IS 'Identifier of the step.';
COMMENT ON COLUMN analytics_v1.judged_steps.necessary IS 'Whether the step counts in the score.';
COMMENT ON COLUMN analytics_v1.judged_steps.weight IS 'Weight of the step in the score, without a unit.';
COMMENT ON COLUMN analytics_v1.judged_steps.rules_verdict IS 'Verdict of the rules.';
COMMENT ON COLUMN analytics_v1.judged_steps.judge_verdict IS 'The judge''s newest verdict: done, wrong or missing; NULL where it was not asked or gave none that can be used.';
COMMENT ON COLUMN analytics_v1.judged_steps.verdict IS 'Verdict of both together.';
COMMENT ON COLUMN analytics_v1.judged_steps.changed IS 'Whether the judge changed the verdict of the rules.';
COMMENT ON COLUMN analytics_v1.judged_steps.flagged IS 'Whether the rules say done and the judge does not: worth a review.';
COMMENT ON COLUMN analytics_v1.judged_steps.quote IS 'The passage of the answer that the judge quotes.';
COMMENT ON COLUMN analytics_v1.judged_steps.reason IS 'Why the judge''s reply gives no verdict on this step; NULL or empty where it does.';

-- The same, added up. Read with a condition on score_id.
CREATE VIEW eval.merged_score AS
SELECT x.score_id, x.judge, n.judgement_id, n.judged_at,
       round((7 * x.done / x.total)::numeric, 4)::double precision AS score7,
       round((7 * (x.done + x.undetermined) / x.total)::numeric, 4)::double precision AS score7_high,
       1 - x.undetermined / x.total AS coverage, x.steps_changed, x.dones_flagged, x.steps_unjudged
  FROM (SELECT y.score_id, y.judge,
               coalesce(sum(y.weight) FILTER (WHERE y.necessary AND y.verdict = 'done'), 0) AS done,
               coalesce(sum(y.weight) FILTER (WHERE y.necessary AND y.verdict IN ('undetermined', 'unclear')), 0) AS undetermined,
               nullif(sum(y.weight) FILTER (WHERE y.necessary), 0) AS total,
               count(*) FILTER (WHERE y.verdict <> y.rules_verdict) AS steps_changed,
               count(*) FILTER (WHERE y.flagged) AS dones_flagged,
               count(*) FILTER (WHERE y.judge_verdict IS NULL AND y.rules_verdict IN ('missing', 'undetermined', 'unclear'))
                   AS steps_unjudged
          FROM eval.merged_step AS y GROUP BY y.score_id, y.judge) AS x
 CROSS JOIN LATERAL (
       SELECT max(g.id) AS judgement_id, max(g.created_at) AS judged_at
         FROM eval.visible_judgement AS g WHERE g.score_id = x.score_id AND g.judge = x.judge) AS n;

-- OFFSET 0 keeps the planner from computing all scorings' merged scores for each of them, where it knows no statistics yet.
CREATE VIEW analytics_v1.judged_scores AS
SELECT s.job_id, s.run_id, s.run, s.model, s.problem, s.category, s.prompt, s.repetition, s.mode, s.score_id, m.judge,
       m.judgement_id, m.judged_at, s.score7 AS rules_score7, s.score7_high AS rules_score7_high, s.coverage AS rules_coverage,
       m.score7, m.score7_high, m.coverage, m.steps_changed, m.dones_flagged, m.steps_unjudged,
       m.judgement_id = max(m.judgement_id) OVER (PARTITION BY s.score_id) AS shown
  FROM analytics_v1.scores AS s
  JOIN LATERAL (SELECT x.* FROM eval.merged_score AS x WHERE x.score_id = s.score_id OFFSET 0) AS m ON true;
COMMENT ON VIEW analytics_v1.judged_scores IS 'Rules + judge: one row per newest scoring and per judge of it, beside the rules alone.';
COMMENT ON COLUMN analytics_v1.judged_scores.job_id IS 'The job whose answer was judged.';
COMMENT ON COLUMN analytics_v1.judged_scores.run_id IS 'The run.';
COMMENT ON COLUMN analytics_v1.judged_scores.run IS 'Name of the run.';
COMMENT ON COLUMN analytics_v1.judged_scores.model IS 'Name of the model that gave the answer.';
COMMENT ON COLUMN analytics_v1.judged_scores.problem IS 'Identifier of the problem.';
COMMENT ON COLUMN analytics_v1.judged_scores.category IS 'secondary, university or modelling.';
COMMENT ON COLUMN analytics_v1.judged_scores.prompt IS 'Prompt style of the answer.';
COMMENT ON COLUMN analytics_v1.judged_scores.repetition IS '1, 2, ... of the answer.';
COMMENT ON COLUMN analytics_v1.judged_scores.mode IS 'latency or throughput.';
COMMENT ON COLUMN analytics_v1.judged_scores.score_id IS 'The scoring.';
COMMENT ON COLUMN analytics_v1.judged_scores.judge IS 'Name of the judge.';
COMMENT ON COLUMN analytics_v1.judged_scores.judgement_id IS 'The judge''s newest judgement of this scoring.';
COMMENT ON COLUMN analytics_v1.judged_scores.judged_at IS 'When that was stored.';
COMMENT ON COLUMN analytics_v1.judged_scores.rules_score7 IS 'score7 of the rules alone, from 0 to 7.';
COMMENT ON COLUMN analytics_v1.judged_scores.rules_score7_high IS 'score7_high of the rules alone, from 0 to 7.';
COMMENT ON COLUMN analytics_v1.judged_scores.rules_coverage IS 'Share of the steps, by weight, that the rules decided, from 0 to 1.';
COMMENT ON COLUMN analytics_v1.judged_scores.score7 IS '7 x the weighted share of steps that rules or judge found done, from 0 to 7.';
COMMENT ON COLUMN analytics_v1.judged_scores.score7_high IS 'score7 if every step that is still undetermined were done, from score7 to 7.';
COMMENT ON COLUMN analytics_v1.judged_scores.coverage IS 'Share of the steps, by weight, that rules or judge decided, from 0 to 1.';
COMMENT ON COLUMN analytics_v1.judged_scores.steps_changed IS 'Number of steps whose verdict the judge changed.';
COMMENT ON COLUMN analytics_v1.judged_scores.dones_flagged IS 'Number of steps that the rules say are done and the judge does not; they stay done.';
COMMENT ON COLUMN analytics_v1.judged_scores.steps_unjudged IS 'Number of missing or undetermined steps on which the judge has given no usable verdict.';
COMMENT ON COLUMN analytics_v1.judged_scores.shown IS 'Whether this judge''s is the newest judgement of the scoring.';

CREATE VIEW analytics_v1.reviews AS
SELECT r.id AS review_id, r.score_id, s.job_id, j.run_id, j.run, j.model, j.problem, j.category, j.prompt, j.repetition, r.step,
       r.reviewer, r.verdict, r.old_verdict, r.reason, r.sample, r.created_at AS reviewed_at,
       r.id = max(r.id) OVER (PARTITION BY r.score_id, r.step) AS shown
  FROM eval.review AS r
  JOIN eval.score AS s ON s.id = r.score_id
  JOIN analytics_v1.jobs AS j ON j.job_id = s.job_id;
COMMENT ON VIEW analytics_v1.reviews IS 'What people said of steps, a row per verdict; rows are only appended.';
COMMENT ON COLUMN analytics_v1.reviews.review_id IS 'Identifier of the review; later ones are larger.';
COMMENT ON COLUMN analytics_v1.reviews.score_id IS 'The scoring that was reviewed, see scores.';
COMMENT ON COLUMN analytics_v1.reviews.job_id IS 'The job whose answer was reviewed.';
COMMENT ON COLUMN analytics_v1.reviews.run_id IS 'The run.';
COMMENT ON COLUMN analytics_v1.reviews.run IS 'Name of the run.';
COMMENT ON COLUMN analytics_v1.reviews.model IS 'Name of the model that gave the answer.';
COMMENT ON COLUMN analytics_v1.reviews.problem IS 'Identifier of the problem.';
COMMENT ON COLUMN analytics_v1.reviews.category IS 'secondary, university or modelling.';
COMMENT ON COLUMN analytics_v1.reviews.prompt IS 'Prompt style of the answer.';
COMMENT ON COLUMN analytics_v1.reviews.repetition IS '1, 2, ... of the answer.';
COMMENT ON COLUMN analytics_v1.reviews.step IS 'Identifier of the step.';
COMMENT ON COLUMN analytics_v1.reviews.reviewer IS 'Name of the person.';
COMMENT ON COLUMN analytics_v1.reviews.verdict IS 'done, present_invalid, wrong, missing or unclear.';
COMMENT ON COLUMN analytics_v1.reviews.old_verdict IS 'The verdict that stood before: of the review before it, else of the rules.';
COMMENT ON COLUMN analytics_v1.reviews.reason IS 'Why, in the reviewer''s words; NULL where none was given.';
COMMENT ON COLUMN analytics_v1.reviews.sample IS 'How the step was chosen: random, or uncertain (undetermined steps first). Only random ones estimate how far a judge agrees.';
COMMENT ON COLUMN analytics_v1.reviews.reviewed_at IS 'When it was stored.';
COMMENT ON COLUMN analytics_v1.reviews.shown IS 'Whether it is the newest review of the step.';
