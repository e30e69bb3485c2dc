-- Releases of the gateway's software. They belong to the platform and are everybody's to run; the file of each is in the
-- data folder, and counts when it is whole.
CREATE TABLE data.gateway_release (
  id uuid PRIMARY KEY,
  version text NOT NULL,
  platform text NOT NULL,
  -- As it was signed (contracts: SignedRelease).
  manifest jsonb NOT NULL,
  put_at timestamptz NOT NULL,
  put_by text NOT NULL,
  complete boolean NOT NULL DEFAULT false,
  withdrawn_at timestamptz
);
-- One file for a version and a platform, so that a version says which software runs.
CREATE UNIQUE INDEX gateway_release_once ON data.gateway_release (version, platform) WHERE withdrawn_at IS NULL;

ALTER TABLE data.gateway_release ENABLE ROW LEVEL SECURITY;
ALTER TABLE data.gateway_release FORCE ROW LEVEL SECURITY;
CREATE POLICY read ON data.gateway_release FOR SELECT USING (kit.org() IS NOT NULL OR kit.job() = 'data');
CREATE POLICY administer ON data.gateway_release USING (kit.job() = 'administrator') WITH CHECK (kit.job() = 'administrator');
GRANT SELECT, INSERT, UPDATE, DELETE ON data.gateway_release TO kapok_app;

-- Which release a gateway shall run, as gateway_order is for configurations.
CREATE TABLE data.gateway_update (
  device_id uuid PRIMARY KEY REFERENCES data.device,
  org_id uuid NOT NULL,
  id uuid NOT NULL,
  release_id uuid NOT NULL REFERENCES data.gateway_release,
  downgrade boolean NOT NULL,
  ordered_by text NOT NULL,
  ordered_at timestamptz NOT NULL
);
CREATE INDEX gateway_update_release ON data.gateway_update (release_id);
ALTER TABLE data.gateway_update ENABLE ROW LEVEL SECURITY;
ALTER TABLE data.gateway_update FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON data.gateway_update USING (org_id = kit.org() OR kit.job() = 'data')
  WITH CHECK (org_id = kit.org() OR kit.job() = 'data');
-- How many gateways were told to run a release is the administrator's to see.
CREATE POLICY administer ON data.gateway_update FOR SELECT USING (kit.job() = 'administrator');
GRANT SELECT, INSERT, UPDATE, DELETE ON data.gateway_update TO kapok_app;
