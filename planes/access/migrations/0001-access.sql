-- Who may do what: organisations, their members, sessions, one-time links, API tokens, and the audit of every command.
-- Scopes: `access` is the plane's own inner door, `administrator` a platform administrator, `audit` the dispatcher
-- while it appends to the audit.
CREATE SCHEMA access;
GRANT USAGE ON SCHEMA access TO kapok_app;

CREATE FUNCTION access.inner() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS
  $$ SELECT coalesce(kit.job() IN ('access', 'administrator'), false) $$;

CREATE TABLE access.organisation (
  id uuid PRIMARY KEY,
  name text NOT NULL UNIQUE,
  kind text NOT NULL CHECK (kind IN
    ('enterprise', 'supplier', 'county', 'city', 'province', 'finance', 'assessor', 'operator', 'platform')),
  uscc text UNIQUE,
  region text NOT NULL,
  created_at timestamptz NOT NULL
);
CREATE INDEX ON access.organisation (kind, region text_pattern_ops);

-- A member is a person in one organisation; who works in two has two log-ins.
CREATE TABLE access.member (
  user_id uuid PRIMARY KEY,
  org_id uuid NOT NULL REFERENCES access.organisation,
  login text NOT NULL UNIQUE,
  name text NOT NULL,
  roles text[] NOT NULL,
  password_hash text NOT NULL,
  disabled boolean NOT NULL DEFAULT false,
  created_at timestamptz NOT NULL,
  last_sign_in timestamptz
);
CREATE INDEX ON access.member (org_id);

CREATE TABLE access.session (
  secret_sha256 bytea PRIMARY KEY,
  user_id uuid NOT NULL REFERENCES access.member ON DELETE CASCADE,
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL
);
CREATE INDEX ON access.session (user_id);

CREATE TABLE access.one_time_link (
  secret_sha256 bytea PRIMARY KEY,
  purpose text NOT NULL CHECK (purpose IN ('join', 'reset')),
  org_id uuid NOT NULL REFERENCES access.organisation,
  roles text[] NOT NULL,
  user_id uuid REFERENCES access.member ON DELETE CASCADE,
  expires_at timestamptz NOT NULL,
  used_at timestamptz
);

CREATE TABLE access.sign_in_attempt (
  subject text NOT NULL,
  at timestamptz NOT NULL
);
CREATE INDEX ON access.sign_in_attempt (subject, at);

CREATE TABLE access.api_token (
  id uuid PRIMARY KEY,
  org_id uuid NOT NULL REFERENCES access.organisation,
  name text NOT NULL,
  scopes text[] NOT NULL,
  secret_sha256 bytea NOT NULL UNIQUE,
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  last_used timestamptz,
  revoked_at timestamptz
);
CREATE INDEX ON access.api_token (org_id);

-- h_i = SHA-256(0x01 ‖ h_{i-1} ‖ canonical JSON of the event); `event` is kept as the very text that was hashed.
CREATE TABLE access.audit_event (
  index bigint PRIMARY KEY,
  at timestamptz NOT NULL,
  event text NOT NULL,
  hash bytea NOT NULL
);

DO $$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['organisation', 'member', 'session', 'one_time_link', 'sign_in_attempt', 'api_token', 'audit_event']
  LOOP
    EXECUTE format('ALTER TABLE access.%I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE access.%I FORCE ROW LEVEL SECURITY', name);
    IF name <> 'audit_event' THEN
      EXECUTE format('CREATE POLICY inner_door ON access.%I USING (access.inner()) WITH CHECK (access.inner())', name);
      EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON access.%I TO kapok_app', name);
    END IF;
  END LOOP;
END $$;

CREATE POLICY own ON access.organisation FOR SELECT USING (id = kit.org());
CREATE POLICY own ON access.api_token USING (org_id = kit.org()) WITH CHECK (org_id = kit.org());
CREATE POLICY audit ON access.audit_event USING (kit.job() IN ('audit', 'administrator')) WITH CHECK (kit.job() = 'audit');
-- Nobody updates or deletes an event: the application role is not even granted it.
GRANT SELECT, INSERT ON access.audit_event TO kapok_app;
