-- Tags of runs; what the deletion of a run needs so that no check of a foreign key reads a whole table.

ALTER TABLE eval.run ADD COLUMN tags text[] DEFAULT '{}' NOT NULL;

CREATE INDEX ix_generation_output_text ON eval.generation (output_text_hash);
CREATE INDEX ix_generation_prompt_text ON eval.generation (prompt_text_hash);
CREATE INDEX ix_judgement_reply_text ON eval.judgement (reply_text_hash);
CREATE INDEX ix_start_log_text ON eval.boot (log_text_hash) WHERE log_text_hash IS NOT NULL;
CREATE INDEX ix_job_judged_score ON eval.job (judged_score_id) WHERE judged_score_id IS NOT NULL;
CREATE INDEX ix_outbox_job ON eval.outbox (job_id);

-- What eval.keep_run has kept of a run, whichever views are kept.
CREATE FUNCTION eval.delete_kept_rows(gone uuid) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    one text;
BEGIN
    FOR one IN SELECT relname FROM pg_class WHERE relnamespace = 'eval_kept'::regnamespace AND relkind = 'r' LOOP
        EXECUTE format('DELETE FROM eval_kept.%I WHERE run_id = $1', one) USING gone;
    END LOOP;
END $$;
