#!/usr/bin/env bash
# Writes image digests into the production overlay: set-digests.sh auth=sha256:... backend=... home=...
# Exactly those lines change, so that the commit reverts cleanly. OVERLAY names another folder.
set -euo pipefail
cd "$(dirname "$0")/.."
overlay=${OVERLAY:-k8s/overlays/production}

for pair in "$@"; do
  service=${pair%%=*} digest=${pair#*=}
  [[ $service =~ ^(auth|backend|home)$ && $digest =~ ^sha256:[0-9a-f]{64}$ ]] || { echo "set-digests: not SERVICE=sha256:DIGEST: $pair" >&2; exit 64; }
  mapfile -t files < <(grep --recursive --files-with-matches --include kustomization.yaml -- "- name: ghcr.io/alternatefutures/$service\$" "$overlay")
  [ ${#files[@]} -gt 0 ] || { echo "set-digests: no overlay has an image $service" >&2; exit 1; }
  sed -i "/- name: ghcr.io\/alternatefutures\/$service\$/{n;s/digest: .*/digest: $digest/}" "${files[@]}"
  for file in "${files[@]}"; do
    grep --quiet "digest: $digest" "$file" || { echo "set-digests: $file did not change" >&2; exit 1; }
  done
done
