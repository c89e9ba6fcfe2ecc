-- A version of a site, addressed by its content. `cid` is a CIDv1 in base32.
create table app.deployments (
    id uuid not null constraint deployments_pkey primary key,
    owner_id uuid not null,
    site_id uuid not null,
    cid text not null constraint deployments_cid_check check (char_length(cid) between 8 and 200),
    status text not null
        constraint deployments_status_check
        check (status in ('PENDING', 'BUILDING', 'UPLOADING', 'SUCCESS', 'FAILED')),
    storage_type text not null
        constraint deployments_storage_type_check
        check (storage_type in ('IPFS', 'ARWEAVE', 'FILECOIN')),
    message text constraint deployments_message_check check (char_length(message) <= 2000),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint deployments_site_id_fkey foreign key (site_id, owner_id)
        references app.sites (id, owner_id) on delete cascade
);

create index deployments_site_id_idx on app.deployments (site_id, created_at desc, id desc);
create index deployments_page_idx on app.deployments (owner_id, created_at desc, id desc);

-- A name under which a site is served. Ownership is proven by a TXT record.
create table app.domains (
    id uuid not null constraint domains_pkey primary key,
    owner_id uuid not null,
    site_id uuid not null,
    hostname text not null
        constraint domains_hostname_check
        check (hostname = lower(hostname) and char_length(hostname) between 3 and 253),
    verification_token text not null
        constraint domains_verification_token_check check (char_length(verification_token) between 32 and 64),
    verification_status text not null default 'PENDING'
        constraint domains_verification_status_check
        check (verification_status in ('PENDING', 'VERIFIED', 'FAILED')),
    is_primary boolean not null default false,
    verified_at timestamptz,
    last_checked_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint domains_site_id_fkey foreign key (site_id, owner_id)
        references app.sites (id, owner_id) on delete cascade,
    constraint domains_owner_id_hostname_key unique (owner_id, hostname),
    constraint domains_verified_check check ((verification_status = 'VERIFIED') = (verified_at is not null)),
    constraint domains_primary_check check (not is_primary or verification_status = 'VERIFIED')
);

-- Anyone may claim a name; only one owner can have proven it.
create unique index domains_verified_hostname_key
    on app.domains (hostname) where verification_status = 'VERIFIED';
create unique index domains_primary_key on app.domains (site_id) where is_primary;
create index domains_site_id_idx on app.domains (site_id, created_at desc, id desc);
create index domains_page_idx on app.domains (owner_id, created_at desc, id desc);

grant select, insert, update, delete on app.deployments, app.domains to backend;
