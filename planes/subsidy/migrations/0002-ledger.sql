-- The ledger. Money and caps are accounts; a posting is a list of balanced moves; balances lie on the account rows.
-- Names: `m/<programme>:<year>/prov:avail` for money, `l/<programme>:<year>/cap:supplier:<uscc>` for the LIMIT ledger.
CREATE TABLE subsidy.account (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text NOT NULL UNIQUE,
  debits bigint NOT NULL DEFAULT 0,
  credits bigint NOT NULL DEFAULT 0,
  -- INV-02, the last line of defence: only what lies outside (`ext:`) may go below zero.
  CONSTRAINT no_overdraw CHECK (split_part(name, '/', 3) LIKE 'ext:%' OR credits >= debits)
) WITH (fillfactor = 40, autovacuum_vacuum_scale_factor = 0.05);

CREATE TABLE subsidy.posting (
  key text PRIMARY KEY,
  body_sha256 text NOT NULL,
  cause text NOT NULL,
  reference text NOT NULL,
  at timestamptz NOT NULL,
  -- Move i takes amounts[i] from account sources[i] to account targets[i]. One row keeps a posting in one piece.
  sources bigint[] NOT NULL,
  targets bigint[] NOT NULL,
  amounts bigint[] NOT NULL,
  CHECK (cardinality(sources) = cardinality(targets) AND cardinality(targets) = cardinality(amounts)
    AND cardinality(amounts) BETWEEN 1 AND 200 AND 0 < ALL (amounts))
);
CREATE INDEX posting_reference ON subsidy.posting (reference);
CREATE INDEX posting_at ON subsidy.posting (at);

ALTER TABLE subsidy.account ENABLE ROW LEVEL SECURITY;
ALTER TABLE subsidy.account FORCE ROW LEVEL SECURITY;
CREATE POLICY job ON subsidy.account USING (kit.job() = 'subsidy') WITH CHECK (kit.job() = 'subsidy');
ALTER TABLE subsidy.posting ENABLE ROW LEVEL SECURITY;
ALTER TABLE subsidy.posting FORCE ROW LEVEL SECURITY;
CREATE POLICY job ON subsidy.posting USING (kit.job() = 'subsidy') WITH CHECK (kit.job() = 'subsidy');
-- Postings are never changed and never removed; a refused one takes its own row back inside `post`.
GRANT SELECT, INSERT, DELETE ON subsidy.posting TO kapok_app;
GRANT SELECT, INSERT, UPDATE ON subsidy.account TO kapok_app;

-- Posts moves, all or none. Returns `posted`; `repeated` when this key was posted before with the same body (nothing
-- changes); `conflict` when the key has another body; `short` with the account that would fall below zero (nothing
-- changes). Accounts are locked from the youngest to the oldest: one order for all, so postings never deadlock, and the
-- hot ones (treasury, cities, caps), which are the oldest, are held for the shortest time.
-- Plans are kept from when the tables were small, where a scan of the whole table looks cheap: by key, always.
CREATE FUNCTION subsidy.post(
  p_key text, p_body_sha256 text, p_cause text, p_reference text, p_at timestamptz,
  p_from text[], p_to text[], p_amounts bigint[], OUT outcome text, OUT short_account text
) LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
  -- Distinct accounts, youngest first.
  v_names text[] := '{}';
  v_ids bigint[] := '{}';
  v_body text;
  v_taken bigint;
  v_given bigint;
  v_count integer;
  v_sources bigint[] := '{}';
  v_targets bigint[] := '{}';
