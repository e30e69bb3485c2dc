-- The plane holds no rows yet: published figures are asked of their owners.
CREATE SCHEMA insight;
GRANT USAGE ON SCHEMA insight TO kapok_app;
