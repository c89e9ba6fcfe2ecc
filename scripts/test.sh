#!/usr/bin/env bash
# Every check and test of the repository. Installs what they need (Debian's packages, tools from the
# language registries), starts throwaway servers on free ports, stops what it started.
#
#   scripts/test.sh                 everything
#   scripts/test.sh STEP [STEP...]  only these steps, in this order
#   scripts/test.sh --list          the steps and what they do
#
# Works as root and as a normal user (who needs sudo only if a package is missing). The last line is
# the total: `total: N passed, N failed`.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/tools.sh
. scripts/tools.sh
# shellcheck source=scripts/servers.sh
. scripts/servers.sh

steps() {
  cat <<'STEPS'
format      the sources are formatted (rustfmt)
licences    licences, sources and banned crates (cargo-deny)
build       everything builds without a database, from the committed query metadata
lint        clippy is silent, and the query metadata is what the database says
docs        the API documentation builds without warnings
test        unit and integration tests against real PostgreSQL and Redis
interop     sign-in messages are understood by, and understand, other libraries
audits      GraphQL over HTTP: all audits of graphql-http
schemathesis  the REST API against its OpenAPI document
browser     the site, the console and GraphiQL in a real browser
manifests   Kubernetes manifests, workflows, Dockerfile
tofu        the OpenTofu configuration, with the real tool
apiserver   the manifests against a real Kubernetes API server
images      the container images: built, small, running
e2e         the platform behind Traefik with ACME certificates; rolling restarts under load
STEPS
}

case ${1:-} in
  -h | --help) sed -n '2,/^set /p' "$0" | sed -n 's/^# \{0,1\}//p'; exit 0 ;;
  --list) steps; exit 0 ;;
esac

export CARGO_TERM_COLOR=never CARGO_INCREMENTAL=0 RUST_BACKTRACE=0
work=$(mktemp -d)
passed=0 failed=0 broken=()

finish() {
  stop_servers
  rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# count LOG: adds what a step's log says of its tests: nextest's and cargo's summaries, and the plain
# `name: N passed, N failed` of our own scripts.
count() {
  local good bad
  read -r good bad < <(awk '
    /^ *Summary \[/ { for (i = 1; i < NF; i++) { if ($(i+1) ~ /^passed/) g += $i; if ($(i+1) ~ /^failed/) b += $i } }
    /^test result: / { for (i = 1; i < NF; i++) { if ($(i+1) ~ /^passed/) g += $i; if ($(i+1) ~ /^failed/) b += $i } }
    /^[A-Za-z0-9_-]+: [0-9]+ passed, [0-9]+ failed/ { g += $2; b += $4 }
    END { print g + 0, b + 0 }' "$1")
  # A step without tests of its own is one check.
  if [ "$((good + bad))" = 0 ]; then
    if [ "$2" = 0 ]; then good=1; else bad=1; fi
  elif [ "$2" != 0 ] && [ "$bad" = 0 ]; then
    bad=1
  fi
  passed=$((passed + good)) failed=$((failed + bad))
}

run() {
  local name=$1 start=$SECONDS code=0
  printf '\n== %s\n' "$name"
  # `set -e` must hold inside the step, so it runs in a shell of its own and not in a condition.
  set +e
  (set -e; "step_$name") 2>&1 | tee "$work/$name.log"
  code=${PIPESTATUS[0]}
  set -e
  count "$work/$name.log" "$code"
  if [ "$code" = 0 ]; then
    printf -- '-- %s: ok (%d s)\n' "$name" "$((SECONDS - start))"
  else
    broken+=("$name")
    printf -- '-- %s: FAILED (%d s)\n' "$name" "$((SECONDS - start))"
  fi
}

step_format() { cargo fmt --all --check; }

step_licences() { cargo deny --all-features --log-level error check licenses bans sources; }

# Leaves the programs in target/debug, too, where the later steps take them from: building them one by
# one would compile the dependencies again, with other features.
step_build() { SQLX_OFFLINE=true cargo test --workspace --no-run --locked; }

# The same compiler run does both: clippy expands every query macro against the database, and what
# the macros learn is compared with the committed `.sqlx`.
step_lint() {
  tools_programs auth
  "${CARGO_TARGET_DIR:-target}/debug/auth" migrate
  scripts/prepare.sh --check
}

# Private items are documented, too, so that links to them work.
step_docs() {
  SQLX_OFFLINE=true RUSTDOCFLAGS='-D warnings -A rustdoc::private_intra_doc_links' cargo doc --workspace --no-deps --locked --document-private-items
}

step_test() {
  SQLX_OFFLINE=true cargo nextest run --workspace --locked --no-tests=fail --status-level=fail --final-status-level=slow
}

step_interop() { scripts/interop.sh; }
step_audits() { scripts/audits.sh; }
step_schemathesis() { scripts/schemathesis.sh; }
step_browser() { scripts/browser.sh; }
step_manifests() { scripts/manifests.sh; }
step_tofu() { scripts/tofu.sh; }
step_apiserver() { scripts/apiserver.sh; }
step_images() { scripts/images.sh; }
step_e2e() { scripts/e2e.sh; }

mapfile -t all < <(steps | awk '{ print $1 }')
chosen=("${@:-}")
[ -n "${chosen[0]}" ] || chosen=("${all[@]}")
for name in "${chosen[@]}"; do
  printf '%s\n' "${all[@]}" | grep -qx "$name" || {
    echo "there is no step $name; scripts/test.sh --list shows them" >&2
    exit 2
  }
done

command -v cargo >/dev/null || { echo "cargo is missing: install a Rust toolchain with rustup" >&2; exit 1; }
tools_apt initdb=postgresql redis-server=redis-server redis-cli=redis-tools setpriv=util-linux pkill=procps \
  python3=python3 pip3=python3-pip git=git curl=curl cc=build-essential
python3 -c 'import ensurepip' 2>/dev/null || tools_apt python3-venv=python3-venv
tools_python scripts/tools/rust.txt
start_servers "$work"

# The steps after it run what this one leaves.
if printf '%s\n' "${chosen[@]}" | grep -qx build; then export PREBUILT=1; fi

for name in "${chosen[@]}"; do run "$name"; done

if [ ${#broken[@]} -gt 0 ]; then printf '\nfailed: %s\n' "${broken[*]}"; else printf '\nall steps passed in %d s\n' "$SECONDS"; fi
echo "total: $passed passed, $failed failed"
[ ${#broken[@]} = 0 ]
