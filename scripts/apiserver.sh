#!/usr/bin/env bash
# Everything of k8s/ against a real Kubernetes API server (kube-apiserver and etcd of the deployed version,
# built from their Go modules): applied dry, then for real, then once more without a change. Admission is
# real, too: every pod must pass the namespace's profile, quota and limits. Nothing is scheduled.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/tools.sh
. scripts/tools.sh

version=v1.36.4
stamp=k8s.io/component-base/version
tools_apt openssl=openssl jq=jq
tools_go "$KUSTOMIZE"
tools_go_module apiserver "-X $stamp.gitVersion=$version -X $stamp.gitMajor=1 -X $stamp.gitMinor=36"
# The etcd module's program is called `server`.
etcd=$TOOLS_DIR/apiserver/server
kubectl=$TOOLS_DIR/apiserver/kubectl

work=$(mktemp -d)
processes=()
stop() {
  # Nothing in it is kept, and an API server whose etcd is gone does not end by itself.
  [ ${#processes[@]} -eq 0 ] || kill -KILL "${processes[@]}" 2> /dev/null || true
  wait 2> /dev/null || true
  rm -rf "$work"
}
trap stop EXIT
trap 'exit 130' INT TERM

passed=0 failed=0
check() {
  local title=$1 output
  shift
  if output=$("$@" 2>&1); then
    passed=$((passed + 1)); echo "ok   $title"
  else
    failed=$((failed + 1)); echo "FAIL $title"; printf '%s\n' "$output" | sed 's/^/     /' | head -n 40
  fi
}

read -r etcd_port peer_port api_port < <(python3 - <<'PY'
import socket
sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(3)]
print(*(each.getsockname()[1] for each in sockets))
PY
)
"$etcd" --data-dir "$work/etcd" --unsafe-no-fsync --log-level error \
  --listen-client-urls "http://127.0.0.1:$etcd_port" --advertise-client-urls "http://127.0.0.1:$etcd_port" \
  --listen-peer-urls "http://127.0.0.1:$peer_port" > "$work/etcd.log" 2>&1 &
processes+=($!)

openssl genrsa -out "$work/sa.key" 2048 2> /dev/null
token=$(openssl rand -hex 16)
echo "$token,admin,admin,system:masters" > "$work/tokens.csv"
"$TOOLS_DIR/apiserver/kube-apiserver" --etcd-servers "http://127.0.0.1:$etcd_port" \
  --bind-address 127.0.0.1 --secure-port "$api_port" --cert-dir "$work/pki" \
  --token-auth-file "$work/tokens.csv" --authorization-mode RBAC \
  --service-account-issuer https://kubernetes.default.svc --service-account-key-file "$work/sa.key" \
  --service-account-signing-key-file "$work/sa.key" --service-cluster-ip-range 10.43.0.0/16 \
  --allow-privileged > "$work/apiserver.log" 2>&1 &
processes+=($!)

export KUBECONFIG=$work/kubeconfig
"$kubectl" config set-cluster test --server "https://127.0.0.1:$api_port" --insecure-skip-tls-verify > /dev/null
"$kubectl" config set-credentials admin --token "$token" > /dev/null
"$kubectl" config set-context test --cluster test --user admin > /dev/null
"$kubectl" config use-context test > /dev/null
for _ in $(seq 120); do
  "$kubectl" get --raw /readyz > /dev/null 2>&1 && break
  sleep 0.5
done
"$kubectl" get --raw /readyz > /dev/null || { tail -n 20 "$work/apiserver.log" "$work/etcd.log"; exit 1; }
echo "kube-apiserver $("$kubectl" version --output json | jq --raw-output .serverVersion.gitVersion)"

mapfile -t crds < <(tools_crds)
for folder in "${crds[@]}"; do
  # Some folders hold other things beside the definitions.
  mapfile -t definitions < <(grep --files-with-matches --no-messages '^kind: CustomResourceDefinition' "$folder"/*.y*ml | grep -v crd-definition)
  check "definitions of $(grep -ho '^  group: .*' "${definitions[@]}" | sort -u | sed 's/.*: //' | paste -sd ' ')" \
    "$kubectl" apply --server-side "${definitions[@]/#/--filename=}"
done
"$kubectl" wait --for condition=Established --timeout 60s customresourcedefinitions --all > /dev/null
for namespace in argocd cert-manager sealed-secrets cnpg-system; do "$kubectl" create namespace "$namespace" > /dev/null; done

# apply FLAGS... < YAML; strict: an unknown or doubled field is an error.
apply() { "$kubectl" apply --server-side --validate=strict --filename - "$@"; }
from() { kustomize build "$1" | apply "${@:2}"; }
tenant() { kustomize build k8s/overlays/production/tenant | apply "$@"; }

check "the namespace and its fences" tenant
for folder in k8s/overlays/production k8s/overlays/small k8s/overlays/three-databases \
  k8s/addons/{argocd,argocd-access,cert-manager,cloudnative-pg,system-upgrade,traefik,traefik-dashboard} k8s/argocd; do
  # The folder's own namespace has to be there before the rest is tried.
  [ $folder != k8s/addons/system-upgrade ] || apply < $folder/namespace.yaml > /dev/null
  check "$folder: dry run" from "$folder" --dry-run=server
done
check "k8s/argocd/root.yaml: dry run" apply --dry-run=server < k8s/argocd/root.yaml

for folder in k8s/addons/{argocd,argocd-access,cert-manager,cloudnative-pg,system-upgrade,traefik,traefik-dashboard} \
  k8s/argocd k8s/overlays/production/{secrets,data,migrate,auth,backend,home,routes}; do
  check "$folder: applied" from "$folder"
done
check "k8s/argocd/root.yaml: applied" apply < k8s/argocd/root.yaml
unchanged() { kustomize build k8s/overlays/production | "$kubectl" diff --server-side --filename -; }
check "a second time nothing changes" unchanged
swap() {
  "$kubectl" delete --namespace alternate-futures statefulset/postgres service/postgres
  from k8s/overlays/three-databases
}
check "the one database is swapped for three" swap

# Deployments are accepted whatever their pods look like; the pods themselves are what admission judges.
pods_of() { kustomize build "$1" | python3 scripts/manifests/pods.py; }
tools_python scripts/manifests/requirements.txt
for overlay in production three-databases; do
  pods_of k8s/overlays/$overlay > "$work/pods.yaml"
  [ "$(grep -c '^kind: Pod' "$work/pods.yaml")" -ge 9 ]
  check "$overlay: $(grep -c '^kind: Pod' "$work/pods.yaml") pods pass admission" apply --dry-run=server < "$work/pods.yaml"
done

# refused PATTERN TITLE < YAML: the server must say no, for that reason.
refused() {
  local output
  if output=$(apply --dry-run=server 2>&1) || ! grep --quiet "$1" <<< "$output"; then
    failed=$((failed + 1)); echo "FAIL not refused: $2"; printf '%s\n' "$output" | head -n 5
  else
    passed=$((passed + 1)); echo "ok   refused: $2"
  fi
}
root_pod=$(sed 's/runAsNonRoot: true/runAsNonRoot: false/' "$work/pods.yaml")
refused 'violates PodSecurity "restricted' "a pod that may run as root" <<< "$root_pod"
refused 'containerz: field not declared in schema' "a misspelt field" < <(kustomize build scripts/manifests/broken/unknown-field)
refused 'entrypoints' "a misspelt field of a custom kind" < <(kustomize build scripts/manifests/broken/unknown-field-of-custom-kind)
refused 'spec.secretName' "a certificate without a Secret" < <(kustomize build scripts/manifests/broken/certificate-without-name)
refused 'maximum memory usage per Container is 2Gi' "a pod that wants too much" < <(sed 's/memory: 512Mi/memory: 3Gi/' "$work/pods.yaml")

may() { "$kubectl" auth can-i --quiet "$@"; }
cannot() { ! may "$@"; }
for account in auth backend home migrate postgres redis postgres-backup; do
  check "the account $account may read no secret" cannot get secrets --namespace alternate-futures --as "system:serviceaccount:alternate-futures:$account"
done
upgrade=system:serviceaccount:system-upgrade:system-upgrade
check "the upgrade controller may cordon nodes" may patch nodes --as "$upgrade"
check "the upgrade controller may not read the platform's secrets" cannot get secrets --namespace alternate-futures --as "$upgrade"

echo "apiserver: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
