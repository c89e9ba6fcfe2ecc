#!/usr/bin/env bash
# set-digests.sh on a copy of the overlay: four lines change, and no other.
set -euo pipefail
cd "$(dirname "$0")/../.."
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
cp -r k8s/overlays/production/. "$copy"

digest() { printf 'sha256:'; printf "$1%.0s" {1..64}; }
OVERLAY=$copy scripts/set-digests.sh "auth=$(digest a)" "backend=$(digest b)" "home=$(digest c)"
changed=$(diff --recursive k8s/overlays/production "$copy" | grep -c '^>' || true)
# auth is the image of the migration, too.
[ "$changed" = 4 ] || { echo "$changed lines changed"; exit 1; }
grep -q "$(digest a)" "$copy/migrate/kustomization.yaml"
grep -q "$(digest b)" "$copy/backend/kustomization.yaml"
