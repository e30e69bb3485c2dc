-- Public money: regions, programmes, cases with their events, the ledger, vouchers, notices, batches.
CREATE SCHEMA subsidy;
GRANT USAGE ON SCHEMA subsidy TO kapok_app;

-- Regions by GB/T 2260 code; a city without a county row has no county level of review.
CREATE TABLE subsidy.region (
  code text PRIMARY KEY CHECK (code ~ '^\d{2}(\d{2}(\d{2})?)?$'),
  name text NOT NULL,
  name_en text NOT NULL
);

-- Rule sets as they were published; a case is pinned to one by its hash.
CREATE TABLE subsidy.programme (
  sha256 text PRIMARY KEY,
  id text NOT NULL,
  text text NOT NULL,
  current boolean NOT NULL,
  published_at timestamptz NOT NULL,
  published_by text NOT NULL
);
CREATE UNIQUE INDEX programme_current ON subsidy.programme (id) WHERE current;

-- The State Council's table of a year where the built-in one ends.
CREATE TABLE subsidy.holiday_year (
  year integer PRIMARY KEY,
  off text[] NOT NULL,
  worked text[] NOT NULL,
  entered_at timestamptz NOT NULL
);

-- The head of a case: its paper facts, and a copy of the standing that the fold of its events gives (INV-08 compares them).
CREATE TABLE subsidy.case_head (
  id uuid PRIMARY KEY,
  case_no text NOT NULL UNIQUE,
  kind text NOT NULL,
  programme_id text,
  rule_sha256 text,
  region text NOT NULL,
  filer_org uuid NOT NULL,
  filer_name text NOT NULL,
  filer_uscc text NOT NULL,
  supplier_org uuid,
  supplier_name text,
  supplier_uscc text,
  voucher_no text,
  facts jsonb NOT NULL,
  amount_fen bigint,
  created_at timestamptz NOT NULL,
  submitted_at timestamptz,
  version integer NOT NULL,
  state text NOT NULL,
  step integer NOT NULL,
  steps text[] NOT NULL,
  desk text,
  desk_name text,
  since timestamptz NOT NULL,
  due timestamptz,
  due_days integer,
  due_provisional boolean NOT NULL DEFAULT false
);
CREATE INDEX case_filer ON subsidy.case_head (filer_org, created_at);
CREATE INDEX case_supplier ON subsidy.case_head (supplier_org) WHERE supplier_org IS NOT NULL;
CREATE INDEX case_region ON subsidy.case_head (region text_pattern_ops, due);
CREATE INDEX case_desk ON subsidy.case_head (desk, state);
CREATE INDEX case_voucher ON subsidy.case_head (voucher_no) WHERE voucher_no IS NOT NULL;
-- INV-09: at most one open redemption of a voucher.
CREATE UNIQUE INDEX case_one_redemption ON subsidy.case_head (voucher_no)
  WHERE kind = 'redemption' AND state NOT IN ('rejected', 'withdrawn');

CREATE TABLE subsidy.case_party (
  case_id uuid NOT NULL REFERENCES subsidy.case_head ON DELETE CASCADE,
  org_id uuid NOT NULL,
  part text NOT NULL,
  name text NOT NULL,
  uscc text,
  PRIMARY KEY (case_id, org_id, part)
);
CREATE INDEX case_party_org ON subsidy.case_party (org_id, case_id);

-- Appended only; the standing of a case is the fold of its events.
CREATE TABLE subsidy.case_event (
  case_id uuid NOT NULL REFERENCES subsidy.case_head ON DELETE CASCADE,
  version integer NOT NULL,
  at timestamptz NOT NULL,
  verb text NOT NULL,
  step integer NOT NULL,
  to_step integer,
  actor_user text,
  actor_name text NOT NULL,
  actor_org uuid,
  actor_org_name text NOT NULL,
  reason text,
  data jsonb NOT NULL DEFAULT '{}',
  PRIMARY KEY (case_id, version)
);

