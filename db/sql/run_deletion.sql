-- Deleting a run: what refers to it, and then its rows, those that refer to others first.

-- name: lock_experiment
-- The lock of those who submit the same experiment, so that none of them finds the run.
SELECT pg_advisory_xact_lock(hashtextextended(experiment_hash, 0))
  FROM eval.run WHERE id = %(run)s;

-- name: lock_run
SELECT id FROM eval.run WHERE id = %(run)s FOR UPDATE;

-- name: run_contents
WITH jobs AS MATERIALIZED (
    SELECT id, state FROM eval.job WHERE run_id = %(run)s
), scores AS MATERIALIZED (
    SELECT s.id FROM eval.score AS s JOIN jobs ON jobs.id = s.job_id
)
SELECT (SELECT count(*) FROM jobs) AS jobs,
       (SELECT count(*) FROM jobs WHERE state IN ('queued', 'running')) AS open_jobs,
       (SELECT count(*) FROM eval.generation AS g JOIN jobs ON jobs.id = g.job_id) AS answers,
       (SELECT count(*) FROM eval.memory_trace AS m JOIN jobs ON jobs.id = m.job_id) AS traces,
       (SELECT count(*) FROM scores) AS scores,
       (SELECT count(*) FROM eval.judgement AS d
         WHERE d.score_id IN (SELECT id FROM scores) OR d.job_id IN (SELECT id FROM jobs))
           AS judgements,
       (SELECT count(*) FROM eval.comparison
         WHERE run_a_id = %(run)s OR run_b_id = %(run)s) AS comparisons,
       (SELECT count(*) FROM eval.review AS v JOIN scores ON scores.id = v.score_id) AS reviews,
       (SELECT array_agg(DISTINCT r.name ORDER BY r.name)
          FROM scores JOIN eval.job AS q ON q.judged_score_id = scores.id
          JOIN eval.run AS r ON r.id = q.run_id
         WHERE q.run_id <> %(run)s) AS judge_runs,
       (SELECT array_agg(name || ', version ' || version ORDER BY name, version)
          FROM eval.baseline WHERE %(run)s = ANY (run_ids)) AS baselines,
       (SELECT array_agg(DISTINCT s.name ORDER BY s.name)
          FROM eval.night AS n JOIN eval.schedule AS s ON s.id = n.schedule_id
         WHERE n.run_id = %(run)s AND NOT n.done) AS open_nights;

-- name: make_text_list
CREATE TEMP TABLE deleted_text (hash text PRIMARY KEY) ON COMMIT DROP;

-- name: list_texts
INSERT INTO pg_temp.deleted_text
WITH jobs AS MATERIALIZED (
    SELECT id FROM eval.job WHERE run_id = %(run)s
)
SELECT g.prompt_text_hash FROM eval.generation AS g JOIN jobs ON jobs.id = g.job_id
 WHERE g.prompt_text_hash IS NOT NULL
 UNION
SELECT g.output_text_hash FROM eval.generation AS g JOIN jobs ON jobs.id = g.job_id
 UNION
SELECT v.document_text_hash FROM eval.verification AS v JOIN jobs ON jobs.id = v.job_id
 UNION
SELECT d.reply_text_hash FROM eval.judgement AS d JOIN jobs ON jobs.id = d.job_id
 UNION
SELECT d.reply_text_hash
  FROM eval.judgement AS d JOIN eval.score AS s ON s.id = d.score_id JOIN jobs ON jobs.id = s.job_id;

-- name: lift_append_only
-- For this transaction, and for the owner alone.
ALTER TABLE eval.comparison DISABLE TRIGGER append_only;
ALTER TABLE eval.review DISABLE TRIGGER append_only;

-- name: restore_append_only
ALTER TABLE eval.comparison ENABLE TRIGGER append_only;
ALTER TABLE eval.review ENABLE TRIGGER append_only;

-- name: delete_comparisons
DELETE FROM eval.comparison WHERE run_a_id = %(run)s OR run_b_id = %(run)s;

-- name: delete_reviews
DELETE FROM eval.review AS v USING eval.score AS s, eval.job AS j
 WHERE s.id = v.score_id AND j.id = s.job_id AND j.run_id = %(run)s;

-- name: delete_judged_steps
DELETE FROM eval.judged_step AS e
 WHERE e.judgement_id IN (
       SELECT d.id FROM eval.judgement AS d JOIN eval.job AS j ON j.id = d.job_id
        WHERE j.run_id = %(run)s
        UNION
       SELECT d.id FROM eval.judgement AS d JOIN eval.score AS s ON s.id = d.score_id
         JOIN eval.job AS j ON j.id = s.job_id
        WHERE j.run_id = %(run)s);

