# Argument: `init` starts a new cluster, `join` enters the one that exists. On a node that
# is a member already, both only bring version and settings up to date.
readonly MODE="${1:?say init or join}"

readonly DATA=/var/lib/rancher/k3s
readonly SETTINGS=/etc/rancher/k3s/config.yaml.d
readonly RELEASE="https://raw.githubusercontent.com/k3s-io/k3s/${K3S_VERSION/+/%2B}"
# Tries of five seconds each.
readonly PATIENCE=120

if [[ $NODE_ROLE == server ]]; then readonly SERVICE=k3s; else readonly SERVICE=k3s-agent; fi

log() { printf '%s: %s\n' "$NODE_NAME" "$*"; }

die() {
  log "$*" >&2
  exit 1
}

# Tries a command until it succeeds, at most as often as its first argument says.
try() {
  local tries="$1"
  shift
  until "$@"; do
    ((--tries > 0)) || return 1
    sleep 5
  done
}

wait_for() {
  local what="$1"
  shift
  log "waiting for $what"
  try "$PATIENCE" "$@" || die "gave up waiting for $what"
}

# cloud-init says 2 when it finished with warnings.
host_is_prepared() {
  local code=0
  cloud-init status --wait >/dev/null || code=$?
  [[ $code == 0 || $code == 2 ]] || die "cloud-init failed; see /var/log/cloud-init-output.log"
}

# The private interface is named differently from one server type to the next.
private_interface() {
  ip -o -4 address show | awk -v ip="$NODE_IP" '{ split($4, at, "/") } at[1] == ip { print $2; exit }'
}

has_private_interface() { [[ -n $(private_interface) ]]; }

installed_version() {
  if command -v k3s >/dev/null; then k3s --version | awk '/^k3s version/ { print $3 }'; fi
}

# Kubernetes supports neither going back nor leaving out a minor version.
check_version() {
  local have="$1" older have_minor want_minor
  [[ -n $have && $have != "$K3S_VERSION" ]] || return 0
  older="$(printf '%s\n' "$have" "$K3S_VERSION" | sort -V | head -n 1)"
  [[ $older == "$have" ]] || die "runs $have; going back to $K3S_VERSION is not supported: set k3s_version to what runs"
  have_minor="$(cut -d. -f2 <<<"$have")"
  want_minor="$(cut -d. -f2 <<<"$K3S_VERSION")"
  ((want_minor - have_minor <= 1)) || die "runs $have; $K3S_VERSION would leave out a minor version"
}

# Whether a server's API is up. Without credentials it answers 401; K3s itself verifies
# certificates when it joins, this only asks if somebody is there.
answers() {
  local code
  code="$(curl --insecure --silent --max-time 5 --output /dev/null --write-out '%{http_code}' "https://$1:6443/readyz" || true)"
  [[ $code == 200 || $code == 401 ]]
}

first_answering() {
  local server
  for server in $OTHER_SERVERS; do
    if answers "$server"; then
      printf '%s' "$server"
      return 0
    fi
  done
  return 1
}

any_server_answers() { first_answering >/dev/null; }

# Decides once how a server enters the cluster; with etcd data on disk K3s ignores it.
choose_cluster() {
  local server
  [[ $NODE_ROLE == server && ! -d $DATA/server/db/etcd ]] || return 0
  if [[ $MODE == init ]]; then
    if server="$(first_answering)"; then die "$server serves a cluster already; refusing to start a second one"; fi
    base64 <<<"cluster-init: true" | put "$SETTINGS/20-cluster.yaml"
    return 0
  fi
  # etcd takes in one member at a time. A server ahead may also be gone for good, so this
  # waits for it, but not forever.
  for server in $EARLIER_SERVERS; do
    log "waiting for $server to join first"
    try 60 answers "$server" || log "$server does not answer; going on without it"
  done
  wait_for "a server to join" any_server_answers
  base64 <<<"server: https://$(first_answering):6443" | put "$SETTINGS/20-cluster.yaml"
}

fetch() { curl --fail --silent --show-error --location --retry 5 --output "$2" "$RELEASE/$1"; }

# K3s's own installer at the pinned release; it checks the binary against the release's sums.
install_k3s() {
  local folder sum="$K3S_INSTALL_SHA256"
  folder="$(mktemp -d)"
  fetch install.sh "$folder/install.sh"
  if [[ -z $sum ]]; then
    fetch install.sh.sha256sum "$folder/sum"
    sum="$(cut -d' ' -f1 "$folder/sum")"
  fi
  sha256sum --check --status <<<"$sum  $folder/install.sh" || die "install.sh of $K3S_VERSION has the wrong checksum"
  log "installing $K3S_VERSION as $NODE_ROLE"
  INSTALL_K3S_VERSION="$K3S_VERSION" INSTALL_K3S_EXEC="$NODE_ROLE" INSTALL_K3S_SKIP_START=true \
    INSTALL_K3S_SKIP_SELINUX_RPM=true sh "$folder/install.sh"
  rm -rf "$folder"
  CHANGED=yes
}

node_is_ready() {
  [[ $(k3s kubectl --kubeconfig "$DATA/agent/kubelet.kubeconfig" get node "$NODE_NAME" \
    --output 'jsonpath={.status.conditions[?(@.type=="Ready")].status}' 2>/dev/null) == True ]]
}

host_is_prepared
version="$(installed_version)"
check_version "$version"
wait_for "the private network" has_private_interface

if [[ $NODE_ROLE == server ]]; then
  # The audit log names who touched which Secret: for root alone.
  (umask 022 && mkdir -p "$DATA")
  install -d -m 0700 "$DATA/server" "$DATA/server/logs"
fi
put_files
base64 <<<"flannel-iface: $(private_interface)" | put "$SETTINGS/10-interface.yaml"
choose_cluster

if [[ $version != "$K3S_VERSION" || ! -e /etc/systemd/system/$SERVICE.service ]]; then install_k3s; fi
if [[ $CHANGED == yes ]] || ! systemctl is-active --quiet "$SERVICE"; then
  log "starting $SERVICE"
  systemctl restart "$SERVICE"
fi
wait_for "the node to be ready" node_is_ready
if [[ $NODE_ROLE == server ]]; then find "$DATA/server/tls" -name '*.crt' -exec chmod 0600 {} +; fi
log "ready, changed=$CHANGED"
