-- The auth service remembers tokens that it has checked. Whoever changes what a token gives, by
-- whatever statement, announces the user: replicas then forget what they know of that user. The
-- announcement is part of the transaction, so it cannot be lost, and reaches every replica in the
-- order of commits. See docs/decisions/0301-validation-cache.md.
create function auth.announce_user() returns trigger
language plpgsql
set search_path = pg_catalog
as $$
begin
    perform pg_notify('auth_changes', old.id::text);
    return null;
end
$$;

create function auth.announce_owner() returns trigger
language plpgsql
set search_path = pg_catalog
as $$
begin
    if tg_op <> 'INSERT' then
        perform pg_notify('auth_changes', old.user_id::text);
    end if;
    if tg_op <> 'DELETE' then
        perform pg_notify('auth_changes', new.user_id::text);
    end if;
    return null;
end
$$;

create trigger users_changed
    after update of email, display_name on auth.users
    for each row
    when (old.email is distinct from new.email or old.display_name is distinct from new.display_name)
    execute function auth.announce_user();

create trigger users_deleted
    after delete on auth.users
    for each row
    execute function auth.announce_user();

create trigger wallets_changed
    after update of user_id, address, is_primary on auth.wallets
    for each row
    when (old.* is distinct from new.*)
    execute function auth.announce_owner();

create trigger wallets_deleted
    after delete on auth.wallets
    for each row
    when (old.is_primary)
    execute function auth.announce_owner();

-- `last_used_at` changes all the time and gives or takes nothing.
create trigger sessions_changed
    after update of user_id, expires_at, revoked_at on auth.sessions
    for each row
    execute function auth.announce_owner();

-- What is revoked already was announced when it was.
create trigger sessions_deleted
    after delete on auth.sessions
    for each row
    when (old.revoked_at is null)
    execute function auth.announce_owner();

create trigger personal_access_tokens_changed
    after update of user_id, token_hash, scopes, expires_at, revoked_at
    on auth.personal_access_tokens
    for each row
    execute function auth.announce_owner();

create trigger personal_access_tokens_deleted
    after delete on auth.personal_access_tokens
    for each row
    when (old.revoked_at is null)
    execute function auth.announce_owner();

-- A wallet that is a contract may belong to somebody else on another chain: it is known by its
-- address on the chain where it first signed in. A plain account is the same on all chains.
alter table auth.wallets
    add column contract_chain_id bigint
        constraint wallets_contract_chain_id_check check (contract_chain_id > 0);