-- name: delete_judgements
DELETE FROM eval.judgement AS g
 WHERE g.id IN (
       SELECT d.id FROM eval.judgement AS d JOIN eval.job AS j ON j.id = d.job_id
        WHERE j.run_id = %(run)s
        UNION
       SELECT d.id FROM eval.judgement AS d JOIN eval.score AS s ON s.id = d.score_id
         JOIN eval.job AS j ON j.id = s.job_id
        WHERE j.run_id = %(run)s);

-- name: delete_verified_steps
DELETE FROM eval.verified_step AS s USING eval.job AS j
 WHERE j.id = s.job_id AND j.run_id = %(run)s;

-- name: delete_verifications
DELETE FROM eval.verification AS v USING eval.job AS j
 WHERE j.id = v.job_id AND j.run_id = %(run)s;

-- name: leave_drafts
-- A verification refers to a scoring of the same run.
UPDATE eval.job SET judged_score_id = NULL, judge_steps = NULL, judge_prompt_hash = NULL
 WHERE run_id = %(run)s AND prompt = 'verify' AND judged_score_id IS NOT NULL;

-- name: delete_pipeline
DELETE FROM eval.pipeline WHERE run_id = %(run)s;

-- name: delete_step_verdicts
DELETE FROM eval.step_verdict AS v USING eval.score AS s, eval.job AS j
 WHERE s.id = v.score_id AND j.id = s.job_id AND j.run_id = %(run)s;

-- name: delete_scores
DELETE FROM eval.score AS s USING eval.job AS j WHERE j.id = s.job_id AND j.run_id = %(run)s;

-- name: delete_traces
DELETE FROM eval.memory_trace AS m USING eval.job AS j
 WHERE j.id = m.job_id AND j.run_id = %(run)s;

-- name: delete_imported_answers
DELETE FROM eval.imported_answer AS a USING eval.job AS j
 WHERE j.id = a.job_id AND j.run_id = %(run)s;

-- name: delete_answer_files
DELETE FROM eval.answer_file WHERE run_id = %(run)s;

-- name: delete_generations
DELETE FROM eval.generation AS g USING eval.job AS j WHERE j.id = g.job_id AND j.run_id = %(run)s;

-- name: delete_probe_points
DELETE FROM eval.probe_point AS p USING eval.job AS j WHERE j.id = p.job_id AND j.run_id = %(run)s;

-- name: delete_hints
DELETE FROM eval.outbox AS o USING eval.job AS j WHERE j.id = o.job_id AND j.run_id = %(run)s;

-- name: delete_attempts
DELETE FROM eval.attempt AS a USING eval.job AS j WHERE j.id = a.job_id AND j.run_id = %(run)s;

-- name: delete_jobs
DELETE FROM eval.job WHERE run_id = %(run)s;

-- name: delete_tallies
-- After the jobs, whose end a trigger counts.
DELETE FROM eval.run_tally WHERE run_id = %(run)s;

-- name: delete_kept_rows
SELECT eval.delete_kept_rows(%(run)s);

-- name: leave_slots
-- The slot was due and stays, and no other run takes its place.
UPDATE eval.schedule_slot SET run_id = NULL, error_message = 'the run ' || %(name)s || ' was deleted'
 WHERE run_id = %(run)s;

-- name: leave_nights
-- What was decided of the night stays.
UPDATE eval.night SET run_id = NULL WHERE run_id = %(run)s;

-- name: delete_run
DELETE FROM eval.run WHERE id = %(run)s;

-- name: hold_texts
-- Texts are shared by their hash. A commit that finds one stored must not lose it, so commits wait
-- from here until the end of the transaction, and this waits for those under way.
LOCK TABLE eval.text_blob IN SHARE ROW EXCLUSIVE MODE;

-- name: delete_texts
DELETE FROM eval.text_blob AS t USING pg_temp.deleted_text AS g
 WHERE t.hash = g.hash
   AND NOT EXISTS (SELECT FROM eval.generation AS o WHERE o.output_text_hash = g.hash)
   AND NOT EXISTS (SELECT FROM eval.generation AS o WHERE o.prompt_text_hash = g.hash)
   AND NOT EXISTS (SELECT FROM eval.judgement AS d WHERE d.reply_text_hash = g.hash)
   AND NOT EXISTS (SELECT FROM eval.verification AS v WHERE v.document_text_hash = g.hash)
   AND NOT EXISTS (SELECT FROM eval.boot AS b WHERE b.log_text_hash = g.hash);
