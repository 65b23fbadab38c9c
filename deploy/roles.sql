-- Two roles for one database: `cspace_owner` owns and migrates, `cspace` serves. Run once by a superuser, in that database:
--
--   psql -v ON_ERROR_STOP=1 -v database=cspace -v owner_password=... -v application_password=... -f deploy/roles.sql cspace
--
-- What `cspace` may do with the tables is granted after each migration (`manage.py migrate --database owner`): it reads
-- and writes rows, but owns nothing, changes no table, trigger or right, truncates nothing, and only adds to the log.
CREATE ROLE cspace_owner LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD :'owner_password';
CREATE ROLE cspace LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD :'application_password';
ALTER DATABASE :"database" OWNER TO cspace_owner;
REVOKE ALL ON DATABASE :"database" FROM PUBLIC;
-- Imports are staged in temporary tables.
GRANT CONNECT, TEMPORARY ON DATABASE :"database" TO cspace;
ALTER SCHEMA public OWNER TO cspace_owner;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO cspace;
CREATE EXTENSION IF NOT EXISTS btree_gist;
