-- What every plane's policies stand on: who asks, as transaction-local settings (see kit-store/src/db.ts).
-- The application role owns nothing and has no BYPASSRLS; each plane grants it what its use cases need.
DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'kapok_app') THEN
    CREATE ROLE kapok_app NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE;
  END IF;
END $$;

CREATE SCHEMA kit;
GRANT USAGE ON SCHEMA kit TO kapok_app;

CREATE FUNCTION kit.org() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE AS
  $$ SELECT nullif(current_setting('app.org', true), '')::uuid $$;
CREATE FUNCTION kit.region() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS
  $$ SELECT nullif(current_setting('app.region', true), '') $$;
CREATE FUNCTION kit.job() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS
  $$ SELECT nullif(current_setting('app.job', true), '') $$;

-- Replies of commands by idempotency key: the same key and body get the same reply, another body is a conflict.
CREATE TABLE kit.command_receipt (
  org_id uuid NOT NULL,
  key text NOT NULL,
  route text NOT NULL,
  body_sha256 text NOT NULL,
  -- json, not jsonb: the repeated reply is the first one byte for byte. Null when the reply held a secret.
  reply json,
  at timestamptz NOT NULL,
  PRIMARY KEY (org_id, key)
);
ALTER TABLE kit.command_receipt ENABLE ROW LEVEL SECURITY;
ALTER TABLE kit.command_receipt FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON kit.command_receipt USING (org_id = kit.org() OR kit.job() = 'kit')
  WITH CHECK (org_id = kit.org() OR kit.job() = 'kit');
GRANT SELECT, INSERT, UPDATE, DELETE ON kit.command_receipt TO kapok_app;

-- When each scheduled job last ran, by the platform's clock.
CREATE TABLE kit.job_run (
  name text PRIMARY KEY,
  last_due timestamptz NOT NULL,
  finished_at timestamptz,
  error text
);
ALTER TABLE kit.job_run ENABLE ROW LEVEL SECURITY;
ALTER TABLE kit.job_run FORCE ROW LEVEL SECURITY;
CREATE POLICY job ON kit.job_run USING (kit.job() = 'kit') WITH CHECK (kit.job() = 'kit');
GRANT SELECT, INSERT, UPDATE ON kit.job_run TO kapok_app;
