#!/usr/bin/env bash
# GraphQL over HTTP: runs every audit of the npm package graphql-http against the backend and prints
# the table. The last line is `audits: N passed, N failed`; a warning or a notice counts as failed.
#
# Needs DATABASE_URL, Node and npm; the migrations are applied to that database.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/tools.sh
. scripts/tools.sh
: "${DATABASE_URL:?must be the URL of a PostgreSQL database}"
tools_apt node=nodejs npm=npm python3=python3 curl=curl

work=$(mktemp -d)
backend=
finish() {
  if [ -n "$backend" ]; then kill "$backend" 2>/dev/null || true; wait "$backend" 2>/dev/null || true; fi
  rm -rf "$work"
}
trap finish EXIT

tools_programs backend
program=${CARGO_TARGET_DIR:-target}/debug/backend
PORT=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')

"$program" migrate
# Auth is nowhere: no audit has a token. In production mode, as it will be called.
PORT=$PORT HOST=127.0.0.1 ENVIRONMENT=production AUTH_SERVICE_URL=http://127.0.0.1:9 \
  JWT_SECRET=$(head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n') "$program" >"$work/backend.log" 2>&1 &
backend=$!
for _ in $(seq 100); do
  if curl -sf "http://127.0.0.1:$PORT/livez" >/dev/null; then break; fi
  kill -0 "$backend" 2>/dev/null || { cat "$work/backend.log" >&2; exit 1; }
  sleep 0.1
done

(cd backend/tests/audits && npm ci --silent --no-audit --no-fund)
node backend/tests/audits/audit.mjs "http://127.0.0.1:$PORT/graphql"
