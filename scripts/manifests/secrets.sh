#!/usr/bin/env bash
# seal-secrets.sh against a key pair of our own: what it seals opens with that key and no other, fits
# together, survives a rotation, and is nowhere on the disk.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=scripts/tools.sh
. scripts/tools.sh
tools_go_module kubeseal
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export TMPDIR=$work/tmp
mkdir "$TMPDIR"
fail() { echo "$*"; exit 1; }

for pair in ours theirs; do
  openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=test -keyout "$work/$pair.key" -out "$work/$pair.crt" 2> /dev/null
done
seal() { scripts/seal-secrets.sh --cert "$work/ours.crt" --out "$work/out" "$@" > /dev/null; }
# opened FILE SECRET KEY: the value that the cluster would see.
opened() {
  kubeseal --recovery-unseal --recovery-private-key "$work/ours.key" < "$work/out/$1" |
    jq --raw-output --slurp --arg name "$2" --arg key "$3" '.[] | select(.metadata.name == $name) | .data[$key] // "" | @base64d'
}
secrets=overlays/production/secrets

seal all
owner=$(opened $secrets/sealed-database-credentials.yaml database-credentials OWNER_PASSWORD)
url=$(opened $secrets/sealed-database-credentials.yaml database-credentials OWNER_DATABASE_URL)
[ "$url" = "postgres://platform:$owner@postgres:5432/platform" ] || fail "the owner's URL has another password"
redis=$(opened $secrets/sealed-redis-credentials.yaml redis-credentials REDIS_PASSWORD)
[ "$(opened $secrets/sealed-redis-credentials.yaml redis-credentials REDIS_URL)" = "redis://auth:$redis@redis:6379/0" ] || fail "the URL of Redis has another password"
first=$(opened $secrets/sealed-jwt-secret.yaml jwt-secret JWT_SECRET)
[ ${#first} -ge 32 ] || fail "JWT_SECRET is short"
[ "$first" != "$owner" ] && [ "$owner" != "$redis" ] || fail "two secrets are the same"

jwt() { opened $secrets/sealed-jwt-secret.yaml jwt-secret "$1"; }

# The three steps of a rotation: at each, what a pod of the step before signs is accepted.
JWT_SECRET=$first seal prepare-jwt
second=$(jwt JWT_SECRET_PREVIOUS)
[ "$(jwt JWT_SECRET)" = "$first" ] && [ ${#second} -ge 32 ] && [ "$second" != "$first" ] || fail "not prepared"
JWT_SECRET=$first JWT_SECRET_PREVIOUS=$second seal prepare-jwt 2> /dev/null && fail "a second rotation began within the first"
JWT_SECRET=$first JWT_SECRET_PREVIOUS=$second seal switch-jwt
[ "$(jwt JWT_SECRET)" = "$second" ] && [ "$(jwt JWT_SECRET_PREVIOUS)" = "$first" ] || fail "not switched"
JWT_SECRET=$second JWT_SECRET_PREVIOUS=$first seal finish-jwt
[ "$(jwt JWT_SECRET)" = "$second" ] && [ -z "$(jwt JWT_SECRET_PREVIOUS)" ] || fail "not finished"

JWT_SECRET=short seal jwt 2> /dev/null && fail "a short JWT_SECRET was accepted"
OWNER_PASSWORD='p@ss/word:with?signs' seal database 2> /dev/null && fail "a password that breaks a URL was accepted"
kubeseal --recovery-unseal --recovery-private-key "$work/theirs.key" < "$work/out/$secrets/sealed-redis-credentials.yaml" > /dev/null 2>&1 && fail "another key opens it"
grep --recursive --quiet --fixed-strings --regexp "$first" --regexp "$second" --regexp "$owner" --regexp "$redis" "$work" && fail "a value is on the disk"
[ -z "$(ls -A "$TMPDIR")" ] || fail "something was left in $TMPDIR"