BEGIN
  IF kit.job() IS DISTINCT FROM 'subsidy' THEN
    RAISE EXCEPTION 'postings are made by the subsidy plane only';
  END IF;
  FOR i IN 1 .. cardinality(p_from) LOOP
    IF p_from[i] = p_to[i] OR split_part(p_from[i], '/', 1) <> split_part(p_to[i], '/', 1)
      OR split_part(p_from[i], '/', 2) <> split_part(p_to[i], '/', 2) THEN
      RAISE EXCEPTION 'a move stays in its ledger and joins two accounts: % → %', p_from[i], p_to[i];
    END IF;
    IF p_from[i] <> ALL (v_names) THEN v_names := v_names || p_from[i]; END IF;
    IF p_to[i] <> ALL (v_names) THEN v_names := v_names || p_to[i]; END IF;
  END LOOP;
  v_count := cardinality(v_names);
  SELECT array_agg(a.id ORDER BY a.id DESC), array_agg(a.name ORDER BY a.id DESC) INTO v_ids, v_names
  FROM subsidy.account a WHERE a.name = ANY (v_names);
  IF v_ids IS NULL OR cardinality(v_ids) < v_count THEN
    -- In the order of their names, so that two that open the same accounts do not wait for each other in a circle.
    INSERT INTO subsidy.account (name)
    SELECT DISTINCT n FROM unnest(p_from || p_to) AS n WHERE n <> ALL (coalesce(v_names, '{}')) ORDER BY n
    ON CONFLICT DO NOTHING;
    SELECT array_agg(a.id ORDER BY a.id DESC), array_agg(a.name ORDER BY a.id DESC) INTO v_ids, v_names
    FROM subsidy.account a WHERE a.name = ANY (p_from || p_to);
  END IF;
  FOR i IN 1 .. cardinality(p_from) LOOP
    v_sources := v_sources || v_ids[array_position(v_names, p_from[i])];
    v_targets := v_targets || v_ids[array_position(v_names, p_to[i])];
  END LOOP;
  -- The key comes first: a second transaction with the same key waits here and then sees the first one's outcome.
  INSERT INTO subsidy.posting (key, body_sha256, cause, reference, at, sources, targets, amounts)
  VALUES (p_key, p_body_sha256, p_cause, p_reference, p_at, v_sources, v_targets, p_amounts)
  ON CONFLICT (key) DO NOTHING;
  IF NOT FOUND THEN
    SELECT body_sha256 INTO v_body FROM subsidy.posting WHERE key = p_key;
    outcome := CASE WHEN v_body = p_body_sha256 THEN 'repeated' ELSE 'conflict' END;
    RETURN;
  END IF;
  FOR k IN 1 .. cardinality(v_ids) LOOP
    v_taken := 0;
    v_given := 0;
    FOR i IN 1 .. cardinality(p_from) LOOP
      IF v_sources[i] = v_ids[k] THEN v_taken := v_taken + p_amounts[i]; END IF;
      IF v_targets[i] = v_ids[k] THEN v_given := v_given + p_amounts[i]; END IF;
    END LOOP;
    -- The condition is looked at again after waiting for the row, so nothing is decided on an old balance.
    UPDATE subsidy.account a SET debits = a.debits + v_taken, credits = a.credits + v_given
    WHERE a.id = v_ids[k]
      AND (split_part(a.name, '/', 3) LIKE 'ext:%' OR a.credits + v_given - a.debits - v_taken >= 0);
    IF NOT FOUND THEN
      -- Take back what was done so far: these rows are locked by us and nobody saw them.
      FOR j IN 1 .. k - 1 LOOP
        SELECT coalesce(sum(p_amounts[i]) FILTER (WHERE v_sources[i] = v_ids[j]), 0),
          coalesce(sum(p_amounts[i]) FILTER (WHERE v_targets[i] = v_ids[j]), 0) INTO v_taken, v_given
        FROM generate_subscripts(p_amounts, 1) AS i;
        UPDATE subsidy.account a SET debits = a.debits - v_taken, credits = a.credits - v_given WHERE a.id = v_ids[j];
      END LOOP;
      DELETE FROM subsidy.posting WHERE key = p_key;
      outcome := 'short';
      short_account := v_names[k];
      RETURN;
    END IF;
  END LOOP;
  outcome := 'posted';
END $$;
