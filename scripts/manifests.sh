#!/usr/bin/env bash
# Checks everything that is deployed, without a cluster: the rendered manifests (shape, policy, references,
# network, settings, ArgoCD), the Dockerfile, the scripts and the workflows, and broken inputs of each kind,
# which must be refused.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/tools.sh
. scripts/tools.sh

passed=0 failed=0
# check TITLE COMMAND...: one result; the command's output is shown when it fails.
check() {
  local title=$1 output
  shift
  if output=$("$@" 2>&1); then
    passed=$((passed + 1)); echo "ok   $title"
  else
    failed=$((failed + 1)); echo "FAIL $title"; printf '%s\n' "$output" | sed 's/^/     /'
  fi
}
# refused TITLE COMMAND...: passes when the command does not, and said why.
refused() {
  local title=$1 output
  shift
  if output=$("$@" 2>&1) || [ -z "$output" ]; then
    failed=$((failed + 1)); echo "FAIL accepted: $title"
  else
    passed=$((passed + 1)); echo "ok   refused: $title"
  fi
}

tools_apt jq=jq openssl=openssl
tools_go "$KUSTOMIZE"
tools_go "$ACTIONLINT"
tools_python scripts/manifests/requirements.txt
broken=scripts/manifests/broken-files

# Pieces without a first line of their own (those that cloud-init puts together) say their shell in a directive.
mapfile -t shell_files < <(git ls-files --cached --others --exclude-standard '*.sh' ':!scripts/manifests/broken-files' |
  xargs -r grep -lE '^#!|^# shellcheck shell=')
check "shellcheck: ${#shell_files[@]} scripts" shellcheck --external-sources --severity warning "${shell_files[@]}"
refused "shellcheck: an unquoted variable" shellcheck "$broken/unquoted.sh"

check "hadolint: Dockerfile" hadolint --failure-threshold info Dockerfile
refused "hadolint: a base image without a version" hadolint --failure-threshold info "$broken/latest.Dockerfile"

check "actionlint: workflows" actionlint -shellcheck "$(command -v shellcheck)" .github/workflows/*.yaml
refused "actionlint: a job that needs another which is not there" actionlint -shellcheck= "$broken/workflow-no-such-job.yaml"

check "zizmor: workflows" zizmor --offline --no-progress --persona pedantic .github/workflows
refused "zizmor: an action by tag, with all rights" zizmor --offline --no-progress "$broken/workflow-unpinned.yaml"

check "secrets: sealed, opened again, rotated" scripts/manifests/secrets.sh
check "digests: written, and nothing else" scripts/manifests/digests.sh
refused "digests: a tag instead of a digest" scripts/set-digests.sh auth=1.2.3
refused "digests: an unknown service" scripts/set-digests.sh "web=sha256:$(printf '0%.0s' {1..64})"

mapfile -t crds < <(tools_crds)
[ ${#crds[@]} -eq ${#CRD_MODULES[@]} ]
chart=$(dirname "$(dirname "${crds[2]}")")/deploy/charts/cert-manager/values.schema.json
result=0
python scripts/manifests/check.py . "${crds[@]}" "cert-manager=$chart" | tee "$TOOLS_DIR/manifests.out" || result=$?
read -r _ rendered_passed rendered_failed < <(tail -n 1 "$TOOLS_DIR/manifests.out")
[[ ${rendered_failed:-} =~ ^[0-9]+$ ]] || { rendered_passed=0 rendered_failed=1; }
[ "$result" -eq 0 ] || [ "$rendered_failed" -gt 0 ] || rendered_failed=1
passed=$((passed + rendered_passed)) failed=$((failed + rendered_failed))

echo "manifests: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
