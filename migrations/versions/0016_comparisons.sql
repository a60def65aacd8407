-- What evalctl compare found, a row per pair of sides; rows are only appended.

CREATE TABLE eval.comparison (
    id bigint GENERATED ALWAYS AS IDENTITY,
    run_a_id uuid NOT NULL,
    run_b_id uuid NOT NULL,
    model_a text NOT NULL,
    model_b text NOT NULL,
    prompt_a text,
    prompt_b text,
    policy jsonb DEFAULT '{}'::jsonb NOT NULL,
    policy_hash text NOT NULL,
    verdict text NOT NULL,
    forced boolean NOT NULL,
    problems bigint NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT pk_comparison PRIMARY KEY (id),
    CONSTRAINT fk_comparison_run_a_id FOREIGN KEY (run_a_id) REFERENCES eval.run (id),
    CONSTRAINT fk_comparison_run_b_id FOREIGN KEY (run_b_id) REFERENCES eval.run (id),
    CONSTRAINT ck_comparison_verdict CHECK (
        verdict IN ('pass', 'warn', 'block', 'inconclusive'))
);
CREATE INDEX ix_comparison_run_a ON eval.comparison (run_a_id, id);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON eval.comparison
    FOR EACH ROW EXECUTE FUNCTION eval.refuse_change();

CREATE VIEW analytics_v1.comparisons AS
SELECT c.id AS comparison_id, c.created_at AS compared_at, c.run_a_id, a.name AS run_a, c.model_a, c.prompt_a,
       c.run_b_id, b.name AS run_b, c.model_b, c.prompt_b, c.verdict, c.forced, c.problems, c.policy, c.policy_hash
  FROM eval.comparison AS c
  JOIN eval.run AS a ON a.id = c.run_a_id
  JOIN eval.run AS b ON b.id = c.run_b_id;
COMMENT ON VIEW analytics_v1.comparisons IS 'What evalctl compare found, a row per pair of sides each time; rows are only appended. Several runs of one experiment compared with the same A are several tries of one gate, and each is a test.';
COMMENT ON COLUMN analytics_v1.comparisons.comparison_id IS 'Identifier; later ones are larger.';
COMMENT ON COLUMN analytics_v1.comparisons.compared_at IS 'When it was compared.';
COMMENT ON COLUMN analytics_v1.comparisons.run_a_id IS 'The run of side A.';
COMMENT ON COLUMN analytics_v1.comparisons.run_a IS 'Name of that run.';
COMMENT ON COLUMN analytics_v1.comparisons.model_a IS 'Model of side A.';
COMMENT ON COLUMN analytics_v1.comparisons.prompt_a IS 'Prompt style of side A; NULL: all, each paired with the same of side B.';
COMMENT ON COLUMN analytics_v1.comparisons.run_b_id IS 'The run of side B.';
COMMENT ON COLUMN analytics_v1.comparisons.run_b IS 'Name of that run.';
COMMENT ON COLUMN analytics_v1.comparisons.model_b IS 'Model of side B.';
COMMENT ON COLUMN analytics_v1.comparisons.prompt_b IS 'Prompt style of side B; NULL: all.';
COMMENT ON COLUMN analytics_v1.comparisons.verdict IS 'pass, warn, block or inconclusive.';
COMMENT ON COLUMN analytics_v1.comparisons.forced IS 'Whether metrics were compared whose conditions differ.';
COMMENT ON COLUMN analytics_v1.comparisons.problems IS 'Number of problems that were paired.';
COMMENT ON COLUMN analytics_v1.comparisons.policy IS 'The policy: its confidence, and its rules.';
COMMENT ON COLUMN analytics_v1.comparisons.policy_hash IS 'SHA-256 of the policy.';
