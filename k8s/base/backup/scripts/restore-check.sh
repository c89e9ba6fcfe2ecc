#!/bin/sh
# Restores the newest dump into a throw-away server on a socket, and looks whether the data is there.
set -eu
directory=${BACKUP_DIR:-/backup}
work=$(mktemp -d)
dump=$(find "$directory" -name 'platform-*.dump' | sort | tail -n 1)
[ -n "$dump" ] || { echo "no dump in $directory"; exit 1; }
# A backup that stopped being made must not look healthy.
[ -n "$(find "$dump" -mmin "-${MAX_AGE_MINUTES:-2880}")" ] || { echo "the newest dump, ${dump##*/}, is too old"; exit 1; }

trap 'pg_ctl -D "$work/data" -m immediate stop > /dev/null 2>&1 || true; rm -rf "$work"' EXIT
initdb --pgdata "$work/data" --username postgres --auth trust --no-sync > /dev/null
pg_ctl --pgdata "$work/data" --log "$work/log" --wait start \
  --options "-c listen_addresses='' -c unix_socket_directories='$work' -c fsync=off" > /dev/null
export PGHOST="$work" PGUSER=postgres
psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --dbname postgres \
  --command 'create role platform' --command 'create role auth' --command 'create role backend' \
  --command 'create database platform owner platform'
# In the right order, with every constraint and every grant, or not at all.
pg_restore --dbname platform --exit-on-error --single-transaction "$dump"

migrations=$(psql --no-psqlrc --tuples-only --no-align --dbname platform --command \
  'select count(*) from _sqlx_migrations where success')
users=$(psql --no-psqlrc --tuples-only --no-align --dbname platform --command 'select count(*) from auth.users')
[ "$migrations" -gt 0 ] || { echo "no migration is recorded in ${dump##*/}"; exit 1; }
echo "restored ${dump##*/}: $migrations migrations, $users users"
