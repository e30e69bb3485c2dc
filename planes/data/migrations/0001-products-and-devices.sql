CREATE SCHEMA data;
GRANT USAGE ON SCHEMA data TO kapok_app;

-- A product's name and newest version; every version's properties stay readable.
CREATE TABLE data.product (
  id uuid PRIMARY KEY,
  org_id uuid NOT NULL,
  name text NOT NULL CHECK (length(name) BETWEEN 1 AND 120),
  version integer NOT NULL CHECK (version > 0),
  retention text NOT NULL CHECK (retention IN ('year1', 'year3', 'year6')),
  properties jsonb NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  UNIQUE (org_id, name)
);
CREATE TABLE data.product_version (
  product_id uuid NOT NULL REFERENCES data.product,
  org_id uuid NOT NULL,
  version integer NOT NULL,
  properties jsonb NOT NULL,
  made_at timestamptz NOT NULL,
  PRIMARY KEY (product_id, version)
);

CREATE TABLE data.device (
  id uuid PRIMARY KEY,
  org_id uuid NOT NULL,
  name text NOT NULL CHECK (length(name) BETWEEN 1 AND 120),
  kind text NOT NULL CHECK (kind IN ('device', 'gateway')),
  product_id uuid REFERENCES data.product,
  enabled boolean NOT NULL DEFAULT true,
  deleted_at timestamptz,
  -- Written by ingest every few seconds; a wake-up, not evidence.
  last_seen timestamptz,
  session_since timestamptz,
  shared_credential_at timestamptz,
  created_at timestamptz NOT NULL,
  CHECK (kind = 'gateway' OR product_id IS NOT NULL)
);
CREATE UNIQUE INDEX device_name ON data.device (org_id, name) WHERE deleted_at IS NULL;
CREATE INDEX device_product ON data.device (product_id);

-- Secrets have 256 random bits, so that one SHA-256 is enough to keep them.
CREATE TABLE data.credential (
  id uuid PRIMARY KEY,
  org_id uuid NOT NULL,
  device_id uuid NOT NULL REFERENCES data.device,
  purpose text NOT NULL CHECK (purpose IN ('live', 'import')),
  secret_sha256 bytea NOT NULL UNIQUE CHECK (length(secret_sha256) = 32),
  hint text NOT NULL,
  created_at timestamptz NOT NULL,
  ends_at timestamptz,
  last_used_at timestamptz
);
CREATE INDEX credential_device ON data.credential (device_id);

-- (device, property) → the small number that the store knows a series by. Allocated in blocks, never reused.
CREATE SEQUENCE data.series_id AS bigint MINVALUE 1 MAXVALUE 4294967295 CACHE 100;
CREATE TABLE data.series (
  id bigint PRIMARY KEY DEFAULT nextval('data.series_id') CHECK (id BETWEEN 1 AND 4294967295),
  org_id uuid NOT NULL,
  device_id uuid NOT NULL REFERENCES data.device,
  property text NOT NULL,
  type text NOT NULL,
  retention text NOT NULL,
  UNIQUE (device_id, property)
);
CREATE INDEX series_org ON data.series (org_id);

-- UTC hours (ms of their beginning) whose roll-ups must be derived again; `touches` tells a touch that came meanwhile.
CREATE TABLE data.touched_hour (
  hour bigint PRIMARY KEY,
  touches bigint NOT NULL
);

CREATE TABLE data.quarantine (
  id uuid PRIMARY KEY,
  org_id uuid NOT NULL,
  device_id uuid,
  credential_id uuid,
  at timestamptz NOT NULL,
  door text NOT NULL CHECK (door IN ('mqtt', 'http', 'import')),
  topic text NOT NULL,
  reason_zh text NOT NULL,
  reason_en text NOT NULL,
  bytes integer NOT NULL,
  payload bytea NOT NULL CHECK (length(payload) <= 65536),
  payload_sha256 bytea NOT NULL,
  times integer NOT NULL DEFAULT 1
);
CREATE INDEX quarantine_org ON data.quarantine (org_id, at DESC);
CREATE UNIQUE INDEX quarantine_same ON data.quarantine
  (org_id, coalesce(credential_id, '00000000-0000-0000-0000-000000000000'), payload_sha256, md5(reason_en));

-- Segments that the store refused three times; their files stay in the log folder.
CREATE TABLE data.segment_set_aside (
  file text PRIMARY KEY,
  error text NOT NULL,
  at timestamptz NOT NULL
);

DO $$ DECLARE t text; BEGIN
  FOREACH t IN ARRAY ARRAY['product', 'product_version', 'device', 'credential', 'series', 'quarantine'] LOOP
    EXECUTE format('ALTER TABLE data.%I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE data.%I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY own ON data.%I USING (org_id = kit.org() OR kit.job() = ''data'')
      WITH CHECK (org_id = kit.org() OR kit.job() = ''data'')', t);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON data.%I TO kapok_app', t);
  END LOOP;
  FOREACH t IN ARRAY ARRAY['touched_hour', 'segment_set_aside'] LOOP
    EXECUTE format('ALTER TABLE data.%I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE data.%I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY job ON data.%I USING (kit.job() = ''data'') WITH CHECK (kit.job() = ''data'')', t);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON data.%I TO kapok_app', t);
  END LOOP;
END $$;
-- Which hours are being derived again is no secret: a chart asks so as to read those hours from the points themselves.
CREATE POLICY anybody ON data.touched_hour FOR SELECT USING (true);
GRANT USAGE ON SEQUENCE data.series_id TO kapok_app;

-- Version of roll-up rows: what was derived later wins, whatever the clock says.
CREATE SEQUENCE data.derivation AS bigint;
GRANT USAGE ON SEQUENCE data.derivation TO kapok_app;
