-- The key that a gateway made for itself and enrolled once: its batches count only with its signature. A gateway that is
-- replaced enrols a new one, whose sequence begins anew.
CREATE TABLE data.gateway_key (
  id uuid PRIMARY KEY,
  device_id uuid NOT NULL REFERENCES data.device,
  org_id uuid NOT NULL,
  -- Raw Ed25519 public key (RFC 8032).
  public_key bytea NOT NULL CHECK (length(public_key) = 32),
  -- The first batch that it signs; what is missing is counted from there.
  first_sequence bigint NOT NULL CHECK (first_sequence > 0),
  enrolled_at timestamptz NOT NULL,
  replaced_at timestamptz
);
CREATE UNIQUE INDEX gateway_key_current ON data.gateway_key (device_id) WHERE replaced_at IS NULL;
CREATE UNIQUE INDEX gateway_key_once ON data.gateway_key (public_key);

-- One-time codes by which a gateway brings its key. Only the hash is kept.
CREATE TABLE data.gateway_code (
  device_id uuid PRIMARY KEY REFERENCES data.device,
  org_id uuid NOT NULL,
  code_sha256 bytea NOT NULL UNIQUE CHECK (length(code_sha256) = 32),
  ends_at timestamptz NOT NULL
);

-- What a gateway last said of itself: a wake-up for people, not evidence.
CREATE TABLE data.gateway_health (
  device_id uuid PRIMARY KEY REFERENCES data.device,
  org_id uuid NOT NULL,
  received_at timestamptz NOT NULL,
  -- received_at minus the gateway's own time.
  clock_offset_ms bigint NOT NULL,
  report jsonb NOT NULL
);

-- Versions of the tag table that a gateway can be told to run. A version never changes.
CREATE TABLE data.gateway_configuration (
  device_id uuid NOT NULL REFERENCES data.device,
  org_id uuid NOT NULL,
  version integer NOT NULL CHECK (version > 0),
  text text NOT NULL CHECK (octet_length(text) <= 1048576),
  note text NOT NULL,
  made_by text NOT NULL,
  made_at timestamptz NOT NULL,
  PRIMARY KEY (device_id, version)
);

-- Which version a gateway shall run. A gateway says which order it took up last; another one is sent to it.
CREATE TABLE data.gateway_order (
  device_id uuid PRIMARY KEY REFERENCES data.device,
  org_id uuid NOT NULL,
  id uuid NOT NULL,
  version integer NOT NULL,
  ordered_by text NOT NULL,
  ordered_at timestamptz NOT NULL,
  FOREIGN KEY (device_id, version) REFERENCES data.gateway_configuration
);

DO $$ DECLARE t text; BEGIN
  FOREACH t IN ARRAY ARRAY['gateway_key', 'gateway_code', 'gateway_health', 'gateway_configuration', 'gateway_order'] LOOP
    EXECUTE format('ALTER TABLE data.%I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE data.%I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY own ON data.%I USING (org_id = kit.org() OR kit.job() = ''data'')
      WITH CHECK (org_id = kit.org() OR kit.job() = ''data'')', t);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON data.%I TO kapok_app', t);
  END LOOP;
END $$;
