-- Every row of `app` carries its owner, and composite foreign keys keep it equal to the parent's:
-- a statement that names the owner in its `where` clause needs no join to be safe.
create table app.projects (
    id uuid not null constraint projects_pkey primary key,
    owner_id uuid not null constraint projects_owner_id_fkey references auth.users on delete cascade,
    name text not null constraint projects_name_check check (char_length(name) between 1 and 100),
    slug text not null
        constraint projects_slug_check check (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$' and char_length(slug) <= 80),
    description text constraint projects_description_check check (char_length(description) <= 2000),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint projects_owner_id_slug_key unique (owner_id, slug),
    constraint projects_id_owner_id_key unique (id, owner_id)
);

create index projects_page_idx on app.projects (owner_id, created_at desc, id desc);

create table app.sites (
    id uuid not null constraint sites_pkey primary key,
    owner_id uuid not null,
    project_id uuid not null,
    name text not null constraint sites_name_check check (char_length(name) between 1 and 100),
    slug text not null
        constraint sites_slug_check check (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$' and char_length(slug) <= 80),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint sites_project_id_fkey foreign key (project_id, owner_id)
        references app.projects (id, owner_id) on delete cascade,
    constraint sites_owner_id_slug_key unique (owner_id, slug),
    constraint sites_id_owner_id_key unique (id, owner_id)
);

create index sites_page_idx on app.sites (owner_id, created_at desc, id desc);
create index sites_project_id_idx on app.sites (project_id, created_at desc, id desc);

grant select, insert, update, delete on app.projects, app.sites to backend;
