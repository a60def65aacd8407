-- Baselines, nights compared with them, and the alerts about nights.

CREATE TABLE eval.baseline (
    id bigint GENERATED ALWAYS AS IDENTITY,
    name text NOT NULL,
    version bigint NOT NULL,
    reason text NOT NULL,
    pinned_by text NOT NULL,
    schedule text NOT NULL,
    run_ids uuid[] NOT NULL,
    conditions jsonb DEFAULT '{}'::jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT pk_baseline PRIMARY KEY (id),
    CONSTRAINT uq_baseline_name_version UNIQUE (name, version),
    CONSTRAINT ck_baseline_version CHECK (version >= 1)
);
CREATE TABLE eval.baseline_metric (
    baseline_id bigint NOT NULL,
    model text NOT NULL,
    prompt text NOT NULL,
    metric text NOT NULL,
    problems jsonb DEFAULT '{}'::jsonb NOT NULL,
    distances double precision[] NOT NULL,
    CONSTRAINT pk_baseline_metric PRIMARY KEY (baseline_id, model, prompt, metric),
    CONSTRAINT fk_baseline_metric_baseline_id
        FOREIGN KEY (baseline_id) REFERENCES eval.baseline (id)
);
-- What a person pinned is evidence: it is added to, never changed.
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON eval.baseline
    FOR EACH ROW EXECUTE FUNCTION eval.refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON eval.baseline_metric
    FOR EACH ROW EXECUTE FUNCTION eval.refuse_change();

CREATE TABLE eval.nightly (
    schedule_id bigint NOT NULL,
    baseline text NOT NULL,
    policy jsonb DEFAULT '{}'::jsonb NOT NULL,
    due_within_s double precision NOT NULL,
    settled_to timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT pk_nightly PRIMARY KEY (schedule_id),
    CONSTRAINT fk_nightly_schedule_id
        FOREIGN KEY (schedule_id) REFERENCES eval.schedule (id) ON DELETE CASCADE,
    CONSTRAINT ck_nightly_due_within_s CHECK (due_within_s > 0)
);

CREATE TABLE eval.night (
    schedule_id bigint NOT NULL,
    slot timestamp with time zone NOT NULL,
    run_id uuid,
    due_at timestamp with time zone NOT NULL,
    state text NOT NULL,
    reason text DEFAULT '' NOT NULL,
    baseline_id bigint,
    done boolean DEFAULT false NOT NULL,
    done_at timestamp with time zone,
    CONSTRAINT pk_night PRIMARY KEY (schedule_id, slot),
    CONSTRAINT fk_night_schedule_id
        FOREIGN KEY (schedule_id) REFERENCES eval.schedule (id) ON DELETE CASCADE,
    CONSTRAINT fk_night_run_id FOREIGN KEY (run_id) REFERENCES eval.run (id),
    CONSTRAINT fk_night_baseline_id FOREIGN KEY (baseline_id) REFERENCES eval.baseline (id),
    CONSTRAINT ck_night_state CHECK (
        state IN ('open', 'learning', 'quiet', 'suspect', 'warned', 'regressed', 'incomparable',
                  'late', 'missed', 'failed')),
    CONSTRAINT ck_night_done_has_time CHECK (done = (done_at IS NOT NULL))
);
CREATE INDEX ix_night_open ON eval.night (schedule_id, slot) WHERE NOT done;

CREATE TABLE eval.night_metric (
    schedule_id bigint NOT NULL,
    slot timestamp with time zone NOT NULL,
    model text NOT NULL,
    prompt text NOT NULL,
    metric text NOT NULL,
    unit text NOT NULL,
    value double precision NOT NULL,
    problems bigint NOT NULL,
    reference double precision,
    distance double precision,
    standard_error double precision,
    difference double precision,
    z double precision,
    z_limit double precision,
    drift double precision,
    drift_limit double precision,
    course text,
    tier text,
    refused text,
    CONSTRAINT pk_night_metric PRIMARY KEY (schedule_id, slot, model, prompt, metric),
    CONSTRAINT fk_night_metric_schedule_id_slot FOREIGN KEY (schedule_id, slot)
        REFERENCES eval.night (schedule_id, slot) ON DELETE CASCADE,
    CONSTRAINT ck_night_metric_course CHECK (course IN ('quiet', 'suspect', 'jump', 'drift'))
);

CREATE TABLE eval.alert (
    id bigint GENERATED ALWAYS AS IDENTITY,
    key uuid DEFAULT gen_random_uuid() NOT NULL,
    channel text NOT NULL,
    schedule text NOT NULL,
    slot timestamp with time zone NOT NULL,
    state text NOT NULL,
    subject text NOT NULL,
    body text NOT NULL,
    document jsonb DEFAULT '{}'::jsonb NOT NULL,
    tries bigint DEFAULT 0 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    next_try_at timestamp with time zone DEFAULT now() NOT NULL,
    sent_at timestamp with time zone,
    abandoned_at timestamp with time zone,
    last_error text,
    CONSTRAINT pk_alert PRIMARY KEY (id),
    CONSTRAINT ck_alert_channel CHECK (channel IN ('webhook', 'mail', 'ping')),
    CONSTRAINT ck_alert_one_end CHECK (num_nonnulls(sent_at, abandoned_at) <= 1)
);
CREATE INDEX ix_alert_due ON eval.alert (next_try_at)
 WHERE sent_at IS NULL AND abandoned_at IS NULL;
