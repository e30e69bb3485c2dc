-- Seals, the log they stand in, signed checkpoints, and the second source. Nothing here is ever updated or deleted.
CREATE SCHEMA evidence;
GRANT USAGE ON SCHEMA evidence TO kapok_app;

CREATE TABLE evidence.seal (
  leaf_index bigint PRIMARY KEY,
  org_id uuid NOT NULL,
  day date NOT NULL,
  revision int NOT NULL,
  sequence int NOT NULL,
  -- The very text that was hashed (RFC 8785).
  leaf text NOT NULL,
  leaf_hash bytea NOT NULL,
  chain_hash bytea NOT NULL,
  devices int NOT NULL,
  points bigint NOT NULL,
  sealed_at timestamptz NOT NULL,
  UNIQUE (org_id, day, revision),
  UNIQUE (org_id, sequence)
);

-- The meters of the leaves as rows, for questions; the leaf is what counts.
CREATE TABLE evidence.device_day (
  org_id uuid NOT NULL,
  device_id uuid NOT NULL,
  day date NOT NULL,
  revision int NOT NULL,
  points bigint NOT NULL,
  minutes int NOT NULL,
  gaps int NOT NULL,
  good_bp int NOT NULL,
  digest bytea NOT NULL,
  PRIMARY KEY (org_id, device_id, day, revision)
);
CREATE INDEX ON evidence.device_day (digest);

CREATE TABLE evidence.org_day (
  org_id uuid NOT NULL,
  day date NOT NULL,
  revision int NOT NULL,
  active_minutes int NOT NULL,
  leaf_index bigint NOT NULL REFERENCES evidence.seal,
  PRIMARY KEY (org_id, day, revision)
);

-- Up to which receive time an organisation's late data have been looked at.
CREATE TABLE evidence.watermark (
  org_id uuid PRIMARY KEY,
  received_through timestamptz NOT NULL
);

CREATE TABLE evidence.checkpoint (
  size bigint PRIMARY KEY,
  root_hash bytea NOT NULL,
  note text NOT NULL,
  at timestamptz NOT NULL
);

-- What the telecom operator saw on an organisation's line. A later filing of the same day stands beside the first.
CREATE TABLE evidence.reading (
  org_id uuid NOT NULL,
  day date NOT NULL,
  filing int NOT NULL,
  operator_id uuid NOT NULL,
  active_minutes int NOT NULL CHECK (active_minutes BETWEEN 0 AND 1440),
  bytes bigint NOT NULL CHECK (bytes >= 0),
  filed_at timestamptz NOT NULL,
  PRIMARY KEY (org_id, day, filing)
);

DO $$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['seal', 'device_day', 'org_day', 'watermark', 'checkpoint', 'reading']
  LOOP
    EXECUTE format('ALTER TABLE evidence.%I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE evidence.%I FORCE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY inner_door ON evidence.%I USING (kit.job() = ''evidence'') WITH CHECK (kit.job() = ''evidence'')', name);
    EXECUTE format('GRANT SELECT, INSERT ON evidence.%I TO kapok_app', name);
  END LOOP;
END $$;
GRANT UPDATE ON evidence.watermark TO kapok_app;
CREATE POLICY own ON evidence.seal FOR SELECT USING (org_id = kit.org());
CREATE POLICY own ON evidence.device_day FOR SELECT USING (org_id = kit.org());
CREATE POLICY own ON evidence.org_day FOR SELECT USING (org_id = kit.org());
CREATE POLICY subject ON evidence.reading FOR SELECT USING (org_id = kit.org() OR operator_id = kit.org());
CREATE POLICY operator ON evidence.reading FOR INSERT WITH CHECK (operator_id = kit.org());
