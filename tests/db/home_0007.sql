
SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET transaction_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

CREATE SCHEMA analytics_v1;

CREATE SCHEMA eval;

CREATE FUNCTION eval.tally_gone_jobs() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    INSERT INTO eval.run_tally (run_id, open, succeeded, failed, dead, cancelled)
    SELECT run_id, -open, -succeeded, -failed, -dead, -cancelled
      FROM (SELECT run_id, count(*) FILTER (WHERE state IN ('queued', 'running')) AS open, count(*) FILTER (WHERE state = 'succeeded') AS succeeded, count(*) FILTER (WHERE state = 'failed') AS failed, count(*) FILTER (WHERE state = 'dead') AS dead, count(*) FILTER (WHERE state = 'cancelled') AS cancelled
              FROM changed GROUP BY run_id) AS gone;
    RETURN NULL;
END $$;

CREATE FUNCTION eval.tally_moved_job() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    INSERT INTO eval.run_tally (run_id, open, succeeded, failed, dead, cancelled)
    VALUES (NEW.run_id, (NEW.finished_at IS NULL)::int - (OLD.finished_at IS NULL)::int,
           (NEW.state = 'succeeded')::int - (OLD.state = 'succeeded')::int,
           (NEW.state = 'failed')::int - (OLD.state = 'failed')::int,
           (NEW.state = 'dead')::int - (OLD.state = 'dead')::int,
           (NEW.state = 'cancelled')::int - (OLD.state = 'cancelled')::int);
    RETURN NULL;
END $$;

CREATE FUNCTION eval.tally_new_jobs() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    INSERT INTO eval.run_tally (run_id, open, succeeded, failed, dead, cancelled)
    SELECT run_id, count(*) FILTER (WHERE state IN ('queued', 'running')), count(*) FILTER (WHERE state = 'succeeded') AS succeeded, count(*) FILTER (WHERE state = 'failed') AS failed, count(*) FILTER (WHERE state = 'dead') AS dead, count(*) FILTER (WHERE state = 'cancelled') AS cancelled
      FROM changed GROUP BY run_id;
    RETURN NULL;
END $$;

SET default_tablespace = '';

SET default_table_access_method = heap;

CREATE TABLE eval.job (
    id bigint NOT NULL,
    run_id uuid NOT NULL,
    model_id bigint NOT NULL,
    problem_id bigint,
    prompt text NOT NULL,
    repetition bigint NOT NULL,
    mode text NOT NULL,
    sampling jsonb DEFAULT '{}'::jsonb NOT NULL,
    priority bigint DEFAULT 0 NOT NULL,
    state text DEFAULT 'queued'::text NOT NULL,
    attempt_no bigint DEFAULT 0 NOT NULL,
    max_attempts bigint DEFAULT 3 NOT NULL,
    available_at timestamp with time zone DEFAULT now() NOT NULL,
    worker_id uuid,
    lease_expires_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    finished_at timestamp with time zone,
    failure_kind text,
    error_class text,
    error_message text,
    held boolean DEFAULT false NOT NULL,
    retried_after bigint DEFAULT 0 NOT NULL,
    probe jsonb,
    boot_group bigint,
    CONSTRAINT ck_job_attempts_bounded CHECK (((attempt_no >= 0) AND (attempt_no <= max_attempts))),
    CONSTRAINT ck_job_failure_has_kind CHECK (((state <> ALL (ARRAY['failed'::text, 'dead'::text])) OR (failure_kind IS NOT NULL))),
    CONSTRAINT ck_job_failure_kind CHECK ((failure_kind = ANY (ARRAY['infra'::text, 'poison'::text, 'rejected'::text, 'out_of_memory'::text, 'timed_out'::text]))),
    CONSTRAINT ck_job_mode CHECK ((mode = ANY (ARRAY['latency'::text, 'throughput'::text]))),
    CONSTRAINT ck_job_problem_or_probe CHECK (((problem_id IS NULL) = (probe IS NOT NULL))),
    CONSTRAINT ck_job_running_has_lease CHECK (((state = 'running'::text) = (lease_expires_at IS NOT NULL))),
    CONSTRAINT ck_job_state CHECK ((state = ANY (ARRAY['queued'::text, 'running'::text, 'succeeded'::text, 'failed'::text, 'dead'::text, 'cancelled'::text]))),
    CONSTRAINT ck_job_terminal_has_finish CHECK (((state = ANY (ARRAY['cancelled'::text, 'dead'::text, 'failed'::text, 'succeeded'::text])) = (finished_at IS NOT NULL)))
)
WITH (autovacuum_vacuum_scale_factor='0.02', autovacuum_vacuum_insert_scale_factor='0.05', autovacuum_analyze_scale_factor='0.02');

CREATE TABLE eval.model (
    id bigint NOT NULL,
    name text NOT NULL,
    spec_hash text NOT NULL,
    engine text NOT NULL,
    queue text NOT NULL,
    synthetic boolean NOT NULL,
    price_per_gpu_hour double precision,
    spec jsonb DEFAULT '{}'::jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);

CREATE TABLE eval.problem (
    id bigint NOT NULL,
    name text NOT NULL,
    content_hash text NOT NULL,
    category text NOT NULL,
    document jsonb DEFAULT '{}'::jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT ck_problem_category CHECK ((category = ANY (ARRAY['secondary'::text, 'university'::text, 'modelling'::text])))
);

CREATE TABLE eval.run (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    name text NOT NULL,
    experiment_hash text NOT NULL,
    ordinal bigint NOT NULL,
    mode text NOT NULL,
    experiment jsonb DEFAULT '{}'::jsonb NOT NULL,
    provenance jsonb DEFAULT '{}'::jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    cancelled_at timestamp with time zone,
    paused_at timestamp with time zone
);

CREATE VIEW analytics_v1.jobs AS
 SELECT j.id AS job_id,
    j.run_id,
    r.name AS run,
    m.name AS model,
    p.name AS problem,
    p.category,
    j.prompt,
    j.repetition,
    j.mode,
    j.state,
    j.attempt_no AS attempts,
    j.failure_kind,
    j.error_class,
    j.error_message,
    j.created_at,
    j.finished_at,
    m.synthetic,
    j.boot_group,
    j.probe
   FROM (((eval.job j
     JOIN eval.run r ON ((r.id = j.run_id)))
     JOIN eval.model m ON ((m.id = j.model_id)))
     LEFT JOIN eval.problem p ON ((p.id = j.problem_id)))
  WHERE ((NOT m.synthetic) OR (current_setting('evalctl.include_synthetic'::text, true) = 'on'::text));

CREATE TABLE eval.attempt (
    job_id bigint NOT NULL,
    attempt_no bigint NOT NULL,
    worker_id uuid NOT NULL,
    boot_id bigint,
    outcome text DEFAULT 'running'::text NOT NULL,
    started_at timestamp with time zone DEFAULT now() NOT NULL,
    ended_at timestamp with time zone,
    failure_kind text,
    error_class text,
    error_message text,
    CONSTRAINT ck_attempt_ended CHECK (((outcome = 'running'::text) = (ended_at IS NULL))),
    CONSTRAINT ck_attempt_failure_kind CHECK ((failure_kind = ANY (ARRAY['infra'::text, 'poison'::text, 'rejected'::text, 'out_of_memory'::text, 'timed_out'::text]))),
    CONSTRAINT ck_attempt_outcome CHECK ((outcome = ANY (ARRAY['running'::text, 'succeeded'::text, 'failed'::text, 'lost'::text, 'cancelled'::text])))
);

CREATE TABLE eval.worker (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    name text NOT NULL,
    host text NOT NULL,
    pid bigint NOT NULL,
    device text NOT NULL,
    gpu_index bigint,
    gpu_uuid text,
    gpu_name text,
    queues text[] NOT NULL,
    version text NOT NULL,
    state text NOT NULL,
    model_id bigint,
    started_at timestamp with time zone DEFAULT now() NOT NULL,
    last_seen_at timestamp with time zone DEFAULT now() NOT NULL,
    ended_at timestamp with time zone,
    drain_requested_at timestamp with time zone,
    note text,
    messages_refused bigint DEFAULT 0 NOT NULL,
    CONSTRAINT ck_worker_state CHECK ((state = ANY (ARRAY['starting'::text, 'idle'::text, 'loading'::text, 'busy'::text, 'draining'::text, 'quarantined'::text, 'stopped'::text, 'lost'::text])))
);

CREATE VIEW analytics_v1.attempts AS
 SELECT a.job_id,
    a.attempt_no,
    j.run,
    j.model,
    j.problem,
    w.name AS worker,
    w.gpu_uuid,
    a.outcome,
    a.failure_kind,
    a.error_class,
    a.error_message,
    a.started_at,
    a.ended_at
   FROM ((eval.attempt a
     JOIN analytics_v1.jobs j ON ((j.job_id = a.job_id)))
     JOIN eval.worker w ON ((w.id = a.worker_id)));

CREATE TABLE eval.boot (
    id bigint NOT NULL,
    worker_id uuid NOT NULL,
    model_id bigint NOT NULL,
    engine_version text NOT NULL,
    config_hash text NOT NULL,
    environment_hash text NOT NULL,
    config jsonb DEFAULT '{}'::jsonb NOT NULL,
    environment jsonb DEFAULT '{}'::jsonb NOT NULL,
    backend_facts jsonb DEFAULT '{}'::jsonb NOT NULL,
    start_s double precision NOT NULL,
    started_at timestamp with time zone DEFAULT now() NOT NULL,
    memory_kind text,
    context_mib double precision,
    weights_mib double precision,
    buffers_mib double precision,
    activation_peak_mib double precision,
    graphs_mib double precision,
    kv_reserved_mib double precision,
    memory_reasons jsonb DEFAULT '{}'::jsonb NOT NULL,
    log_path text,
    kind text DEFAULT 'single'::text NOT NULL,
    memory_details_mib jsonb DEFAULT '{}'::jsonb NOT NULL,
    warm_up jsonb DEFAULT '{}'::jsonb NOT NULL,
    profile_boot_id bigint,
    profile_key text,
    kv_blocks bigint,
    kv_block_bytes double precision,
    device_total_mib double precision,
    device_base_mib double precision,
    log_text_hash text,
    CONSTRAINT ck_boot_kind CHECK ((kind = ANY (ARRAY['profile'::text, 'measured'::text, 'single'::text])))
);

CREATE TABLE eval.text_blob (
    hash text NOT NULL,
    content text NOT NULL
);

CREATE VIEW analytics_v1.boots AS
 SELECT b.id AS boot_id,
    b.kind,
    b.profile_boot_id,
    b.profile_key,
    m.name AS model,
    b.worker_id,
    w.name AS worker,
    w.host,
    w.device,
    w.gpu_uuid,
    w.gpu_name,
    b.engine_version,
    b.config_hash,
    b.environment_hash,
    b.config,
    b.environment,
    b.backend_facts,
    b.started_at,
    b.start_s,
    b.memory_kind,
    b.context_mib,
    b.weights_mib,
    b.buffers_mib,
    b.activation_peak_mib,
    b.graphs_mib,
    b.kv_reserved_mib,
    b.kv_blocks,
    b.kv_block_bytes,
    b.device_total_mib,
    b.device_base_mib,
    b.memory_reasons,
    b.memory_details_mib,
    b.warm_up,
    b.log_path,
    l.content AS log,
    m.synthetic
   FROM (((eval.boot b
     JOIN eval.model m ON ((m.id = b.model_id)))
     JOIN eval.worker w ON ((w.id = b.worker_id)))
     LEFT JOIN eval.text_blob l ON ((l.hash = b.log_text_hash)))
  WHERE ((NOT m.synthetic) OR (current_setting('evalctl.include_synthetic'::text, true) = 'on'::text));

CREATE TABLE eval.generation (
    job_id bigint NOT NULL,
    attempt_no bigint NOT NULL,
    boot_id bigint NOT NULL,
    prompt_hash text NOT NULL,
    prompt_text_hash text,
    output_hash text NOT NULL,
    output_text_hash text NOT NULL,
    sampling_hash text NOT NULL,
    prompt_tokens bigint NOT NULL,
    cached_tokens bigint NOT NULL,
    output_tokens bigint NOT NULL,
    finish_reason text NOT NULL,
    queue_wait_s double precision NOT NULL,
    submitted_s double precision NOT NULL,
    first_token_s double precision NOT NULL,
    last_token_s double precision NOT NULL,
    engine_queued_s double precision,
    engine_scheduled_s double precision,
    engine_first_token_s double precision,
    engine_last_token_s double precision,
    preemptions bigint,
    memory_kind text,
    kv_used_mib double precision,
    need_mib double precision,
    flags text[] DEFAULT '{}'::text[] NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    first_answer_s double precision,
    running_peak bigint,
    activation_run_mib double precision,
    sm_clock_mhz double precision,
    temperature_c double precision,
    power_w double precision,
    clock_event_reasons bigint,
    CONSTRAINT ck_generation_memory_kind CHECK ((memory_kind = ANY (ARRAY['device'::text, 'host'::text]))),
    CONSTRAINT ck_generation_stamps_ordered CHECK (((first_token_s >= submitted_s) AND (last_token_s >= first_token_s)))
);

CREATE TABLE eval.memory_trace (
    job_id bigint NOT NULL,
    kind text NOT NULL,
    started_s double precision NOT NULL,
    period_ms double precision NOT NULL,
    used_mib integer[] NOT NULL,
    peak_mib bigint NOT NULL,
    mean_mib double precision NOT NULL,
    look_at_s double precision[],
    look_sm_clock_mhz integer[],
    look_temperature_c integer[],
    look_power_w double precision[],
    look_reasons bigint[],
    max_sm_clock_mhz bigint
);

CREATE VIEW analytics_v1.generations AS
 SELECT g.job_id,
    g.attempt_no,
    j.run_id,
    r.name AS run,
    m.name AS model,
    p.name AS problem,
    p.category,
    j.prompt,
    j.repetition,
    j.mode,
    b.config_hash,
    b.environment_hash,
    b.engine_version,
    g.prompt_tokens,
    g.output_tokens,
    g.cached_tokens,
    g.finish_reason,
    g.queue_wait_s,
    ((g.first_token_s - g.submitted_s) * (1000)::double precision) AS ttft_ms,
    ((g.engine_first_token_s - g.engine_queued_s) * (1000)::double precision) AS engine_ttft_ms,
    (g.last_token_s - g.submitted_s) AS e2e_s,
        CASE
            WHEN (g.output_tokens > 1) THEN (((g.last_token_s - g.first_token_s) * (1000)::double precision) / ((g.output_tokens - 1))::double precision)
            ELSE NULL::double precision
        END AS tpot_ms,
        CASE
            WHEN (g.last_token_s > g.submitted_s) THEN ((g.output_tokens)::double precision / (g.last_token_s - g.submitted_s))
            ELSE NULL::double precision
        END AS tokens_per_s,
    g.preemptions,
    g.memory_kind,
    g.need_mib,
    g.kv_used_mib,
        CASE
            WHEN (t.kind = 'device'::text) THEN t.peak_mib
            ELSE NULL::bigint
        END AS nvml_peak_mib,
        CASE
            WHEN (t.kind = 'host'::text) THEN t.peak_mib
            ELSE NULL::bigint
        END AS host_peak_mib,
    f.flags,
    g.prompt_hash,
    g.output_hash,
    g.sampling_hash,
    o.content AS output,
    g.created_at,
    g.boot_id,
    ((g.first_answer_s - g.submitted_s) * (1000)::double precision) AS ttfo_ms,
    g.activation_run_mib,
    g.running_peak,
    g.sm_clock_mhz,
    g.temperature_c,
    g.power_w,
    g.clock_event_reasons,
    (cardinality(f.flags) > 0) AS flagged,
    w.gpu_name,
    ((cardinality(f.flags) = 0) OR (COALESCE(current_setting('evalctl.include_flagged'::text, true), ''::text) = 'on'::text)) AS used
   FROM (((((((((((eval.generation g
     JOIN eval.job j ON ((j.id = g.job_id)))
     JOIN eval.run r ON ((r.id = j.run_id)))
     JOIN eval.model m ON ((m.id = j.model_id)))
     JOIN eval.problem p ON ((p.id = j.problem_id)))
     JOIN eval.boot b ON ((b.id = g.boot_id)))
     LEFT JOIN eval.worker w ON ((w.id = b.worker_id)))
     LEFT JOIN eval.text_blob o ON ((o.hash = g.output_text_hash)))
     LEFT JOIN eval.memory_trace t ON ((t.job_id = g.job_id)))
     CROSS JOIN LATERAL ( SELECT (concat_ws(' '::text, j.model_id, j.problem_id, b.config_hash, b.environment_hash, j.mode, j.prompt) COLLATE "C") AS alike) k)
     LEFT JOIN ( SELECT lj.run_id,
            lj.alike,
            percentile_cont((0.5)::double precision) WITHIN GROUP (ORDER BY ((lj.output_tokens)::double precision)) FILTER (WHERE lj.greedy) AS output_tokens
           FROM ( SELECT x.run_id,
                    lg.output_tokens,
                    ((COALESCE(((x.sampling ->> 'temperature'::text))::double precision, (0)::double precision) = (0)::double precision) AND ((x.sampling ->> 'fixed_output_tokens'::text) IS NULL)) AS greedy,
                    (concat_ws(' '::text, x.model_id, x.problem_id, lb.config_hash, lb.environment_hash, x.mode, x.prompt) COLLATE "C") AS alike
                   FROM ((eval.job x
                     JOIN eval.generation lg ON ((lg.job_id = x.id)))
                     JOIN eval.boot lb ON ((lb.id = lg.boot_id)))
                  WHERE (x.state = 'succeeded'::text)) lj
          GROUP BY lj.run_id, lj.alike
         HAVING (count(*) FILTER (WHERE lj.greedy) >= 3)) l ON (((l.run_id = j.run_id) AND (l.alike = k.alike))))
     CROSS JOIN LATERAL ( SELECT (g.flags ||
                CASE
                    WHEN ((j.sampling ->> 'fixed_output_tokens'::text) IS NOT NULL) THEN
                    CASE
                        WHEN (g.output_tokens <> ((j.sampling ->> 'fixed_output_tokens'::text))::bigint) THEN ARRAY['length_outlier'::text]
                        ELSE ARRAY[]::text[]
                    END
                    WHEN ((COALESCE(((j.sampling ->> 'temperature'::text))::double precision, (0)::double precision) = (0)::double precision) AND (((g.output_tokens)::double precision < ((0.9)::double precision * l.output_tokens)) OR ((g.output_tokens)::double precision > ((1.1)::double precision * l.output_tokens)))) THEN ARRAY['length_outlier'::text]
                    ELSE ARRAY[]::text[]
                END) AS flags) f)
  WHERE ((j.state = 'succeeded'::text) AND ((NOT m.synthetic) OR (current_setting('evalctl.include_synthetic'::text, true) = 'on'::text)));

CREATE VIEW analytics_v1.card_looks AS
 SELECT g.job_id,
    g.run,
    g.model,
    l.ordinal,
    ((l.at_s - e.submitted_s) * (1000)::double precision) AS since_submit_ms,
    ((l.at_s >= e.first_token_s) AND (l.at_s <= e.last_token_s)) AS counted,
    l.sm_clock_mhz,
    t.max_sm_clock_mhz,
    l.temperature_c,
    l.power_w,
    l.reasons AS clock_event_reasons
   FROM (((analytics_v1.generations g
     JOIN eval.generation e ON ((e.job_id = g.job_id)))
     JOIN eval.memory_trace t ON ((t.job_id = g.job_id)))
     CROSS JOIN LATERAL UNNEST(t.look_at_s, t.look_sm_clock_mhz, t.look_temperature_c, t.look_power_w, t.look_reasons) WITH ORDINALITY l(at_s, sm_clock_mhz, temperature_c, power_w, reasons, ordinal));

CREATE TABLE eval.score (
    id bigint NOT NULL,
    job_id bigint NOT NULL,
    scorer_version text NOT NULL,
    path_id text,
    steps_done bigint NOT NULL,
    steps_total bigint NOT NULL,
    score7 double precision NOT NULL,
    answer_correct boolean,
    answer_text text,
    guess_suspected boolean NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT ck_score_score7 CHECK (((score7 >= (0)::double precision) AND (score7 <= (7)::double precision))),
    CONSTRAINT ck_score_steps CHECK (((steps_done >= 0) AND (steps_done <= steps_total)))
);

CREATE VIEW analytics_v1.scores AS
 SELECT s.job_id,
    j.run_id,
    j.run,
    j.model,
    j.problem,
    j.category,
    j.prompt,
    j.repetition,
    j.mode,
    s.score_id,
    s.scorer_version,
    s.path,
    s.steps_done,
    s.steps_total,
    s.score7,
    s.answer_correct,
    s.guess_suspected,
    s.scored_at
   FROM (analytics_v1.jobs j
     JOIN LATERAL ( SELECT c.job_id,
            c.id AS score_id,
            c.scorer_version,
            c.path_id AS path,
            c.steps_done,
            c.steps_total,
            c.score7,
            c.answer_correct,
            c.guess_suspected,
            c.created_at AS scored_at
           FROM eval.score c
          WHERE (c.job_id = j.job_id)
          ORDER BY c.id DESC
         LIMIT 1) s ON (true))
  WHERE (j.state = 'succeeded'::text);

CREATE VIEW analytics_v1.problem_scores AS
 SELECT run_id,
    run,
    model,
    prompt,
    mode,
    category,
    problem,
    count(*) AS repetitions,
    percentile_cont((0.5)::double precision) WITHIN GROUP (ORDER BY scores.score7) AS score7,
    min(score7) AS score7_min,
    max(score7) AS score7_max,
    percentile_cont((0.5)::double precision) WITHIN GROUP (ORDER BY ((steps_done)::double precision / (steps_total)::double precision)) AS steps_share,
    (avg((answer_correct)::integer))::double precision AS answer_accuracy,
    (avg((guess_suspected)::integer))::double precision AS guess_rate
   FROM analytics_v1.scores
  GROUP BY run_id, run, model, prompt, mode, category, problem;

CREATE VIEW analytics_v1.category_scores AS
 SELECT run_id,
    run,
    model,
    prompt,
    mode,
    category,
    count(*) AS problems,
    (sum(repetitions))::bigint AS repetitions,
    avg(score7) AS score7,
    min(score7) AS score7_min,
    max(score7) AS score7_max,
    avg(steps_share) AS steps_share,
    avg(answer_accuracy) AS answer_accuracy,
    avg(guess_rate) AS guess_rate
   FROM analytics_v1.problem_scores
  GROUP BY run_id, run, model, prompt, mode, category;

CREATE VIEW analytics_v1.memory_samples AS
 SELECT g.job_id,
    g.run,
    g.model,
    t.kind AS memory_kind,
    s.ordinal,
    (((t.started_s - e.submitted_s) * (1000)::double precision) + (((s.ordinal - 1))::double precision * t.period_ms)) AS since_submit_ms,
    s.used_mib
   FROM (((analytics_v1.generations g
     JOIN eval.generation e ON ((e.job_id = g.job_id)))
     JOIN eval.memory_trace t ON ((t.job_id = g.job_id)))
     CROSS JOIN LATERAL unnest(t.used_mib) WITH ORDINALITY s(used_mib, ordinal));

CREATE VIEW eval.resources_by_problem AS
 SELECT run_id,
    run,
    model,
    prompt,
    mode,
    config_hash,
    environment_hash,
    memory_kind,
    problem,
    count(*) FILTER (WHERE used) AS repetitions,
    percentile_cont((0.5)::double precision) WITHIN GROUP (ORDER BY generations.need_mib) FILTER (WHERE used) AS need_mib,
    percentile_cont((0.5)::double precision) WITHIN GROUP (ORDER BY ((nvml_peak_mib)::double precision)) FILTER (WHERE used) AS nvml_peak_mib,
    percentile_cont((0.5)::double precision) WITHIN GROUP (ORDER BY ((host_peak_mib)::double precision)) FILTER (WHERE used) AS host_peak_mib,
    percentile_cont((0.5)::double precision) WITHIN GROUP (ORDER BY generations.ttft_ms) FILTER (WHERE used) AS ttft_ms,
    percentile_cont((0.5)::double precision) WITHIN GROUP (ORDER BY generations.engine_ttft_ms) FILTER (WHERE used) AS engine_ttft_ms,
    percentile_cont((0.5)::double precision) WITHIN GROUP (ORDER BY generations.e2e_s) FILTER (WHERE used) AS e2e_s,
    percentile_cont((0.5)::double precision) WITHIN GROUP (ORDER BY generations.tpot_ms) FILTER (WHERE used) AS tpot_ms,
    percentile_cont((0.5)::double precision) WITHIN GROUP (ORDER BY generations.tokens_per_s) FILTER (WHERE used) AS tokens_per_s,
    percentile_cont((0.5)::double precision) WITHIN GROUP (ORDER BY ((output_tokens)::double precision)) FILTER (WHERE used) AS output_tokens,
    count(*) FILTER (WHERE flagged) AS flagged,
    percentile_cont((0.5)::double precision) WITHIN GROUP (ORDER BY generations.ttfo_ms) FILTER (WHERE used) AS ttfo_ms,
    percentile_cont((0.5)::double precision) WITHIN GROUP (ORDER BY generations.queue_wait_s) FILTER (WHERE used) AS queue_wait_s,
    percentile_cont((0.5)::double precision) WITHIN GROUP (ORDER BY generations.kv_used_mib) FILTER (WHERE used) AS kv_used_mib,
    percentile_cont((0.5)::double precision) WITHIN GROUP (ORDER BY ((running_peak)::double precision)) FILTER (WHERE used) AS running_peak,
    count(DISTINCT boot_id) FILTER (WHERE used) AS boots,
    string_agg(DISTINCT gpu_name, ', '::text) AS gpu_name,
    min(need_mib) FILTER (WHERE used) AS need_mib_min,
    max(need_mib) FILTER (WHERE used) AS need_mib_max,
    percentile_cont((0.1)::double precision) WITHIN GROUP (ORDER BY generations.ttft_ms) FILTER (WHERE used) AS ttft_ms_p10,
    percentile_cont((0.9)::double precision) WITHIN GROUP (ORDER BY generations.ttft_ms) FILTER (WHERE used) AS ttft_ms_p90,
    array_agg(ttft_ms) FILTER (WHERE used) AS each_ttft_ms,
    array_agg(DISTINCT boot_id) FILTER (WHERE used) AS boot_ids,
    string_agg(array_to_string(flags, ' '::text), ' '::text) FILTER (WHERE flagged) AS words
   FROM analytics_v1.generations
  GROUP BY run_id, run, model, prompt, mode, config_hash, environment_hash, memory_kind, problem;

