#!/bin/sh
# Dumps the database behind DATABASE_URL into /backup and keeps the newest KEEP dumps.
set -eu
directory=${BACKUP_DIR:-/backup}
keep=${KEEP:-14}
umask 077

name=platform-$(date -u +%Y%m%dT%H%M%SZ).dump
# A half-written file never looks like a backup: it gets its name after it was read back.
pg_dump --dbname "$DATABASE_URL" --format custom --compress 6 --file "$directory/.partial"
pg_restore --list "$directory/.partial" > /dev/null
mv "$directory/.partial" "$directory/$name"
echo "wrote $name, $(wc -c < "$directory/$name") bytes"

# The names sort by time.
find "$directory" -name 'platform-*.dump' | sort -r | tail -n "+$((keep + 1))" | while read -r old; do
  rm -- "$old"
  echo "removed ${old##*/}"
done
