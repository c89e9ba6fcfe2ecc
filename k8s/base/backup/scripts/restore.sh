#!/bin/sh
# Puts a dump back into the database behind DATABASE_URL: the newest one, or the file named by DUMP.
# All or nothing: an error leaves the database as it was.
set -eu
directory=${BACKUP_DIR:-/backup}
dump=${DUMP:-$(find "$directory" -name 'platform-*.dump' | sort | tail -n 1)}
[ -f "$dump" ] || { echo "no dump '$dump'"; exit 1; }
pg_restore --dbname "$DATABASE_URL" --clean --if-exists --exit-on-error --single-transaction "$dump"
echo "restored ${dump##*/}"
