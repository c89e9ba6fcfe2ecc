#!/usr/bin/env bash
# Drives the site, the console and GraphiQL in Debian's Chromium, against the whole platform on free
# ports, and one backend more that runs as in production.
#
#   scripts/browser.sh [FILE...]      all tests, or those in these files of home/tests/browser
#
# SCREENSHOTS=FOLDER keeps a picture of every page; PLATFORM=FILE takes a built `local`, with `backend`
# beside it, instead of building them. The backend in production takes the database of DATABASE_URL, or
# a throwaway one. Needs the Rust toolchain and Node.js; installs Chromium from Debian and the test
# libraries from npm where they are missing.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/tools.sh
. scripts/tools.sh
# shellcheck source=scripts/servers.sh
. scripts/servers.sh

tools_apt chromium=chromium node=nodejs npm=npm curl=curl
export CHROMIUM=${CHROMIUM:-$(command -v chromium)}
(cd home/tests/browser && npm ci --ignore-scripts --no-audit --no-fund --silent)

work=$(mktemp -d)
platform='' production=''
finish() {
  local program
  for program in $platform $production; do
    kill "$program" 2> /dev/null || true
    wait "$program" 2> /dev/null || true
  done
  stop_servers
  rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

if [ -z "${PLATFORM:-}" ]; then
  tools_programs local backend
  PLATFORM=${CARGO_TARGET_DIR:-target}/debug/local
fi

# Auth is nowhere: nobody signs in there.
[ -n "${DATABASE_URL:-}" ] || start_servers "$work"
backend=$(dirname "$PLATFORM")/backend
"$backend" migrate
PRODUCTION_PORT=$(free_port)
PORT=$PRODUCTION_PORT HOST=127.0.0.1 ENVIRONMENT=production AUTH_SERVICE_URL=http://127.0.0.1:9 \
  JWT_SECRET=$(head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n') "$backend" > "$work/production.log" 2>&1 &
production=$!
export PRODUCTION_URL=http://127.0.0.1:$PRODUCTION_PORT

# The platform has its own database and counters here, whatever the caller's are. The limits on
# sign-in are for strangers; these tests sign in more often than that from one address.
unset DATABASE_URL REDIS_URL
mapfile -t ports < <(node -e '
  const servers = [0, 0, 0].map(() => require("net").createServer().listen(0, "127.0.0.1"))
  Promise.all(servers.map((s) => new Promise((done) => s.on("listening", done)))).then(() => {
    for (const s of servers) { console.log(s.address().port); s.close() }
  })')
export HOME_PORT=${ports[0]} AUTH_PORT=${ports[1]} BACKEND_PORT=${ports[2]} LOCAL_DATA_DIR=$work/data
export RATE_LIMIT_STRICT=1000/1m RATE_LIMIT_STANDARD=5000/1m RATE_LIMIT_RELAXED=5000/1m FLOOD_LIMIT=20000/10s

"$PLATFORM" --ephemeral > "$work/platform.log" 2>&1 &
platform=$!
for _ in $(seq 240); do
  [ -e "$LOCAL_DATA_DIR/platform.json" ] && break
  kill -0 "$platform" 2> /dev/null || break
  sleep 0.5
done
if [ ! -e "$LOCAL_DATA_DIR/platform.json" ] || ! curl --silent --fail --output /dev/null "$PRODUCTION_URL/livez"; then
  echo "the platform or the backend in production did not start:" >&2
  tail -n 40 "$work/platform.log" "$work/production.log" >&2
  exit 1
fi
read -r HOME_URL AUTH_URL API_URL API_TOKEN < <(node -p '
  const { home, auth, backend, token } = JSON.parse(require("fs").readFileSync(process.argv[1], "utf8"))
  ;[...[home, auth, backend].map((url) => url.replace(/\/$/, "")), token].join(" ")' "$LOCAL_DATA_DIR/platform.json")
export HOME_URL AUTH_URL API_URL API_TOKEN

cd home/tests/browser
files=("$@")
[ ${#files[@]} -gt 0 ] || files=(*.test.mjs)
code=0
node --test --test-concurrency=1 --test-reporter=spec "${files[@]}" 2>&1 | tee "$work/tests.log" || code=${PIPESTATUS[0]}
awk '/^ℹ pass / { p = $3 } /^ℹ fail / { f = $3 } END { printf "browser: %d passed, %d failed\n", p, f }' "$work/tests.log"
[ "$code" = 0 ] || tail -n 30 "$work/platform.log" >&2
exit "$code"
