-- Who registers under which prefix, what is registered there as the platform last read it from the node, and files of rows
-- that are registered one by one. The records themselves are the node's.
CREATE SCHEMA registry;
GRANT USAGE ON SCHEMA registry TO kapok_app;

CREATE TABLE registry.account (
  org_id uuid PRIMARY KEY,
  prefix text NOT NULL UNIQUE,
  url text NOT NULL,
  assigned_at timestamptz NOT NULL,
  -- The list is to be read from the node.
  sync_wanted boolean NOT NULL DEFAULT true,
  synced_at timestamptz,
  fault jsonb
);

CREATE TABLE registry.identifier (
  id uuid PRIMARY KEY,
  org_id uuid NOT NULL REFERENCES registry.account ON DELETE CASCADE,
  handle text NOT NULL,
  facts jsonb NOT NULL,
  name text NOT NULL,
  model text NOT NULL,
  batch text NOT NULL,
  gs1 text NOT NULL,
  registered_at timestamptz NOT NULL,
  -- The sync that saw it last.
  seen text,
  UNIQUE (org_id, handle)
);

CREATE TABLE registry.import (
  id uuid PRIMARY KEY,
  org_id uuid NOT NULL REFERENCES registry.account ON DELETE CASCADE,
  file_name text NOT NULL,
  state text NOT NULL CHECK (state IN ('checked', 'running', 'stopped', 'done')),
  hold jsonb,
  created_at timestamptz NOT NULL,
  finished_at timestamptz
);
CREATE INDEX ON registry.import (org_id, created_at);

CREATE TABLE registry.import_row (
  import_id uuid NOT NULL REFERENCES registry.import ON DELETE CASCADE,
  org_id uuid NOT NULL,
  row integer NOT NULL,
  handle text NOT NULL,
  facts jsonb NOT NULL,
  state text NOT NULL CHECK (state IN ('bad', 'waiting', 'done', 'same', 'failed')),
  fault jsonb,
  PRIMARY KEY (import_id, row)
);
CREATE INDEX ON registry.import_row (import_id, state, row);

-- Machines that are devices of the platform.
CREATE TABLE registry.machine (
  org_id uuid NOT NULL REFERENCES registry.account ON DELETE CASCADE,
  handle text NOT NULL,
  device_id uuid NOT NULL,
  PRIMARY KEY (org_id, handle),
  UNIQUE (org_id, device_id)
);

DO $$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['account', 'identifier', 'import', 'import_row', 'machine']
  LOOP
    EXECUTE format('ALTER TABLE registry.%I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE registry.%I FORCE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY inner_door ON registry.%I USING (kit.job() = ''registry'') WITH CHECK (kit.job() = ''registry'')', name);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON registry.%I TO kapok_app', name);
  END LOOP;
END $$;
CREATE POLICY own_or_administrator ON registry.account FOR SELECT
  USING (org_id = kit.org() OR kit.job() = 'administrator');
CREATE POLICY administrator ON registry.account USING (kit.job() = 'administrator') WITH CHECK (kit.job() = 'administrator');
CREATE POLICY administrator_count ON registry.identifier FOR SELECT USING (kit.job() = 'administrator');
CREATE POLICY own ON registry.identifier USING (org_id = kit.org()) WITH CHECK (org_id = kit.org());
CREATE POLICY own ON registry.import USING (org_id = kit.org()) WITH CHECK (org_id = kit.org());
CREATE POLICY own ON registry.import_row USING (org_id = kit.org()) WITH CHECK (org_id = kit.org());
CREATE POLICY own ON registry.machine USING (org_id = kit.org()) WITH CHECK (org_id = kit.org());