-- What a decision stood on: rule hash, facts hash, clauses, numbers, and for a redemption the counted days.
CREATE TABLE subsidy.decision (
  case_id uuid NOT NULL REFERENCES subsidy.case_head ON DELETE CASCADE,
  version integer NOT NULL,
  rule_id text NOT NULL,
  rule_sha256 text NOT NULL,
  facts jsonb NOT NULL,
  facts_sha256 text NOT NULL,
  clauses jsonb NOT NULL,
  numbers jsonb NOT NULL,
  coverage jsonb,
  approved_fen bigint,
  PRIMARY KEY (case_id, version)
);

CREATE TABLE subsidy.case_serial (
  region text NOT NULL,
  day text NOT NULL,
  last integer NOT NULL,
  PRIMARY KEY (region, day)
);

-- Bytes lie in the data folder under their hash.
CREATE TABLE subsidy.file (
  id uuid PRIMARY KEY,
  case_id uuid NOT NULL REFERENCES subsidy.case_head ON DELETE CASCADE,
  role text NOT NULL,
  name text NOT NULL,
  media_type text NOT NULL,
  bytes integer NOT NULL,
  sha256 text NOT NULL,
  uploaded_at timestamptz NOT NULL,
  uploaded_by text NOT NULL,
  org_id uuid NOT NULL
);
CREATE INDEX file_case ON subsidy.file (case_id);

-- INV-10: an invoice serves one redemption, over all cities and years.
CREATE TABLE subsidy.invoice_use (
  canonical_id text PRIMARY KEY,
  case_id uuid NOT NULL REFERENCES subsidy.case_head ON DELETE CASCADE,
  gross_fen bigint NOT NULL,
  allocated_fen bigint NOT NULL,
  CHECK (allocated_fen > 0 AND allocated_fen <= gross_fen)
);
CREATE INDEX invoice_use_case ON subsidy.invoice_use (case_id);

CREATE TABLE subsidy.inbox (
  id uuid PRIMARY KEY,
  org_id uuid NOT NULL,
  at timestamptz NOT NULL,
  case_id uuid,
  case_no text,
  zh text NOT NULL,
  en text NOT NULL,
  read_at timestamptz
);
CREATE INDEX inbox_org ON subsidy.inbox (org_id, at DESC);

CREATE TABLE subsidy.supplier_standing (
  uscc text PRIMARY KEY,
  name text NOT NULL,
  suspended boolean NOT NULL,
  reason text,
  since timestamptz NOT NULL
);

CREATE TABLE subsidy.voucher (
  no text PRIMARY KEY,
  programme_id text NOT NULL,
  rule_sha256 text NOT NULL,
  ledger text NOT NULL,
  application_id uuid NOT NULL UNIQUE REFERENCES subsidy.case_head,
  filer_org uuid NOT NULL,
  filer_name text NOT NULL,
  filer_uscc text NOT NULL,
  supplier_org uuid,
  supplier_name text NOT NULL,
  supplier_uscc text NOT NULL,
  region text NOT NULL,
  face_fen bigint NOT NULL CHECK (face_fen > 0),
  contract jsonb NOT NULL,
  caps jsonb NOT NULL,
  -- A copy of what the balances say, for lists; written with each posting on the voucher.
  state text NOT NULL CHECK (state IN ('issued', 'locked', 'payable', 'settled', 'expired')),
  issued_at timestamptz NOT NULL,
  valid_to timestamptz NOT NULL
);
CREATE INDEX voucher_filer ON subsidy.voucher (filer_org);
CREATE INDEX voucher_supplier ON subsidy.voucher (supplier_org);
CREATE INDEX voucher_region ON subsidy.voucher (region text_pattern_ops);

CREATE TABLE subsidy.notice (
  id uuid PRIMARY KEY,
  case_id uuid NOT NULL REFERENCES subsidy.case_head,
  approved_fen bigint NOT NULL,
  opens_at timestamptz NOT NULL,
  closes_at timestamptz NOT NULL,
  working_days integer NOT NULL,
  provisional boolean NOT NULL,
  state text NOT NULL CHECK (state IN ('open', 'closed', 'upheld'))
);
CREATE UNIQUE INDEX notice_one_open ON subsidy.notice (case_id) WHERE state = 'open';

