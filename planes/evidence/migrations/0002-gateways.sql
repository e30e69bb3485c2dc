-- What gateways signed and told of a day, as rows for questions; the leaf is what counts. Null: sealed before it was counted.
ALTER TABLE evidence.device_day ADD COLUMN signed bigint;
ALTER TABLE evidence.org_day ADD COLUMN gateways jsonb NOT NULL DEFAULT '[]';
