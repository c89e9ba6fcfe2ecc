#!/usr/bin/env bash
# Checks tofu/ with the real OpenTofu and the real Hetzner provider; no account, no network to
# a cloud. Nothing is written to the work tree except, with --write-plan, the plan in docs/.
#
# The first run builds both from their Go modules (scripts/tools/) into the cache; there is
# nothing to fall back to: without them the check fails.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/tools.sh
. scripts/tools.sh

# One version each; check_versions sees to it that every place agrees.
TOFU=1.12.6
HCLOUD=1.68.0

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
passed=0 failed=0

# count NAME COMMAND...: one check, told by its exit status; the output shows if it fails.
count() {
  local name="$1" log="$work/log"
  shift
  # In the background, because bash ignores `set -e` within anything that a condition runs.
  "$@" >"$log" 2>&1 &
  if wait $!; then
    passed=$((passed + 1))
    echo "ok   $name"
  else
    failed=$((failed + 1))
    echo "FAIL $name"
    sed 's/^/     /' "$log"
  fi
}

# suite NAME PATTERN-OF-A-PASS PATTERN-OF-A-FAILURE COMMAND...: many checks in one run.
suite() {
  local name="$1" pass="$2" fail="$3" log="$work/$1.log" good bad status=0 begin=$SECONDS
  shift 3
  "$@" >"$log" 2>&1 &
  wait $! || status=$?
  good="$(grep -cE "$pass" "$log" || true)"
  bad="$(grep -cE "$fail" "$log" || true)"
  # A suite that breaks off, or that finds nothing to do, has failed even if no check says so.
  if [[ $status != 0 && $bad == 0 ]] || [[ $good == 0 && $bad == 0 ]]; then bad=1; fi
  passed=$((passed + good)) failed=$((failed + bad))
  echo "$([[ $bad == 0 ]] && echo "ok  " || echo FAIL) $name: $good passed, $bad failed ($((SECONDS - begin)) s)"
  if [[ $bad != 0 ]]; then sed 's/^/     /' "$log"; fi
}

build() {
  command -v go >/dev/null || { echo "go is missing: OpenTofu and its provider are built from source" && return 1; }
  tools_go_module tofu "-X github.com/opentofu/opentofu/version.dev=no" &&
    tools_go_module hcloud "-X github.com/hetznercloud/terraform-provider-hcloud/hcloud.Version=$HCLOUD"
}

# A copy of what tofu reads, so that nothing of a run stays in the work tree.
copy() {
  mkdir -p "$1/k8s/argocd" "$1/k8s/addons/argocd"
  # Only what Git would hold: a private tfvars file or state of the operator is not copied.
  git ls-files --cached --others --exclude-standard tofu | tar --create --files-from=- | tar --extract --directory="$1"
  cp k8s/argocd/root.yaml "$1/k8s/argocd/"
  cp k8s/addons/argocd/helmchart.yaml "$1/k8s/addons/argocd/"
  # Our build of the provider beside the published ones: its hash is of the one file it has.
  sed -i "s|^  hashes = \[|&\n    \"$own_hash\",|" "$1/tofu/.terraform.lock.hcl"
}

on_copy() {
  local folder
  folder="$(mktemp -d "$work/copy.XXXXXX")"
  copy "$folder"
  bash "$folder/tofu/tests/suite.sh" "$folder" "$@"
}

check_versions() {
  tofu version | grep -qx "OpenTofu v$TOFU"
  grep -q "opentofu/opentofu v$TOFU " scripts/tools/tofu/go.mod
  grep -q "required_version = \"~> ${TOFU%.*}.0\"" tofu/versions.tf
  grep -q "terraform-provider-hcloud v$HCLOUD " scripts/tools/hcloud/go.mod
  grep -q "version = \"$HCLOUD\"" tofu/versions.tf
  grep -q "version     = \"$HCLOUD\"" tofu/.terraform.lock.hcl
  # Published packages for all platforms are locked, not just what was built here.
  [[ $(grep -c '"zh:' tofu/.terraform.lock.hcl) -ge 10 ]]
}

# Nodes that tofu makes and nodes that the upgrade plans visit must end at the same release.
check_k3s_version() {
  local version
  version="$(sed -n '/^variable "k3s_version"/,/^}/s/^ *default *= "\(.*\)"/\1/p' tofu/variables-k3s.tf)"
  echo "tofu: $version"
  grep -H '^  version: ' k8s/addons/system-upgrade/plan-*.yaml
  [[ -n $version && $(grep -h '^  version: ' k8s/addons/system-upgrade/plan-*.yaml | sort -u) == "  version: $version" ]]
}

