#!/usr/bin/env bash
# The running auth service against its own OpenAPI document: schemathesis makes up calls that the
# document allows and calls that it forbids, and holds every answer against it. Takes the servers of
# DATABASE_URL and REDIS_URL, or starts throwaway ones. The last line is the total.
#
#   scripts/schemathesis.sh [OPTION...]     options go to `schemathesis run`, as in --max-examples 500
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/tools.sh
. scripts/tools.sh
# shellcheck source=scripts/servers.sh
. scripts/servers.sh
tools_python scripts/tools/schemathesis.txt

work=$(mktemp -d)
service=''
finish() {
  [ -z "$service" ] || kill "$service" 2>/dev/null || true
  stop_servers
  rm -rf "$work"
}
trap finish EXIT

[ -n "${DATABASE_URL:-}" ] && [ -n "${REDIS_URL:-}" ] || start_servers "$work"
tools_programs auth
auth=${CARGO_TARGET_DIR:-target}/debug/auth

JWT_SECRET=$(openssl rand -hex 32)
PORT=$(free_port)
export JWT_SECRET PORT HOST=127.0.0.1 APP_URL=http://localhost:3000 LOG_FORMAT=json
# So high that no call meets one: limits have tests of their own.
export RATE_LIMIT_STRICT=1000000/1s RATE_LIMIT_STANDARD=1000000/1s RATE_LIMIT_RELAXED=1000000/1s FLOOD_LIMIT=1000000/1s
"$auth" migrate
"$auth" >"$work/auth.log" 2>&1 &
service=$!
for _ in $(seq 100); do
  curl -fsS -o /dev/null "http://127.0.0.1:$PORT/health" 2>/dev/null && break
  kill -0 "$service" 2>/dev/null || { cat "$work/auth.log" >&2; exit 1; }
  sleep 0.1
done

code=0
PYTHONPATH=scripts/schemathesis SCHEMATHESIS_HOOKS=hooks schemathesis --config-file scripts/schemathesis/schemathesis.toml \
  run "http://127.0.0.1:$PORT/openapi.json" --report junit --report-junit-path "$work/junit.xml" "$@" || code=$?
grep -F '"ERROR"' "$work/auth.log" | head -n 5 || true
python3 - "$work/junit.xml" <<'PYTHON'
import sys
import xml.etree.ElementTree as tree

suites = tree.parse(sys.argv[1]).getroot().iter("testsuite")
tests = failed = 0
for suite in suites:
    tests += int(suite.get("tests", 0))
    failed += int(suite.get("failures", 0)) + int(suite.get("errors", 0))
print(f"schemathesis: {tests - failed} passed, {failed} failed")
PYTHON
exit "$code"