CREATE VIEW analytics_v1.model_resources AS
 SELECT p.run_id,
    p.run,
    p.model,
    p.prompt,
    p.mode,
    p.config_hash,
    p.environment_hash,
    p.memory_kind,
    p.problems,
    p.jobs,
    p.need_mib,
    p.nvml_peak_mib,
    p.host_peak_mib,
    p.ttft_ms,
    p.ttft_ms_min,
    p.ttft_ms_max,
    p.engine_ttft_ms,
    p.e2e_s,
    p.e2e_s_min,
    p.e2e_s_max,
    p.tpot_ms,
    p.tokens_per_s,
    p.output_tokens,
    p.flagged,
    p.ttfo_ms,
    p.queue_wait_s,
    p.kv_used_mib,
    p.running_peak,
    b.boots,
    p.gpu_name,
    p.need_mib_min,
    p.need_mib_max,
    e.ttft_ms[1] AS ttft_ms_p10,
    e.ttft_ms[2] AS ttft_ms_p90,
    t.total_tokens_per_s,
    f.flag_counts
   FROM ((((( SELECT resources_by_problem.run_id,
            resources_by_problem.run,
            resources_by_problem.model,
            resources_by_problem.prompt,
            resources_by_problem.mode,
            resources_by_problem.config_hash,
            resources_by_problem.environment_hash,
            resources_by_problem.memory_kind,
            count(*) FILTER (WHERE (resources_by_problem.repetitions > 0)) AS problems,
            (sum(resources_by_problem.repetitions))::bigint AS jobs,
            percentile_cont((0.5)::double precision) WITHIN GROUP (ORDER BY resources_by_problem.need_mib) AS need_mib,
            percentile_cont((0.5)::double precision) WITHIN GROUP (ORDER BY resources_by_problem.nvml_peak_mib) AS nvml_peak_mib,
            percentile_cont((0.5)::double precision) WITHIN GROUP (ORDER BY resources_by_problem.host_peak_mib) AS host_peak_mib,
            percentile_cont((0.5)::double precision) WITHIN GROUP (ORDER BY resources_by_problem.ttft_ms) AS ttft_ms,
            min(resources_by_problem.ttft_ms) AS ttft_ms_min,
            max(resources_by_problem.ttft_ms) AS ttft_ms_max,
            percentile_cont((0.5)::double precision) WITHIN GROUP (ORDER BY resources_by_problem.engine_ttft_ms) AS engine_ttft_ms,
            percentile_cont((0.5)::double precision) WITHIN GROUP (ORDER BY resources_by_problem.e2e_s) AS e2e_s,
            min(resources_by_problem.e2e_s) AS e2e_s_min,
            max(resources_by_problem.e2e_s) AS e2e_s_max,
            percentile_cont((0.5)::double precision) WITHIN GROUP (ORDER BY resources_by_problem.tpot_ms) AS tpot_ms,
            percentile_cont((0.5)::double precision) WITHIN GROUP (ORDER BY resources_by_problem.tokens_per_s) AS tokens_per_s,
            percentile_cont((0.5)::double precision) WITHIN GROUP (ORDER BY resources_by_problem.output_tokens) AS output_tokens,
            (sum(resources_by_problem.flagged))::bigint AS flagged,
            percentile_cont((0.5)::double precision) WITHIN GROUP (ORDER BY resources_by_problem.ttfo_ms) AS ttfo_ms,
            percentile_cont((0.5)::double precision) WITHIN GROUP (ORDER BY resources_by_problem.queue_wait_s) AS queue_wait_s,
            percentile_cont((0.5)::double precision) WITHIN GROUP (ORDER BY resources_by_problem.kv_used_mib) AS kv_used_mib,
            percentile_cont((0.5)::double precision) WITHIN GROUP (ORDER BY resources_by_problem.running_peak) AS running_peak,
            min(resources_by_problem.need_mib_min) AS need_mib_min,
            max(resources_by_problem.need_mib_max) AS need_mib_max,
            string_agg(DISTINCT resources_by_problem.gpu_name, ', '::text) AS gpu_name,
            array_agg(ROW(resources_by_problem.each_ttft_ms, resources_by_problem.boot_ids)) AS problem_values,
            string_agg(resources_by_problem.words, ' '::text) AS words
           FROM eval.resources_by_problem
          GROUP BY resources_by_problem.run_id, resources_by_problem.run, resources_by_problem.model, resources_by_problem.prompt, resources_by_problem.mode, resources_by_problem.config_hash, resources_by_problem.environment_hash, resources_by_problem.memory_kind) p
     CROSS JOIN LATERAL ( SELECT percentile_cont((ARRAY[0.1, 0.9])::double precision[]) WITHIN GROUP (ORDER BY r.ttft_ms) AS ttft_ms
           FROM unnest(p.problem_values) v(each_ttft_ms double precision[], boot_ids bigint[]),
            LATERAL unnest(v.each_ttft_ms) r(ttft_ms)) e)
     CROSS JOIN LATERAL ( SELECT count(DISTINCT s.boot_id) AS boots
           FROM unnest(p.problem_values) v(each_ttft_ms double precision[], boot_ids bigint[]),
            LATERAL unnest(v.boot_ids) s(boot_id)) b)
     CROSS JOIN LATERAL ( SELECT COALESCE(jsonb_object_agg(c.word, c.results), '{}'::jsonb) AS flag_counts
           FROM ( SELECT w.word,
                    count(*) AS results
                   FROM unnest(string_to_array(p.words, ' '::text)) w(word)
                  GROUP BY w.word) c) f)
     LEFT JOIN ( SELECT s.run_id,
            s.model,
            s.mode,
            s.config_hash,
            s.environment_hash,
            percentile_cont((0.5)::double precision) WITHIN GROUP (ORDER BY (s.output_tokens / NULLIF(s.busy_s, (0)::double precision))) AS total_tokens_per_s
           FROM ( SELECT a.run_id,
                    a.model,
                    a.mode,
                    a.config_hash,
                    a.environment_hash,
                    a.boot_id,
                    a.output_tokens,
                    a.spans,
                    ( SELECT (sum((upper(s_1.span) - lower(s_1.span))))::double precision AS sum
                           FROM unnest(a.spans) s_1(span)) AS busy_s
                   FROM ( SELECT j.run_id,
                            m.name AS model,
                            j.mode,
                            b_1.config_hash,
                            b_1.environment_hash,
                            e_1.boot_id,
                            (sum(e_1.output_tokens))::double precision AS output_tokens,
                            range_agg(numrange((e_1.submitted_s)::numeric, (e_1.last_token_s)::numeric)) AS spans
                           FROM (((eval.job j
                             JOIN eval.generation e_1 ON ((e_1.job_id = j.id)))
                             JOIN eval.boot b_1 ON ((b_1.id = e_1.boot_id)))
                             JOIN eval.model m ON ((m.id = j.model_id)))
                          WHERE (j.state = 'succeeded'::text)
                          GROUP BY j.run_id, m.name, j.mode, b_1.config_hash, b_1.environment_hash, e_1.boot_id) a) s
          GROUP BY s.run_id, s.model, s.mode, s.config_hash, s.environment_hash) t ON (((t.run_id = p.run_id) AND (t.model = p.model) AND (t.mode = p.mode) AND (t.config_hash = p.config_hash) AND (t.environment_hash = p.environment_hash) AND (p.jobs > 0))));

CREATE TABLE eval.probe_point (
    job_id bigint NOT NULL,
    ordinal bigint NOT NULL,
    attempt_no bigint NOT NULL,
    boot_id bigint,
    level bigint NOT NULL,
    trial bigint NOT NULL,
    outcome text NOT NULL,
    reason text,
    sentence text,
    requests bigint NOT NULL,
    errors bigint NOT NULL,
    preemptions bigint,
    waiting_steps bigint,
    ttft_p50_ms double precision,
    ttft_p95_ms double precision,
    e2e_p50_s double precision,
    e2e_p95_s double precision,
    tokens_per_s double precision,
    memory_kind text,
    need_mib double precision,
    kv_used_mib double precision,
    base_mib double precision,
    peak_mib double precision,
    after_mib double precision,
    answer_right boolean,
    details jsonb DEFAULT '{}'::jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT ck_probe_point_outcome CHECK ((outcome = ANY (ARRAY['stable'::text, 'unstable'::text, 'failed'::text]))),
    CONSTRAINT ck_probe_point_reason CHECK (((outcome = 'stable'::text) = (reason IS NULL)))
);

CREATE VIEW analytics_v1.probe_points AS
 SELECT j.job_id,
    j.run_id,
    j.run,
    j.model,
    j.prompt AS kind,
        CASE j.prompt
            WHEN 'context'::text THEN 'tokens'::text
            ELSE j.prompt
        END AS unit,
    j.repetition AS search,
    j.state,
    p.ordinal,
    p.attempt_no,
    p.boot_id,
    w.gpu_name AS gpu,
    (COALESCE((p.details ->> 'memory_limit_mib'::text), (j.probe ->> 'memory_limit_mib'::text)))::double precision AS memory_limit_mib,
    COALESCE(((p.details ->> 'emulated'::text))::boolean, ((j.probe ->> 'memory_limit_mib'::text) IS NOT NULL)) AS emulated,
    p.level,
    p.trial,
    p.outcome,
    p.reason,
    p.sentence,
    p.requests,
    p.errors,
    p.preemptions,
    p.waiting_steps,
    p.ttft_p50_ms,
    p.ttft_p95_ms,
    p.e2e_p50_s,
    p.e2e_p95_s,
    p.tokens_per_s,
    p.memory_kind,
    p.need_mib,
    p.kv_used_mib,
    p.base_mib,
    p.peak_mib,
    p.after_mib,
    p.answer_right,
    ((p.details ->> 'analytic_bound'::text))::double precision AS analytic_bound,
    p.details,
    p.created_at
   FROM (((eval.probe_point p
     JOIN analytics_v1.jobs j ON ((j.job_id = p.job_id)))
     LEFT JOIN eval.attempt a ON (((a.job_id = p.job_id) AND (a.attempt_no = p.attempt_no))))
     LEFT JOIN eval.worker w ON ((w.id = a.worker_id)));

