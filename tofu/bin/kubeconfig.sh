#!/usr/bin/env bash
# Fetches the administrator's kubeconfig and points it at the control plane's public
# address. Called by tofu (kubeconfig.tf); the settings come from the environment.
set -euo pipefail
umask 077

: "${SSH_HOST:?}" "${TARGET:?}" "${CONTEXT:?}"
options=(-o BatchMode=yes -o ConnectTimeout=10 -o StrictHostKeyChecking=accept-new
  -o "UserKnownHostsFile=$(dirname "$TARGET")/known_hosts_$CONTEXT")
if [[ -n ${SSH_KEY_FILE:-} ]]; then options+=(-o IdentitiesOnly=yes -i "$SSH_KEY_FILE"); fi

new="$(mktemp "$TARGET.XXXXXX")"
trap 'rm -f -- "$new"' EXIT

ssh "${options[@]}" "root@$SSH_HOST" cat /etc/rancher/k3s/k3s.yaml |
  sed -e "s|https://127.0.0.1:6443|https://$SSH_HOST:6443|" \
    -e "s|: default\$|: $CONTEXT|" >"$new"

# A half-written file must never replace a good one.
if ! grep -q "^kind: Config\$" "$new" || ! grep -q "server: https://$SSH_HOST:6443\$" "$new"; then
  echo "kubeconfig.sh: $SSH_HOST did not send a kubeconfig" >&2
  exit 1
fi
mv -f "$new" "$TARGET"
