#!/usr/bin/env bash
# Brings running nodes to the K3s version and settings of this configuration, one at a
# time: drain, install, wait until ready, go on. Stops at the first node that does not
# come back. Control planes go first, as Kubernetes asks.
#
#   bin/roll.sh                 every node
#   bin/roll.sh NODE...         only these, in this order
set -euo pipefail
cd "$(dirname "$0")/.."

export KUBECONFIG="${KUBECONFIG:-$(tofu output -raw kubeconfig_path)}"

all_ready() {
  local states
  states="$(kubectl get nodes --no-headers --output custom-columns='READY:.status.conditions[?(@.type=="Ready")].status')"
  [[ -n $states ]] && ! grep -qv '^True$' <<<"$states"
}

wait_until_all_ready() {
  local tries=60
  until all_ready; do
    ((--tries > 0)) || return 1
    sleep 5
  done
}

nodes=("$@")
if [[ ${#nodes[@]} == 0 ]]; then
  mapfile -t nodes < <(tofu output -json nodes |
    python3 -c 'import json, sys; n = json.load(sys.stdin); print(*sorted(n, key=lambda k: (n[k]["role"] != "control-plane", k)), sep="\n")')
fi

for node in "${nodes[@]}"; do
  # A second node must not go down while one is missing: that could cost etcd its majority.
  wait_until_all_ready || {
    echo "roll.sh: not every node is ready; $node and what follows were left alone" >&2
    exit 1
  }
  echo "roll.sh: $node"
  kubectl drain "$node" --ignore-daemonsets --delete-emptydir-data --timeout=10m
  tofu apply -auto-approve -replace="terraform_data.install[\"$node\"]" -target="terraform_data.install[\"$node\"]"
  kubectl uncordon "$node"
done
wait_until_all_ready
echo "roll.sh: done, ${#nodes[@]} nodes"
