-- One schema and one database role per service. The role that runs the migrations owns everything;
-- `auth` and `backend` get rights on their own schema alone.
--
-- Roles belong to the whole server, not to this database: they may exist already (created with a
-- password by the operator), and another database may be creating them at this very moment.
do $$
declare
    service text;
begin
    foreach service in array array['auth', 'backend'] loop
        if not exists (select from pg_roles where rolname = service) then
            begin
                execute format('create role %I nologin', service);
            exception when duplicate_object or unique_violation then
                null;
            end;
        end if;
    end loop;
end
$$;

create schema auth;
create schema app;

grant usage on schema auth to auth;
grant usage on schema app to backend;

-- Services refuse to start on another schema than their own: they read the history to know.
grant select on table _sqlx_migrations to auth, backend;