CREATE VIEW analytics_v1.probe_thresholds AS
 WITH levels AS (
         SELECT p.run_id,
            p.run,
            p.model,
            p.kind,
            p.unit,
            p.gpu,
            p.memory_limit_mib,
            p.emulated,
            p.job_id,
            p.level,
            bool_and((p.outcome = 'stable'::text)) AS stable,
            ((3 * count(*) FILTER (WHERE (p.outcome <> 'stable'::text))) >=
                CASE
                    WHEN (p.kind = 'instances'::text) THEN (2 * count(*))
                    ELSE (1)::bigint
                END) AS failed,
            mode() WITHIN GROUP (ORDER BY p.reason) AS reason,
            max(p.need_mib) AS need_mib,
            max(p.peak_mib) AS peak_mib,
            max(p.analytic_bound) AS analytic_bound
           FROM analytics_v1.probe_points p
          WHERE (p.state = 'succeeded'::text)
          GROUP BY p.run_id, p.run, p.model, p.kind, p.unit, p.gpu, p.memory_limit_mib, p.emulated, p.job_id, p.level
        ), ends AS (
         SELECT l.run_id,
            l.run,
            l.model,
            l.kind,
            l.unit,
            l.gpu,
            l.memory_limit_mib,
            l.emulated,
            l.job_id,
            l.level,
            l.stable,
            l.failed,
            l.reason,
            l.need_mib,
            l.peak_mib,
            l.analytic_bound,
            min(l.level) FILTER (WHERE (NOT l.stable)) OVER search AS first_unstable,
            min(l.level) FILTER (WHERE (l.failed AND (NOT l.stable))) OVER search AS first_failed
           FROM levels l
          WINDOW search AS (PARTITION BY l.job_id, l.gpu, l.memory_limit_mib, l.emulated)
        ), searches AS (
         SELECT e.run_id,
            e.run,
            e.model,
            e.kind,
            e.unit,
            e.gpu,
            e.memory_limit_mib,
            e.emulated,
            e.job_id,
            COALESCE(max(e.level) FILTER (WHERE e.below), (
                CASE
                    WHEN (e.first_unstable = 1) THEN 0
                    ELSE NULL::integer
                END)::bigint) AS max_stable,
            e.first_failed AS first_failure,
            max(
                CASE
                    WHEN (NOT e.failed) THEN 'UNSTABLE'::text
                    ELSE e.reason
                END) FILTER (WHERE (e.level = e.first_unstable)) AS reason,
            (array_agg(e.need_mib ORDER BY e.level DESC) FILTER (WHERE e.below))[1] AS need_mib,
            (array_agg(e.peak_mib ORDER BY e.level DESC) FILTER (WHERE e.below))[1] AS peak_mib,
            max(e.analytic_bound) AS analytic_bound
           FROM ( SELECT x.run_id,
                    x.run,
                    x.model,
                    x.kind,
                    x.unit,
                    x.gpu,
                    x.memory_limit_mib,
                    x.emulated,
                    x.job_id,
                    x.level,
                    x.stable,
                    x.failed,
                    x.reason,
                    x.need_mib,
                    x.peak_mib,
                    x.analytic_bound,
                    x.first_unstable,
                    x.first_failed,
                    (x.stable AND ((x.first_unstable IS NULL) OR (x.level < x.first_unstable))) AS below
                   FROM ends x) e
          GROUP BY e.run_id, e.run, e.model, e.kind, e.unit, e.gpu, e.memory_limit_mib, e.emulated, e.job_id, e.first_unstable, e.first_failed
        ), chosen AS (
         SELECT s.run_id,
            s.run,
            s.model,
            s.kind,
            s.unit,
            s.gpu,
            s.memory_limit_mib,
            s.emulated,
            s.job_id,
            s.max_stable,
            s.first_failure,
            s.reason,
            s.need_mib,
            s.peak_mib,
            s.analytic_bound,
            row_number() OVER found AS place,
            count(*) OVER (found ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS searches,
            ((count(s.max_stable) OVER whole = 0) OR ((count(s.max_stable) OVER whole = count(*) OVER whole) AND (min(s.max_stable) OVER whole = max(s.max_stable) OVER whole))) AS agreed
           FROM searches s
          WINDOW found AS (PARTITION BY s.run_id, s.model, s.kind, s.gpu, s.memory_limit_mib, s.emulated ORDER BY s.max_stable NULLS FIRST, s.first_failure, s.job_id), whole AS (PARTITION BY s.run_id, s.model, s.kind, s.gpu, s.memory_limit_mib, s.emulated)
        )
 SELECT c.run_id,
    c.run,
    c.model,
    c.kind,
    c.unit,
    c.gpu,
    c.memory_limit_mib,
    c.emulated,
    c.searches,
    c.max_stable,
    c.first_failure,
    c.reason,
        CASE
            WHEN (c.reason = ANY (ARRAY['INIT_NO_KV'::text, 'INIT_FREE_MEM'::text, 'INIT_CUDA_OOM'::text, 'RUNTIME_CUDA_OOM'::text, 'HOST_OOM'::text, 'INIT_KV_LT_MAXLEN'::text])) THEN 'memory'::text
            WHEN (c.reason = ANY (ARRAY['PREEMPTED'::text, 'WAITING'::text])) THEN 'kv_cache'::text
            WHEN (c.reason = 'SLA'::text) THEN 'latency'::text
            WHEN ((c.reason IS NULL) AND (c.max_stable >= ((j.probe ->> 'max_level'::text))::bigint)) THEN 'level'::text
            ELSE 'other'::text
        END AS limited_by,
    c.agreed,
    c.need_mib,
    c.peak_mib,
    c.analytic_bound
   FROM (chosen c
     JOIN eval.job j ON ((j.id = c.job_id)))
  WHERE (c.place = 1);

CREATE VIEW analytics_v1.problem_resources AS
 SELECT run_id,
    run,
    model,
    prompt,
    mode,
    config_hash,
    environment_hash,
    memory_kind,
    problem,
    repetitions,
    need_mib,
    nvml_peak_mib,
    host_peak_mib,
    ttft_ms,
    engine_ttft_ms,
    e2e_s,
    tpot_ms,
    tokens_per_s,
    output_tokens,
    flagged,
    ttfo_ms,
    queue_wait_s,
    kv_used_mib,
    running_peak,
    boots,
    gpu_name,
    need_mib_min,
    need_mib_max,
    ttft_ms_p10,
    ttft_ms_p90
   FROM eval.resources_by_problem;

CREATE VIEW analytics_v1.prompt_uplift AS
 SELECT run_id,
    run,
    model,
    category,
    max(score7) FILTER (WHERE (prompt = 'plain'::text)) AS plain,
    max(score7) FILTER (WHERE (prompt = 'stepwise'::text)) AS stepwise,
    ((100)::double precision * ((max(score7) FILTER (WHERE (prompt = 'stepwise'::text)) / NULLIF(max(score7) FILTER (WHERE (prompt = 'plain'::text)), (0)::double precision)) - (1)::double precision)) AS uplift_pct
   FROM analytics_v1.category_scores
  GROUP BY run_id, run, model, category
 HAVING (count(DISTINCT prompt) > 1);

CREATE VIEW analytics_v1.runs AS
 SELECT id AS run_id,
    name AS run,
    mode,
    (experiment ->> 'language'::text) AS language,
    (experiment ->> 'problems'::text) AS problem_set,
    ordinal,
    created_at,
    cancelled_at,
    paused_at
   FROM eval.run r;

CREATE TABLE eval.schedule (
    id bigint NOT NULL,
    name text NOT NULL,
    cron text NOT NULL,
    timezone text NOT NULL,
    experiment jsonb DEFAULT '{}'::jsonb NOT NULL,
    due_from timestamp with time zone DEFAULT now() NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    paused_at timestamp with time zone
);

CREATE TABLE eval.schedule_slot (
    schedule_id bigint NOT NULL,
    slot timestamp with time zone NOT NULL,
    by_hand boolean DEFAULT false NOT NULL,
    run_id uuid,
    error_message text,
    made_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT ck_schedule_slot_run_or_error CHECK (((run_id IS NULL) = (error_message IS NOT NULL)))
);

CREATE VIEW analytics_v1.schedule_slots AS
 SELECT s.name AS schedule,
    s.cron,
    s.timezone,
    l.slot,
    l.by_hand,
    l.run_id,
    r.name AS run,
    l.error_message,
    l.made_at
   FROM ((eval.schedule_slot l
     JOIN eval.schedule s ON ((s.id = l.schedule_id)))
     LEFT JOIN eval.run r ON ((r.id = l.run_id)));

CREATE TABLE eval.step_verdict (
    score_id bigint NOT NULL,
    ordinal bigint NOT NULL,
    step text NOT NULL,
    verdict text NOT NULL,
    evidence text,
    evidence_start bigint,
    evidence_end bigint,
    reason text,
    CONSTRAINT ck_step_verdict_verdict CHECK ((verdict = ANY (ARRAY['done'::text, 'present_invalid'::text, 'wrong'::text, 'missing'::text, 'unclear'::text])))
);

CREATE VIEW analytics_v1.step_verdicts AS
 SELECT s.job_id,
    s.run,
    s.model,
    s.problem,
    s.repetition,
    v.ordinal,
    v.step,
    v.verdict,
    v.evidence,
    v.evidence_start,
    v.evidence_end,
    v.reason
   FROM (analytics_v1.scores s
     JOIN eval.step_verdict v ON ((v.score_id = s.score_id)));

CREATE VIEW analytics_v1.workers AS
 SELECT w.id AS worker_id,
    w.name AS worker,
    w.host,
    w.device,
    w.gpu_index AS gpu,
    w.gpu_uuid,
    w.gpu_name,
    w.queues,
    m.name AS model,
    w.state,
    w.started_at,
    w.last_seen_at,
    (EXTRACT(epoch FROM (now() - w.last_seen_at)))::double precision AS last_seen_s,
    w.ended_at,
    w.drain_requested_at,
    w.messages_refused,
    w.note
   FROM (eval.worker w
     LEFT JOIN eval.model m ON ((m.id = w.model_id)));

CREATE TABLE eval.alembic_version (
    version_num character varying(32) NOT NULL
);

ALTER TABLE eval.boot ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME eval.boot_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

ALTER TABLE eval.job ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME eval.job_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

ALTER TABLE eval.model ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME eval.model_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE eval.outbox (
    id bigint NOT NULL,
    job_id bigint NOT NULL,
    queue text NOT NULL,
    available_at timestamp with time zone DEFAULT now() NOT NULL
)
WITH (autovacuum_vacuum_scale_factor='0', autovacuum_vacuum_threshold='5000');

ALTER TABLE eval.outbox ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME eval.outbox_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

ALTER TABLE eval.problem ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME eval.problem_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE eval.run_tally (
    run_id uuid NOT NULL,
    open bigint NOT NULL,
    succeeded bigint NOT NULL,
    failed bigint NOT NULL,
    dead bigint NOT NULL,
    cancelled bigint NOT NULL
)
WITH (autovacuum_vacuum_scale_factor='0', autovacuum_vacuum_threshold='5000');

ALTER TABLE eval.schedule ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME eval.schedule_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

ALTER TABLE eval.score ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME eval.score_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

INSERT INTO eval.alembic_version VALUES
	('0007');

INSERT INTO eval.attempt VALUES
	(17, 3, 'ec9b4c0c-1f68-473f-b43e-f19496428ae6', 13, 'failed', '2026-11-30 01:44:35.425655+00', '2026-11-30 01:44:35.435483+00', 'out_of_memory', 'RUNTIME_CUDA_OOM', 'the synthetic model ''brittle'' fails as ordered'),
	(1, 1, 'ec9b4c0c-1f68-473f-b43e-f19496428ae6', 1, 'succeeded', '2026-11-30 01:44:26.798783+00', '2026-11-30 01:44:26.902784+00', NULL, NULL, NULL),
	(2, 1, 'ec9b4c0c-1f68-473f-b43e-f19496428ae6', 1, 'succeeded', '2026-11-30 01:44:26.914361+00', '2026-11-30 01:44:26.999852+00', NULL, NULL, NULL),
	(3, 1, 'ec9b4c0c-1f68-473f-b43e-f19496428ae6', 1, 'succeeded', '2026-11-30 01:44:27.009568+00', '2026-11-30 01:44:27.053184+00', NULL, NULL, NULL),
	(4, 1, 'ec9b4c0c-1f68-473f-b43e-f19496428ae6', 1, 'succeeded', '2026-11-30 01:44:27.061536+00', '2026-11-30 01:44:27.090725+00', NULL, NULL, NULL),
	(5, 1, 'ec9b4c0c-1f68-473f-b43e-f19496428ae6', 1, 'succeeded', '2026-11-30 01:44:27.098907+00', '2026-11-30 01:44:27.156077+00', NULL, NULL, NULL),
	(6, 1, 'ec9b4c0c-1f68-473f-b43e-f19496428ae6', 1, 'succeeded', '2026-11-30 01:44:27.161551+00', '2026-11-30 01:44:27.192722+00', NULL, NULL, NULL),
	(7, 1, 'ec9b4c0c-1f68-473f-b43e-f19496428ae6', 1, 'succeeded', '2026-11-30 01:44:27.198563+00', '2026-11-30 01:44:27.203262+00', NULL, NULL, NULL),
	(8, 1, 'ec9b4c0c-1f68-473f-b43e-f19496428ae6', 1, 'succeeded', '2026-11-30 01:44:27.205438+00', '2026-11-30 01:44:27.212521+00', NULL, NULL, NULL),
	(9, 1, 'ec9b4c0c-1f68-473f-b43e-f19496428ae6', 1, 'succeeded', '2026-11-30 01:44:27.217922+00', '2026-11-30 01:44:27.224805+00', NULL, NULL, NULL),
	(10, 1, 'ec9b4c0c-1f68-473f-b43e-f19496428ae6', 1, 'succeeded', '2026-11-30 01:44:27.230418+00', '2026-11-30 01:44:27.239064+00', NULL, NULL, NULL),
	(11, 1, 'ec9b4c0c-1f68-473f-b43e-f19496428ae6', 1, 'succeeded', '2026-11-30 01:44:27.240593+00', '2026-11-30 01:44:27.244278+00', NULL, NULL, NULL),
	(12, 1, 'ec9b4c0c-1f68-473f-b43e-f19496428ae6', 1, 'succeeded', '2026-11-30 01:44:27.250599+00', '2026-11-30 01:44:27.255457+00', NULL, NULL, NULL),
	(17, 2, 'ec9b4c0c-1f68-473f-b43e-f19496428ae6', 8, 'failed', '2026-11-30 01:44:30.650174+00', '2026-11-30 01:44:30.677598+00', 'out_of_memory', 'RUNTIME_CUDA_OOM', 'the synthetic model ''brittle'' fails as ordered'),
	(16, 1, 'ec9b4c0c-1f68-473f-b43e-f19496428ae6', 2, 'failed', '2026-11-30 01:44:27.272834+00', '2026-11-30 01:44:27.281824+00', 'infra', 'ENGINE_GONE', 'the engine ended before it had a place for this request'),
	(15, 1, 'ec9b4c0c-1f68-473f-b43e-f19496428ae6', 2, 'failed', '2026-11-30 01:44:27.272834+00', '2026-11-30 01:44:27.288898+00', 'infra', 'ENGINE_DEAD_IN_COMPANY', 'the synthetic model ''brittle'' is not running'),
	(14, 1, 'ec9b4c0c-1f68-473f-b43e-f19496428ae6', 2, 'failed', '2026-11-30 01:44:27.272834+00', '2026-11-30 01:44:27.300522+00', 'out_of_memory', 'RUNTIME_CUDA_OOM_IN_COMPANY', 'the synthetic model ''brittle'' fails as ordered'),
	(13, 1, 'ec9b4c0c-1f68-473f-b43e-f19496428ae6', 2, 'failed', '2026-11-30 01:44:27.262646+00', '2026-11-30 01:44:27.373051+00', 'infra', 'ENGINE_DEAD_IN_COMPANY', 'the engine was ended while it served this request beside others'),
	(19, 1, 'ec9b4c0c-1f68-473f-b43e-f19496428ae6', 3, 'failed', '2026-11-30 01:44:27.389414+00', '2026-11-30 01:44:27.395549+00', 'infra', 'ENGINE_DEAD_IN_COMPANY', 'the synthetic model ''brittle'' is not running'),
	(17, 1, 'ec9b4c0c-1f68-473f-b43e-f19496428ae6', 3, 'failed', '2026-11-30 01:44:27.389414+00', '2026-11-30 01:44:27.394852+00', 'out_of_memory', 'RUNTIME_CUDA_OOM_IN_COMPANY', 'the synthetic model ''brittle'' fails as ordered'),
	(18, 1, 'ec9b4c0c-1f68-473f-b43e-f19496428ae6', 3, 'failed', '2026-11-30 01:44:27.389414+00', '2026-11-30 01:44:27.401277+00', 'infra', 'ENGINE_DEAD_IN_COMPANY', 'the synthetic model ''brittle'' is not running'),
	(16, 2, 'ec9b4c0c-1f68-473f-b43e-f19496428ae6', 3, 'failed', '2026-11-30 01:44:27.379565+00', '2026-11-30 01:44:27.489705+00', 'infra', 'ENGINE_DEAD_IN_COMPANY', 'the engine was ended while it served this request beside others'),
	(20, 1, 'ec9b4c0c-1f68-473f-b43e-f19496428ae6', 4, 'failed', '2026-11-30 01:44:27.49539+00', '2026-11-30 01:44:27.525895+00', 'out_of_memory', 'RUNTIME_CUDA_OOM', 'the synthetic model ''brittle'' fails as ordered'),
	(18, 2, 'ec9b4c0c-1f68-473f-b43e-f19496428ae6', 9, 'succeeded', '2026-11-30 01:44:30.682095+00', '2026-11-30 01:44:31.007645+00', NULL, NULL, NULL),
	(24, 1, 'ec9b4c0c-1f68-473f-b43e-f19496428ae6', 5, 'failed', '2026-11-30 01:44:27.552509+00', '2026-11-30 01:44:27.561916+00', 'infra', 'ENGINE_GONE', 'the engine ended before it had a place for this request'),
	(23, 1, 'ec9b4c0c-1f68-473f-b43e-f19496428ae6', 5, 'failed', '2026-11-30 01:44:27.552509+00', '2026-11-30 01:44:27.565095+00', 'out_of_memory', 'RUNTIME_CUDA_OOM_IN_COMPANY', 'the synthetic model ''brittle'' fails as ordered'),
	(21, 1, 'ec9b4c0c-1f68-473f-b43e-f19496428ae6', 5, 'failed', '2026-11-30 01:44:27.529963+00', '2026-11-30 01:44:27.652464+00', 'infra', 'ENGINE_DEAD_IN_COMPANY', 'the engine was ended while it served this request beside others'),
	(22, 1, 'ec9b4c0c-1f68-473f-b43e-f19496428ae6', 5, 'failed', '2026-11-30 01:44:27.552509+00', '2026-11-30 01:44:27.660991+00', 'infra', 'ENGINE_DEAD_IN_COMPANY', 'the engine was ended while it served this request beside others'),
	(24, 2, 'ec9b4c0c-1f68-473f-b43e-f19496428ae6', 6, 'failed', '2026-11-30 01:44:28.28325+00', '2026-11-30 01:44:28.303698+00', 'out_of_memory', 'RUNTIME_CUDA_OOM', 'the synthetic model ''brittle'' fails as ordered'),
	(19, 2, 'ec9b4c0c-1f68-473f-b43e-f19496428ae6', 9, 'succeeded', '2026-11-30 01:44:31.01374+00', '2026-11-30 01:44:31.325872+00', NULL, NULL, NULL),
	(15, 2, 'ec9b4c0c-1f68-473f-b43e-f19496428ae6', 7, 'succeeded', '2026-11-30 01:44:29.294236+00', '2026-11-30 01:44:29.617173+00', NULL, NULL, NULL),
	(13, 2, 'ec9b4c0c-1f68-473f-b43e-f19496428ae6', 7, 'succeeded', '2026-11-30 01:44:30.313078+00', '2026-11-30 01:44:30.629772+00', NULL, NULL, NULL),
	(14, 2, 'ec9b4c0c-1f68-473f-b43e-f19496428ae6', 7, 'failed', '2026-11-30 01:44:30.634645+00', '2026-11-30 01:44:30.642469+00', 'out_of_memory', 'RUNTIME_CUDA_OOM', 'the synthetic model ''brittle'' fails as ordered'),
	(20, 2, 'ec9b4c0c-1f68-473f-b43e-f19496428ae6', 9, 'failed', '2026-11-30 01:44:31.338088+00', '2026-11-30 01:44:31.347192+00', 'out_of_memory', 'RUNTIME_CUDA_OOM', 'the synthetic model ''brittle'' fails as ordered'),
	(25, 1, '20c5eec1-2787-45d2-aace-c232f331d0f2', NULL, 'failed', '2026-11-30 01:45:54.969281+00', '2026-11-30 01:45:54.977937+00', 'infra', 'ENGINE_DEAD_IN_COMPANY', 'the engine ended while 2 jobs ran in it'),
	(21, 2, 'ec9b4c0c-1f68-473f-b43e-f19496428ae6', 10, 'succeeded', '2026-11-30 01:44:31.348956+00', '2026-11-30 01:44:31.66664+00', NULL, NULL, NULL),
	(16, 3, 'ec9b4c0c-1f68-473f-b43e-f19496428ae6', 10, 'succeeded', '2026-11-30 01:44:31.66967+00', '2026-11-30 01:44:31.977162+00', NULL, NULL, NULL),
	(22, 2, 'ec9b4c0c-1f68-473f-b43e-f19496428ae6', 10, 'succeeded', '2026-11-30 01:44:31.982475+00', '2026-11-30 01:44:32.297829+00', NULL, NULL, NULL),
	(23, 2, 'ec9b4c0c-1f68-473f-b43e-f19496428ae6', 10, 'failed', '2026-11-30 01:44:32.359465+00', '2026-11-30 01:44:32.36338+00', 'out_of_memory', 'RUNTIME_CUDA_OOM', 'the synthetic model ''brittle'' fails as ordered'),
	(20, 3, 'ec9b4c0c-1f68-473f-b43e-f19496428ae6', 14, 'failed', '2026-11-30 01:44:35.437596+00', '2026-11-30 01:44:35.45023+00', 'out_of_memory', 'RUNTIME_CUDA_OOM', 'the synthetic model ''brittle'' fails as ordered'),
	(24, 3, 'ec9b4c0c-1f68-473f-b43e-f19496428ae6', 11, 'failed', '2026-11-30 01:44:32.36766+00', '2026-11-30 01:44:32.382352+00', 'out_of_memory', 'RUNTIME_CUDA_OOM', 'the synthetic model ''brittle'' fails as ordered'),
	(26, 1, '20c5eec1-2787-45d2-aace-c232f331d0f2', NULL, 'failed', '2026-11-30 01:45:54.969281+00', '2026-11-30 01:45:54.985637+00', 'infra', 'ENGINE_DEAD_IN_COMPANY', 'the engine ended while 2 jobs ran in it'),
	(14, 3, 'ec9b4c0c-1f68-473f-b43e-f19496428ae6', 12, 'failed', '2026-11-30 01:44:35.401379+00', '2026-11-30 01:44:35.423606+00', 'out_of_memory', 'RUNTIME_CUDA_OOM', 'the synthetic model ''brittle'' fails as ordered'),
	(23, 3, 'ec9b4c0c-1f68-473f-b43e-f19496428ae6', 15, 'failed', '2026-11-30 01:44:36.422711+00', '2026-11-30 01:44:36.450362+00', 'out_of_memory', 'RUNTIME_CUDA_OOM', 'the synthetic model ''brittle'' fails as ordered'),
	(31, 1, '32f4e170-4b07-4a4e-98da-c1d2aef7edb3', NULL, 'failed', '2026-11-30 01:46:18.194485+00', '2026-11-30 01:46:18.199026+00', 'infra', 'ENGINE_DEAD_IN_COMPANY', 'the engine ended while 2 jobs ran in it'),
	(24, 4, 'ec9b4c0c-1f68-473f-b43e-f19496428ae6', 16, 'failed', '2026-11-30 01:44:40.544037+00', '2026-11-30 01:44:40.570594+00', 'out_of_memory', 'RUNTIME_CUDA_OOM', 'the synthetic model ''brittle'' fails as ordered'),
	(32, 1, '32f4e170-4b07-4a4e-98da-c1d2aef7edb3', NULL, 'failed', '2026-11-30 01:46:18.194485+00', '2026-11-30 01:46:18.200716+00', 'infra', 'ENGINE_DEAD_IN_COMPANY', 'the engine ended while 2 jobs ran in it');

INSERT INTO eval.boot OVERRIDING SYSTEM VALUE VALUES
	(1, 'ec9b4c0c-1f68-473f-b43e-f19496428ae6', 1, 'synthetic-1', '3b3c89fe98ca6a708a3b735d503d611802ab3929492a431a88fcde82c77ee702', 'b857d94580a0e15dde7216db96dfa90740f268b1545b999a71dfe620b9b43054', '{"max_num_seqs": 4, "max_model_len": 4096}', '{"engine": "synthetic"}', '{}', 3.7244999930408085e-05, '2026-11-30 01:44:26.843665+00', NULL, NULL, NULL, NULL, NULL, NULL, NULL, '{"*": "synthetic"}', NULL, 'single', '{}', '{}', NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	(2, 'ec9b4c0c-1f68-473f-b43e-f19496428ae6', 2, 'synthetic-1', '3b3c89fe98ca6a708a3b735d503d611802ab3929492a431a88fcde82c77ee702', 'b857d94580a0e15dde7216db96dfa90740f268b1545b999a71dfe620b9b43054', '{"max_num_seqs": 4, "max_model_len": 4096}', '{"engine": "synthetic"}', '{}', 2.34550000186573e-05, '2026-11-30 01:44:27.265881+00', NULL, NULL, NULL, NULL, NULL, NULL, NULL, '{"*": "synthetic"}', NULL, 'single', '{}', '{}', NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	(3, 'ec9b4c0c-1f68-473f-b43e-f19496428ae6', 2, 'synthetic-1', '3b3c89fe98ca6a708a3b735d503d611802ab3929492a431a88fcde82c77ee702', 'b857d94580a0e15dde7216db96dfa90740f268b1545b999a71dfe620b9b43054', '{"max_num_seqs": 4, "max_model_len": 4096}', '{"engine": "synthetic"}', '{}', 3.273799995895388e-05, '2026-11-30 01:44:27.384406+00', NULL, NULL, NULL, NULL, NULL, NULL, NULL, '{"*": "synthetic"}', NULL, 'single', '{}', '{}', NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	(4, 'ec9b4c0c-1f68-473f-b43e-f19496428ae6', 2, 'synthetic-1', '3b3c89fe98ca6a708a3b735d503d611802ab3929492a431a88fcde82c77ee702', 'b857d94580a0e15dde7216db96dfa90740f268b1545b999a71dfe620b9b43054', '{"max_num_seqs": 4, "max_model_len": 4096}', '{"engine": "synthetic"}', '{}', 4.754099995807337e-05, '2026-11-30 01:44:27.506933+00', NULL, NULL, NULL, NULL, NULL, NULL, NULL, '{"*": "synthetic"}', NULL, 'single', '{}', '{}', NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	(5, 'ec9b4c0c-1f68-473f-b43e-f19496428ae6', 2, 'synthetic-1', '3b3c89fe98ca6a708a3b735d503d611802ab3929492a431a88fcde82c77ee702', 'b857d94580a0e15dde7216db96dfa90740f268b1545b999a71dfe620b9b43054', '{"max_num_seqs": 4, "max_model_len": 4096}', '{"engine": "synthetic"}', '{}', 3.761599998597376e-05, '2026-11-30 01:44:27.536233+00', NULL, NULL, NULL, NULL, NULL, NULL, NULL, '{"*": "synthetic"}', NULL, 'single', '{}', '{}', NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	(6, 'ec9b4c0c-1f68-473f-b43e-f19496428ae6', 2, 'synthetic-1', '3b3c89fe98ca6a708a3b735d503d611802ab3929492a431a88fcde82c77ee702', 'b857d94580a0e15dde7216db96dfa90740f268b1545b999a71dfe620b9b43054', '{"max_num_seqs": 4, "max_model_len": 4096}', '{"engine": "synthetic"}', '{}', 2.9092999966451316e-05, '2026-11-30 01:44:28.294877+00', NULL, NULL, NULL, NULL, NULL, NULL, NULL, '{"*": "synthetic"}', NULL, 'single', '{}', '{}', NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	(7, 'ec9b4c0c-1f68-473f-b43e-f19496428ae6', 2, 'synthetic-1', '3b3c89fe98ca6a708a3b735d503d611802ab3929492a431a88fcde82c77ee702', 'b857d94580a0e15dde7216db96dfa90740f268b1545b999a71dfe620b9b43054', '{"max_num_seqs": 4, "max_model_len": 4096}', '{"engine": "synthetic"}', '{}', 2.565800002685137e-05, '2026-11-30 01:44:29.30559+00', NULL, NULL, NULL, NULL, NULL, NULL, NULL, '{"*": "synthetic"}', NULL, 'single', '{}', '{}', NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	(8, 'ec9b4c0c-1f68-473f-b43e-f19496428ae6', 2, 'synthetic-1', '3b3c89fe98ca6a708a3b735d503d611802ab3929492a431a88fcde82c77ee702', 'b857d94580a0e15dde7216db96dfa90740f268b1545b999a71dfe620b9b43054', '{"max_num_seqs": 4, "max_model_len": 4096}', '{"engine": "synthetic"}', '{}', 3.036500004327536e-05, '2026-11-30 01:44:30.663028+00', NULL, NULL, NULL, NULL, NULL, NULL, NULL, '{"*": "synthetic"}', NULL, 'single', '{}', '{}', NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	(9, 'ec9b4c0c-1f68-473f-b43e-f19496428ae6', 2, 'synthetic-1', '3b3c89fe98ca6a708a3b735d503d611802ab3929492a431a88fcde82c77ee702', 'b857d94580a0e15dde7216db96dfa90740f268b1545b999a71dfe620b9b43054', '{"max_num_seqs": 4, "max_model_len": 4096}', '{"engine": "synthetic"}', '{}', 3.022500004590256e-05, '2026-11-30 01:44:30.691062+00', NULL, NULL, NULL, NULL, NULL, NULL, NULL, '{"*": "synthetic"}', NULL, 'single', '{}', '{}', NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	(10, 'ec9b4c0c-1f68-473f-b43e-f19496428ae6', 2, 'synthetic-1', '3b3c89fe98ca6a708a3b735d503d611802ab3929492a431a88fcde82c77ee702', 'b857d94580a0e15dde7216db96dfa90740f268b1545b999a71dfe620b9b43054', '{"max_num_seqs": 4, "max_model_len": 4096}', '{"engine": "synthetic"}', '{}', 2.5818000040089828e-05, '2026-11-30 01:44:31.354482+00', NULL, NULL, NULL, NULL, NULL, NULL, NULL, '{"*": "synthetic"}', NULL, 'single', '{}', '{}', NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	(11, 'ec9b4c0c-1f68-473f-b43e-f19496428ae6', 2, 'synthetic-1', '3b3c89fe98ca6a708a3b735d503d611802ab3929492a431a88fcde82c77ee702', 'b857d94580a0e15dde7216db96dfa90740f268b1545b999a71dfe620b9b43054', '{"max_num_seqs": 4, "max_model_len": 4096}', '{"engine": "synthetic"}', '{}', 2.6669999897421803e-05, '2026-11-30 01:44:32.373042+00', NULL, NULL, NULL, NULL, NULL, NULL, NULL, '{"*": "synthetic"}', NULL, 'single', '{}', '{}', NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	(12, 'ec9b4c0c-1f68-473f-b43e-f19496428ae6', 2, 'synthetic-1', '3b3c89fe98ca6a708a3b735d503d611802ab3929492a431a88fcde82c77ee702', 'b857d94580a0e15dde7216db96dfa90740f268b1545b999a71dfe620b9b43054', '{"max_num_seqs": 4, "max_model_len": 4096}', '{"engine": "synthetic"}', '{}', 2.9433999998218496e-05, '2026-11-30 01:44:35.413611+00', NULL, NULL, NULL, NULL, NULL, NULL, NULL, '{"*": "synthetic"}', NULL, 'single', '{}', '{}', NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	(13, 'ec9b4c0c-1f68-473f-b43e-f19496428ae6', 2, 'synthetic-1', '3b3c89fe98ca6a708a3b735d503d611802ab3929492a431a88fcde82c77ee702', 'b857d94580a0e15dde7216db96dfa90740f268b1545b999a71dfe620b9b43054', '{"max_num_seqs": 4, "max_model_len": 4096}', '{"engine": "synthetic"}', '{}', 2.7380999995330058e-05, '2026-11-30 01:44:35.42936+00', NULL, NULL, NULL, NULL, NULL, NULL, NULL, '{"*": "synthetic"}', NULL, 'single', '{}', '{}', NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	(14, 'ec9b4c0c-1f68-473f-b43e-f19496428ae6', 2, 'synthetic-1', '3b3c89fe98ca6a708a3b735d503d611802ab3929492a431a88fcde82c77ee702', 'b857d94580a0e15dde7216db96dfa90740f268b1545b999a71dfe620b9b43054', '{"max_num_seqs": 4, "max_model_len": 4096}', '{"engine": "synthetic"}', '{}', 2.590799999779847e-05, '2026-11-30 01:44:35.442546+00', NULL, NULL, NULL, NULL, NULL, NULL, NULL, '{"*": "synthetic"}', NULL, 'single', '{}', '{}', NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	(15, 'ec9b4c0c-1f68-473f-b43e-f19496428ae6', 2, 'synthetic-1', '3b3c89fe98ca6a708a3b735d503d611802ab3929492a431a88fcde82c77ee702', 'b857d94580a0e15dde7216db96dfa90740f268b1545b999a71dfe620b9b43054', '{"max_num_seqs": 4, "max_model_len": 4096}', '{"engine": "synthetic"}', '{}', 3.215799995359703e-05, '2026-11-30 01:44:36.434974+00', NULL, NULL, NULL, NULL, NULL, NULL, NULL, '{"*": "synthetic"}', NULL, 'single', '{}', '{}', NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	(16, 'ec9b4c0c-1f68-473f-b43e-f19496428ae6', 2, 'synthetic-1', '3b3c89fe98ca6a708a3b735d503d611802ab3929492a431a88fcde82c77ee702', 'b857d94580a0e15dde7216db96dfa90740f268b1545b999a71dfe620b9b43054', '{"max_num_seqs": 4, "max_model_len": 4096}', '{"engine": "synthetic"}', '{}', 4.753100006382738e-05, '2026-11-30 01:44:40.561818+00', NULL, NULL, NULL, NULL, NULL, NULL, NULL, '{"*": "synthetic"}', NULL, 'single', '{}', '{}', NULL, NULL, NULL, NULL, NULL, NULL, NULL);

INSERT INTO eval.generation VALUES
	(1, 1, 1, '83cce7e947be7d0474e6e43bfe69c33c2c0df325bf2e0a7107d437a0fbc9563c', '83cce7e947be7d0474e6e43bfe69c33c2c0df325bf2e0a7107d437a0fbc9563c', '4a40a085f2fbb45df63602748a4b76cf141dfb5b4bc703802be3c9ad0f470d97', '4ab77945da12be4c66168514688ac64be1c9aa9c1a1b3e26827b9ecac8084f77', 'c020d5b1b38faab339a91cc5fda2e02858966b9e0f8cbdc7fcd54e2ced31e522', 20, 0, 27, 'stop', 6.206481, 670.348421112, 670.348526239, 670.348695731, 670.348421112, 670.348445218, 670.348526239, 670.348695731, 0, NULL, 2.9375, NULL, '{}', '2026-11-30 01:44:26.902784+00', 670.348526239, 1, NULL, NULL, NULL, NULL, NULL),
	(2, 1, 1, '73c074340bf9405f292291c6cded83652f27d9aee2ad0991f64f24dd796442b8', '73c074340bf9405f292291c6cded83652f27d9aee2ad0991f64f24dd796442b8', '0d1a25fda975b9c965728616bab012ac7a3f4c266b42e553fe56327fb618a13c', 'c78e72cb66d37e4dc891c873f0622c5807064dd46b0c963586b9b9a1c82350a1', 'c020d5b1b38faab339a91cc5fda2e02858966b9e0f8cbdc7fcd54e2ced31e522', 117, 0, 27, 'stop', 6.322059, 670.412226599, 670.412356332, 670.412510442, 670.412226599, 670.412268081, 670.412356332, 670.412510442, 0, NULL, 9, NULL, '{}', '2026-11-30 01:44:26.999852+00', 670.412356332, 1, NULL, NULL, NULL, NULL, NULL),
	(3, 1, 1, '56dac45bfdde13e3c9c46b132f1d0abdb29dc87013859accfea46ce14e5cfe70', '56dac45bfdde13e3c9c46b132f1d0abdb29dc87013859accfea46ce14e5cfe70', 'c69a810ce6ec6c63412def52db91bb50462ebf39a9aef51125c8e39fb96eac84', '59d1e4cc62e0f10a588a471b8c9f1ef7f87c946d98eff8545ef5f39ae17004bd', 'c020d5b1b38faab339a91cc5fda2e02858966b9e0f8cbdc7fcd54e2ced31e522', 34, 0, 27, 'stop', 6.417266, 670.506462357, 670.506590538, 670.506752259, 670.506462357, 670.506496508, 670.506590538, 670.506752259, 0, NULL, 3.8125, NULL, '{}', '2026-11-30 01:44:27.053184+00', 670.506590538, 1, NULL, NULL, NULL, NULL, NULL),
	(4, 1, 1, 'a77e9af0df4cdafaa886251eb3097195866f6f5890e7f019a2b4a71e57aa6474', 'a77e9af0df4cdafaa886251eb3097195866f6f5890e7f019a2b4a71e57aa6474', 'b2f3789b296c0d15608659188bfa2fd92eb666cb9a5c66305041320cca71a5fb', '2555eff7220357bca360ec47a45932adb9cd22fecdba062f2dbf864c95ef4cac', 'c020d5b1b38faab339a91cc5fda2e02858966b9e0f8cbdc7fcd54e2ced31e522', 34, 0, 27, 'stop', 6.469234, 670.55614925, 670.556269469, 670.556428095, 670.55614925, 670.556180546, 670.556269469, 670.556428095, 0, NULL, 3.8125, NULL, '{}', '2026-11-30 01:44:27.090725+00', 670.556269469, 1, NULL, NULL, NULL, NULL, NULL),
	(5, 1, 1, '098faa30b9c057a28125422a3abe8465c8902086024b93bdfe6883b438ed6bb7', '098faa30b9c057a28125422a3abe8465c8902086024b93bdfe6883b438ed6bb7', '164a9553ed1ea1569dc64d769a174c383bfcae91a55f4e75e41076da0d8e2c72', 'ba31980149c83ef3b9ee17c28354f3a25f91a4a1c01202f41168b5a08c691997', 'c020d5b1b38faab339a91cc5fda2e02858966b9e0f8cbdc7fcd54e2ced31e522', 38, 0, 27, 'stop', 6.506605, 670.616183856, 670.616283835, 670.616456012, 670.616183856, 670.61620635, 670.616283835, 670.616456012, 0, NULL, 4.0625, NULL, '{}', '2026-11-30 01:44:27.156077+00', 670.616283835, 1, NULL, NULL, NULL, NULL, NULL),
	(6, 1, 1, '9fe2ee8f660175fb33ced61af288c47e1ef18668af8c51cce6ca4fb8fd9ceef1', '9fe2ee8f660175fb33ced61af288c47e1ef18668af8c51cce6ca4fb8fd9ceef1', '33b981f90094e2dc7352540870545a7a3fc8e685ab464519aa992a66f604dea0', 'e26393f03edb53fa6d49749dda155b439f21909b51b944c5c2d15c08e71393cb', 'c020d5b1b38faab339a91cc5fda2e02858966b9e0f8cbdc7fcd54e2ced31e522', 148, 0, 27, 'stop', 6.569249, 670.65112492, 670.651217267, 670.651361832, 670.65112492, 670.651149176, 670.651217267, 670.651361832, 0, NULL, 10.9375, NULL, '{}', '2026-11-30 01:44:27.192722+00', 670.651217267, 1, NULL, NULL, NULL, NULL, NULL),
	(7, 1, 1, '56dac45bfdde13e3c9c46b132f1d0abdb29dc87013859accfea46ce14e5cfe70', '56dac45bfdde13e3c9c46b132f1d0abdb29dc87013859accfea46ce14e5cfe70', '6d6ea889a2a8eee5edc50ce539312c4bfbe49163b08aa519a7aaa3dd5a8dd199', 'e79dc1e2b5ddcf40614c8410bfda149a566c6758b208a901d3e6dd0db120bcbe', '3a217a51a3f2b340cac527060f3fe77bf648ea5a6a1c87c47cf686dc4452c1aa', 34, 0, 27, 'stop', 6.606261, 670.687115205, 670.687184779, 670.68732644, 670.687115205, 670.6871321, 670.687184779, 670.68732644, 0, NULL, 3.8125, NULL, '{}', '2026-11-30 01:44:27.203262+00', 670.687184779, 1, NULL, NULL, NULL, NULL, NULL),
	(8, 1, 1, '83cce7e947be7d0474e6e43bfe69c33c2c0df325bf2e0a7107d437a0fbc9563c', '83cce7e947be7d0474e6e43bfe69c33c2c0df325bf2e0a7107d437a0fbc9563c', '9b2f4a367dde4d0108757e1801e5a591da59a34e4a12fee135f25a2fce48a9a0', '9c2dc18705e34e41bd11796a885db7287ec0bf9833c93bd5cb17710cc0bbfcd5', '3a217a51a3f2b340cac527060f3fe77bf648ea5a6a1c87c47cf686dc4452c1aa', 20, 0, 27, 'stop', 6.613136, 670.696697134, 670.696765987, 670.696905505, 670.696697134, 670.696714751, 670.696765987, 670.696905505, 0, NULL, 2.9375, NULL, '{}', '2026-11-30 01:44:27.212521+00', 670.696765987, 1, NULL, NULL, NULL, NULL, NULL),
	(9, 1, 1, '098faa30b9c057a28125422a3abe8465c8902086024b93bdfe6883b438ed6bb7', '098faa30b9c057a28125422a3abe8465c8902086024b93bdfe6883b438ed6bb7', 'a6514a3a7f91da2aed1b7e60db9e15b5092f68a8b72cdc221b7fa63c604ff2bc', 'fdef44be3b1de96c33bceadfa0ec848b424102e868569a90e24ea6a90e379f29', '3a217a51a3f2b340cac527060f3fe77bf648ea5a6a1c87c47cf686dc4452c1aa', 38, 0, 27, 'stop', 6.62562, 670.709004402, 670.709067035, 670.709209157, 670.709004402, 670.70901636, 670.709067035, 670.709209157, 0, NULL, 4.0625, NULL, '{}', '2026-11-30 01:44:27.224805+00', 670.709067035, 1, NULL, NULL, NULL, NULL, NULL),
	(10, 1, 1, '9fe2ee8f660175fb33ced61af288c47e1ef18668af8c51cce6ca4fb8fd9ceef1', '9fe2ee8f660175fb33ced61af288c47e1ef18668af8c51cce6ca4fb8fd9ceef1', 'cb36738de8fe39ba1bd2dba0ef7a786c1efd2043162663bdbd482114585c8efe', 'e1fe8daa3c9ad002e8c2666352c7a96812b7c4547cbc4af5f4cf7bd54ebf52d5', '3a217a51a3f2b340cac527060f3fe77bf648ea5a6a1c87c47cf686dc4452c1aa', 148, 0, 27, 'stop', 6.638116, 670.723179361, 670.723269205, 670.723412328, 670.723179361, 670.723203727, 670.723269205, 670.723412328, 0, NULL, 10.9375, NULL, '{}', '2026-11-30 01:44:27.239064+00', 670.723269205, 1, NULL, NULL, NULL, NULL, NULL),
	(11, 1, 1, '73c074340bf9405f292291c6cded83652f27d9aee2ad0991f64f24dd796442b8', '73c074340bf9405f292291c6cded83652f27d9aee2ad0991f64f24dd796442b8', 'e92159e9cb563fdd01a53faf13514bee4bc48040175ce74fa11f56b1f2e44a09', '7c0bc5f011c6c895ecc2511e23be2b9ecd6915ed1e9f12f564f3cbaa22f921b7', '3a217a51a3f2b340cac527060f3fe77bf648ea5a6a1c87c47cf686dc4452c1aa', 117, 0, 27, 'stop', 6.648291, 670.728957956, 670.729026739, 670.729165235, 670.728957956, 670.728976284, 670.729026739, 670.729165235, 0, NULL, 9, NULL, '{}', '2026-11-30 01:44:27.244278+00', 670.729026739, 1, NULL, NULL, NULL, NULL, NULL),
	(12, 1, 1, 'a77e9af0df4cdafaa886251eb3097195866f6f5890e7f019a2b4a71e57aa6474', 'a77e9af0df4cdafaa886251eb3097195866f6f5890e7f019a2b4a71e57aa6474', '875f821c01757eed609131433946a913f9cf8b8663093335dd3c124a4c9b0fd5', '6b1f87117a09456a09ccea1491b42ad3e883ec11b6cf16779043f59303055ca5', '3a217a51a3f2b340cac527060f3fe77bf648ea5a6a1c87c47cf686dc4452c1aa', 34, 0, 27, 'stop', 6.658297, 670.740125937, 670.740190564, 670.740331844, 670.740125937, 670.740139137, 670.740190564, 670.740331844, 0, NULL, 3.8125, NULL, '{}', '2026-11-30 01:44:27.255457+00', 670.740190564, 1, NULL, NULL, NULL, NULL, NULL),
	(15, 2, 7, '56dac45bfdde13e3c9c46b132f1d0abdb29dc87013859accfea46ce14e5cfe70', '56dac45bfdde13e3c9c46b132f1d0abdb29dc87013859accfea46ce14e5cfe70', '08c07d6955edbe139a545a90d8e3ca4b872fbbe2509c8cd9058a01f72b78d768', 'a4dc873c597fc9532d18d515409a76ac6af8e8c7c0d9edde8c09c1f473f41482', 'ae8b53b3cdf669505a319993fb794b9e08fd85a3d8ecdd7ef2e024d4327e9c65', 34, 0, 27, 'stop', 0.005338, 672.795655742, 673.096121457, 673.096375595, 672.795655742, 672.795691145, 673.096121457, 673.096375595, 0, NULL, 3.8125, NULL, '{}', '2026-11-30 01:44:29.617173+00', 673.096121457, 1, NULL, NULL, NULL, NULL, NULL),
	(13, 2, 7, '83cce7e947be7d0474e6e43bfe69c33c2c0df325bf2e0a7107d437a0fbc9563c', '83cce7e947be7d0474e6e43bfe69c33c2c0df325bf2e0a7107d437a0fbc9563c', '9be8058aac07d438ad908f4fc42ff6b4d99d1b1a5976346abf5fcde068881bb5', 'd9eb2f8731d49cee33e061cbe5f01e4af081b149da7baf6970fff6b7679a570c', 'ae8b53b3cdf669505a319993fb794b9e08fd85a3d8ecdd7ef2e024d4327e9c65', 20, 0, 27, 'stop', 0.940027, 673.806436627, 674.107030283, 674.107242919, 673.806436627, 673.806481184, 674.107030283, 674.107242919, 0, NULL, 2.9375, NULL, '{}', '2026-11-30 01:44:30.629772+00', 674.107030283, 1, NULL, NULL, NULL, NULL, NULL),
	(18, 2, 9, '9fe2ee8f660175fb33ced61af288c47e1ef18668af8c51cce6ca4fb8fd9ceef1', '9fe2ee8f660175fb33ced61af288c47e1ef18668af8c51cce6ca4fb8fd9ceef1', '1e1e7363ca1a9568b2563c1a3622c731e5eeb4b54f33df234d2ccaf606ada076', '3070f8e064f1b6261a9fcfaae75a3fb56c82c932c881dff4ea95c7c76acbf079', 'ae8b53b3cdf669505a319993fb794b9e08fd85a3d8ecdd7ef2e024d4327e9c65', 148, 0, 27, 'stop', 1.280818, 674.188518553, 674.489122914, 674.489343983, 674.188518553, 674.188589638, 674.489122914, 674.489343983, 0, NULL, 10.9375, NULL, '{}', '2026-11-30 01:44:31.007645+00', 674.489122914, 1, NULL, NULL, NULL, NULL, NULL),
	(19, 2, 9, '56dac45bfdde13e3c9c46b132f1d0abdb29dc87013859accfea46ce14e5cfe70', '56dac45bfdde13e3c9c46b132f1d0abdb29dc87013859accfea46ce14e5cfe70', 'd848e7c433e5ef3a10f01b047a837cab807ff21c434aa201d462556aa7dafa4d', '4f6712450088bf8c81c53e2e7593af7fc234340729168c4afdf3d8ba7de46a20', '54baec489d6c614364bc0e092f39bb1eb9197166112531b6fbc138bfcc32cbd8', 34, 0, 27, 'stop', 1.618191, 674.504586051, 674.805015277, 674.805251659, 674.504586051, 674.504626091, 674.805015277, 674.805251659, 0, NULL, 3.8125, NULL, '{}', '2026-11-30 01:44:31.325872+00', 674.805015277, 1, NULL, NULL, NULL, NULL, NULL),
	(22, 2, 10, '9fe2ee8f660175fb33ced61af288c47e1ef18668af8c51cce6ca4fb8fd9ceef1', '9fe2ee8f660175fb33ced61af288c47e1ef18668af8c51cce6ca4fb8fd9ceef1', '6f7f862d849520df59ec54e6499d7bd432e39b600a6a4f44f095a5e357361ed3', '98e55fdedfc715a71c19f4cec2f80a1aa3f31f42e8fa8a3448e0cf8ee3f6f47f', '54baec489d6c614364bc0e092f39bb1eb9197166112531b6fbc138bfcc32cbd8', 148, 0, 27, 'stop', 2.321484, 675.476808446, 675.777387209, 675.777593757, 675.476808446, 675.476882476, 675.777387209, 675.777593757, 0, NULL, 10.9375, NULL, '{}', '2026-11-30 01:44:32.297829+00', 675.777387209, 1, NULL, NULL, NULL, NULL, NULL),
	(21, 2, 10, '098faa30b9c057a28125422a3abe8465c8902086024b93bdfe6883b438ed6bb7', '098faa30b9c057a28125422a3abe8465c8902086024b93bdfe6883b438ed6bb7', '997c6059d4ad0050bd98f8cecf5c3b2a2b52d1343c93fc114c5a0a1a32a84111', 'f74d1420a1a14920e68f78ec55c5eb2066a807eb28105e2f21dc050afe9f7f3e', '54baec489d6c614364bc0e092f39bb1eb9197166112531b6fbc138bfcc32cbd8', 38, 0, 27, 'stop', 1.696492, 674.849622129, 675.150155434, 675.150363684, 674.849622129, 674.849659034, 675.150155434, 675.150363684, 0, NULL, 4.0625, NULL, '{}', '2026-11-30 01:44:31.66664+00', 675.150155434, 1, NULL, NULL, NULL, NULL, NULL),
	(16, 3, 10, 'a77e9af0df4cdafaa886251eb3097195866f6f5890e7f019a2b4a71e57aa6474', 'a77e9af0df4cdafaa886251eb3097195866f6f5890e7f019a2b4a71e57aa6474', '2e9c9d7c892b23edf05003797a6a3bf3da3e8a701020cb961a844b3dc7d4ea73', '6e14a344a1ebe9c3884d187aa762484b7b7adcc82b3c6f8df3cde13380369626', 'ae8b53b3cdf669505a319993fb794b9e08fd85a3d8ecdd7ef2e024d4327e9c65', 34, 0, 27, 'stop', 0.179965, 675.158564477, 675.458977233, 675.459182949, 675.158564477, 675.158599068, 675.458977233, 675.459182949, 0, NULL, 3.8125, NULL, '{}', '2026-11-30 01:44:31.977162+00', 675.458977233, 1, NULL, NULL, NULL, NULL, NULL);

INSERT INTO eval.job OVERRIDING SYSTEM VALUE VALUES
	(27, 'ec5fb598-99f5-46ea-965e-7dd5e30a83bb', 3, 2, 'plain', 1, 'throughput', '{"seed": 1, "top_p": 1.0, "max_tokens": 2048, "temperature": 0.5, "fixed_input_tokens": null, "fixed_output_tokens": null}', 0, 'queued', 0, 1, '2026-11-30 01:45:52.935133+00', NULL, NULL, '2026-11-30 01:45:52.935133+00', NULL, NULL, NULL, NULL, false, 0, NULL, NULL),
	(28, 'ec5fb598-99f5-46ea-965e-7dd5e30a83bb', 3, 1, 'plain', 1, 'throughput', '{"seed": 1, "top_p": 1.0, "max_tokens": 2048, "temperature": 0.5, "fixed_input_tokens": null, "fixed_output_tokens": null}', 0, 'queued', 0, 1, '2026-11-30 01:45:52.935133+00', NULL, NULL, '2026-11-30 01:45:52.935133+00', NULL, NULL, NULL, NULL, false, 0, NULL, NULL),
	(29, 'ec5fb598-99f5-46ea-965e-7dd5e30a83bb', 3, 5, 'plain', 1, 'throughput', '{"seed": 1, "top_p": 1.0, "max_tokens": 2048, "temperature": 0.5, "fixed_input_tokens": null, "fixed_output_tokens": null}', 0, 'queued', 0, 1, '2026-11-30 01:45:52.935133+00', NULL, NULL, '2026-11-30 01:45:52.935133+00', NULL, NULL, NULL, NULL, false, 0, NULL, NULL),
	(30, 'ec5fb598-99f5-46ea-965e-7dd5e30a83bb', 3, 3, 'plain', 1, 'throughput', '{"seed": 1, "top_p": 1.0, "max_tokens": 2048, "temperature": 0.5, "fixed_input_tokens": null, "fixed_output_tokens": null}', 0, 'queued', 0, 1, '2026-11-30 01:45:52.935133+00', NULL, NULL, '2026-11-30 01:45:52.935133+00', NULL, NULL, NULL, NULL, false, 0, NULL, NULL),
	(25, 'ec5fb598-99f5-46ea-965e-7dd5e30a83bb', 3, 6, 'plain', 1, 'throughput', '{"seed": 1, "top_p": 1.0, "max_tokens": 2048, "temperature": 0.5, "fixed_input_tokens": null, "fixed_output_tokens": null}', 0, 'dead', 1, 1, '2026-11-30 01:45:52.935133+00', '20c5eec1-2787-45d2-aace-c232f331d0f2', NULL, '2026-11-30 01:45:52.935133+00', '2026-11-30 01:45:54.977937+00', 'infra', 'ENGINE_DEAD_IN_COMPANY', 'the engine ended while 2 jobs ran in it', false, 0, NULL, NULL),
	(26, 'ec5fb598-99f5-46ea-965e-7dd5e30a83bb', 3, 4, 'plain', 1, 'throughput', '{"seed": 1, "top_p": 1.0, "max_tokens": 2048, "temperature": 0.5, "fixed_input_tokens": null, "fixed_output_tokens": null}', 0, 'dead', 1, 1, '2026-11-30 01:45:52.935133+00', '20c5eec1-2787-45d2-aace-c232f331d0f2', NULL, '2026-11-30 01:45:52.935133+00', '2026-11-30 01:45:54.985637+00', 'infra', 'ENGINE_DEAD_IN_COMPANY', 'the engine ended while 2 jobs ran in it', false, 0, NULL, NULL),
	(12, '73c1a3d8-90d0-4fb9-b1d0-8d77902ceb4f', 1, 1, 'plain', 2, 'latency', '{"seed": 2, "top_p": 1.0, "max_tokens": 2048, "temperature": 0.0, "fixed_input_tokens": null, "fixed_output_tokens": null}', 0, 'succeeded', 1, 3, '2026-11-30 01:44:20.592302+00', 'ec9b4c0c-1f68-473f-b43e-f19496428ae6', NULL, '2026-11-30 01:44:20.592302+00', '2026-11-30 01:44:27.255457+00', NULL, NULL, NULL, false, 0, NULL, NULL),
	(15, '8301862c-09ac-45ab-8a89-0d2a3bc7ef98', 2, 2, 'plain', 1, 'throughput', '{"seed": 1, "top_p": 1.0, "max_tokens": 64, "temperature": 0.0, "fixed_input_tokens": null, "fixed_output_tokens": null}', 0, 'succeeded', 2, 3, '2026-11-30 01:44:29.288898+00', 'ec9b4c0c-1f68-473f-b43e-f19496428ae6', NULL, '2026-11-30 01:44:22.01606+00', '2026-11-30 01:44:29.617173+00', NULL, NULL, NULL, false, 0, NULL, NULL),
	(13, '8301862c-09ac-45ab-8a89-0d2a3bc7ef98', 2, 6, 'plain', 1, 'throughput', '{"seed": 1, "top_p": 1.0, "max_tokens": 64, "temperature": 0.0, "fixed_input_tokens": null, "fixed_output_tokens": null}', 0, 'succeeded', 2, 3, '2026-11-30 01:44:29.373051+00', 'ec9b4c0c-1f68-473f-b43e-f19496428ae6', NULL, '2026-11-30 01:44:22.01606+00', '2026-11-30 01:44:30.629772+00', NULL, NULL, NULL, false, 0, NULL, NULL),
	(14, '8301862c-09ac-45ab-8a89-0d2a3bc7ef98', 2, 4, 'plain', 1, 'throughput', '{"seed": 1, "top_p": 1.0, "max_tokens": 64, "temperature": 0.0, "fixed_input_tokens": null, "fixed_output_tokens": null}', 0, 'dead', 3, 3, '2026-11-30 01:44:34.642469+00', 'ec9b4c0c-1f68-473f-b43e-f19496428ae6', NULL, '2026-11-30 01:44:22.01606+00', '2026-11-30 01:44:35.423606+00', 'out_of_memory', 'RUNTIME_CUDA_OOM', 'the synthetic model ''brittle'' fails as ordered', false, 0, NULL, NULL),
	(1, '73c1a3d8-90d0-4fb9-b1d0-8d77902ceb4f', 1, 6, 'plain', 1, 'latency', '{"seed": 1, "top_p": 1.0, "max_tokens": 2048, "temperature": 0.0, "fixed_input_tokens": null, "fixed_output_tokens": null}', 0, 'succeeded', 1, 3, '2026-11-30 01:44:20.592302+00', 'ec9b4c0c-1f68-473f-b43e-f19496428ae6', NULL, '2026-11-30 01:44:20.592302+00', '2026-11-30 01:44:26.902784+00', NULL, NULL, NULL, false, 0, NULL, NULL),
	(2, '73c1a3d8-90d0-4fb9-b1d0-8d77902ceb4f', 1, 4, 'plain', 1, 'latency', '{"seed": 1, "top_p": 1.0, "max_tokens": 2048, "temperature": 0.0, "fixed_input_tokens": null, "fixed_output_tokens": null}', 0, 'succeeded', 1, 3, '2026-11-30 01:44:20.592302+00', 'ec9b4c0c-1f68-473f-b43e-f19496428ae6', NULL, '2026-11-30 01:44:20.592302+00', '2026-11-30 01:44:26.999852+00', NULL, NULL, NULL, false, 0, NULL, NULL),
	(3, '73c1a3d8-90d0-4fb9-b1d0-8d77902ceb4f', 1, 2, 'plain', 1, 'latency', '{"seed": 1, "top_p": 1.0, "max_tokens": 2048, "temperature": 0.0, "fixed_input_tokens": null, "fixed_output_tokens": null}', 0, 'succeeded', 1, 3, '2026-11-30 01:44:20.592302+00', 'ec9b4c0c-1f68-473f-b43e-f19496428ae6', NULL, '2026-11-30 01:44:20.592302+00', '2026-11-30 01:44:27.053184+00', NULL, NULL, NULL, false, 0, NULL, NULL),
	(33, 'f1a6a2a6-89e7-4471-a67a-3a08d9f95766', 3, 2, 'plain', 1, 'throughput', '{"seed": 1, "top_p": 1.0, "max_tokens": 2048, "temperature": 0.0, "fixed_input_tokens": null, "fixed_output_tokens": null}', -1, 'queued', 0, 3, '2026-11-30 01:46:17.56534+00', NULL, NULL, '2026-11-30 01:46:17.56534+00', NULL, NULL, NULL, NULL, false, 0, NULL, NULL),
	(4, '73c1a3d8-90d0-4fb9-b1d0-8d77902ceb4f', 1, 1, 'plain', 1, 'latency', '{"seed": 1, "top_p": 1.0, "max_tokens": 2048, "temperature": 0.0, "fixed_input_tokens": null, "fixed_output_tokens": null}', 0, 'succeeded', 1, 3, '2026-11-30 01:44:20.592302+00', 'ec9b4c0c-1f68-473f-b43e-f19496428ae6', NULL, '2026-11-30 01:44:20.592302+00', '2026-11-30 01:44:27.090725+00', NULL, NULL, NULL, false, 0, NULL, NULL),
	(34, 'f1a6a2a6-89e7-4471-a67a-3a08d9f95766', 3, 1, 'plain', 1, 'throughput', '{"seed": 1, "top_p": 1.0, "max_tokens": 2048, "temperature": 0.0, "fixed_input_tokens": null, "fixed_output_tokens": null}', -1, 'queued', 0, 3, '2026-11-30 01:46:17.56534+00', NULL, NULL, '2026-11-30 01:46:17.56534+00', NULL, NULL, NULL, NULL, false, 0, NULL, NULL),
	(5, '73c1a3d8-90d0-4fb9-b1d0-8d77902ceb4f', 1, 5, 'plain', 1, 'latency', '{"seed": 1, "top_p": 1.0, "max_tokens": 2048, "temperature": 0.0, "fixed_input_tokens": null, "fixed_output_tokens": null}', 0, 'succeeded', 1, 3, '2026-11-30 01:44:20.592302+00', 'ec9b4c0c-1f68-473f-b43e-f19496428ae6', NULL, '2026-11-30 01:44:20.592302+00', '2026-11-30 01:44:27.156077+00', NULL, NULL, NULL, false, 0, NULL, NULL),
	(35, 'f1a6a2a6-89e7-4471-a67a-3a08d9f95766', 3, 5, 'plain', 1, 'throughput', '{"seed": 1, "top_p": 1.0, "max_tokens": 2048, "temperature": 0.0, "fixed_input_tokens": null, "fixed_output_tokens": null}', -1, 'queued', 0, 3, '2026-11-30 01:46:17.56534+00', NULL, NULL, '2026-11-30 01:46:17.56534+00', NULL, NULL, NULL, NULL, false, 0, NULL, NULL),
	(6, '73c1a3d8-90d0-4fb9-b1d0-8d77902ceb4f', 1, 3, 'plain', 1, 'latency', '{"seed": 1, "top_p": 1.0, "max_tokens": 2048, "temperature": 0.0, "fixed_input_tokens": null, "fixed_output_tokens": null}', 0, 'succeeded', 1, 3, '2026-11-30 01:44:20.592302+00', 'ec9b4c0c-1f68-473f-b43e-f19496428ae6', NULL, '2026-11-30 01:44:20.592302+00', '2026-11-30 01:44:27.192722+00', NULL, NULL, NULL, false, 0, NULL, NULL),
	(36, 'f1a6a2a6-89e7-4471-a67a-3a08d9f95766', 3, 3, 'plain', 1, 'throughput', '{"seed": 1, "top_p": 1.0, "max_tokens": 2048, "temperature": 0.0, "fixed_input_tokens": null, "fixed_output_tokens": null}', -1, 'queued', 0, 3, '2026-11-30 01:46:17.56534+00', NULL, NULL, '2026-11-30 01:46:17.56534+00', NULL, NULL, NULL, NULL, false, 0, NULL, NULL),
	(7, '73c1a3d8-90d0-4fb9-b1d0-8d77902ceb4f', 1, 2, 'plain', 2, 'latency', '{"seed": 2, "top_p": 1.0, "max_tokens": 2048, "temperature": 0.0, "fixed_input_tokens": null, "fixed_output_tokens": null}', 0, 'succeeded', 1, 3, '2026-11-30 01:44:20.592302+00', 'ec9b4c0c-1f68-473f-b43e-f19496428ae6', NULL, '2026-11-30 01:44:20.592302+00', '2026-11-30 01:44:27.203262+00', NULL, NULL, NULL, false, 0, NULL, NULL),
	(8, '73c1a3d8-90d0-4fb9-b1d0-8d77902ceb4f', 1, 6, 'plain', 2, 'latency', '{"seed": 2, "top_p": 1.0, "max_tokens": 2048, "temperature": 0.0, "fixed_input_tokens": null, "fixed_output_tokens": null}', 0, 'succeeded', 1, 3, '2026-11-30 01:44:20.592302+00', 'ec9b4c0c-1f68-473f-b43e-f19496428ae6', NULL, '2026-11-30 01:44:20.592302+00', '2026-11-30 01:44:27.212521+00', NULL, NULL, NULL, false, 0, NULL, NULL),
	(9, '73c1a3d8-90d0-4fb9-b1d0-8d77902ceb4f', 1, 5, 'plain', 2, 'latency', '{"seed": 2, "top_p": 1.0, "max_tokens": 2048, "temperature": 0.0, "fixed_input_tokens": null, "fixed_output_tokens": null}', 0, 'succeeded', 1, 3, '2026-11-30 01:44:20.592302+00', 'ec9b4c0c-1f68-473f-b43e-f19496428ae6', NULL, '2026-11-30 01:44:20.592302+00', '2026-11-30 01:44:27.224805+00', NULL, NULL, NULL, false, 0, NULL, NULL),
	(10, '73c1a3d8-90d0-4fb9-b1d0-8d77902ceb4f', 1, 3, 'plain', 2, 'latency', '{"seed": 2, "top_p": 1.0, "max_tokens": 2048, "temperature": 0.0, "fixed_input_tokens": null, "fixed_output_tokens": null}', 0, 'succeeded', 1, 3, '2026-11-30 01:44:20.592302+00', 'ec9b4c0c-1f68-473f-b43e-f19496428ae6', NULL, '2026-11-30 01:44:20.592302+00', '2026-11-30 01:44:27.239064+00', NULL, NULL, NULL, false, 0, NULL, NULL),
	(11, '73c1a3d8-90d0-4fb9-b1d0-8d77902ceb4f', 1, 4, 'plain', 2, 'latency', '{"seed": 2, "top_p": 1.0, "max_tokens": 2048, "temperature": 0.0, "fixed_input_tokens": null, "fixed_output_tokens": null}', 0, 'succeeded', 1, 3, '2026-11-30 01:44:20.592302+00', 'ec9b4c0c-1f68-473f-b43e-f19496428ae6', NULL, '2026-11-30 01:44:20.592302+00', '2026-11-30 01:44:27.244278+00', NULL, NULL, NULL, false, 0, NULL, NULL),
	(18, '8301862c-09ac-45ab-8a89-0d2a3bc7ef98', 2, 3, 'plain', 1, 'throughput', '{"seed": 1, "top_p": 1.0, "max_tokens": 64, "temperature": 0.0, "fixed_input_tokens": null, "fixed_output_tokens": null}', 0, 'succeeded', 2, 3, '2026-11-30 01:44:29.401277+00', 'ec9b4c0c-1f68-473f-b43e-f19496428ae6', NULL, '2026-11-30 01:44:22.01606+00', '2026-11-30 01:44:31.007645+00', NULL, NULL, NULL, false, 0, NULL, NULL),
	(19, '8301862c-09ac-45ab-8a89-0d2a3bc7ef98', 2, 2, 'plain', 2, 'throughput', '{"seed": 2, "top_p": 1.0, "max_tokens": 64, "temperature": 0.0, "fixed_input_tokens": null, "fixed_output_tokens": null}', 0, 'succeeded', 2, 3, '2026-11-30 01:44:29.395549+00', 'ec9b4c0c-1f68-473f-b43e-f19496428ae6', NULL, '2026-11-30 01:44:22.01606+00', '2026-11-30 01:44:31.325872+00', NULL, NULL, NULL, false, 0, NULL, NULL),
	(16, '8301862c-09ac-45ab-8a89-0d2a3bc7ef98', 2, 1, 'plain', 1, 'throughput', '{"seed": 1, "top_p": 1.0, "max_tokens": 64, "temperature": 0.0, "fixed_input_tokens": null, "fixed_output_tokens": null}', 0, 'succeeded', 3, 4, '2026-11-30 01:44:31.489705+00', 'ec9b4c0c-1f68-473f-b43e-f19496428ae6', NULL, '2026-11-30 01:44:22.01606+00', '2026-11-30 01:44:31.977162+00', NULL, NULL, NULL, false, 0, NULL, NULL),
	(17, '8301862c-09ac-45ab-8a89-0d2a3bc7ef98', 2, 5, 'plain', 1, 'throughput', '{"seed": 1, "top_p": 1.0, "max_tokens": 64, "temperature": 0.0, "fixed_input_tokens": null, "fixed_output_tokens": null}', 0, 'dead', 3, 3, '2026-11-30 01:44:34.677598+00', 'ec9b4c0c-1f68-473f-b43e-f19496428ae6', NULL, '2026-11-30 01:44:22.01606+00', '2026-11-30 01:44:35.435483+00', 'out_of_memory', 'RUNTIME_CUDA_OOM', 'the synthetic model ''brittle'' fails as ordered', false, 0, NULL, NULL),
	(31, 'f1a6a2a6-89e7-4471-a67a-3a08d9f95766', 3, 6, 'plain', 1, 'throughput', '{"seed": 1, "top_p": 1.0, "max_tokens": 2048, "temperature": 0.0, "fixed_input_tokens": null, "fixed_output_tokens": null}', -1, 'queued', 1, 3, '2026-11-30 01:46:18.199026+00', '32f4e170-4b07-4a4e-98da-c1d2aef7edb3', NULL, '2026-11-30 01:46:17.56534+00', NULL, 'infra', 'ENGINE_DEAD_IN_COMPANY', 'the engine ended while 2 jobs ran in it', false, 0, NULL, NULL),
	(32, 'f1a6a2a6-89e7-4471-a67a-3a08d9f95766', 3, 4, 'plain', 1, 'throughput', '{"seed": 1, "top_p": 1.0, "max_tokens": 2048, "temperature": 0.0, "fixed_input_tokens": null, "fixed_output_tokens": null}', -1, 'queued', 1, 3, '2026-11-30 01:46:18.200716+00', '32f4e170-4b07-4a4e-98da-c1d2aef7edb3', NULL, '2026-11-30 01:46:17.56534+00', NULL, 'infra', 'ENGINE_DEAD_IN_COMPANY', 'the engine ended while 2 jobs ran in it', false, 0, NULL, NULL),
	(20, '8301862c-09ac-45ab-8a89-0d2a3bc7ef98', 2, 6, 'plain', 2, 'throughput', '{"seed": 2, "top_p": 1.0, "max_tokens": 64, "temperature": 0.0, "fixed_input_tokens": null, "fixed_output_tokens": null}', 0, 'dead', 3, 3, '2026-11-30 01:44:35.347192+00', 'ec9b4c0c-1f68-473f-b43e-f19496428ae6', NULL, '2026-11-30 01:44:22.01606+00', '2026-11-30 01:44:35.45023+00', 'out_of_memory', 'RUNTIME_CUDA_OOM', 'the synthetic model ''brittle'' fails as ordered', false, 0, NULL, NULL),
	(21, '8301862c-09ac-45ab-8a89-0d2a3bc7ef98', 2, 5, 'plain', 2, 'throughput', '{"seed": 2, "top_p": 1.0, "max_tokens": 64, "temperature": 0.0, "fixed_input_tokens": null, "fixed_output_tokens": null}', 0, 'succeeded', 2, 3, '2026-11-30 01:44:29.652464+00', 'ec9b4c0c-1f68-473f-b43e-f19496428ae6', NULL, '2026-11-30 01:44:22.01606+00', '2026-11-30 01:44:31.66664+00', NULL, NULL, NULL, false, 0, NULL, NULL),
	(22, '8301862c-09ac-45ab-8a89-0d2a3bc7ef98', 2, 3, 'plain', 2, 'throughput', '{"seed": 2, "top_p": 1.0, "max_tokens": 64, "temperature": 0.0, "fixed_input_tokens": null, "fixed_output_tokens": null}', 0, 'succeeded', 2, 3, '2026-11-30 01:44:29.660991+00', 'ec9b4c0c-1f68-473f-b43e-f19496428ae6', NULL, '2026-11-30 01:44:22.01606+00', '2026-11-30 01:44:32.297829+00', NULL, NULL, NULL, false, 0, NULL, NULL),
	(23, '8301862c-09ac-45ab-8a89-0d2a3bc7ef98', 2, 4, 'plain', 2, 'throughput', '{"seed": 2, "top_p": 1.0, "max_tokens": 64, "temperature": 0.0, "fixed_input_tokens": null, "fixed_output_tokens": null}', 0, 'dead', 3, 3, '2026-11-30 01:44:36.36338+00', 'ec9b4c0c-1f68-473f-b43e-f19496428ae6', NULL, '2026-11-30 01:44:22.01606+00', '2026-11-30 01:44:36.450362+00', 'out_of_memory', 'RUNTIME_CUDA_OOM', 'the synthetic model ''brittle'' fails as ordered', false, 0, NULL, NULL),
	(24, '8301862c-09ac-45ab-8a89-0d2a3bc7ef98', 2, 1, 'plain', 2, 'throughput', '{"seed": 2, "top_p": 1.0, "max_tokens": 64, "temperature": 0.0, "fixed_input_tokens": null, "fixed_output_tokens": null}', 0, 'dead', 4, 4, '2026-11-30 01:44:40.382352+00', 'ec9b4c0c-1f68-473f-b43e-f19496428ae6', NULL, '2026-11-30 01:44:22.01606+00', '2026-11-30 01:44:40.570594+00', 'out_of_memory', 'RUNTIME_CUDA_OOM', 'the synthetic model ''brittle'' fails as ordered', false, 0, NULL, NULL);

INSERT INTO eval.model OVERRIDING SYSTEM VALUE VALUES
	(1, 'fake', '7605098f13af8637c9cbdb2e4226cdb06fc2a39d26df2d777396494dbfff4331', 'synthetic', 'synthetic', true, NULL, '{"name": "fake", "queue": "synthetic", "engine": "synthetic", "source": "made-up", "options": {}, "base_url": null, "revision": null, "api_key_env": null, "quantisation": null, "trust_remote_code": false, "price_per_gpu_hour": null}', '2026-11-30 01:44:20.592302+00'),
	(2, 'brittle', '9b9c43c43e2e0a41277a3c2df14969edbb7ec06da981cad573e5f09c08c10aa2', 'synthetic', 'synthetic', true, NULL, '{"name": "brittle", "queue": "synthetic", "engine": "synthetic", "source": "made-up", "options": {"fail": {"class": "OOM", "every": 3}, "ttft_ms": 300, "max_num_seqs": 4}, "base_url": null, "revision": null, "api_key_env": null, "quantisation": null, "trust_remote_code": false, "price_per_gpu_hour": null}', '2026-11-30 01:44:22.01606+00'),
	(3, 'away', 'bda9515d8a1f57138bb51c5366699d8cfa235cfc265be5b4ac86618ceec69656', 'synthetic', 'elsewhere', true, NULL, '{"name": "away", "queue": "elsewhere", "engine": "synthetic", "source": "made-up", "options": {}, "base_url": null, "revision": null, "api_key_env": null, "quantisation": null, "trust_remote_code": false, "price_per_gpu_hour": null}', '2026-11-30 01:45:52.935133+00');

INSERT INTO eval.problem OVERRIDING SYSTEM VALUE VALUES
	(1, 'sec-symmetric-01', 'f0e4ee3282abd7b3266244f829cc67da481d4d091b9bd9f2804173d577d567d9', 'secondary', '{"id": "sec-symmetric-01", "why": "Finding the pair 2 and 3 first is a full derivation too, so it has a path of its own; naming the pair without saying where it comes from is not.", "vars": {"a": {"max": 3.0, "min": -3.0, "type": "real"}, "b": {"max": 3.0, "min": -3.0, "type": "real"}, "t": {"max": 7.0, "min": -4.0, "type": "real"}}, "level": "secondary", "paths": [{"id": "main", "steps": [{"id": "s1", "mode": "rule", "shared": false, "weight": 1.0, "exclude": [], "describe": {"en": "write the sum of squares through the sum and the product by the perfect-square identity", "zh": "用完全平方公式把平方和写成和与积的式子"}, "evidence": {"any_of": [{"eq": "a^2+b^2 = (a+b)^2-2ab"}, {"eq": "(a+b)^2 = a^2+2ab+b^2"}, {"eq": "(a+b)^2 = (a^2+b^2)+2ab"}]}, "requires": [], "necessary": true}, {"id": "s2", "mode": "rule", "shared": false, "weight": 1.0, "exclude": [], "describe": {"en": "put in the sum, so that (a+b)^2 = 25", "zh": "代入和，得 (a+b)^2 = 25"}, "evidence": {"any_of": [{"eq": "(a+b)^2 = 25"}, {"eq": "5^2 = 25"}, {"eq": "a^2+2ab+b^2 = 25"}, {"regex": "5\\^\\{?2\\}?|5²"}, {"regex": "25 ?(-|−|–|=)|= ?25"}]}, "requires": [], "necessary": true}, {"id": "s3", "mode": "rule", "shared": false, "weight": 1.0, "exclude": [], "describe": {"en": "put in the product and take away 2ab = 12", "zh": "代入积，减去 2ab = 12"}, "evidence": {"any_of": [{"regex": "2 ?a ?b ?= ?12(?![0-9])"}, {"regex": "2 ?(\\\\times|\\\\cdot|\\*|×|·) ?6 ?= ?12(?![0-9])"}, {"regex": "(-|−|–) ?(12|2 ?(\\\\times|\\\\cdot|\\*|×|·) ?6)(?![0-9])"}, {"regex": "(减去|减掉|subtract|subtracting|take away|minus) ?\\$?12(?![0-9])"}]}, "requires": [], "necessary": true}]}, {"id": "roots", "steps": [{"id": "r1", "mode": "rule", "shared": false, "weight": 1.0, "exclude": [], "describe": {"en": "build the quadratic equation t^2-5t+6=0 from the sum and the product", "zh": "由和与积作出一元二次方程 t^2-5t+6=0"}, "evidence": {"any_of": [{"regex": "[a-z](\\^\\{?2\\}?|²) ?- ?5 ?[a-z] ?\\+ ?6 ?= ?0"}, {"regex": "([ab]) ?\\( ?5 ?- ?[ab] ?\\) ?= ?6"}, {"regex": "\\( ?5 ?- ?[ab] ?\\) ?[ab] ?= ?6"}]}, "requires": [], "necessary": true}, {"id": "r2", "mode": "rule", "shared": false, "weight": 1.0, "exclude": [], "describe": {"en": "solve it, so that the two numbers are 2 and 3", "zh": "解出两个数为 2 和 3"}, "evidence": {"any_of": [{"regex": "\\([a-z] ?- ?2\\) ?\\([a-z] ?- ?3\\)"}, {"regex": "\\([a-z] ?- ?3\\) ?\\([a-z] ?- ?2\\)"}, {"regex": "(t|x|a)(_1|_\\{1\\})? ?= ?2[^0-9.].{0,30}3(?![0-9])"}, {"regex": "(t|x|a)(_1|_\\{1\\})? ?= ?3[^0-9.].{0,30}2(?![0-9])"}, {"regex": "\\\\\\{ ?2 ?, ?3 ?\\\\\\}"}, {"words": {"en": ["roots 2 and 3", "roots are 2 and 3", "numbers are 2 and 3"], "zh": ["两根为 2 和 3", "根为 2 和 3", "两个数是 2 和 3", "根是 2 与 3"]}}]}, "requires": ["r1"], "necessary": true}, {"id": "r3", "mode": "rule", "shared": false, "weight": 1.0, "exclude": [], "describe": {"en": "square each and add, 4+9", "zh": "分别平方再相加，4+9"}, "evidence": {"any_of": [{"regex": "2(\\^\\{?2\\}?|²) ?\\+ ?3(\\^\\{?2\\}?|²)|3(\\^\\{?2\\}?|²) ?\\+ ?2(\\^\\{?2\\}?|²)"}, {"regex": "(?<![0-9])4 ?\\+ ?9(?![0-9])|(?<![0-9])9 ?\\+ ?4(?![0-9])"}]}, "requires": ["r2"], "necessary": true}]}], "answer": {"tol": 0.000001, "kind": "value", "unit": null, "any_of": ["13"]}, "schema": "refpath/1", "topics": ["algebra", "symmetric polynomials"], "aliases": {"t": ["x"]}, "problem": {"en": "Real numbers $a$ and $b$ satisfy $a+b=5$ and $ab=6$. Find the value of $a^2+b^2$ and show how you get it.\n", "zh": "已知实数 $a$、$b$ 满足 $a+b=5$，$ab=6$。求 $a^2+b^2$ 的值，并写出推导过程。\n"}, "solutions": [{"id": "zh", "lang": "zh", "path": "main", "blocks": [{"step": "s1", "text": "**思路。** 要求的是平方和，而题目给的是和与积，先用完全平方公式把它们联系起来：\n$$a^2+b^2=(a+b)^2-2ab.$$\n"}, {"step": "s2", "text": "**第一项。** 把已知的和代进去，得到 $(a+b)^2=25$。\n"}, {"step": "s3", "text": "**第二项。** 积的两倍为 $2ab=12$，把它从前一项中扣除即可，不必真的解出这两个数。\n"}, {"step": null, "text": "答案：13\n"}]}, {"id": "en", "lang": "en", "path": "main", "blocks": [{"step": "s1", "text": "Squaring a sum produces both the squares we want and a product that we know: $(a+b)^2=a^2+2ab+b^2$.\n"}, {"step": "s2", "text": "The sum is given, hence the left-hand side is $5^2$, so the three terms on the right add up to this number.\n"}, {"step": "s3", "text": "The mixed term is also known, because $2\\cdot 6=12$. Removing it leaves exactly the two squares.\n"}, {"step": null, "text": "The answer is 13\n"}]}, {"id": "roots-en", "lang": "en", "path": "roots", "blocks": [{"step": "r1", "text": "Two numbers with a known sum and a known product are the roots of a quadratic equation. Here it is\n$$t^2-5t+6=0.$$\n"}, {"step": "r2", "text": "The left side factors as $(t-2)(t-3)=0$, which names the two numbers (in either order, which does not matter for a symmetric expression).\n"}, {"step": "r3", "text": "Squaring each of them and adding, we get $4+9$.\n"}, {"step": null, "text": "The answer is 13\n"}]}], "difficulty": 1}', '2026-11-30 01:44:20.592302+00'),
	(2, 'sec-cubic-extrema-01', '164c529c1370e143fbcfeed0a9c872ba8c82c3852d5b68d1b595509dc1535a5b', 'secondary', '{"id": "sec-cubic-extrema-01", "why": "A zero of the derivative is not yet an extremum, so the sign of f'' on both sides or the sign of f'''' must be shown.", "vars": {"x": {"max": 4.0, "min": -3.0, "type": "real"}}, "level": "secondary", "paths": [{"id": "main", "steps": [{"id": "s1", "mode": "rule", "shared": false, "weight": 1.0, "exclude": [], "describe": {"en": "differentiate, f''(x)=3x^2-6x", "zh": "求导 f''(x)=3x^2-6x"}, "evidence": {"any_of": [{"eq": "f''(x) = 3x^2-6x"}, {"eq": "y'' = 3x^2-6x"}, {"value": "3x^2-6x"}]}, "requires": [], "necessary": true}, {"id": "s2", "mode": "rule", "shared": false, "weight": 1.0, "exclude": [], "describe": {"en": "zero derivative gives the critical points 0 and 2", "zh": "由导数为零得驻点 0 和 2"}, "evidence": {"any_of": [{"regex": "x(_1|_\\{1\\})? ?= ?0[^0-9.].{0,30}(x(_2|_\\{2\\})? ?= ?)2(?![0-9])"}, {"regex": "x ?= ?0 ?(,|，|、|或|和|与|or|and|\\$|\\\\text\\{ ?or ?\\}|\\\\text\\{ ?或 ?\\}|\\s){1,4} ?2(?![0-9])"}, {"regex": "x(_1|_\\{1\\})? ?= ?2[^0-9.].{0,30}(x(_2|_\\{2\\})? ?= ?)0(?![0-9.])"}, {"words": {"en": ["critical points are 0 and 2", "critical points 0 and 2", "stationary points 0 and 2", "stationary points are 0 and 2"], "zh": ["驻点为 0 和 2", "驻点是 0 和 2", "驻点为 0 与 2"]}}, {"regex": "(驻点|零点|critical points?|critical numbers?|stationary points?)[^(]{0,12}0[^0-9.)].{0,8}2(?![0-9])"}]}, "requires": ["s1"], "necessary": true}, {"id": "s3", "mode": "rule", "shared": false, "weight": 1.0, "exclude": [], "describe": {"en": "decide which is which by the sign of f'' (monotonicity) or by the second derivative", "zh": "用导数符号（单调性）或二阶导数判断极大与极小"}, "evidence": {"any_of": [{"eq": "f''''(x) = 6x-6"}, {"value": "6x-6"}, {"eq": "y'''' = 6x-6"}, {"eq": "f''''(0) = -6"}, {"eq": "f''''(0) < 0"}, {"all_of": [{"words": {"en": ["increasing", "increases", "rises", "rising"], "zh": ["递增", "增函数", "上升"]}}, {"words": {"en": ["decreasing", "decreases", "falls", "falling"], "zh": ["递减", "减函数", "下降"]}}]}, {"all_of": [{"words": {"en": ["derivative is positive", "positive derivative"], "zh": ["导数为正", "导数大于零", "导数大于 0", "导函数为正"]}}, {"words": {"en": ["derivative is negative", "negative derivative", "negative on", "negative for", "negative between"], "zh": ["导数为负", "导数小于零", "导数小于 0", "导函数为负", "为负"]}}]}, {"words": {"en": ["from positive to negative", "positive to negative", "plus to minus"], "zh": ["由正变负", "由正到负", "由正转负", "左正右负"]}}, {"eq": "f''(x) > 0"}, {"eq": "f''(x) < 0"}]}, "requires": ["s2"], "necessary": true}, {"id": "s4", "mode": "rule", "shared": false, "weight": 1.0, "exclude": [], "describe": {"en": "local maximum f(0)=2", "zh": "极大值 f(0)=2"}, "evidence": {"any_of": [{"eq": "f(0) = 2"}, {"regex": "f ?\\( ?0 ?\\) ?= ?2(?![0-9.])"}, {"eq": "y(0) = 2"}, {"regex": "x ?= ?0 ?(处|时)?[^0-9。;；]{0,14}极大值 ?(为|是|=|:)? ?2(?![0-9.])"}, {"regex": "[Mm]ax[a-z]* ?(value|point)? ?(of|is|equals|=|:)? ?2,? ?(at|when|for|attained at) ?x ?= ?0(?![0-9.])"}, {"regex": "\\( ?0 ?, ?2 ?\\) ?\\$? ?(是|为|is)? ?(a |the )?(极大|local max|max)"}]}, "requires": ["s2"], "necessary": true}, {"id": "s5", "mode": "rule", "shared": false, "weight": 1.0, "exclude": [], "describe": {"en": "local minimum f(2)=-2", "zh": "极小值 f(2)=-2"}, "evidence": {"any_of": [{"eq": "f(2) = -2"}, {"eq": "y(2) = -2"}, {"regex": "x ?= ?2 ?(处|时)?[^0-9。;；]{0,14}极小值 ?(为|是|=|:)? ?[-−]2(?![0-9.])"}, {"regex": "[Mm]in[a-z]* ?(value|point)? ?(of|is|equals|=|:)? ?[-−]2,? ?(at|when|for|attained at) ?x ?= ?2(?![0-9.])"}, {"regex": "f ?\\( ?2 ?\\)[^,;，；。]{0,40}= ?[-−] ?2(?![0-9.])"}, {"regex": "\\( ?2 ?, ?(-|−)2 ?\\)"}]}, "requires": ["s2"], "necessary": true}]}], "answer": {"tol": 0.000001, "kind": "set", "unit": null, "any_of": ["\\{2,-2\\}"]}, "schema": "refpath/1", "topics": ["derivatives", "extrema", "cubic functions"], "aliases": {}, "problem": {"en": "Find the local maximum value and the local minimum value of $f(x)=x^3-3x^2+2$, and say why each is what you claim.\n", "zh": "求函数 $f(x)=x^3-3x^2+2$ 的极大值与极小值，并说明判断依据。\n"}, "solutions": [{"id": "zh", "lang": "zh", "path": "main", "blocks": [{"step": "s1", "text": "**第一步：求导。** 函数在全体实数上可导，且\n$$f''(x)=3x^2-6x.$$\n"}, {"step": "s2", "text": "**第二步：找驻点。** 令导数等于零并提取公因式，解得 $x=0$ 或 $x=2$。\n"}, {"step": "s3", "text": "**第三步：列表看单调性。** 在 $(-\\infty,0)$ 上函数单调递增，在两驻点之间单调递减，再往右又单调递增，所以左边的驻点取极大，右边的驻点取极小。\n"}, {"step": "s4", "text": "**第四步：算极大值。** 代入左边的驻点，$f(0)=2$。\n"}, {"step": "s5", "text": "**第五步：算极小值。** 代入右边的驻点，$f(2)=-2$。\n"}, {"step": null, "text": "答案：极大值为 2，极小值为 -2\n"}]}, {"id": "en", "lang": "en", "path": "main", "blocks": [{"step": "s1", "text": "By the power rule the derivative is $f''(x)=3x^2-6x$, and it exists everywhere, so extrema can only sit where it vanishes.\n"}, {"step": "s2", "text": "Factoring out the common factor, the derivative vanishes at $x=0$ and at $x=2$ and nowhere else.\n"}, {"step": "s3", "text": "I use the second derivative test. We have $f''''(x)=6x-6$, which is negative at the smaller critical number and positive at the larger one; the first is therefore a peak and the second a valley.\n"}, {"step": "s4", "text": "The height of the peak is $f(0)=2$.\n"}, {"step": "s5", "text": "The depth of the valley comes out as $f(2)=-2$.\n"}, {"step": null, "text": "The answer is: local maximum 2, local minimum -2\n"}]}], "difficulty": 2}', '2026-11-30 01:44:20.592302+00'),
	(3, 'mod-second-cup-01', 'b3fa1f9df45985288154cfd5a8448549caf6dd941a21710e2aa60ea5dd07479c', 'modelling', '{"id": "mod-second-cup-01", "why": "First-cup sales are fixed by the statement, so the offer wins nothing on first cups and only moves second cups from full to half price; half price pays here without being the best second-cup price.", "vars": {"c": {"max": 3.5, "min": 0.5, "type": "real"}, "p": {"max": 19.0, "min": 4.0, "type": "real"}, "s": {"max": 19.0, "min": 1.0, "type": "real"}}, "level": "modelling", "paths": [{"id": "main", "steps": [{"id": "s1", "mode": "rule", "shared": false, "weight": 1.0, "exclude": [], "describe": {"en": "state the mechanism or assumption: falling marginal utility of the second cup (or price discrimination, self-selection), first-cup sales unchanged", "zh": "说明机理或假设：第二杯边际效用递减（或价格歧视、自选择），第一杯销量不受影响"}, "evidence": {"any_of": [{"words": {"en": ["diminishing marginal utility", "falling marginal utility", "decreasing marginal utility", "price discrimination", "self-selection", "first-cup sales do not change", "first-cup sales are unchanged", "first-cup demand is unchanged", "first cup demand is unchanged", "first cup sales are unchanged", "marginal utility falls", "marginal utility decreases", "marginal utility diminishes", "first-cup demand is unaffected"], "zh": ["第一杯需求不变", "首杯销量不变", "边际效用递减", "边际效用下降", "效用递减", "价格歧视", "差别定价", "自选择", "第一杯销量不变", "第一杯的销量不变", "第一杯销量不受影响", "第一杯不受影响", "第一杯的需求不变"]}}]}, "requires": [], "necessary": true}, {"id": "s2", "mode": "rule", "shared": false, "weight": 1.0, "exclude": [], "describe": {"en": "at the list price 20 % want a second cup, that is 40 cups", "zh": "原价时愿买第二杯的比例 20%，即 40 杯"}, "evidence": {"any_of": [{"eq": "\\frac{20-16}{20} = 0.2"}, {"eq": "200 \\cdot 0.2 = 40"}, {"eq": "200 \\cdot \\frac{20-16}{20} = 40"}, {"eq": "1 - \\frac{16}{20} = 0.2"}, {"near": ["杯", "cups", "人", "customers", "Q_1", "q_1", "sales", "销量"], "value": "40"}]}, "requires": [], "necessary": true}, {"id": "s3", "mode": "rule", "shared": false, "weight": 1.0, "exclude": [], "describe": {"en": "daily profit before is 3120 yuan (520 of it from second cups)", "zh": "促销前日利润 3120 元（第二杯部分 520 元）"}, "evidence": {"any_of": [{"value": "3120"}, {"value": "520"}]}, "requires": ["s2"], "necessary": true}, {"id": "s4", "mode": "rule", "shared": false, "weight": 1.0, "exclude": [], "describe": {"en": "at the half price of 8 yuan 60 % want a second cup, that is 120 cups", "zh": "半价 8 元时愿买第二杯的比例 60%，即 120 杯"}, "evidence": {"any_of": [{"eq": "\\frac{20-8}{20} = 0.6"}, {"eq": "200 \\cdot 0.6 = 120"}, {"eq": "200 \\cdot \\frac{20-8}{20} = 120"}, {"eq": "1 - \\frac{8}{20} = 0.6"}, {"near": ["杯", "cups", "人", "customers", "Q_2", "q_2", "sales", "销量"], "value": "120"}]}, "requires": [], "necessary": true}, {"id": "s5", "mode": "rule", "shared": false, "weight": 1.0, "exclude": [], "describe": {"en": "daily profit after is 3200 yuan (600 of it from second cups)", "zh": "促销后日利润 3200 元（第二杯部分 600 元）"}, "evidence": {"any_of": [{"value": "3200"}, {"value": "600"}]}, "requires": ["s4"], "necessary": true}, {"id": "s6", "mode": "rule", "shared": false, "weight": 1.0, "exclude": [], "describe": {"en": "general condition: the offer pays exactly when the marginal cost is below 4 yuan", "zh": "一般条件：促销划算当且仅当边际成本低于 4 元"}, "evidence": {"any_of": [{"eq": "c < 4"}, {"eq": "c = 4"}, {"eq": "120(8-c) > 40(16-c)"}, {"eq": "120(8-c) = 40(16-c)"}, {"eq": "0.6(8-c) > 0.2(16-c)"}, {"all_of": [{"value": "4"}, {"words": {"en": ["cost below", "cost is below", "cost under", "cost is less than", "break-even cost", "critical cost", "threshold cost"], "zh": ["边际成本低于", "成本低于", "成本小于", "临界成本", "盈亏平衡"]}}]}]}, "requires": [], "necessary": true}, {"id": "s7", "mode": "rule", "shared": false, "weight": 1.0, "exclude": [], "describe": {"en": "check and sensitivity: the best second-cup price is 11.5 yuan, so half price gains but is not the best", "zh": "检验与灵敏度：第二杯的最优售价为 11.5 元，半价可增利但非最优"}, "evidence": {"any_of": [{"value": "11.5"}]}, "requires": [], "necessary": true}]}], "answer": {"tol": 0.000001, "kind": "value", "unit": null, "any_of": ["80"]}, "schema": "refpath/1", "topics": ["pricing", "price discrimination", "uniform demand", "sensitivity"], "aliases": {"s": ["p_2", "x"]}, "problem": {"en": "A tea shop has 200 customers a day; each of them buys a first cup at the list price of 16 yuan and at most two cups.\nThe marginal cost of a cup is 3 yuan. The willingness to pay $w$ for the second cup is uniform on $[0,20]$ (yuan),\nand a customer takes the second cup exactly when $w$ is not below its price.\nThe owner thinks of \"second cup at half price\". Build a model that shows why half price can raise profit:\nstate the assumptions and the mechanism, work out second-cup sales and daily profit before and after, say below which\nmarginal cost the offer pays, find the second-cup price with the largest profit to see whether half price is the best,\nand finish with the increase of the daily profit.\n", "zh": "一家奶茶店每天有 200 位顾客，每人都会按原价 16 元买第一杯，且最多买两杯。每杯的边际成本为 3 元。\n顾客对第二杯的支付意愿 $w$ 服从 $[0,20]$（元）上的均匀分布，当且仅当 $w$ 不低于第二杯的售价时才买第二杯。\n店主考虑推出“第二杯半价”。请建立模型说明为什么半价可能反而提高利润：\n写出假设与机理，分别算出促销前后的第二杯销量与日利润，指出边际成本低于多少时促销才划算，\n并求使利润最大的第二杯售价以检验半价是不是最优，最后给出日利润的增加额。\n"}, "solutions": [{"id": "zh", "lang": "zh", "path": "main", "blocks": [{"step": "s1", "text": "**模型假设与机理。** 同一位顾客喝完第一杯后，对第二杯的兴趣会减弱，即边际效用递减；商家对第二杯单独降价，相当于对“想喝但嫌贵”的那部分需求另开一个价格。\n"}, {"step": "s2", "text": "**原价时的第二杯需求。** 支付意愿不低于售价者才会再买，由均匀分布得比例 $\\frac{20-16}{20}=0.2$。\n"}, {"step": "s3", "text": "**促销前的利润。** 第一杯与第二杯的单杯毛利都是 13 元，故日利润为 $200\\times 13+40\\times 13=3120$ 元。\n"}, {"step": "s4", "text": "**半价时的第二杯需求。** 售价降到 8 元后，再买的比例变成 $\\frac{20-8}{20}=0.6$。\n"}, {"step": "s5", "text": "**促销后的利润。** 半价杯每杯只赚 5 元，但卖得更多，日利润变为 $2600+120\\times 5=3200$ 元。\n"}, {"step": "s6", "text": "**何时划算。** 把边际成本记作 $c$，要求半价带来的第二杯利润更高，化简便得 $c<4$。原料越便宜的饮品越适合做这种活动。\n"}, {"step": "s7", "text": "**最优性检验。** 第二杯售价为 $s$ 时其利润为 $10(s-3)(20-s)$，对称轴给出 $s=11.5$ 元，可见打五折并不是最优的折扣，只是好记、好宣传。\n"}, {"step": null, "text": "**结论。** 半价使日利润增加。\n答案：80\n"}]}, {"id": "en", "lang": "en", "path": "main", "blocks": [{"step": "s1", "text": "**Mechanism.** The list price is kept for the first cup, while a lower price is offered only for an extra cup. This is a form of price discrimination: people who would not have bought another cup anyway are reached without touching the margin on the first one.\n"}, {"step": "s2", "text": "**Second cups before the offer.** Someone takes another cup only if $w\\ge 16$, so the number sold is $200\\cdot\\frac{20-16}{20}=40$ cups.\n"}, {"step": "s3", "text": "**Profit before.** The margin on each cup is 13 yuan. Hence second cups bring 520 yuan a day on top of what first cups bring.\n"}, {"step": "s4", "text": "**Second cups with the offer.** Now $w\\ge 8$ is enough, so $200\\cdot\\frac{20-8}{20}=120$ cups are sold.\n"}, {"step": "s5", "text": "**Profit after.** The margin drops to 5 yuan, but volume triples, and second cups now bring 600 yuan a day.\n"}, {"step": "s6", "text": "**When does it pay?** For a general marginal cost $c$ we need $0.6(8-c)>0.2(16-c)$; solving the linear inequality gives $c<4$. Our cost satisfies this.\n"}, {"step": "s7", "text": "**Is half price the best?** Writing $s$ for the second-cup price, the profit on second cups is proportional to $(s-3)(20-s)$. Setting the derivative to zero gives $s=11.5$, so a milder discount would earn even more.\n"}, {"step": null, "text": "**Conclusion.** First-cup profit is the same in both cases, so the whole change comes from the second cup.\nThe answer is 80\n"}]}], "difficulty": 3}', '2026-11-30 01:44:20.592302+00'),
	(4, 'mod-commission-01', 'f88659062cbeb144deb6545655bad9ee7a5f16e166909d864d987825b6b10781', 'modelling', '{"id": "mod-commission-01", "why": "Three requirements do not fix the function. Saturating exponential, logistic, Michaelis-Menten, Hill, tanh, arctan and a capped power law all meet them and give rates between 23.3 % and 30 % at density 100; each counts.", "vars": {"D": {"max": 200.0, "min": 1.0, "type": "real"}, "k": {"max": 0.05, "min": 0.005, "type": "real"}, "r": {"max": 0.3, "min": 0.1, "type": "real"}}, "level": "modelling", "paths": [{"id": "main", "steps": [{"id": "s1", "mode": "rule", "shared": false, "weight": 1.0, "exclude": [], "describe": {"en": "define the variables: order density, commission rate", "zh": "定义变量：订单密度、佣金率"}, "evidence": {"any_of": [{"all_of": [{"regex": "(?<!假)设|记|令|变量|自变量|[Ll]et |[Dd]enote|[Dd]efine|[Vv]ariable|[Ww]rite "}, {"words": {"en": ["density"], "zh": ["订单密度", "单量密度", "密度"]}}, {"words": {"en": ["commission rate", "commission", "rate"], "zh": ["佣金率", "抽成率", "抽佣比例", "费率", "佣金比例"]}}]}]}, "requires": [], "necessary": true}, {"id": "s2", "mode": "rule", "shared": false, "weight": 1.0, "exclude": [], "describe": {"en": "state assumptions: the rate is increasing and bounded (saturates), and the like", "zh": "给出假设：佣金率随密度单调增、有上界（饱和）等"}, "evidence": {"any_of": [{"all_of": [{"words": {"en": ["assume", "assumption", "suppose", "assuming"], "zh": ["假设", "假定"]}}, {"words": {"en": ["monoton", "increas", "saturat", "bounded", "ceiling", "continuous", "smooth", "same order value", "order value is constant", "order value stays", "capped"], "zh": ["单调", "递增", "上升", "饱和", "上限", "连续", "光滑", "客单价不变", "客单价相同", "客单价固定", "客单价保持", "相互独立"]}}]}]}, "requires": [], "necessary": true}, {"id": "s3", "mode": "rule", "shared": false, "weight": 1.0, "exclude": [], "describe": {"en": "choose a non-linear family that meets the requirements at both ends", "zh": "选择一个满足两端要求的非线性函数族"}, "evidence": {"any_of": [{"eq": "r = 0.1 + 0.2(1-e^{-kD})"}, {"eq": "r = 0.3 - 0.2e^{-kD}"}, {"eq": "r = \\frac{0.3}{1+2e^{-kD}}"}, {"eq": "r = 0.1 + 0.2\\frac{D}{K+D}"}, {"eq": "r = 0.1 + 0.2\\frac{D^n}{K^n+D^n}"}, {"eq": "r = 0.1 + 0.2\\tanh(kD)"}, {"eq": "r = 0.1 + a D^n"}, {"regex": "(0\\.10?|10 ?\\\\?%) ?\\+ ?(\\(?0\\.30? ?- ?0\\.10?\\)?|0\\.20?|20 ?\\\\?%) ?[^0-9].{0,30}(e\\^|exp|frac|tanh|arctan|/)"}, {"regex": "frac\\{(0\\.30?|30 ?\\\\?%)\\}\\{1 ?\\+ ?(2|[A-Za-z]) ?\\\\?,? ?(e\\^|\\\\exp)"}]}, "requires": [], "necessary": true}, {"id": "s4", "mode": "rule", "shared": false, "weight": 1.0, "exclude": [], "describe": {"en": "fix the parameter from 20 % at density 50", "zh": "由密度 50 时 20% 定出参数"}, "evidence": {"any_of": [{"tol": 0.003, "value": "\\frac{\\ln 2}{50}"}, {"tol": 0.003, "value": "\\frac{\\ln 4}{50}"}, {"eq": "e^{-50k} = \\frac{1}{2}"}, {"eq": "e^{-50k} = \\frac{1}{4}"}, {"regex": "0\\.(014|028)(?![0-9])"}, {"tol": 0.01, "value": "0.010986"}, {"tol": 0.001, "value": "0.00004"}, {"eq": "K = 50"}]}, "requires": ["s3"], "necessary": true}, {"id": "s5", "mode": "rule", "shared": false, "weight": 1.0, "exclude": [], "describe": {"en": "rate and commission per order at density 100", "zh": "求密度 100 时的佣金率与每单佣金"}, "evidence": {"any_of": [{"tol": 0.0001, "value": "0.25"}, {"tol": 0.001, "value": "0.2667"}, {"tol": 0.001, "value": "0.2333"}, {"tol": 0.001, "value": "0.26"}, {"tol": 0.002, "value": "0.241"}, {"regex": "(?<![0-9.])(25|26|26\\.7|26\\.67|23\\.3|23\\.33|24\\.1) ?per ?cent"}]}, "requires": ["s4"], "necessary": true}, {"id": "s6", "mode": "rule", "shared": false, "weight": 1.0, "exclude": [], "describe": {"en": "check: increasing (positive derivative), limit within the ceiling", "zh": "检验：单调（导数为正）、极限不超过上限"}, "evidence": {"any_of": [{"regex": "(r''|\\\\frac\\{dr\\}|\\\\frac\\{\\\\mathrm\\{d\\} ?r\\}|dr/d).{0,60}> ?0"}, {"regex": "\\\\lim|\\\\to ?\\+? ?\\\\infty|→ ?\\+?∞|D ?-> ?inf"}, {"words": {"en": ["derivative is positive", "positive derivative", "tends to infinity", "tends to 30", "approaches 30"], "zh": ["导数为正", "导数恒正", "趋于无穷", "趋于 30%", "趋近于 30%"]}}]}, "requires": [], "necessary": true}, {"id": "s7", "mode": "rule", "shared": false, "weight": 1.0, "exclude": [], "describe": {"en": "sensitivity: what a change of the parameter does to the result", "zh": "灵敏度：参数变动对结果的影响"}, "evidence": {"any_of": [{"regex": "(灵敏度|敏感性|敏感度|稳健|弹性|[Ss]ensitiv|[Rr]obust|[Ee]lasticity).{0,160}?([0-9]{2}|[0-9]\\.[0-9]|[0-9](?!。|\\. |、|[)）]))"}, {"regex": "(?<![0-9])[0-9][^\\n。]{0,80}(不敏感|不太敏感|较敏感|很敏感|稳健|not sensitive|insensitive|robust)"}, {"all_of": [{"words": {"en": ["increase", "larger", "raise", "lower", "change"], "zh": ["上调", "增大", "增加", "提高", "下降", "变动"]}}, {"regex": "(10|5|20) ?\\\\?%"}, {"words": {"en": ["parameter", "half-saturation", "k"], "zh": ["参数", "半饱和", "k"]}}]}]}, "requires": [], "necessary": true}]}], "answer": {"tol": 0.001, "kind": "rubric", "unit": null, "any_of": ["r(100) = 0.25, 15 yuan per order", "r(100) = 0.2667, 16 yuan per order"]}, "schema": "refpath/1", "topics": ["pricing", "nonlinear functions", "saturation", "calibration", "sensitivity"], "aliases": {"D": ["\\rho", "d", "x"], "r": ["r(D)", "r(\\rho)", "r(d)", "r(x)", "f(D)", "c(D)"]}, "problem": {"en": "A delivery platform wants its commission rate to rise non-linearly with order density, measured in orders per square\nkilometre per hour. Operations asks for three things: 10 % in a nearly empty zone; 20 % when the density reaches 50;\nnever more than 30 %, however dense the zone. The mean order value is 60 yuan.\nBuild a mathematical model: state variables and assumptions, choose a suitable non-linear function and fix its\nparameters from the requirements, give the rate and the commission per order at density 100, check that the model\nis sensible, and discuss how sensitive the result is to the parameters.\n", "zh": "某即时配送平台希望佣金率随订单密度非线性地上升。订单密度记为每平方公里每小时的单数。运营部门给出三条要求：\n几乎没有订单的区域收 10%；密度达到 50 时收 20%；无论密度多高都不得超过 30%。平均客单价为 60 元。\n请建立数学模型：说明变量与假设，选择一个合适的非线性函数并用上述要求确定参数，\n求密度为 100 时的佣金率与每单佣金，检验模型是否合理，并讨论结果对参数的灵敏度。\n"}, "solutions": [{"id": "zh", "lang": "zh", "path": "main", "blocks": [{"step": "s1", "text": "**一、变量。** 设 $D$ 为订单密度（单/平方公里/小时），$r(D)$ 为对应的佣金率，$k$ 为待定的增长系数。\n"}, {"step": "s2", "text": "**二、假设。** 假设密度越高平台为商家带来的价值越大，但增益逐渐饱和；客单价在各区域相同，不随抽成改变。\n"}, {"step": "s3", "text": "**三、模型。** 取饱和指数型：$r(D)=0.1+0.2\\left(1-e^{-kD}\\right)$，它在起点取最低档，向上逼近最高档而不越过。\n"}, {"step": "s4", "text": "**四、定参。** 代入第二条要求，需要 $e^{-50k}=\\frac12$，解出 $k=\\frac{\\ln 2}{50}\\approx 0.01386$。\n"}, {"step": "s5", "text": "**五、求解。** 密度为 100 时指数项变为四分之一，佣金率为 $r(100)=0.25$，每单佣金 15 元。\n"}, {"step": "s6", "text": "**六、检验。** 求导可知 $r''(D)=0.2ke^{-kD}>0$，且当 $D\\to\\infty$ 时比率从下方逼近封顶值，三条要求都满足。\n"}, {"step": "s7", "text": "**七、灵敏度分析。** 若 $k$ 增大 10%，则上面的比率约升至 0.2565，相对只变动 2.6% 左右，可见结论对该系数并不敏感。\n"}, {"step": null, "text": "结论：该分段无关的平滑曲线易于解释，可作为阶梯费率的替代方案。\n"}]}, {"id": "en", "lang": "en", "path": "main", "blocks": [{"step": "s1", "text": "**Variables.** Let $D$ be the order density and $r(D)$ the commission rate charged in a zone of that density; both are treated as continuous.\n"}, {"step": "s2", "text": "**Assumptions.** I assume that the rate is increasing in how busy a zone is, slow at first, fastest in the middle, and that it saturates when couriers are fully used.\n"}, {"step": "s3", "text": "**Model.** An S-shaped curve fits this story, so I take the logistic form $r(D)=\\frac{0.3}{1+2e^{-kD}}$, which starts at one third of its ceiling.\n"}, {"step": "s4", "text": "**Calibration.** The middle requirement gives $1+2e^{-50k}=1.5$, hence $k=\\frac{\\ln 4}{50}\\approx 0.0277$.\n"}, {"step": "s5", "text": "**Result.** At density 100 the exponential has fallen to one sixteenth, so $r(100)=0.3/1.125\\approx 0.2667$ and an order pays 16 yuan.\n"}, {"step": "s6", "text": "**Check.** We have $\\lim_{D\\to\\infty} r(D)=0.3$, which is never reached, and the derivative is positive everywhere, so no zone pays less than a quieter one.\n"}, {"step": "s7", "text": "**Sensitivity.** With $k$ larger by 10 % the value becomes about 0.2740, a relative shift of 2.8 %; the fee per order moves by less than half a yuan.\n"}, {"step": null, "text": "In practice the curve would be refitted once a month with fresh data.\n"}]}], "difficulty": 4}', '2026-11-30 01:44:20.592302+00'),
	(5, 'uni-diagonalisation-01', '891822aee460daeac3ec2f5e995b786106cf11b5d0538fcdf8bb4b286ac6ba6d', 'university', '{"id": "uni-diagonalisation-01", "why": "Cayley-Hamilton replaces the eigenvectors by two linear equations, so it is a path of its own; a formula guessed from the first few powers shows no step.", "vars": {"n": {"max": 6.0, "min": 1.0, "type": "int"}, "\\beta": {"max": 3.0, "min": -3.0, "type": "real"}, "\\alpha": {"max": 3.0, "min": -3.0, "type": "real"}, "\\lambda": {"max": 7.0, "min": -3.0, "type": "real"}}, "level": "university", "paths": [{"id": "main", "steps": [{"id": "s1", "mode": "rule", "shared": false, "weight": 1.0, "exclude": [], "describe": {"en": "characteristic equation λ²-7λ+10=0, eigenvalues 5 and 2", "zh": "特征方程 λ²-7λ+10=0，特征值 5 与 2"}, "evidence": {"any_of": [{"eq": "\\lambda^2-7\\lambda+10 = 0"}, {"value": "\\lambda^2-7\\lambda+10"}, {"eq": "(4-\\lambda)(3-\\lambda)-2 = 0"}, {"regex": "(特征值|eigenvalues?)[^0-9]{0,30}(5 ?\\$?(,|，|、|和|与| 和| 与|,? and|,? or) ?\\$?2|2 ?\\$?(,|，|、|和|与| 和| 与|,? and|,? or) ?\\$?5)(?![0-9^.a-z\\\\])"}, {"regex": "(λ|\\\\lambda|\\\\mu) ?_?\\{?[12]?\\}? ?= ?(5|2)(?![0-9.^])"}]}, "requires": [], "necessary": true}, {"id": "s2", "mode": "rule", "shared": false, "weight": 1.0, "exclude": [], "describe": {"en": "find the eigenvectors (1,1) and (1,-2), up to a factor", "zh": "求出特征向量 (1,1) 与 (1,-2)（可差倍数）"}, "evidence": {"any_of": [{"regex": "(?<![0-9\\-−])1 ?(,|，|;|\\\\{1,2}|\\}\\{) ?[-−] ?2(?![0-9])"}, {"regex": "[-−] ?1 ?(,|，|;|\\\\{1,2}|\\}\\{) ?2(?![0-9])"}, {"regex": "1 ?(&|,) ?1 ?(\\\\{1,2}|;|\\] ?, ?\\[) ?1 ?(&|,) ?[-−] ?2"}, {"regex": "1 ?(&|,) ?1 ?(\\\\{1,2}|;|\\] ?, ?\\[) ?[-−] ?2 ?(&|,) ?1"}, {"regex": "[-−]1 ?(&|,) ?1 ?(\\\\{1,2}|;|\\] ?, ?\\[) ?2 ?(&|,) ?1"}, {"regex": "1 ?(&|,) ?[-−] ?1 ?(\\\\{1,2}|;|\\] ?, ?\\[) ?1 ?(&|,) ?2"}, {"regex": "(y|[xvk]_\\{?2\\}?) ?= ?[-−] ?2 ?(x|[xvk]_\\{?1\\}?)|2 ?(x|[xvk]_\\{?1\\}?) ?\\+ ?(y|[xvk]_\\{?2\\}?) ?= ?0"}]}, "requires": ["s1"], "necessary": true}, {"id": "s3", "mode": "rule", "shared": false, "weight": 1.0, "exclude": [], "describe": {"en": "write A^n=PD^nP^{-1} with 5^n and 2^n on the diagonal of D^n", "zh": "写出 A^n=PD^nP^{-1}，D^n 的对角元为 5^n、2^n"}, "evidence": {"any_of": [{"regex": "A ?\\^ ?\\{?n\\}? ?(=|&=) ?\\(?[PQSTUVX] ?\\(?(D|Λ|J|B|\\\\Lambda|\\\\begin|\\\\operatorname|\\\\mathrm|\\\\text|diag)"}, {"regex": "A ?\\^ ?\\{?n\\}? ?(\\\\,|\\\\cdot|\\\\mathbf\\{|\\\\vec\\{|\\\\boldsymbol\\{)? ?(e_|v_|p_|\\\\xi|ξ|\\\\binom|\\\\begin\\{.matrix\\} ?0)"}, {"regex": "diag\\}? ?(\\\\left)?\\( ?(5 ?\\^ ?\\{?n\\}? ?, ?2|2 ?\\^ ?\\{?n\\}? ?, ?5) ?\\^"}, {"regex": "5 ?\\^ ?\\{?n\\}? ?& ?0 ?\\\\{1,2} ?0 ?& ?2 ?\\^"}, {"regex": "2 ?\\^ ?\\{?n\\}? ?& ?0 ?\\\\{1,2} ?0 ?& ?5 ?\\^"}, {"regex": "\\[? ?\\[ ?5 ?\\^ ?n ?, ?0 ?\\] ?, ?\\[ ?0 ?, ?2"}]}, "requires": ["s1"], "necessary": true}, {"id": "s4", "mode": "rule", "shared": false, "weight": 1.0, "exclude": [], "describe": {"en": "find the inverse of P, or split (0,1) along the eigenvectors", "zh": "求出 P 的逆矩阵，或把 (0,1) 按特征向量分解"}, "evidence": {"any_of": [{"regex": "[-−]? ?2 ?(&|,) ?[-−]? ?1 ?(\\\\{1,2}|;|\\] ?, ?\\[) ?[-−]? ?1 ?(&|,) ?[-−]? ?1(?![0-9])"}, {"regex": "(\\\\[td]?frac ?\\{?1\\}? ?\\{? ?-?3\\}?|1 ?/ ?\\(?-?3)\\)? ?(\\\\,|\\\\cdot|\\\\times|·|\\*)? ?(\\\\begin\\{.matrix\\}|\\(|\\[)\\[? ?[-−]?1 ?(&|,) ?[-−]?1 ?(\\\\{1,2}|;|\\] ?, ?\\[) ?[-−]?2 ?(&|,) ?[-−]?1"}, {"regex": "2 ?/ ?3\\)? ?(&|,) ?\\(?[-−]? ?1 ?/ ?3"}, {"regex": "1 ?/ ?3\\)? ?(&|,) ?\\(?[-−]? ?1 ?/ ?3"}, {"regex": "\\( ?0 ?, ?1 ?\\)[^=]{0,8}= ?(\\\\[td]?frac ?\\{?1\\}?\\{?3\\}?|\\(?1 ?/ ?3)"}, {"regex": "e_?\\{?2\\}? ?= ?\\(?(\\\\[td]?frac ?\\{?1\\}?\\{?3\\}?|1/3)"}]}, "requires": ["s2"], "necessary": true}]}, {"id": "cayley", "steps": [{"id": "c1", "mode": "rule", "shared": false, "weight": 1.0, "exclude": [], "describe": {"en": "characteristic equation λ²-7λ+10=0, eigenvalues 5 and 2", "zh": "特征方程 λ²-7λ+10=0，特征值 5 与 2"}, "evidence": {"any_of": [{"eq": "\\lambda^2-7\\lambda+10 = 0"}, {"value": "\\lambda^2-7\\lambda+10"}, {"eq": "(4-\\lambda)(3-\\lambda)-2 = 0"}, {"regex": "A ?(\\^ ?\\{?2\\}?|²) ?- ?7 ?A ?\\+ ?10"}, {"regex": "(特征值|eigenvalues?)[^0-9]{0,30}(5 ?\\$?(,|，|、|和|与| 和| 与|,? and|,? or) ?\\$?2|2 ?\\$?(,|，|、|和|与| 和| 与|,? and|,? or) ?\\$?5)(?![0-9^.a-z\\\\])"}, {"regex": "(λ|\\\\lambda|\\\\mu) ?_?\\{?[12]?\\}? ?= ?(5|2)(?![0-9.^])"}]}, "requires": [], "necessary": true}, {"id": "c2", "mode": "rule", "shared": false, "weight": 1.0, "exclude": [], "describe": {"en": "by Cayley-Hamilton, A^n=αA+βI (or the entry is a·5^n+b·2^n)", "zh": "由凯莱-哈密顿定理设 A^n=αA+βE（或元素形如 a·5^n+b·2^n）"}, "evidence": {"any_of": [{"regex": "A ?\\^ ?\\{?n\\}? ?(=|&=) ?(\\\\?[a-zα]{1,6}|[a-z]_\\{?[n01]\\}?) ?A ?\\+ ?(\\\\?[a-zβ]{1,5}|[a-z]_\\{?[n01]\\}?) ?[IE]"}, {"regex": "(λ|\\\\lambda|t|x|s) ?\\^ ?\\{?n\\}? ?= ?\\(?.{1,30}\\)? ?(q|Q) ?\\(.{1,12}\\) ?\\+ "}, {"regex": "[a-zA-Zα](_?\\{?[12]\\}?)? ?(\\\\cdot|\\\\,|·|\\*)? ?[({]?5[)}]? ?\\^ ?\\{?n\\}? ?\\+ ?[a-zA-Zβ](_?\\{?[12]\\}?)? ?(\\\\cdot|\\\\,|·|\\*)? ?[({]?2[)}]? ?\\^"}, {"words": {"en": ["division with remainder", "remainder is linear", "linear remainder"], "zh": ["带余除法", "余式为一次", "余式是一次"]}}]}, "requires": ["c1"], "necessary": true}, {"id": "c3", "mode": "rule", "shared": false, "weight": 1.0, "exclude": [], "describe": {"en": "put in the eigenvalues, 5^n=5α+β and 2^n=2α+β (or fix the coefficients from n=0, 1)", "zh": "代入特征值列方程 5^n=5α+β，2^n=2α+β（或用 n=0、1 定系数）"}, "evidence": {"any_of": [{"eq": "5\\alpha+\\beta = 5^n"}, {"eq": "2\\alpha+\\beta = 2^n"}, {"eq": "5\\alpha+2\\beta = 1"}, {"eq": "\\alpha+\\beta = 0"}, {"eq": "\\alpha = \\frac{1}{3}"}]}, "requires": ["c2"], "necessary": true}]}, {"id": "binomial", "steps": [{"id": "b1", "mode": "rule", "shared": false, "weight": 1.0, "exclude": [], "describe": {"en": "write A=2I+N with N of rank one", "zh": "写成 A=2E+N，N 为秩一矩阵"}, "evidence": {"any_of": [{"regex": "A ?= ?(2 ?[IE] ?\\+ ?[A-Z]|[A-Z] ?\\+ ?2 ?[IE])"}, {"regex": "[A-Z] ?= ?A ?- ?2 ?[IE]"}, {"regex": "2 ?[IE] ?\\+ ?\\\\begin"}]}, "requires": [], "necessary": true}, {"id": "b2", "mode": "rule", "shared": false, "weight": 1.0, "exclude": [], "describe": {"en": "N²=3N, so N^k=3^{k-1}N", "zh": "N²=3N，故 N^k=3^{k-1}N"}, "evidence": {"any_of": [{"regex": "[A-Z] ?(\\^ ?\\{?2\\}?|²) ?= ?3 ?[A-Z]"}, {"regex": "[A-Z] ?\\^ ?\\{?[kjn]\\}? ?= ?3 ?\\^ ?\\{? ?[kjn] ?- ?1 ?\\}? ?[A-Z]"}]}, "requires": ["b1"], "necessary": true}, {"id": "b3", "mode": "rule", "shared": false, "weight": 1.0, "exclude": [], "describe": {"en": "expand by the binomial theorem and sum", "zh": "二项式展开求和"}, "evidence": {"any_of": [{"words": {"en": ["binomial"], "zh": ["二项式", "二项展开"]}}, {"regex": "A ?\\^ ?\\{?n\\}? ?= ?2 ?\\^ ?\\{?n\\}? ?[IE] ?\\+"}]}, "requires": ["b2"], "necessary": true}]}], "answer": {"tol": 0.000001, "kind": "expr", "unit": null, "any_of": ["\\frac{5^n-2^n}{3}"]}, "schema": "refpath/1", "topics": ["linear algebra", "diagonalisation", "matrix powers"], "aliases": {"\\beta": ["b", "q", "b_n", "c_0"], "\\alpha": ["a", "p", "a_n", "c_1"], "\\lambda": ["λ", "t", "\\mu", "k", "s", "x"]}, "problem": {"en": "Let $A=\\begin{pmatrix}4&1\\\\2&3\\end{pmatrix}$ and let $n$ be a positive integer. By diagonalisation or otherwise,\nfind the entry of $A^n$ in row 1 and column 2.\n", "zh": "设 $A=\\begin{pmatrix}4&1\\\\2&3\\end{pmatrix}$，$n$ 为正整数。用对角化等方法求 $A^n$ 的第 1 行第 2 列元素。\n"}, "solutions": [{"id": "zh", "lang": "zh", "path": "main", "blocks": [{"step": "s1", "text": "**特征值。** 由 $\\det(\\lambda E-A)=(\\lambda-4)(\\lambda-3)-2$ 展开，得 $\\lambda^2-7\\lambda+10=0$，两根互异，矩阵可对角化。\n"}, {"step": "s2", "text": "**特征向量。** 解两个齐次方程组，较大的特征值对应 $(1,1)^T$，较小的对应 $(1,-2)^T$。\n"}, {"step": "s3", "text": "**幂。** 以它们为列作可逆矩阵 $P$，则 $A^n=PD^nP^{-1}$，其中对角矩阵的幂只需对角元各自乘方。\n"}, {"step": "s4", "text": "**逆矩阵。** 二阶矩阵直接求逆，$P^{-1}=\\frac13\\begin{pmatrix}2&1\\\\1&-1\\end{pmatrix}$。三个矩阵相乘，只取第 1 行第 2 列即可。\n"}, {"step": null, "text": "答案：$\\frac{5^n-2^n}{3}$\n"}]}, {"id": "en", "lang": "en", "path": "main", "blocks": [{"step": "s1", "text": "The trace is 7 and the determinant is 10, so the eigenvalues are 5 and 2. They differ, hence there is a basis of eigenvectors.\n"}, {"step": "s2", "text": "Solving $(A-\\lambda I)v=0$ for each of them gives $v_1=(1,1)$ and $v_2=(1,-2)$.\n"}, {"step": "s3", "text": "With these as the columns of $P$, the power is $P\\,\\mathrm{diag}(5^n,2^n)\\,P^{-1}$.\n"}, {"step": "s4", "text": "The determinant of $P$ is $-3$, and so $P^{-1}=\\frac{1}{3}\\begin{pmatrix}2&1\\\\1&-1\\end{pmatrix}$. The top row of the first factor times the second column of this matrix, with the powers in between, is the wanted entry.\n"}, {"step": null, "text": "The answer is $\\frac{5^n-2^n}{3}$\n"}]}, {"id": "cayley-en", "lang": "en", "path": "cayley", "blocks": [{"step": "c1", "text": "The characteristic polynomial is $\\lambda^2-7\\lambda+10$, and it factors over the integers.\n"}, {"step": "c2", "text": "By the Cayley-Hamilton theorem every power reduces to a linear expression in the matrix, $A^n=\\alpha A+\\beta I$.\n"}, {"step": "c3", "text": "The same reduction holds for each eigenvalue, so $5\\alpha+\\beta=5^n$ and $2\\alpha+\\beta=2^n$. The entry asked for is $\\alpha$ times the entry 1 of $A$, since the identity has a zero there. Subtract the two equations.\n"}, {"step": null, "text": "The answer is $\\frac{5^n-2^n}{3}$\n"}]}, {"id": "binomial-en", "lang": "en", "path": "binomial", "blocks": [{"step": "b1", "text": "Write $A=2I+N$; the rows of $N$ are equal, both $(2,1)$.\n"}, {"step": "b2", "text": "Since the trace of this rank-one matrix is 3, we have $N^2=3N$, and every further power only adds a factor.\n"}, {"step": "b3", "text": "Both parts commute, so the binomial theorem applies, and all terms but the first are multiples of the same matrix; the numbers in front add up to a third of the difference of two powers.\n"}, {"step": null, "text": "The answer is $\\frac{5^n-2^n}{3}$\n"}]}], "difficulty": 2}', '2026-11-30 01:44:20.592302+00'),
	(6, 'uni-ode-01', 'f5eafde7f24cfe8d65124039ba6e33fabcdddd6c528d93e4d568825511e26447', 'university', '{"id": "uni-ode-01", "vars": {"C": {"max": 3.0, "min": -3.0, "type": "real"}, "x": {"max": 2.0, "min": -2.0, "type": "real"}, "y": {"max": 3.0, "min": -3.0, "type": "real"}}, "level": "university", "paths": [{"id": "main", "steps": [{"id": "s1", "mode": "rule", "shared": false, "weight": 1.0, "exclude": [], "describe": {"en": "integrating factor e^{2x}", "zh": "积分因子 e^{2x}"}, "evidence": {"any_of": [{"regex": "(积分因子|[Ii]ntegrating factor)[^;；。]{0,40}?(e\\}? ?\\^ ?[({]? ?(2 ?x|\\\\int|∫)|exp ?\\(? ?2 ?x)"}, {"regex": "e ?\\^ ?[({]? ?2 ?x ?[)}]?[^=]{0,20}(作为|为)?(积分因子|as (an|the) integrating factor)"}, {"eq": "\\mu = e^{2x}", "form": "text"}, {"eq": "\\mu(x) = e^{2x}", "form": "text"}, {"regex": "e ?\\^ ?[({]? ?(\\\\displaystyle)? ?(\\\\int|∫) ?2 ?(\\\\,)? ?(d|\\\\mathrm)"}, {"regex": "e ?\\^ ?[({]2 ?x[)}] ?(\\\\,|\\\\cdot|·|\\*)? ?y ?''? ?\\+ ?2 ?(\\\\,|\\\\cdot|·|\\*)? ?e"}, {"regex": "e ?\\^ ?[({]2 ?x[)}] ?(\\\\left)?\\( ?y ?(''|\\^\\{?\\\\prime)"}]}, "requires": [], "necessary": true}, {"id": "s2", "mode": "rule", "shared": false, "weight": 1.0, "exclude": [], "describe": {"en": "write it as a total derivative, (e^{2x}y)''=4xe^{2x}", "zh": "化为全导数 (e^{2x}y)''=4xe^{2x}"}, "evidence": {"any_of": [{"regex": "= ?4 ?(x|t) ?(\\\\,|\\\\cdot|·|\\*)? ?e ?\\^ ?[({]? ?2"}, {"regex": "(\\\\int|∫) ?4 ?(x|t) ?(\\\\,|\\\\cdot|·|\\*)? ?(e|\\\\mathrm\\{e\\}) ?\\^ ?[({]? ?2"}, {"value": "4xe^{2x}"}]}, "requires": ["s1"], "necessary": true}, {"id": "s3", "mode": "rule", "shared": false, "weight": 1.0, "exclude": [], "describe": {"en": "integrate, e^{2x}y=(2x-1)e^{2x}+C", "zh": "积分，得通解 e^{2x}y=(2x-1)e^{2x}+C"}, "evidence": {"any_of": [{"value": "(2x-1)e^{2x}+C"}, {"value": "(2x-1)e^{2x}"}, {"value": "2x-1+Ce^{-2x}"}, {"eq": "y = 2x-1+Ce^{-2x}"}]}, "requires": ["s2"], "necessary": true}, {"id": "s4", "mode": "rule", "shared": false, "weight": 1.0, "exclude": [], "describe": {"en": "the initial value gives C=2", "zh": "由初值定出 C=2"}, "evidence": {"any_of": [{"eq": "C = 2"}, {"eq": "-1+C = 1"}]}, "requires": ["s3"], "necessary": true}]}, {"id": "superposition", "steps": [{"id": "p1", "mode": "rule", "shared": false, "weight": 1.0, "exclude": [], "describe": {"en": "the homogeneous equation has the solutions Ce^{-2x}", "zh": "齐次方程的通解 Ce^{-2x}"}, "evidence": {"any_of": [{"value": "Ce^{-2x}"}, {"regex": "(齐次|homogeneous).{0,60}e ?\\^ ?[({]? ?-2"}]}, "requires": [], "necessary": true}, {"id": "p2", "mode": "rule", "shared": false, "weight": 1.0, "exclude": [], "describe": {"en": "find the particular solution 2x-1", "zh": "求特解 2x-1"}, "evidence": {"any_of": [{"value": "2x-1"}, {"all_of": [{"regex": "[aAmk] ?= ?2(?![0-9.])"}, {"regex": "[bBnc] ?= ?[-−] ?1(?![0-9.])"}]}]}, "requires": [], "necessary": true}, {"id": "p3", "mode": "rule", "shared": false, "weight": 1.0, "exclude": [], "describe": {"en": "the initial value gives C=2", "zh": "由初值定出 C=2"}, "evidence": {"any_of": [{"eq": "C = 2"}, {"eq": "-1+C = 1"}]}, "requires": ["p1", "p2"], "necessary": true}]}, {"id": "laplace", "steps": [{"id": "l1", "mode": "rule", "shared": false, "weight": 1.0, "exclude": [], "describe": {"en": "transform, sY-1+2Y=4/s²", "zh": "取拉普拉斯变换 sY-1+2Y=4/s²"}, "evidence": {"any_of": [{"regex": "s ?Y ?(\\( ?s ?\\))? ?- ?1 ?\\+ ?2 ?Y"}, {"regex": "\\( ?s ?\\+ ?2 ?\\) ?Y ?(\\( ?s ?\\))? ?(=|&=|- ?1)"}]}, "requires": [], "necessary": true}, {"id": "l2", "mode": "rule", "shared": false, "weight": 1.0, "exclude": [], "describe": {"en": "solve for Y=(s²+4)/(s²(s+2))", "zh": "解出 Y=(s²+4)/(s²(s+2))"}, "evidence": {"any_of": [{"regex": "s ?(\\^ ?\\{?2\\}?|²) ?\\+ ?4 ?\\)? ?(/|\\}) ?"}, {"regex": "4 ?\\}? ?(/|\\{) ?\\(?s ?(\\^ ?\\{?2\\}?|²) ?\\( ?s ?\\+ ?2"}]}, "requires": ["l1"], "necessary": true}, {"id": "l3", "mode": "rule", "shared": false, "weight": 1.0, "exclude": [], "describe": {"en": "partial fractions 2/s²-1/s+2/(s+2)", "zh": "部分分式 2/s²-1/s+2/(s+2)"}, "evidence": {"any_of": [{"regex": "2 ?\\}? ?(/|\\{) ?\\(?s ?\\+ ?2"}]}, "requires": ["l2"], "necessary": true}]}, {"id": "variation", "steps": [{"id": "v1", "mode": "rule", "shared": false, "weight": 1.0, "exclude": [], "describe": {"en": "the homogeneous equation has the solutions Ce^{-2x}", "zh": "齐次方程的通解 Ce^{-2x}"}, "evidence": {"any_of": [{"value": "Ce^{-2x}"}, {"regex": "(齐次|homogeneous).{0,60}e ?\\^ ?[({]? ?-2"}]}, "requires": [], "necessary": true}, {"id": "v2", "mode": "rule", "shared": false, "weight": 1.0, "exclude": [], "describe": {"en": "vary the constant, C''(x)=4xe^{2x}", "zh": "常数变易：C''(x)=4xe^{2x}"}, "evidence": {"any_of": [{"value": "4xe^{2x}"}, {"regex": "[CcuKA] ?''(\\( ?x ?\\))? ?(\\\\cdot|\\\\,)? ?e ?\\^ ?[({]? ?- ?2 ?x ?[)}]? ?= ?4 ?x"}]}, "requires": ["v1"], "necessary": true}, {"id": "v3", "mode": "rule", "shared": false, "weight": 1.0, "exclude": [], "describe": {"en": "integrate, C(x)=(2x-1)e^{2x}+C", "zh": "积分得 C(x)=(2x-1)e^{2x}+C"}, "evidence": {"any_of": [{"value": "(2x-1)e^{2x}+C"}, {"value": "(2x-1)e^{2x}"}, {"value": "2x-1+Ce^{-2x}"}]}, "requires": ["v2"], "necessary": true}, {"id": "v4", "mode": "rule", "shared": false, "weight": 1.0, "exclude": [], "describe": {"en": "the initial value gives C=2", "zh": "由初值定出 C=2"}, "evidence": {"any_of": [{"eq": "C = 2"}, {"eq": "-1+C = 1"}]}, "requires": ["v3"], "necessary": true}]}, {"id": "substitution", "steps": [{"id": "w1", "mode": "rule", "shared": false, "weight": 1.0, "exclude": [], "describe": {"en": "substitute u=y-2x+1 (or u=4x-2y)", "zh": "换元 u=y-2x+1（或 u=4x-2y）"}, "evidence": {"any_of": [{"regex": "[uvwz] ?= ?(y ?- ?2 ?x|2 ?x ?- ?y|4 ?x ?- ?2 ?y|2 ?y ?- ?4 ?x)"}]}, "requires": [], "necessary": true}, {"id": "w2", "mode": "rule", "shared": false, "weight": 1.0, "exclude": [], "describe": {"en": "the equation becomes u''=-2u (or u''=4-2u)", "zh": "化为 u''=-2u（或 u''=4-2u）"}, "evidence": {"any_of": [{"regex": "([uvwz] ?''(\\( ?x ?\\))?|d ?[uvwz] ?/ ?dx|\\\\frac ?\\{ ?d ?[uvwz] ?\\} ?\\{ ?dx ?\\}) ?(=|\\+ ?2 ?[uvwz] ?=) ?(- ?2 ?[uvwz]|[-+]? ?4 ?[-+] ?2 ?[uvwz]|- ?2 ?\\( ?[uvwz]|2 ?\\( ?2 ?- ?[uvwz]|0|4)"}]}, "requires": ["w1"], "necessary": true}, {"id": "w3", "mode": "rule", "shared": false, "weight": 1.0, "exclude": [], "describe": {"en": "solve it, u=Ce^{-2x}", "zh": "解得 u=Ce^{-2x}"}, "evidence": {"any_of": [{"value": "Ce^{-2x}"}, {"value": "2+Ce^{-2x}"}, {"regex": "[CK] ?(\\\\cdot|\\\\,)? ?e ?\\^ ?[({]? ?- ?2 ?x"}]}, "requires": ["w2"], "necessary": true}, {"id": "w4", "mode": "rule", "shared": false, "weight": 1.0, "exclude": [], "describe": {"en": "the initial value fixes the constant", "zh": "由初值定出常数"}, "evidence": {"any_of": [{"eq": "C = 2"}, {"regex": "[uvwz] ?\\( ?0 ?\\) ?= ?(2|-2)(?![0-9.])"}]}, "requires": ["w3"], "necessary": true}]}], "answer": {"tol": 0.000001, "kind": "expr", "unit": null, "any_of": ["2x-1+2e^{-2x}"]}, "schema": "refpath/1", "topics": ["ordinary differential equations", "linear first order", "initial value"], "aliases": {"C": ["c", "C_1", "c_1", "K", "A"], "x": ["t"], "y": ["y(x)"]}, "problem": {"en": "Solve the initial-value problem $y''+2y=4x$, $y(0)=1$.\n", "zh": "求解初值问题 $y''+2y=4x$，$y(0)=1$。\n"}, "solutions": [{"id": "zh", "lang": "zh", "path": "main", "blocks": [{"step": "s1", "text": "这是一阶线性方程，$P(x)=2$，积分因子为 $e^{2x}$。\n"}, {"step": "s2", "text": "两边同乘它，左边正好是乘积的导数：\n$$\\frac{d}{dx}\\left(e^{2x}y\\right)=4xe^{2x}.$$\n"}, {"step": "s3", "text": "用分部积分求右边的原函数，得 $e^{2x}y=(2x-1)e^{2x}+C$。\n"}, {"step": "s4", "text": "代入初值，$-1+C=1$，于是常数随之确定，再除以指数函数即得解。\n"}, {"step": null, "text": "答案：$y=2x-1+2e^{-2x}$\n"}]}, {"id": "en", "lang": "en", "path": "superposition", "blocks": [{"step": "p1", "text": "The homogeneous equation $y''+2y=0$ has the solutions $Ce^{-2x}$.\n"}, {"step": "p2", "text": "The right-hand side is a first-degree polynomial, so try $y_p=ax+b$. Comparing coefficients in $a+2ax+2b=4x$ gives\n$$y_p=2x-1.$$\n"}, {"step": "p3", "text": "Add the two parts and use the initial value: $-1+C=1$, hence $C=2$.\n"}, {"step": null, "text": "The answer is $y=2x-1+2e^{-2x}$\n"}]}, {"id": "laplace-en", "lang": "en", "path": "laplace", "blocks": [{"step": "l1", "text": "Take the Laplace transform of both sides and put in the initial value: $sY-1+2Y=\\frac{4}{s^2}$.\n"}, {"step": "l2", "text": "Collecting the unknown transform on the left, $Y=\\frac{s^2+4}{s^2(s+2)}$.\n"}, {"step": "l3", "text": "Partial fractions split it into $\\frac{2}{s^2}-\\frac{1}{s}+\\frac{2}{s+2}$, and each piece is in the table.\n"}, {"step": null, "text": "The answer is $y=2x-1+2e^{-2x}$\n"}]}, {"id": "variation-zh", "lang": "zh", "path": "variation", "blocks": [{"step": "v1", "text": "先看对应的齐次方程，其通解为 $Ce^{-2x}$。\n"}, {"step": "v2", "text": "用常数变易法，把常数换成函数 $C(x)$ 代入原方程，得 $C''(x)=4xe^{2x}$。\n"}, {"step": "v3", "text": "分部积分一次，$C(x)=(2x-1)e^{2x}+C$。\n"}, {"step": "v4", "text": "由初始条件 $-1+C=1$，常数随之确定。\n"}, {"step": null, "text": "答案：$y=2x-1+2e^{-2x}$\n"}]}, {"id": "substitution-en", "lang": "en", "path": "substitution", "blocks": [{"step": "w1", "text": "Measure the distance from the straight line that solves the equation: let $u=y-2x+1$.\n"}, {"step": "w2", "text": "The forcing drops out, and $u''=-2u$ remains.\n"}, {"step": "w3", "text": "Therefore $u=Ce^{-2x}$.\n"}, {"step": "w4", "text": "At the start $u(0)=2$, which is the constant.\n"}, {"step": null, "text": "Answer: $y=2x-1+2e^{-2x}$\n"}]}], "difficulty": 1}', '2026-11-30 01:44:20.592302+00');

INSERT INTO eval.run VALUES
	('73c1a3d8-90d0-4fb9-b1d0-8d77902ceb4f', 'first', 'd0286e57dc448d61ca4451ae4f5db84ba4c457ce4c3e39f809920147bc412767', 1, 'latency', '{"mode": "latency", "name": "first", "seed": 0, "top_p": 1.0, "models": ["fake"], "prompts": ["plain"], "language": "en", "priority": 0, "problems": "quickstart", "max_tokens": 2048, "repetitions": 2, "temperature": 0.0, "fixed_length": null, "fresh_engine": false, "max_attempts": 3}', '{"host": "host", "python": "3.11.7", "evalctl": "0.1.0", "git_commit": "8f97e045054a1441b6647ceea65f41196897cac9", "problem_set_hash": "bbe116f6e94a8718e9dd887b22e21755bb2b835eac737f2ab719ab36d9c6066e"}', '2026-11-30 01:44:20.592302+00', NULL, NULL),
	('8301862c-09ac-45ab-8a89-0d2a3bc7ef98', 'crowded', 'e3a8b3f667557b03c0d1f18923ee7c508052e8526ab1ffd590090e0170a97f41', 1, 'throughput', '{"mode": "throughput", "name": "crowded", "seed": 0, "top_p": 1.0, "models": ["brittle"], "prompts": ["plain"], "language": "en", "priority": 0, "problems": "quickstart", "max_tokens": 64, "repetitions": 2, "temperature": 0.0, "fixed_length": null, "fresh_engine": false, "max_attempts": 3}', '{"host": "host", "python": "3.11.7", "evalctl": "0.1.0", "git_commit": "8f97e045054a1441b6647ceea65f41196897cac9", "problem_set_hash": "bbe116f6e94a8718e9dd887b22e21755bb2b835eac737f2ab719ab36d9c6066e"}', '2026-11-30 01:44:22.01606+00', NULL, NULL),
	('ec5fb598-99f5-46ea-965e-7dd5e30a83bb', 'waiting', '9883117794aa06a049288cc91a25f49f7fc410df27b1a5ca39839bd1308c23a2', 1, 'throughput', '{"mode": "throughput", "name": "waiting", "seed": 0, "top_p": 1.0, "models": ["away"], "prompts": ["plain"], "language": "en", "priority": 0, "problems": "quickstart", "max_tokens": 2048, "repetitions": 1, "temperature": 0.5, "fixed_length": null, "fresh_engine": false, "max_attempts": 1}', '{"host": "host", "python": "3.11.7", "evalctl": "0.1.0", "git_commit": "8f97e045054a1441b6647ceea65f41196897cac9", "problem_set_hash": "bbe116f6e94a8718e9dd887b22e21755bb2b835eac737f2ab719ab36d9c6066e"}', '2026-11-30 01:45:52.935133+00', NULL, NULL),
	('f1a6a2a6-89e7-4471-a67a-3a08d9f95766', 'again', '6815f5fe216fd6a2202b46426059bf300ccdc5268b4bf40bdb389670dd201566', 1, 'throughput', '{"mode": "throughput", "name": "again", "seed": 0, "top_p": 1.0, "models": ["away"], "prompts": ["plain"], "language": "en", "priority": -1, "problems": "quickstart", "max_tokens": 2048, "repetitions": 1, "temperature": 0.0, "fixed_length": null, "fresh_engine": false, "max_attempts": 3}', '{"host": "host", "python": "3.11.7", "evalctl": "0.1.0", "git_commit": "8f97e045054a1441b6647ceea65f41196897cac9", "problem_set_hash": "bbe116f6e94a8718e9dd887b22e21755bb2b835eac737f2ab719ab36d9c6066e"}', '2026-11-30 01:46:17.56534+00', NULL, NULL);

INSERT INTO eval.run_tally VALUES
	('73c1a3d8-90d0-4fb9-b1d0-8d77902ceb4f', 12, 0, 0, 0, 0),
	('8301862c-09ac-45ab-8a89-0d2a3bc7ef98', 12, 0, 0, 0, 0),
	('73c1a3d8-90d0-4fb9-b1d0-8d77902ceb4f', -1, 1, 0, 0, 0),
	('73c1a3d8-90d0-4fb9-b1d0-8d77902ceb4f', -1, 1, 0, 0, 0),
	('73c1a3d8-90d0-4fb9-b1d0-8d77902ceb4f', -1, 1, 0, 0, 0),
	('73c1a3d8-90d0-4fb9-b1d0-8d77902ceb4f', -1, 1, 0, 0, 0),
	('73c1a3d8-90d0-4fb9-b1d0-8d77902ceb4f', -1, 1, 0, 0, 0),
	('73c1a3d8-90d0-4fb9-b1d0-8d77902ceb4f', -1, 1, 0, 0, 0),
	('73c1a3d8-90d0-4fb9-b1d0-8d77902ceb4f', -1, 1, 0, 0, 0),
	('73c1a3d8-90d0-4fb9-b1d0-8d77902ceb4f', -1, 1, 0, 0, 0),
	('73c1a3d8-90d0-4fb9-b1d0-8d77902ceb4f', -1, 1, 0, 0, 0),
	('73c1a3d8-90d0-4fb9-b1d0-8d77902ceb4f', -1, 1, 0, 0, 0),
	('73c1a3d8-90d0-4fb9-b1d0-8d77902ceb4f', -1, 1, 0, 0, 0),
	('73c1a3d8-90d0-4fb9-b1d0-8d77902ceb4f', -1, 1, 0, 0, 0),
	('8301862c-09ac-45ab-8a89-0d2a3bc7ef98', -1, 1, 0, 0, 0),
	('8301862c-09ac-45ab-8a89-0d2a3bc7ef98', -1, 1, 0, 0, 0),
	('8301862c-09ac-45ab-8a89-0d2a3bc7ef98', -1, 1, 0, 0, 0),
	('8301862c-09ac-45ab-8a89-0d2a3bc7ef98', -1, 1, 0, 0, 0),
	('8301862c-09ac-45ab-8a89-0d2a3bc7ef98', -1, 1, 0, 0, 0),
	('8301862c-09ac-45ab-8a89-0d2a3bc7ef98', -1, 1, 0, 0, 0),
	('8301862c-09ac-45ab-8a89-0d2a3bc7ef98', -1, 1, 0, 0, 0),
	('8301862c-09ac-45ab-8a89-0d2a3bc7ef98', -1, 0, 0, 1, 0),
	('8301862c-09ac-45ab-8a89-0d2a3bc7ef98', -1, 0, 0, 1, 0),
	('8301862c-09ac-45ab-8a89-0d2a3bc7ef98', -1, 0, 0, 1, 0),
	('8301862c-09ac-45ab-8a89-0d2a3bc7ef98', -1, 0, 0, 1, 0),
	('8301862c-09ac-45ab-8a89-0d2a3bc7ef98', -1, 0, 0, 1, 0),
	('ec5fb598-99f5-46ea-965e-7dd5e30a83bb', 6, 0, 0, 0, 0),
	('ec5fb598-99f5-46ea-965e-7dd5e30a83bb', -1, 0, 0, 1, 0),
	('ec5fb598-99f5-46ea-965e-7dd5e30a83bb', -1, 0, 0, 1, 0),
	('f1a6a2a6-89e7-4471-a67a-3a08d9f95766', 6, 0, 0, 0, 0);

INSERT INTO eval.schedule OVERRIDING SYSTEM VALUE VALUES
	(1, 'nightly', '0 2 * * *', 'Asia/Shanghai', '{"mode": "latency", "name": "night", "seed": 0, "top_p": 1.0, "models": ["fake"], "prompts": ["plain"], "language": "en", "priority": 0, "problems": "quickstart", "max_tokens": 2048, "repetitions": 1, "temperature": 0.0, "fixed_length": null, "fresh_engine": false, "max_attempts": 3}', '2026-11-30 01:45:50.391057+00', '2026-11-30 01:45:50.391057+00', NULL);

INSERT INTO eval.score OVERRIDING SYSTEM VALUE VALUES
	(1, 1, '1.1.0', 'main', 0, 4, 0, false, '128', false, '2026-11-30 01:44:26.902784+00'),
	(2, 2, '1.1.0', 'main', 0, 7, 0, NULL, '704', false, '2026-11-30 01:44:26.999852+00'),
	(3, 3, '1.1.0', 'main', 0, 5, 0, false, '195', false, '2026-11-30 01:44:27.053184+00'),
	(4, 4, '1.1.0', 'main', 0, 3, 0, false, '210', false, '2026-11-30 01:44:27.090725+00'),
	(5, 5, '1.1.0', 'main', 0, 4, 0, false, '198', false, '2026-11-30 01:44:27.156077+00'),
	(6, 6, '1.1.0', 'main', 0, 7, 0, false, '320', false, '2026-11-30 01:44:27.192722+00'),
	(7, 7, '1.1.0', 'main', 0, 5, 0, false, '92', false, '2026-11-30 01:44:27.203262+00'),
	(8, 8, '1.1.0', 'main', 0, 4, 0, false, '667', false, '2026-11-30 01:44:27.212521+00'),
	(9, 9, '1.1.0', 'main', 0, 4, 0, false, '352', false, '2026-11-30 01:44:27.224805+00'),
	(10, 10, '1.1.0', 'main', 0, 7, 0, false, '45', false, '2026-11-30 01:44:27.239064+00'),
	(11, 11, '1.1.0', 'main', 0, 7, 0, NULL, '396', false, '2026-11-30 01:44:27.244278+00'),
	(12, 12, '1.1.0', 'main', 0, 3, 0, false, '140', false, '2026-11-30 01:44:27.255457+00'),
	(13, 15, '1.1.0', 'main', 0, 5, 0, false, '72', false, '2026-11-30 01:44:29.617173+00'),
	(14, 13, '1.1.0', 'main', 0, 4, 0, false, '816', false, '2026-11-30 01:44:30.629772+00'),
	(15, 18, '1.1.0', 'main', 0, 7, 0, false, '30', false, '2026-11-30 01:44:31.007645+00'),
	(16, 19, '1.1.0', 'main', 0, 5, 0, false, '646', false, '2026-11-30 01:44:31.325872+00'),
	(17, 21, '1.1.0', 'main', 0, 4, 0, false, '418', false, '2026-11-30 01:44:31.66664+00'),
	(18, 16, '1.1.0', 'main', 0, 3, 0, false, '630', false, '2026-11-30 01:44:31.977162+00'),
	(19, 22, '1.1.0', 'main', 0, 7, 0, false, '608', false, '2026-11-30 01:44:32.297829+00');

INSERT INTO eval.step_verdict VALUES
	(1, 1, 's1', 'missing', NULL, NULL, NULL, 'no evidence of this step'),
	(1, 2, 's2', 'missing', NULL, NULL, NULL, 'no evidence of this step'),
	(1, 3, 's3', 'missing', NULL, NULL, NULL, 'no evidence of this step'),
	(1, 4, 's4', 'missing', NULL, NULL, NULL, 'no evidence of this step'),
	(2, 1, 's1', 'missing', NULL, NULL, NULL, 'no evidence of this step'),
	(2, 2, 's2', 'missing', NULL, NULL, NULL, 'no evidence of this step'),
	(2, 3, 's3', 'missing', NULL, NULL, NULL, 'no evidence of this step'),
	(2, 4, 's4', 'missing', NULL, NULL, NULL, 'no evidence of this step'),
	(2, 5, 's5', 'missing', NULL, NULL, NULL, 'no evidence of this step'),
	(2, 6, 's6', 'missing', NULL, NULL, NULL, 'no evidence of this step'),
	(2, 7, 's7', 'missing', NULL, NULL, NULL, 'no evidence of this step'),
	(3, 1, 's1', 'missing', NULL, NULL, NULL, 'no evidence of this step'),
	(3, 2, 's2', 'wrong', 'x = 15', 12, 18, 'states another value here'),
	(3, 3, 's3', 'missing', NULL, NULL, NULL, 'no evidence of this step'),
	(3, 4, 's4', 'missing', NULL, NULL, NULL, 'no evidence of this step'),
	(3, 5, 's5', 'missing', NULL, NULL, NULL, 'no evidence of this step'),
	(4, 1, 's1', 'missing', NULL, NULL, NULL, 'no evidence of this step'),
	(4, 2, 's2', 'missing', NULL, NULL, NULL, 'no evidence of this step'),
	(4, 3, 's3', 'missing', NULL, NULL, NULL, 'no evidence of this step'),
	(5, 1, 's1', 'missing', NULL, NULL, NULL, 'no evidence of this step'),
	(5, 2, 's2', 'missing', NULL, NULL, NULL, 'no evidence of this step'),
	(5, 3, 's3', 'missing', NULL, NULL, NULL, 'no evidence of this step'),
	(5, 4, 's4', 'missing', NULL, NULL, NULL, 'no evidence of this step'),
	(6, 1, 's1', 'missing', NULL, NULL, NULL, 'no evidence of this step'),
	(6, 2, 's2', 'missing', NULL, NULL, NULL, 'no evidence of this step'),
	(6, 3, 's3', 'missing', NULL, NULL, NULL, 'no evidence of this step'),
	(6, 4, 's4', 'missing', NULL, NULL, NULL, 'no evidence of this step'),
	(6, 5, 's5', 'missing', NULL, NULL, NULL, 'no evidence of this step'),
	(6, 6, 's6', 'missing', NULL, NULL, NULL, 'no evidence of this step'),
	(6, 7, 's7', 'wrong', 'x = 20', 12, 18, 'states another value here'),
	(7, 1, 's1', 'missing', NULL, NULL, NULL, 'no evidence of this step'),
	(7, 2, 's2', 'wrong', 'x = 23', 12, 18, 'states another value here'),
	(7, 3, 's3', 'missing', NULL, NULL, NULL, 'no evidence of this step'),
	(7, 4, 's4', 'missing', NULL, NULL, NULL, 'no evidence of this step'),
	(7, 5, 's5', 'missing', NULL, NULL, NULL, 'no evidence of this step'),
	(8, 1, 's1', 'missing', NULL, NULL, NULL, 'no evidence of this step'),
	(8, 2, 's2', 'missing', NULL, NULL, NULL, 'no evidence of this step'),
	(8, 3, 's3', 'missing', NULL, NULL, NULL, 'no evidence of this step'),
	(8, 4, 's4', 'missing', NULL, NULL, NULL, 'no evidence of this step'),
	(9, 1, 's1', 'missing', NULL, NULL, NULL, 'no evidence of this step'),
	(9, 2, 's2', 'missing', NULL, NULL, NULL, 'no evidence of this step'),
	(9, 3, 's3', 'missing', NULL, NULL, NULL, 'no evidence of this step'),
	(9, 4, 's4', 'missing', NULL, NULL, NULL, 'no evidence of this step'),
	(10, 1, 's1', 'missing', NULL, NULL, NULL, 'no evidence of this step'),
	(10, 2, 's2', 'missing', NULL, NULL, NULL, 'no evidence of this step'),
	(10, 3, 's3', 'missing', NULL, NULL, NULL, 'no evidence of this step'),
	(10, 4, 's4', 'missing', NULL, NULL, NULL, 'no evidence of this step'),
	(10, 5, 's5', 'missing', NULL, NULL, NULL, 'no evidence of this step'),
	(10, 6, 's6', 'missing', NULL, NULL, NULL, 'no evidence of this step'),
	(10, 7, 's7', 'wrong', 'x = 9', 12, 17, 'states another value here');
INSERT INTO eval.step_verdict VALUES
	(11, 1, 's1', 'missing', NULL, NULL, NULL, 'no evidence of this step'),
	(11, 2, 's2', 'missing', NULL, NULL, NULL, 'no evidence of this step'),
	(11, 3, 's3', 'missing', NULL, NULL, NULL, 'no evidence of this step'),
	(11, 4, 's4', 'missing', NULL, NULL, NULL, 'no evidence of this step'),
	(11, 5, 's5', 'missing', NULL, NULL, NULL, 'no evidence of this step'),
	(11, 6, 's6', 'missing', NULL, NULL, NULL, 'no evidence of this step'),
	(11, 7, 's7', 'missing', NULL, NULL, NULL, 'no evidence of this step'),
	(12, 1, 's1', 'missing', NULL, NULL, NULL, 'no evidence of this step'),
	(12, 2, 's2', 'missing', NULL, NULL, NULL, 'no evidence of this step'),
	(12, 3, 's3', 'missing', NULL, NULL, NULL, 'no evidence of this step'),
	(13, 1, 's1', 'missing', NULL, NULL, NULL, 'no evidence of this step'),
	(13, 2, 's2', 'wrong', 'x = 18', 12, 18, 'states another value here'),
	(13, 3, 's3', 'missing', NULL, NULL, NULL, 'no evidence of this step'),
	(13, 4, 's4', 'missing', NULL, NULL, NULL, 'no evidence of this step'),
	(13, 5, 's5', 'missing', NULL, NULL, NULL, 'no evidence of this step'),
	(14, 1, 's1', 'missing', NULL, NULL, NULL, 'no evidence of this step'),
	(14, 2, 's2', 'missing', NULL, NULL, NULL, 'no evidence of this step'),
	(14, 3, 's3', 'missing', NULL, NULL, NULL, 'no evidence of this step'),
	(14, 4, 's4', 'missing', NULL, NULL, NULL, 'no evidence of this step'),
	(15, 1, 's1', 'missing', NULL, NULL, NULL, 'no evidence of this step'),
	(15, 2, 's2', 'missing', NULL, NULL, NULL, 'no evidence of this step'),
	(15, 3, 's3', 'missing', NULL, NULL, NULL, 'no evidence of this step'),
	(15, 4, 's4', 'missing', NULL, NULL, NULL, 'no evidence of this step'),
	(15, 5, 's5', 'missing', NULL, NULL, NULL, 'no evidence of this step'),
	(15, 6, 's6', 'missing', NULL, NULL, NULL, 'no evidence of this step'),
	(15, 7, 's7', 'wrong', 'x = 5', 12, 17, 'states another value here'),
	(16, 1, 's1', 'missing', NULL, NULL, NULL, 'no evidence of this step'),
	(16, 2, 's2', 'wrong', 'x = 34', 12, 18, 'states another value here'),
	(16, 3, 's3', 'missing', NULL, NULL, NULL, 'no evidence of this step'),
	(16, 4, 's4', 'missing', NULL, NULL, NULL, 'no evidence of this step'),
	(16, 5, 's5', 'missing', NULL, NULL, NULL, 'no evidence of this step'),
	(17, 1, 's1', 'missing', NULL, NULL, NULL, 'no evidence of this step'),
	(17, 2, 's2', 'missing', NULL, NULL, NULL, 'no evidence of this step'),
	(17, 3, 's3', 'missing', NULL, NULL, NULL, 'no evidence of this step'),
	(17, 4, 's4', 'missing', NULL, NULL, NULL, 'no evidence of this step'),
	(18, 1, 's1', 'missing', NULL, NULL, NULL, 'no evidence of this step'),
	(18, 2, 's2', 'missing', NULL, NULL, NULL, 'no evidence of this step'),
	(18, 3, 's3', 'missing', NULL, NULL, NULL, 'no evidence of this step'),
	(19, 1, 's1', 'missing', NULL, NULL, NULL, 'no evidence of this step'),
	(19, 2, 's2', 'missing', NULL, NULL, NULL, 'no evidence of this step'),
	(19, 3, 's3', 'missing', NULL, NULL, NULL, 'no evidence of this step'),
	(19, 4, 's4', 'missing', NULL, NULL, NULL, 'no evidence of this step'),
	(19, 5, 's5', 'missing', NULL, NULL, NULL, 'no evidence of this step'),
	(19, 6, 's6', 'missing', NULL, NULL, NULL, 'no evidence of this step'),
	(19, 7, 's7', 'wrong', 'x = 16', 12, 18, 'states another value here');

INSERT INTO eval.text_blob VALUES
	('4ab77945da12be4c66168514688ac64be1c9aa9c1a1b3e26827b9ecac8084f77', 'Step 1: let x = 4.
Step 2: then y = 32 and x + y = 36.
Step 3: so x * y = 128.
The answer is \boxed{128}.'),
	('83cce7e947be7d0474e6e43bfe69c33c2c0df325bf2e0a7107d437a0fbc9563c', '<system>You are a mathematics assistant.
<user>Solve the initial-value problem $y''+2y=4x$, $y(0)=1$.

Give the final answer in the form "Answer: ...".'),
	('73c074340bf9405f292291c6cded83652f27d9aee2ad0991f64f24dd796442b8', '<system>You are a mathematics assistant.
<user>A delivery platform wants its commission rate to rise non-linearly with order density, measured in orders per square
kilometre per hour. Operations asks for three things: 10 % in a nearly empty zone; 20 % when the density reaches 50;
never more than 30 %, however dense the zone. The mean order value is 60 yuan.
Build a mathematical model: state variables and assumptions, choose a suitable non-linear function and fix its
parameters from the requirements, give the rate and the commission per order at density 100, check that the model
is sensible, and discuss how sensitive the result is to the parameters.

Give the final answer in the form "Answer: ...".'),
	('c78e72cb66d37e4dc891c873f0622c5807064dd46b0c963586b9b9a1c82350a1', 'Step 1: let x = 22.
Step 2: then y = 32 and x + y = 54.
Step 3: so x * y = 704.
The answer is \boxed{704}.'),
	('56dac45bfdde13e3c9c46b132f1d0abdb29dc87013859accfea46ce14e5cfe70', '<system>You are a mathematics assistant.
<user>Find the local maximum value and the local minimum value of $f(x)=x^3-3x^2+2$, and say why each is what you claim.

Give the final answer in the form "Answer: ...".'),
	('59d1e4cc62e0f10a588a471b8c9f1ef7f87c946d98eff8545ef5f39ae17004bd', 'Step 1: let x = 15.
Step 2: then y = 13 and x + y = 28.
Step 3: so x * y = 195.
The answer is \boxed{195}.'),
	('2555eff7220357bca360ec47a45932adb9cd22fecdba062f2dbf864c95ef4cac', 'Step 1: let x = 7.
Step 2: then y = 30 and x + y = 37.
Step 3: so x * y = 210.
The answer is \boxed{210}.'),
	('a77e9af0df4cdafaa886251eb3097195866f6f5890e7f019a2b4a71e57aa6474', '<system>You are a mathematics assistant.
<user>Real numbers $a$ and $b$ satisfy $a+b=5$ and $ab=6$. Find the value of $a^2+b^2$ and show how you get it.

Give the final answer in the form "Answer: ...".'),
	('098faa30b9c057a28125422a3abe8465c8902086024b93bdfe6883b438ed6bb7', '<system>You are a mathematics assistant.
<user>Let $A=\begin{pmatrix}4&1\\2&3\end{pmatrix}$ and let $n$ be a positive integer. By diagonalisation or otherwise,
find the entry of $A^n$ in row 1 and column 2.

Give the final answer in the form "Answer: ...".'),
	('ba31980149c83ef3b9ee17c28354f3a25f91a4a1c01202f41168b5a08c691997', 'Step 1: let x = 18.
Step 2: then y = 11 and x + y = 29.
Step 3: so x * y = 198.
The answer is \boxed{198}.'),
	('9fe2ee8f660175fb33ced61af288c47e1ef18668af8c51cce6ca4fb8fd9ceef1', '<system>You are a mathematics assistant.
<user>A tea shop has 200 customers a day; each of them buys a first cup at the list price of 16 yuan and at most two cups.
The marginal cost of a cup is 3 yuan. The willingness to pay $w$ for the second cup is uniform on $[0,20]$ (yuan),
and a customer takes the second cup exactly when $w$ is not below its price.
The owner thinks of "second cup at half price". Build a model that shows why half price can raise profit:
state the assumptions and the mechanism, work out second-cup sales and daily profit before and after, say below which
marginal cost the offer pays, find the second-cup price with the largest profit to see whether half price is the best,
and finish with the increase of the daily profit.

Give the final answer in the form "Answer: ...".'),
	('e26393f03edb53fa6d49749dda155b439f21909b51b944c5c2d15c08e71393cb', 'Step 1: let x = 20.
Step 2: then y = 16 and x + y = 36.
Step 3: so x * y = 320.
The answer is \boxed{320}.'),
	('e79dc1e2b5ddcf40614c8410bfda149a566c6758b208a901d3e6dd0db120bcbe', 'Step 1: let x = 23.
Step 2: then y = 4 and x + y = 27.
Step 3: so x * y = 92.
The answer is \boxed{92}.'),
	('9c2dc18705e34e41bd11796a885db7287ec0bf9833c93bd5cb17710cc0bbfcd5', 'Step 1: let x = 29.
Step 2: then y = 23 and x + y = 52.
Step 3: so x * y = 667.
The answer is \boxed{667}.'),
	('fdef44be3b1de96c33bceadfa0ec848b424102e868569a90e24ea6a90e379f29', 'Step 1: let x = 16.
Step 2: then y = 22 and x + y = 38.
Step 3: so x * y = 352.
The answer is \boxed{352}.'),
	('e1fe8daa3c9ad002e8c2666352c7a96812b7c4547cbc4af5f4cf7bd54ebf52d5', 'Step 1: let x = 9.
Step 2: then y = 5 and x + y = 14.
Step 3: so x * y = 45.
The answer is \boxed{45}.'),
	('7c0bc5f011c6c895ecc2511e23be2b9ecd6915ed1e9f12f564f3cbaa22f921b7', 'Step 1: let x = 22.
Step 2: then y = 18 and x + y = 40.
Step 3: so x * y = 396.
The answer is \boxed{396}.'),
	('6b1f87117a09456a09ccea1491b42ad3e883ec11b6cf16779043f59303055ca5', 'Step 1: let x = 5.
Step 2: then y = 28 and x + y = 33.
Step 3: so x * y = 140.
The answer is \boxed{140}.'),
	('a4dc873c597fc9532d18d515409a76ac6af8e8c7c0d9edde8c09c1f473f41482', 'Step 1: let x = 18.
Step 2: then y = 4 and x + y = 22.
Step 3: so x * y = 72.
The answer is \boxed{72}.'),
	('d9eb2f8731d49cee33e061cbe5f01e4af081b149da7baf6970fff6b7679a570c', 'Step 1: let x = 24.
Step 2: then y = 34 and x + y = 58.
Step 3: so x * y = 816.
The answer is \boxed{816}.'),
	('3070f8e064f1b6261a9fcfaae75a3fb56c82c932c881dff4ea95c7c76acbf079', 'Step 1: let x = 5.
Step 2: then y = 6 and x + y = 11.
Step 3: so x * y = 30.
The answer is \boxed{30}.'),
	('4f6712450088bf8c81c53e2e7593af7fc234340729168c4afdf3d8ba7de46a20', 'Step 1: let x = 34.
Step 2: then y = 19 and x + y = 53.
Step 3: so x * y = 646.
The answer is \boxed{646}.'),
	('f74d1420a1a14920e68f78ec55c5eb2066a807eb28105e2f21dc050afe9f7f3e', 'Step 1: let x = 22.
Step 2: then y = 19 and x + y = 41.
Step 3: so x * y = 418.
The answer is \boxed{418}.'),
	('6e14a344a1ebe9c3884d187aa762484b7b7adcc82b3c6f8df3cde13380369626', 'Step 1: let x = 30.
Step 2: then y = 21 and x + y = 51.
Step 3: so x * y = 630.
The answer is \boxed{630}.'),
	('98e55fdedfc715a71c19f4cec2f80a1aa3f31f42e8fa8a3448e0cf8ee3f6f47f', 'Step 1: let x = 16.
Step 2: then y = 38 and x + y = 54.
Step 3: so x * y = 608.
The answer is \boxed{608}.');

INSERT INTO eval.worker VALUES
	('20c5eec1-2787-45d2-aace-c232f331d0f2', 'cpu-17@host', 'host', 17, 'cpu', NULL, NULL, NULL, '{elsewhere}', '0.1.0', 'stopped', NULL, '2026-11-30 01:45:54.95216+00', '2026-11-30 01:45:54.95216+00', '2026-11-30 01:45:54.989488+00', NULL, NULL, 0),
	('32f4e170-4b07-4a4e-98da-c1d2aef7edb3', 'cpu-17@host', 'host', 17, 'cpu', NULL, NULL, NULL, '{elsewhere}', '0.1.0', 'stopped', NULL, '2026-11-30 01:46:18.191196+00', '2026-11-30 01:46:18.191196+00', '2026-11-30 01:46:18.201808+00', NULL, NULL, 0),
	('ec9b4c0c-1f68-473f-b43e-f19496428ae6', 'cpu-15485@host', 'host', 15485, 'cpu', NULL, NULL, NULL, '{synthetic}', '0.1.0', 'stopped', NULL, '2026-11-30 01:44:26.653524+00', '2026-11-30 01:46:23.734503+00', '2026-11-30 01:46:23.734503+00', NULL, NULL, 0);

SELECT pg_catalog.setval('eval.boot_id_seq', 16, true);

SELECT pg_catalog.setval('eval.job_id_seq', 36, true);

SELECT pg_catalog.setval('eval.model_id_seq', 4, true);

SELECT pg_catalog.setval('eval.outbox_id_seq', 57, true);

SELECT pg_catalog.setval('eval.problem_id_seq', 24, true);

SELECT pg_catalog.setval('eval.schedule_id_seq', 1, true);

SELECT pg_catalog.setval('eval.score_id_seq', 19, true);

ALTER TABLE ONLY eval.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);

ALTER TABLE ONLY eval.attempt
    ADD CONSTRAINT pk_attempt PRIMARY KEY (job_id, attempt_no);

ALTER TABLE ONLY eval.boot
    ADD CONSTRAINT pk_boot PRIMARY KEY (id);

ALTER TABLE ONLY eval.generation
    ADD CONSTRAINT pk_generation PRIMARY KEY (job_id);

ALTER TABLE ONLY eval.job
    ADD CONSTRAINT pk_job PRIMARY KEY (id);

ALTER TABLE ONLY eval.memory_trace
    ADD CONSTRAINT pk_memory_trace PRIMARY KEY (job_id);

ALTER TABLE ONLY eval.model
    ADD CONSTRAINT pk_model PRIMARY KEY (id);

ALTER TABLE ONLY eval.outbox
    ADD CONSTRAINT pk_outbox PRIMARY KEY (id);

ALTER TABLE ONLY eval.probe_point
    ADD CONSTRAINT pk_probe_point PRIMARY KEY (job_id, ordinal);

ALTER TABLE ONLY eval.problem
    ADD CONSTRAINT pk_problem PRIMARY KEY (id);

ALTER TABLE ONLY eval.run
    ADD CONSTRAINT pk_run PRIMARY KEY (id);

ALTER TABLE ONLY eval.schedule
    ADD CONSTRAINT pk_schedule PRIMARY KEY (id);

ALTER TABLE ONLY eval.schedule_slot
    ADD CONSTRAINT pk_schedule_slot PRIMARY KEY (schedule_id, slot);

ALTER TABLE ONLY eval.score
    ADD CONSTRAINT pk_score PRIMARY KEY (id);

ALTER TABLE ONLY eval.step_verdict
    ADD CONSTRAINT pk_step_verdict PRIMARY KEY (score_id, ordinal);

ALTER TABLE ONLY eval.text_blob
    ADD CONSTRAINT pk_text_blob PRIMARY KEY (hash);

ALTER TABLE ONLY eval.worker
    ADD CONSTRAINT pk_worker PRIMARY KEY (id);

ALTER TABLE ONLY eval.job
    ADD CONSTRAINT uq_job_run_id_model_id_problem_id_prompt_repetition UNIQUE (run_id, model_id, problem_id, prompt, repetition);

ALTER TABLE ONLY eval.model
    ADD CONSTRAINT uq_model_name_spec_hash UNIQUE (name, spec_hash);

ALTER TABLE ONLY eval.problem
    ADD CONSTRAINT uq_problem_name_content_hash UNIQUE (name, content_hash);

ALTER TABLE ONLY eval.run
    ADD CONSTRAINT uq_run_experiment_hash_ordinal UNIQUE (experiment_hash, ordinal);

ALTER TABLE ONLY eval.run
    ADD CONSTRAINT uq_run_name UNIQUE (name);

ALTER TABLE ONLY eval.schedule
    ADD CONSTRAINT uq_schedule_name UNIQUE (name);

CREATE INDEX ix_attempt_worker ON eval.attempt USING btree (worker_id);

CREATE INDEX ix_boot_profile ON eval.boot USING btree (profile_key) WHERE (kind = 'profile'::text);

CREATE INDEX ix_job_claimable ON eval.job USING btree (model_id, priority, id) WHERE ((state = 'queued'::text) AND (NOT held));

CREATE INDEX ix_job_ended ON eval.job USING btree (run_id, finished_at) WHERE (state = ANY (ARRAY['succeeded'::text, 'failed'::text, 'dead'::text]));

CREATE INDEX ix_job_failed ON eval.job USING btree (run_id, finished_at) WHERE (state = ANY (ARRAY['failed'::text, 'dead'::text]));

CREATE INDEX ix_job_lease ON eval.job USING btree (lease_expires_at) WHERE (state = 'running'::text);

CREATE INDEX ix_outbox_available ON eval.outbox USING btree (available_at, id);

CREATE INDEX ix_run_tally_run ON eval.run_tally USING btree (run_id);

CREATE INDEX ix_score_job ON eval.score USING btree (job_id, id);

CREATE UNIQUE INDEX uq_job_probe ON eval.job USING btree (run_id, model_id, prompt, repetition) WHERE (problem_id IS NULL);

CREATE TRIGGER tally_gone_jobs AFTER DELETE ON eval.job REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION eval.tally_gone_jobs();

CREATE TRIGGER tally_moved_job AFTER UPDATE ON eval.job FOR EACH ROW WHEN (((old.state <> new.state) AND ((old.finished_at IS NOT NULL) OR (new.finished_at IS NOT NULL)))) EXECUTE FUNCTION eval.tally_moved_job();

CREATE TRIGGER tally_new_jobs AFTER INSERT ON eval.job REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION eval.tally_new_jobs();

ALTER TABLE ONLY eval.attempt
    ADD CONSTRAINT fk_attempt_boot_id FOREIGN KEY (boot_id) REFERENCES eval.boot(id);

ALTER TABLE ONLY eval.attempt
    ADD CONSTRAINT fk_attempt_job_id FOREIGN KEY (job_id) REFERENCES eval.job(id);

ALTER TABLE ONLY eval.attempt
    ADD CONSTRAINT fk_attempt_worker_id FOREIGN KEY (worker_id) REFERENCES eval.worker(id);

ALTER TABLE ONLY eval.boot
    ADD CONSTRAINT fk_boot_log_text_hash FOREIGN KEY (log_text_hash) REFERENCES eval.text_blob(hash);

ALTER TABLE ONLY eval.boot
    ADD CONSTRAINT fk_boot_model_id FOREIGN KEY (model_id) REFERENCES eval.model(id);

ALTER TABLE ONLY eval.boot
    ADD CONSTRAINT fk_boot_profile_boot_id FOREIGN KEY (profile_boot_id) REFERENCES eval.boot(id);

ALTER TABLE ONLY eval.boot
    ADD CONSTRAINT fk_boot_worker_id FOREIGN KEY (worker_id) REFERENCES eval.worker(id);

ALTER TABLE ONLY eval.generation
    ADD CONSTRAINT fk_generation_boot_id FOREIGN KEY (boot_id) REFERENCES eval.boot(id);

ALTER TABLE ONLY eval.generation
    ADD CONSTRAINT fk_generation_job_id_attempt_no FOREIGN KEY (job_id, attempt_no) REFERENCES eval.attempt(job_id, attempt_no);

ALTER TABLE ONLY eval.generation
    ADD CONSTRAINT fk_generation_output_text_hash FOREIGN KEY (output_text_hash) REFERENCES eval.text_blob(hash);

ALTER TABLE ONLY eval.generation
    ADD CONSTRAINT fk_generation_prompt_text_hash FOREIGN KEY (prompt_text_hash) REFERENCES eval.text_blob(hash);

ALTER TABLE ONLY eval.job
    ADD CONSTRAINT fk_job_model_id FOREIGN KEY (model_id) REFERENCES eval.model(id);

ALTER TABLE ONLY eval.job
    ADD CONSTRAINT fk_job_problem_id FOREIGN KEY (problem_id) REFERENCES eval.problem(id);

ALTER TABLE ONLY eval.job
    ADD CONSTRAINT fk_job_run_id FOREIGN KEY (run_id) REFERENCES eval.run(id);

ALTER TABLE ONLY eval.job
    ADD CONSTRAINT fk_job_worker_id FOREIGN KEY (worker_id) REFERENCES eval.worker(id);

ALTER TABLE ONLY eval.memory_trace
    ADD CONSTRAINT fk_memory_trace_job_id FOREIGN KEY (job_id) REFERENCES eval.generation(job_id);

ALTER TABLE ONLY eval.outbox
    ADD CONSTRAINT fk_outbox_job_id FOREIGN KEY (job_id) REFERENCES eval.job(id);

ALTER TABLE ONLY eval.probe_point
    ADD CONSTRAINT fk_probe_point_boot_id FOREIGN KEY (boot_id) REFERENCES eval.boot(id);

ALTER TABLE ONLY eval.probe_point
    ADD CONSTRAINT fk_probe_point_job_id FOREIGN KEY (job_id) REFERENCES eval.job(id);

ALTER TABLE ONLY eval.schedule_slot
    ADD CONSTRAINT fk_schedule_slot_run_id FOREIGN KEY (run_id) REFERENCES eval.run(id);

ALTER TABLE ONLY eval.schedule_slot
    ADD CONSTRAINT fk_schedule_slot_schedule_id FOREIGN KEY (schedule_id) REFERENCES eval.schedule(id) ON DELETE CASCADE;

ALTER TABLE ONLY eval.score
    ADD CONSTRAINT fk_score_job_id FOREIGN KEY (job_id) REFERENCES eval.generation(job_id);

ALTER TABLE ONLY eval.step_verdict
    ADD CONSTRAINT fk_step_verdict_score_id FOREIGN KEY (score_id) REFERENCES eval.score(id);

ALTER TABLE ONLY eval.worker
    ADD CONSTRAINT fk_worker_model_id FOREIGN KEY (model_id) REFERENCES eval.model(id);

