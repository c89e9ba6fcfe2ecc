#!/usr/bin/env bash
# Query metadata in .sqlx, so that a fresh clone builds without a database.
#
#   scripts/prepare.sh           writes it again (after a change of SQL or of migrations)
#   scripts/prepare.sh --check   fails when it is not current, or when clippy has anything to say
#
# Needs DATABASE_URL: a database with all migrations applied (`cargo run -p auth -- migrate`).
set -euo pipefail
cd "$(dirname "$0")/.."
: "${DATABASE_URL:?must be the URL of a database with all migrations applied}"

fresh=$(mktemp -d)
# The macros write what they learn into this folder when they run, so they must run: a changed file
# time makes cargo check our crates again, and nothing else. It is put back at the end, so that what is
# built already stays fresh.
sources=(auth/src/lib.rs auth/tests/it/main.rs backend/src/lib.rs backend/tests/it/main.rs shared/src/lib.rs)
times=$(mktemp -d)
for source in "${sources[@]}"; do
  touch -r "$source" "$times/${source//\//-}"
  touch "$source"
done
finish() {
  for source in "${sources[@]}"; do touch -r "$times/${source//\//-}" "$source"; done
  rm -rf "$fresh" "$times"
}
trap finish EXIT
export SQLX_OFFLINE=false SQLX_OFFLINE_DIR=$fresh SQLX_TMP=$fresh
if [ "${1:-}" = --check ]; then
  cargo clippy --workspace --all-targets --locked -- -D warnings
  if ! diff -rq .sqlx "$fresh"; then
    echo ".sqlx is not current: run scripts/prepare.sh and commit it" >&2
    exit 1
  fi
  echo ".sqlx is current: $(find .sqlx -type f | wc -l) queries"
else
  cargo check --workspace --all-targets
  rm -rf .sqlx
  mkdir .sqlx
  cp "$fresh"/query-*.json .sqlx/
  echo "wrote $(find .sqlx -type f | wc -l) queries to .sqlx"
fi
