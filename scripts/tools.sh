# shellcheck shell=bash
# Sourced by the other scripts: installs the pinned tools they ask for into a cache outside the repository.
# Running twice installs nothing twice; root or not makes no difference (apt alone asks for sudo).

TOOLS_DIR=${TOOLS_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/alternate-futures/tools}
mkdir -p "$TOOLS_DIR/bin"
export PATH="$TOOLS_DIR/bin:$TOOLS_DIR/kubeseal:$TOOLS_DIR/apiserver:$PATH"

# One version each, for every script.
# shellcheck disable=SC2034 # the scripts that source this use them
KUSTOMIZE=sigs.k8s.io/kustomize/kustomize/v5@v5.8.1
# shellcheck disable=SC2034
ACTIONLINT=github.com/rhysd/actionlint/cmd/actionlint@v1.7.12
# What the manifests' kinds are checked against; the versions are the deployed ones.
CRD_MODULES=(
  github.com/traefik/traefik/v3@v3.7.13
  github.com/argoproj/argo-cd/v3@v3.4.4
  github.com/cert-manager/cert-manager@v1.21.2
  github.com/bitnami/sealed-secrets@v0.38.4
  github.com/k3s-io/helm-controller@v0.17.7
  github.com/rancher/system-upgrade-controller@v0.20.1
  github.com/cloudnative-pg/cloudnative-pg@v1.30.0
)

# tools_go MODULE/PATH@VERSION: `go install`, checked against the public checksum database.
tools_go() {
  local package=$1 stamp
  stamp=$TOOLS_DIR/go-$(printf %s "$package" | tr '/@' '__')
  [ -e "$stamp" ] && return
  GOBIN=$TOOLS_DIR/bin GOFLAGS="-trimpath" nice -n 15 go install "$package" && touch "$stamp"
}

# tools_go_module NAME: builds the tools of scripts/tools/NAME/go.mod, pinned with their checksums in go.sum.
# For those that `go install` cannot take, because their modules replace others.
tools_go_module() {
  local directory stamp
  directory=$(dirname "${BASH_SOURCE[0]}")/tools/$1
  stamp=$TOOLS_DIR/module-$1-$(sha256sum < "$directory/go.sum" | cut -c1-16)
  [ -e "$stamp" ] && return
  mkdir -p "$TOOLS_DIR/$1"
  (cd "$directory" && nice -n 15 go build -trimpath -ldflags "-s -w ${2:-}" -o "$TOOLS_DIR/$1/" tool) && touch "$stamp"
}

# tools_python REQUIREMENTS.TXT: a virtual environment named after the file's content.
tools_python() {
  local requirements=$1 venv
  venv=$TOOLS_DIR/python-$(sha256sum < "$requirements" | cut -c1-16)
  if [ ! -e "$venv/.complete" ]; then
    python3 -m venv "$venv" && "$venv/bin/pip" install --quiet --requirement "$requirements" && touch "$venv/.complete"
  fi
  export PATH="$venv/bin:$PATH"
}

# tools_apt COMMAND=PACKAGE...: Debian packages for the commands that are missing.
tools_apt() {
  local pair missing=() sudo=()
  for pair in "$@"; do
    command -v "${pair%%=*}" > /dev/null || missing+=("${pair#*=}")
  done
  [ ${#missing[@]} -eq 0 ] && return
  [ "$(id -u)" -eq 0 ] || sudo=(sudo)
  "${sudo[@]}" apt-get update -qq
  DEBIAN_FRONTEND=noninteractive "${sudo[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" > /dev/null
}

# tools_crds: prints the folders that hold the custom kinds' definitions, downloaded as Go modules.
tools_crds() {
  local module directory
  for module in "${CRD_MODULES[@]}"; do
    directory=$(cd / && go mod download -json "$module" | sed -n 's/^\t"Dir": "\(.*\)",\{0,1\}$/\1/p')
    case $module in
      *traefik*) echo "$directory/docs/content/reference/dynamic-configuration" ;;
      *argo-cd*) echo "$directory/manifests/crds" ;;
      *cert-manager*) echo "$directory/deploy/crds" ;;
      *sealed-secrets*) echo "$directory/helm/sealed-secrets/crds" ;;
      *cloudnative-pg*) echo "$directory/config/crd/bases" ;;
      *) echo "$directory/pkg/crds/yaml/generated" ;;
    esac
  done
}

# tools_programs NAME...: our own programs in target/debug, built from the committed query metadata unless
# PREBUILT says that the caller has just built them (scripts/test.sh has, with the tests).
tools_programs() {
  local name packages=()
  [ -z "${PREBUILT:-}" ] || return 0
  for name in "$@"; do packages+=(--package "$name"); done
  SQLX_OFFLINE=${SQLX_OFFLINE:-true} cargo build --quiet --locked "${packages[@]}" --bins
}