# Every claim without a class of its own must find the volume that tofu made for it.
check_claims() {
  local claim
  for claim in data-postgres-0:base/postgres/statefulset.yaml data-redis-0:base/redis/statefulset.yaml \
    postgres-backup:base/backup/persistentvolumeclaim.yaml; do
    echo "$claim"
    grep -q "claim = \"${claim%%:*}\"" tofu/locals.tf
    (! grep -n storageClassName "k8s/${claim#*:}")
  done
}

write_plan() {
  on_copy production >"$work/production"
  python tofu/tests/plan_doc.py <"$work/production" >"$1"
}

check_plan() {
  write_plan "$work/plan.md"
  diff -u docs/infrastructure-plan.md "$work/plan.md"
}

check_shell() { shellcheck --external-sources scripts/tofu.sh tofu/bin/*.sh tofu/tests/suite.sh tofu/tests/stubs/install.sh tofu/tests/stubs/bin/*; }
# What an operator has there already, such as a state, is not this script's business.
tree() { git status --porcelain --ignored tofu scripts/tools/tofu scripts/tools/hcloud; }
check_tree() { diff "$work/tree" <(tree); }

mutations() {
  copy "$work/sound"
  python tofu/tests/mutations.py "$work/sound"
}

tree >"$work/tree"
echo "tofu: building OpenTofu $TOFU and its provider, or taking them from the cache"
count "OpenTofu and the Hetzner provider are built" build
[[ $failed == 0 ]] || { echo "tofu: $passed passed, $failed failed" && exit 1; }
tools_python tofu/tests/requirements.txt

platform="$(go env GOOS)_$(go env GOARCH)"
mirror="$work/mirror/registry.opentofu.org/hetznercloud/hcloud/$HCLOUD/$platform"
mkdir -p "$mirror"
provider="terraform-provider-hcloud_v$HCLOUD"
cp "$TOOLS_DIR/hcloud/terraform-provider-hcloud" "$mirror/$provider"
own_hash="h1:$(printf '%s  %s\n' "$(sha256sum <"$mirror/$provider" | cut -d' ' -f1)" "$provider" |
  python -c 'import base64, hashlib, sys; print(base64.b64encode(hashlib.sha256(sys.stdin.buffer.read()).digest()).decode())')"
printf 'disable_checkpoint = true\nprovider_installation {\n  filesystem_mirror {\n    path = "%s"\n  }\n}\n' "$work/mirror" >"$work/tofurc"

export PATH="$TOOLS_DIR/tofu:$PATH" TF_CLI_CONFIG_FILE="$work/tofurc" TF_IN_AUTOMATION=1 PYTHONDONTWRITEBYTECODE=1
unset "${!TF_VAR_@}"
export TF_VAR_state_passphrase="a passphrase for tests, 0123456789"
SHELLCHECK="$(command -v shellcheck)"
export SHELLCHECK
# What an operator has set for real runs must not steer these.
unset TF_ENCRYPTION TF_DATA_DIR TF_LOG TF_WORKSPACE "${!TF_CLI_ARGS@}"

if [[ ${1:-} == --write-plan ]]; then
  write_plan "$work/plan.md"
  cp "$work/plan.md" docs/infrastructure-plan.md
  exit
fi

hcl_pass='\.\.\. pass$' hcl_fail='\.\.\. fail$'
python_pass='\.\.\. ok$' python_fail='\.\.\. (FAIL|ERROR)$'
count "versions agree wherever they are named" check_versions
count "the K3s release is the one of the upgrade plans" check_k3s_version
count "the claims in k8s/ find their volumes" check_claims
count "formatted" tofu fmt -check -diff -recursive tofu
count "initialises from the locked provider and validates" on_copy init
suite "tofu test: cluster" "^  run .*$hcl_pass" "^  run .*$hcl_fail" on_copy cluster
suite "tofu test: refused inputs" "^  run .*$hcl_pass" "^  run .*$hcl_fail" on_copy refused
suite "tofu test: later changes" "^  run .*$hcl_pass" "^  run .*$hcl_fail" on_copy lifecycle
suite "rendered files and scripts" "$python_pass" "$python_fail" on_copy rendered
suite "encryption of state and plans" "$python_pass" "$python_fail" on_copy encryption
count "the plan in docs/ is the current one" check_plan
count "shellcheck" check_shell
suite "broken configurations are caught" "^ok   mutation" "^FAIL mutation" mutations
count "the work tree is clean" check_tree
echo "tofu: $passed passed, $failed failed"
[[ $failed == 0 ]]
