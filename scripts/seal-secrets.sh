#!/usr/bin/env bash
# Seals what the platform needs, for the cluster whose certificate is given (--cert FILE) or fetched from the
# current kubectl context. Values come from the environment, else they are generated; they live in this
# process alone: nothing but sealed files is written, and no value is ever an argument of a command.
#
#   seal-secrets.sh [--cert FILE] [--out DIR] COMMAND
#     all             everything below up to `operators`, for a new cluster
#     jwt             jwt-secret (JWT_SECRET)
#     database        database-credentials and the roles of a CloudNativePG cluster
#                     (OWNER_PASSWORD, AUTH_PASSWORD, BACKEND_PASSWORD, SUPERUSER_PASSWORD)
#     redis           redis-credentials (REDIS_PASSWORD)
#     operators       dashboard-users (DASHBOARD_USERS, lines of htpasswd), argocd-webhook (GITHUB_WEBHOOK_SECRET),
#                     argocd-notifications-secret (NOTIFY_URL, NOTIFY_TOKEN)
#     prepare-jwt     rotation 1 of 3: a new secret is accepted everywhere, the present one still signs
#     switch-jwt      rotation 2 of 3: the new one signs, the old one is still accepted
#     finish-jwt      rotation 3 of 3: the old one is gone
#                     (each takes the present values from the cluster, or from JWT_SECRET and JWT_SECRET_PREVIOUS)
#     backup-key FILE     the sealing keys of the cluster, encrypted with a passphrase gpg asks for
#     restore-key FILE    puts them back, before or after the controller starts
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/tools.sh
. scripts/tools.sh

namespace=alternate-futures
controller_namespace=sealed-secrets
certificate='' out=k8s

fail() { echo "seal-secrets: $*" >&2; exit 1; }

