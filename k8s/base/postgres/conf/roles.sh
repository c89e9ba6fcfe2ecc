#!/bin/sh
# The owner and the two service roles, and the database. The image runs this at the first start; it may be
# run again at any time, which sets the passwords to the ones in the environment (rotation, docs/operations.md).
set -eu

psql --no-psqlrc --set ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" --dbname postgres --quiet <<'SQL'
-- From the environment, never from the command line: arguments are visible in the process list.
\getenv owner_password OWNER_PASSWORD
\getenv auth_password AUTH_PASSWORD
\getenv backend_password BACKEND_PASSWORD

select format('create role %I', name)
from unnest(array['platform', 'auth', 'backend']) as name
where not exists (select from pg_roles where rolname = name)
\gexec

alter role platform login nosuperuser nocreatedb nocreaterole noreplication password :'owner_password';
alter role auth     login nosuperuser nocreatedb nocreaterole noreplication connection limit 40 password :'auth_password';
alter role backend  login nosuperuser nocreatedb nocreaterole noreplication connection limit 40 password :'backend_password';

-- Migrations may take longer than a request; they wait for each other, but not for ever.
alter role platform set statement_timeout = 0;
alter role platform set lock_timeout = '60s';

select 'create database platform owner platform'
where not exists (select from pg_database where datname = 'platform')
\gexec

-- Nobody connects anywhere unless named here; the migrations grant the rights inside the schemas.
revoke all on database platform, postgres, template1 from public;
grant connect on database platform to platform, auth, backend;
SQL
