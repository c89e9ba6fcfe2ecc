-- What happened to an account, append-only: the service may not change a row. There is no foreign
-- key on purpose: the deletion of an account is itself an event that outlives the account.
create table auth.audit_events (
    id uuid not null constraint audit_events_pkey primary key,
    user_id uuid not null,
    action text not null
        constraint audit_events_action_check check (action ~ '^[a-z]+(_[a-z]+)*\.[a-z]+(_[a-z]+)*$'),
    detail jsonb not null default '{}',
    ip inet,
    user_agent text,
    request_id text,
    created_at timestamptz not null default now()
);

create index audit_events_user_id_idx on auth.audit_events (user_id, id desc);
create index audit_events_created_at_idx on auth.audit_events (created_at);

grant select, insert, delete on auth.audit_events to auth;