# Letters and digits only, so that it stands in a URL as it is: 43 of 62 are 256 bits.
random() {
  local value=''
  while [ ${#value} -lt 43 ]; do
    value+=$(openssl rand -base64 48 | tr -dc 'A-Za-z0-9')
  done
  printf %s "${value:0:43}"
}

# value NAME: exports NAME, generated unless given, and refuses what would break a URL.
value() {
  local name=$1
  [ -n "${!name:-}" ] || printf -v "$name" %s "$(random)"
  [[ ${!name} =~ ^[A-Za-z0-9_.~-]{16,}$ ]] || fail "$name must be at least 16 characters of A-Z a-z 0-9 _ . ~ -"
  export "${name?}"
}

# live SECRET KEY: the present value in the cluster, or nothing.
live() {
  kubectl --namespace "$namespace" get secret "$1" --output "go-template={{index .data \"$2\"}}" 2> /dev/null | base64 --decode || true
}

# seal FILE NAME NAMESPACE TYPE KEY=VARIABLE...: the values travel from the environment through pipes.
seal() {
  local file=$out/$1 name=$2 target=$3 type=$4 pair data='{}'
  shift 4
  for pair in "$@"; do
    [[ $pair == *=* ]] || fail "not KEY=VARIABLE: $pair"
    data+=" + {\"${pair%%=*}\": \$ENV.${pair#*=}}"
  done
  mkdir -p "$(dirname "$file")"
  jq --null-input --arg name "$name" --arg namespace "$target" --arg type "$type" \
    "{apiVersion: \"v1\", kind: \"Secret\", metadata: {name: \$name, namespace: \$namespace}, type: \$type, stringData: ($data)}" |
    kubeseal --cert "$certificate" --format yaml |
    sed '/creationTimestamp: null/d' >> "$file"
  echo "sealed $target/$name into $file"
}

# start FILE COMPONENT: empties the file and says what it was sealed for.
start() {
  mkdir -p "$(dirname "$out/$1")"
  printf '# Sealed by scripts/seal-secrets.sh for the certificate %s.\n' "$fingerprint" > "$out/$1"
}

seal_jwt() {
  local keys=(JWT_SECRET=JWT_SECRET)
  [ -z "${JWT_SECRET_PREVIOUS:-}" ] || { export JWT_SECRET_PREVIOUS; keys+=(JWT_SECRET_PREVIOUS=JWT_SECRET_PREVIOUS); }
  value JWT_SECRET
  [ ${#JWT_SECRET} -ge 32 ] || fail "JWT_SECRET must be at least 32 characters"
  start overlays/production/secrets/sealed-jwt-secret.yaml
  seal overlays/production/secrets/sealed-jwt-secret.yaml jwt-secret "$namespace" Opaque "${keys[@]}"
}

seal_database() {
  local role file=overlays/production/secrets/sealed-database-roles.yaml
  value SUPERUSER_PASSWORD; value OWNER_PASSWORD; value AUTH_PASSWORD; value BACKEND_PASSWORD
  export OWNER_DATABASE_URL="postgres://platform:$OWNER_PASSWORD@postgres:5432/platform"
  export AUTH_DATABASE_URL="postgres://auth:$AUTH_PASSWORD@postgres:5432/platform"
  export BACKEND_DATABASE_URL="postgres://backend:$BACKEND_PASSWORD@postgres:5432/platform"
  start overlays/production/secrets/sealed-database-credentials.yaml
  seal overlays/production/secrets/sealed-database-credentials.yaml database-credentials "$namespace" Opaque \
    SUPERUSER_PASSWORD=SUPERUSER_PASSWORD OWNER_PASSWORD=OWNER_PASSWORD AUTH_PASSWORD=AUTH_PASSWORD \
    BACKEND_PASSWORD=BACKEND_PASSWORD OWNER_DATABASE_URL=OWNER_DATABASE_URL \
    AUTH_DATABASE_URL=AUTH_DATABASE_URL BACKEND_DATABASE_URL=BACKEND_DATABASE_URL
  start "$file"
  for role in owner:platform:OWNER auth:auth:AUTH backend:backend:BACKEND; do
    IFS=: read -r name ROLE_NAME variable <<< "$role"
    export ROLE_NAME
    seal "$file" "database-$name" "$namespace" kubernetes.io/basic-auth username=ROLE_NAME "password=${variable}_PASSWORD"
  done
}

seal_redis() {
  value REDIS_PASSWORD
  export REDIS_URL="redis://auth:$REDIS_PASSWORD@redis:6379/0"
  start overlays/production/secrets/sealed-redis-credentials.yaml
  seal overlays/production/secrets/sealed-redis-credentials.yaml redis-credentials "$namespace" Opaque \
    REDIS_PASSWORD=REDIS_PASSWORD REDIS_URL=REDIS_URL
}

seal_operators() {
  # Without a user nobody gets in, which is the safe way to have no password yet.
  export DASHBOARD_USERS=${DASHBOARD_USERS:-'# no user yet'} NOTIFY_URL=${NOTIFY_URL:-http://localhost/} NOTIFY_TOKEN=${NOTIFY_TOKEN:-none}
  value GITHUB_WEBHOOK_SECRET
  start addons/traefik-dashboard/sealed-dashboard-users.yaml
  seal addons/traefik-dashboard/sealed-dashboard-users.yaml dashboard-users kube-system Opaque users=DASHBOARD_USERS
  start addons/argocd-access/sealed-argocd-webhook.yaml
  seal addons/argocd-access/sealed-argocd-webhook.yaml argocd-webhook argocd Opaque github=GITHUB_WEBHOOK_SECRET
  start addons/argocd-access/sealed-argocd-notifications.yaml
  seal addons/argocd-access/sealed-argocd-notifications.yaml argocd-notifications-secret argocd Opaque \
    webhook-url=NOTIFY_URL webhook-token=NOTIFY_TOKEN
}

# present: JWT_SECRET and JWT_SECRET_PREVIOUS as they are in the cluster, unless given.
present() {
  JWT_SECRET=${JWT_SECRET:-$(live jwt-secret JWT_SECRET)}
  JWT_SECRET_PREVIOUS=${JWT_SECRET_PREVIOUS:-$(live jwt-secret JWT_SECRET_PREVIOUS)}
  [ -n "$JWT_SECRET" ] || fail "no present secret: neither JWT_SECRET nor jwt-secret in the cluster"
}

# In one step a token signed by a new pod would be refused by an old one while the pods are replaced.
prepare_jwt() {
  present
  [ -z "$JWT_SECRET_PREVIOUS" ] || fail "a rotation is under way: finish it first"
  JWT_SECRET_PREVIOUS=$(random)
  seal_jwt
}

switch_jwt() {
  local old
  present
  [ -n "$JWT_SECRET_PREVIOUS" ] || fail "nothing is prepared: prepare-jwt comes first"
  old=$JWT_SECRET JWT_SECRET=$JWT_SECRET_PREVIOUS JWT_SECRET_PREVIOUS=$old
  seal_jwt
}

finish_jwt() {
  present
  JWT_SECRET_PREVIOUS=''
  seal_jwt
}

backup_key() {
  [ -n "${1:-}" ] || fail "backup-key needs a file name"
  kubectl --namespace "$controller_namespace" get secret --selector sealedsecrets.bitnami.com/sealed-secrets-key --output yaml |
    gpg --symmetric --cipher-algo AES256 --output "$1"
  echo "the sealing keys are in $1; keep it and its passphrase apart from each other and from the cluster"
}

restore_key() {
  [ -f "${1:-}" ] || fail "restore-key needs the file that backup-key wrote"
  gpg --decrypt "$1" | kubectl apply --filename -
  kubectl --namespace "$controller_namespace" rollout restart deployment sealed-secrets-controller
}

while [ $# -gt 0 ]; do
  case $1 in
    --cert) certificate=${2:?--cert needs a file}; shift 2 ;;
    --out) out=${2:?--out needs a folder}; shift 2 ;;
    --help | -h) sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "$0"; exit ;;
    *) break ;;
  esac
done
command=${1:-}
case $command in
  backup-key) backup_key "${2:-}"; exit ;;
  restore-key) restore_key "${2:-}"; exit ;;
  all | jwt | database | redis | operators | prepare-jwt | switch-jwt | finish-jwt) ;;
  *) fail "which command? See --help" ;;
esac

tools_apt jq=jq openssl=openssl
tools_go_module kubeseal
if [ -z "$certificate" ]; then
  # The certificate is public; a file is what kubeseal reads.
  certificate=$(mktemp)
  trap 'rm -f "$certificate"' EXIT
  kubeseal --fetch-cert --controller-namespace "$controller_namespace" > "$certificate"
fi
fingerprint=$(openssl x509 -in "$certificate" -noout -fingerprint -sha256 | sed 's/.*=//')

case $command in
  all) seal_jwt; seal_database; seal_redis; seal_operators ;;
  jwt) JWT_SECRET_PREVIOUS=''; seal_jwt ;;
  database) seal_database ;;
  redis) seal_redis ;;
  operators) seal_operators ;;
  prepare-jwt) prepare_jwt ;;
  switch-jwt) switch_jwt ;;
  finish-jwt) finish_jwt ;;
esac
