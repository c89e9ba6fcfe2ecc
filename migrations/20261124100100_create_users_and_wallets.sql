-- A person. Signs in with one of the wallets below.
create table auth.users (
    id uuid not null constraint users_pkey primary key,
    email text constraint users_email_check check (char_length(email) between 3 and 254),
    username text constraint users_username_check check (username ~ '^[a-z0-9][a-z0-9-]{1,38}$'),
    display_name text constraint users_display_name_check check (char_length(display_name) between 1 and 100),
    avatar_url text constraint users_avatar_url_check check (char_length(avatar_url) between 1 and 2048),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    last_login_at timestamptz
);

create unique index users_email_key on auth.users (lower(email));
create unique index users_username_key on auth.users (username);

-- An Ethereum account that signs its user in. The address is stored lower-case with its 0x.
create table auth.wallets (
    id uuid not null constraint wallets_pkey primary key,
    user_id uuid not null constraint wallets_user_id_fkey references auth.users on delete cascade,
    address text not null
        constraint wallets_address_key unique
        constraint wallets_address_check check (address ~ '^0x[0-9a-f]{40}$'),
    is_primary boolean not null default false,
    created_at timestamptz not null default now(),
    last_used_at timestamptz
);

create index wallets_user_id_idx on auth.wallets (user_id);
create unique index wallets_primary_key on auth.wallets (user_id) where is_primary;

grant select, insert, update, delete on auth.users, auth.wallets to auth;
