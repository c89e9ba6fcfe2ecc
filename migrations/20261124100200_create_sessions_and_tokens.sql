-- A signed-in browser or program. It ends when it is revoked or at its absolute end of life.
create table auth.sessions (
    id uuid not null constraint sessions_pkey primary key,
    user_id uuid not null constraint sessions_user_id_fkey references auth.users on delete cascade,
    user_agent text,
    ip inet,
    created_at timestamptz not null default now(),
    last_used_at timestamptz not null default now(),
    expires_at timestamptz not null,
    revoked_at timestamptz,
    revoked_reason text
        constraint sessions_revoked_reason_check
        check (revoked_reason in ('logout', 'reuse', 'user')),
    constraint sessions_revoked_check check ((revoked_at is null) = (revoked_reason is null))
);

create index sessions_user_id_idx on auth.sessions (user_id, created_at desc);
create index sessions_expires_at_idx on auth.sessions (expires_at);

-- Every refresh token a session ever had: only SHA-256 is kept. A used one that comes back after the
-- grace of a lost response is a theft, and ends the session.
create table auth.refresh_tokens (
    token_hash bytea not null
        constraint refresh_tokens_pkey primary key
        constraint refresh_tokens_token_hash_check check (octet_length(token_hash) = 32),
    session_id uuid not null
        constraint refresh_tokens_session_id_fkey references auth.sessions on delete cascade,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    used_at timestamptz,
    -- The successor, readable only with the plaintext of this token (kept for lost responses).
    sealed_successor bytea,
    constraint refresh_tokens_used_check check ((used_at is null) = (sealed_successor is null))
);

create index refresh_tokens_session_id_idx on auth.refresh_tokens (session_id);
create index refresh_tokens_expires_at_idx on auth.refresh_tokens (expires_at);

-- A Personal Access Token. Only SHA-256 is kept, with the last characters for display.
create table auth.personal_access_tokens (
    id uuid not null constraint personal_access_tokens_pkey primary key,
    user_id uuid not null
        constraint personal_access_tokens_user_id_fkey references auth.users on delete cascade,
    name text not null
        constraint personal_access_tokens_name_check check (char_length(name) between 1 and 100),
    token_hash bytea not null
        constraint personal_access_tokens_token_hash_key unique
        constraint personal_access_tokens_token_hash_check check (octet_length(token_hash) = 32),
    last_four text not null
        constraint personal_access_tokens_last_four_check check (char_length(last_four) = 4),
    scopes text[] not null
        constraint personal_access_tokens_scopes_check
        check (scopes <@ array['read', 'write'] and cardinality(scopes) between 1 and 2),
    created_at timestamptz not null default now(),
    expires_at timestamptz,
    last_used_at timestamptz,
    revoked_at timestamptz
);

create index personal_access_tokens_user_id_idx
    on auth.personal_access_tokens (user_id, created_at desc);
create index personal_access_tokens_expires_at_idx on auth.personal_access_tokens (expires_at);

-- A login that the command-line client has started and a signed-in person has yet to approve.
-- The token is made when it is fetched, so none is ever at rest here.
create table auth.cli_logins (
    id text not null
        constraint cli_logins_pkey primary key
        constraint cli_logins_id_check check (char_length(id) = 32),
    secret_hash bytea not null
        constraint cli_logins_secret_hash_check check (octet_length(secret_hash) = 32),
    name text not null constraint cli_logins_name_check check (char_length(name) between 1 and 100),
    ip inet,
    user_agent text,
    wrong_secrets smallint not null default 0,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    approved_by uuid constraint cli_logins_approved_by_fkey references auth.users on delete cascade,
    approved_at timestamptz,
    refused_at timestamptz,
    token_name text
        constraint cli_logins_token_name_check check (char_length(token_name) between 1 and 100),
    token_expires_at timestamptz,
    delivered_at timestamptz,
    constraint cli_logins_approved_check check ((approved_by is null) = (approved_at is null)),
    constraint cli_logins_delivered_check check (delivered_at is null or approved_at is not null)
);

create index cli_logins_expires_at_idx on auth.cli_logins (expires_at);

grant select, insert, update, delete
    on auth.sessions, auth.refresh_tokens, auth.personal_access_tokens, auth.cli_logins to auth;
