-- The hub's role and database: run once, as the server's administrator, with the password in a file
-- that only psql reads:  psql -v password="$(cat password)" -f roles.sql postgres
-- What the server must be set to: docs/howto/run-on-postgresql.md

\set ON_ERROR_STOP on

CREATE ROLE samsvar LOGIN PASSWORD :'password'
    NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;
CREATE DATABASE samsvar OWNER samsvar ENCODING 'UTF8' TEMPLATE template0;
REVOKE ALL ON DATABASE samsvar FROM PUBLIC;

-- One who looks (backup, monitoring) and changes nothing. It can read keyed hashes and sealed bytes.
CREATE ROLE samsvar_reader NOLOGIN;
GRANT CONNECT ON DATABASE samsvar TO samsvar_reader;

\connect samsvar
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE, CREATE ON SCHEMA public TO samsvar;
GRANT USAGE ON SCHEMA public TO samsvar_reader;
ALTER DEFAULT PRIVILEGES FOR ROLE samsvar IN SCHEMA public GRANT SELECT ON TABLES TO samsvar_reader;

-- What was promised must be kept; the hub looks too, and refuses a server that does not.
ALTER ROLE samsvar SET synchronous_commit = on;
-- No value of a statement in the server's log.
ALTER ROLE samsvar SET log_parameter_max_length_on_error = 0;
ALTER DATABASE samsvar SET log_parameter_max_length = 0;