CREATE TABLE subsidy.objection (
  id uuid PRIMARY KEY,
  notice_id uuid NOT NULL REFERENCES subsidy.notice,
  objector text NOT NULL,
  contact text NOT NULL,
  reason text NOT NULL,
  received_at timestamptz NOT NULL,
  state text NOT NULL CHECK (state IN ('open', 'upheld', 'dismissed')),
  answer text,
  answered_at timestamptz,
  answered_by text
);
CREATE INDEX objection_notice ON subsidy.objection (notice_id);

CREATE TABLE subsidy.batch (
  id uuid PRIMARY KEY,
  batch_no text NOT NULL UNIQUE,
  programme_id text NOT NULL,
  created_at timestamptz NOT NULL,
  created_by text NOT NULL
);
CREATE TABLE subsidy.batch_line (
  batch_id uuid NOT NULL REFERENCES subsidy.batch,
  line integer NOT NULL,
  case_id uuid NOT NULL REFERENCES subsidy.case_head,
  voucher_no text NOT NULL REFERENCES subsidy.voucher,
  amount_fen bigint NOT NULL CHECK (amount_fen > 0),
  bank_account jsonb NOT NULL,
  state text NOT NULL CHECK (state IN ('waiting', 'paid', 'failed')),
  receipt_id text UNIQUE,
  answered_at timestamptz,
  failure text,
  PRIMARY KEY (batch_id, line)
);
-- A case is in one batch at a time, and is paid once.
CREATE UNIQUE INDEX batch_line_once ON subsidy.batch_line (case_id) WHERE state <> 'failed';

-- Who sees what. The rows of a party: its own; a government: its region, once filed; the plane's inner doors: all.
DO $$ DECLARE t text; BEGIN
  FOREACH t IN ARRAY ARRAY['region', 'programme', 'holiday_year', 'case_head', 'case_party', 'case_event', 'decision',
    'case_serial', 'file', 'invoice_use', 'inbox', 'supplier_standing', 'voucher', 'notice', 'objection', 'batch',
    'batch_line'] LOOP
    EXECUTE format('ALTER TABLE subsidy.%I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE subsidy.%I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY job ON subsidy.%I USING (kit.job() = ''subsidy'') WITH CHECK (kit.job() = ''subsidy'')', t);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON subsidy.%I TO kapok_app', t);
  END LOOP;
END $$;
-- Events and decisions are appended, and go only with a draft that was never submitted (ON DELETE CASCADE).
REVOKE UPDATE, DELETE ON subsidy.case_event, subsidy.decision FROM kapok_app;

CREATE POLICY everybody ON subsidy.region FOR SELECT USING (true);
CREATE POLICY everybody ON subsidy.programme FOR SELECT USING (true);
CREATE POLICY party ON subsidy.case_party FOR SELECT USING (org_id = kit.org());
CREATE POLICY party ON subsidy.case_head FOR SELECT USING (
  filer_org = kit.org()
  OR EXISTS (SELECT FROM subsidy.case_party p WHERE p.case_id = id AND p.org_id = kit.org())
);
CREATE POLICY government ON subsidy.case_head FOR SELECT USING (
  kit.region() IS NOT NULL AND submitted_at IS NOT NULL AND region LIKE kit.region() || '%'
);
CREATE POLICY own ON subsidy.inbox FOR SELECT USING (org_id = kit.org());
CREATE POLICY own_read ON subsidy.inbox FOR UPDATE USING (org_id = kit.org()) WITH CHECK (org_id = kit.org());
CREATE POLICY party ON subsidy.voucher FOR SELECT USING (filer_org = kit.org() OR supplier_org = kit.org());
CREATE POLICY government ON subsidy.voucher FOR SELECT USING (
  kit.region() IS NOT NULL AND region LIKE kit.region() || '%'
);
