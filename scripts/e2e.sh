#!/usr/bin/env bash
# The whole platform on the loopback, as it is shipped: PostgreSQL and Redis with the ConfigMaps' files, two
# replicas of each real binary with the manifests' environment, Traefik's own binary with the HelmChartConfig's
# flags, certificates from an ACME authority; then the journey over HTTPS and every service replaced under load.
# E2E_PROFILE=release tests release binaries; E2E_KEEP=1 keeps the logs of a failed run.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/tools.sh
. scripts/tools.sh

for directory in /usr/lib/postgresql/*/bin; do PATH=$directory:$PATH; done
export PATH
tools_apt initdb=postgresql psql=postgresql-client redis-server=redis-server pebble=pebble openssl=openssl
for directory in /usr/lib/postgresql/*/bin; do PATH=$directory:$PATH; done
tools_go "$KUSTOMIZE"
tools_python scripts/e2e/requirements.txt

profile=${E2E_PROFILE:-debug}
if [ "$profile" = release ]; then
  SQLX_OFFLINE=${SQLX_OFFLINE:-true} cargo build --locked --quiet --release --package auth --package backend --package home --bins
else
  tools_programs auth backend home
fi
python -X faulthandler scripts/e2e/main.py
