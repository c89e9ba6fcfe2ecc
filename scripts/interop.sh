#!/usr/bin/env bash
# Sign-in messages and other libraries (npm: siwe, viem, ethers): they read ours, we accept theirs;
# wallets that are contracts on a real Ethereum virtual machine. Takes the servers of DATABASE_URL and
# REDIS_URL, or starts throwaway ones. The last line is the total.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/tools.sh
. scripts/tools.sh
# shellcheck source=scripts/servers.sh
. scripts/servers.sh
tools_apt node=nodejs npm=npm python3=python3

work=$(mktemp -d)
finish() {
  stop_servers
  rm -rf "$work"
}
trap finish EXIT

[ -n "${DATABASE_URL:-}" ] && [ -n "${REDIS_URL:-}" ] || start_servers "$work"
tools_programs auth
auth=${CARGO_TARGET_DIR:-target}/debug/auth

JWT_SECRET=$(head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n')
PORT=$(free_port)
export JWT_SECRET PORT HOST=127.0.0.1 APP_URL=https://app.example.org LOG_LEVEL=warn
# So high that no call meets one: limits have tests of their own.
export RATE_LIMIT_STRICT=1000000/1s
"$auth" migrate
(cd auth/tests/interop && npm ci --silent --no-audit --no-fund)
node auth/tests/interop/run.mjs "$auth"
