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
-- changes). Accounts are locked in the order of their ids, so postings that share accounts never deadlock.
CREATE FUNCTION subsidy.post(
  p_key text, p_body_sha256 text, p_cause text, p_reference text, p_at timestamptz,
  p_from text[], p_to text[], p_amounts bigint[], OUT outcome text, OUT short_account text
) LANGUAGE plpgsql AS $$
DECLARE
  v_names text[];
  v_body text;
  v_count integer;
BEGIN
  IF kit.job() IS DISTINCT FROM 'subsidy' THEN
    RAISE EXCEPTION 'postings are made by the subsidy plane only';
  END IF;
  FOR i IN 1 .. cardinality(p_from) LOOP
    IF split_part(p_from[i], '/', 1) <> split_part(p_to[i], '/', 1)
      OR split_part(p_from[i], '/', 2) <> split_part(p_to[i], '/', 2) OR p_from[i] = p_to[i] THEN
      RAISE EXCEPTION 'a move stays in its ledger and joins two accounts: % → %', p_from[i], p_to[i];
    END IF;
  END LOOP;
  SELECT array_agg(DISTINCT n) INTO v_names FROM unnest(p_from || p_to) AS n;
  SELECT count(*) INTO v_count FROM subsidy.account WHERE name = ANY (v_names);
  IF v_count < cardinality(v_names) THEN
    INSERT INTO subsidy.account (name) SELECT n FROM unnest(v_names) AS n ORDER BY n ON CONFLICT DO NOTHING;
  END IF;
  -- The key comes first: a second transaction with the same key waits here and then sees the first one's outcome.
  INSERT INTO subsidy.posting (key, body_sha256, cause, reference, at, sources, targets, amounts)
  SELECT p_key, p_body_sha256, p_cause, p_reference, p_at,
    array_agg(f.id ORDER BY m.i), array_agg(t.id ORDER BY m.i), p_amounts
  FROM unnest(p_from, p_to) WITH ORDINALITY AS m (source, target, i)
  JOIN subsidy.account f ON f.name = m.source JOIN subsidy.account t ON t.name = m.target
  ON CONFLICT (key) DO NOTHING;
  IF NOT FOUND THEN
    SELECT body_sha256 INTO v_body FROM subsidy.posting WHERE key = p_key;
    outcome := CASE WHEN v_body = p_body_sha256 THEN 'repeated' ELSE 'conflict' END;
    RETURN;
  END IF;
  PERFORM 1 FROM subsidy.account WHERE name = ANY (v_names) ORDER BY id FOR NO KEY UPDATE;
  SELECT a.name INTO short_account
  FROM (SELECT n, sum(amount) AS net FROM (
      SELECT unnest(p_from) AS n, -unnest(p_amounts) AS amount
      UNION ALL SELECT unnest(p_to), unnest(p_amounts)) AS moved GROUP BY n) AS change
  JOIN subsidy.account a ON a.name = change.n
  WHERE split_part(a.name, '/', 3) NOT LIKE 'ext:%' AND a.credits - a.debits + change.net < 0
  ORDER BY a.id LIMIT 1;
  IF short_account IS NOT NULL THEN
    DELETE FROM subsidy.posting WHERE key = p_key;
    outcome := 'short';
    RETURN;
  END IF;
  UPDATE subsidy.account a SET debits = a.debits + change.taken, credits = a.credits + change.given
  FROM (SELECT n, sum(taken)::bigint AS taken, sum(given)::bigint AS given FROM (
      SELECT unnest(p_from) AS n, unnest(p_amounts) AS taken, 0::bigint AS given
      UNION ALL SELECT unnest(p_to), 0::bigint, unnest(p_amounts)) AS moved GROUP BY n) AS change
  WHERE a.name = change.n;
  outcome := 'posted';
END $$;
