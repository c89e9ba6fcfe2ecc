#!/usr/bin/env bash
# Builds the three images from the Dockerfile with buildah and looks at what came out: size, user, labels,
# contents, and that it runs. No registry is asked: the compiler's stage is replaced by an image made here of
# this machine's own toolchain (links into /usr, which is mounted while building), so the result is linked
# statically against glibc instead of musl; everything else is the same file. Needs root or user namespaces.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/tools.sh
. scripts/tools.sh
# shellcheck source=scripts/servers.sh
. scripts/servers.sh

limit_bytes=$((25 * 1000 * 1000))
# The same compiler, the same image, and every layer built on it is found again.
toolchain=localhost/toolchain:$(rustc -vV | sha256sum | cut -c1-12)
triple=$(uname -m)-unknown-linux-gnu
tools_apt buildah=buildah jq=jq curl=curl file=file initdb=postgresql redis-server=redis-server newuidmap=uidmap
# Only who is root in a user namespace may mount and change owners: a normal user starts again in one.
if [ "$(id -u)" != 0 ]; then exec buildah unshare -- "$PWD/scripts/images.sh"; fi

passed=0 failed=0
check() {
  local title=$1 output
  shift
  if output=$("$@" 2>&1); then
    passed=$((passed + 1)); echo "ok   $title"
  else
    failed=$((failed + 1)); echo "FAIL $title"; printf '%s\n' "$output" | tail -n 15 | sed 's/^/     /'
  fi
}

work=$(mktemp -d)
containers=() pids=()
finish() {
  local each
  for each in "${pids[@]}"; do kill "$each" 2> /dev/null || true; done
  for each in "${containers[@]}"; do
    buildah umount "$each" > /dev/null 2>&1 || true
    buildah rm "$each" > /dev/null 2>&1 || true
  done
  [ -z "${started_servers:-}" ] || stop_servers
  rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT TERM

cargo_home=${CARGO_HOME:-$HOME/.cargo}
if [ ! -x "$TOOLS_DIR/cargo-chef/bin/cargo-chef" ]; then
  # It runs for a second: optimising it would take longer than it ever saves.
  nice -n 15 cargo install cargo-chef --version 0.1.78 --locked --debug --quiet --root "$TOOLS_DIR/cargo-chef"
fi

# The stand-in for the stage `toolchain`: the same variables, and this machine's compiler.
make_toolchain() {
  local container mount
  ! buildah inspect --type image "$toolchain" > /dev/null 2>&1 || return 0
  container=$(buildah from scratch) || return 1
  containers+=("$container")
  mount=$(buildah mount "$container") && [ -n "$mount" ] || return 1
  mkdir -p "$mount"/{usr,src,tmp,etc/ssl/certs,cargo,rust,chef,proc,sys,dev}
  for each in bin sbin lib lib64; do ln -s "usr/$each" "$mount/$each"; done
  cp -L /etc/ssl/certs/ca-certificates.crt "$mount/etc/ssl/certs/"
  # The linker and the C compiler are links that lead through here.
  cp -a /etc/alternatives "$mount/etc/"
  buildah config --env "PATH=/chef/bin:/rust/bin:/usr/local/bin:/usr/bin:/bin" --env CARGO_HOME=/cargo \
    --env "CARGO_BUILD_TARGET=$triple" --env "RUSTFLAGS=-C target-feature=+crt-static" \
    --env CARGO_TERM_COLOR=never --env SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt "$container"
  buildah commit --quiet "$container" "$toolchain"
}
check "a stand-in for the compiler's image" make_toolchain

build() {
  nice -n 15 buildah bud --layers --isolation chroot --pull-never --target "$1" --tag "localhost/$1:test" \
    --build-arg "TOOLCHAIN=$toolchain" --build-arg "VERSION=0.1.0-test" \
    --build-arg "COMMIT_HASH=$(git rev-parse HEAD)" --build-arg "CREATED=$(git show --no-patch --format=%cI)" \
    --volume /usr:/usr:ro --volume "$cargo_home:/cargo" --volume "$(rustc --print sysroot):/rust:ro" \
    --volume "$TOOLS_DIR/cargo-chef:/chef:ro" . > "$work/$1.log" 2>&1 || { tail -n 30 "$work/$1.log"; return 1; }
}

config() { buildah inspect --type image "localhost/$1:test" | jq --raw-output ".OCIv1.config.$2"; }
is() { [ "$1" = "$2" ] || { echo "$1 instead of $2"; return 1; }; }
smaller() { [ "$1" -lt "$2" ] || { echo "$1 bytes"; return 1; }; }
# only FOLDER NAME: the binary and the certificate authorities, no shell, nothing else.
only() { is "$(cd "$1" && find . -type f -o -type l | LC_ALL=C sort | paste -sd ' ')" "$(printf '%s\n' "./$2" ./etc/ssl/certs/ca-certificates.crt | LC_ALL=C sort | paste -sd ' ')"; }
static() { file --brief "$1" | grep --quiet 'statically linked\|static-pie linked'; }
secretless() { ! grep --quiet --ignore-case 'password\|secret\|token' <<< "$(config "$1" Env)"; }

if [ -z "${DATABASE_URL:-}" ] || [ -z "${REDIS_URL:-}" ]; then
  start_servers "$work"
  started_servers=1
fi
# A database of its own beside the given one.
admin_url=$DATABASE_URL
psql --quiet "$admin_url" --command 'drop database if exists images_test' --command 'create database images_test' > /dev/null
export DATABASE_URL=${admin_url%/*}/images_test
environment=(--env "DATABASE_URL=$DATABASE_URL" --env "REDIS_URL=$REDIS_URL" --env "JWT_SECRET=$(openssl rand -hex 32)"
  --env HOST=127.0.0.1 --env ENVIRONMENT=production)

# answers NAME PORT: the image, as the user it names, serves.
answers() {
  local container port
  port=$(free_port)
  container=$(buildah from --pull-never "localhost/$1:test")
  containers+=("$container")
  buildah run --isolation chroot "${environment[@]}" --env "PORT=$port" --env "AUTH_SERVICE_URL=http://127.0.0.1:1" \
    "$container" -- "/$1" serve > "$work/$1.out" 2>&1 &
  pids+=($!)
  for _ in $(seq 100); do
    curl --silent --fail "http://127.0.0.1:$port/livez" > /dev/null && break
    sleep 0.1
  done
  curl --silent --fail "http://127.0.0.1:$port/livez" || { cat "$work/$1.out"; return 1; }
  curl --silent "http://127.0.0.1:$port/health" | grep --quiet "$(git rev-parse HEAD)" || { echo "another commit"; return 1; }
  # Its own process, not buildah's: by the number in its owner.
  is "$(ps -o uid= -p "$(pgrep -n -f "^/$1 serve")" | tr -d ' ')" 65532
}
migrates() {
  local container
  container=$(buildah from --pull-never localhost/auth:test)
  containers+=("$container")
  buildah run --isolation chroot --env "DATABASE_URL=$DATABASE_URL" "$container" -- /auth migrate
}

# buildah takes a LABEL from its cache even if the argument in it has changed: the last stages start anew.
mapfile -t labelled < <(buildah images --all --quiet --filter 'label=org.opencontainers.image.vendor=Alternate Futures')
[ ${#labelled[@]} -eq 0 ] || buildah rmi --force "${labelled[@]}" > /dev/null 2>&1 || true
for service in auth:3001 backend:4000 home:3000; do
  name=${service%:*} port=${service#*:}
  check "$name builds" build "$name"
  buildah inspect --type image "localhost/$name:test" > /dev/null 2>&1 || continue
  container=$(buildah from --pull-never "localhost/$name:test")
  containers+=("$container")
  mount=$(buildah mount "$container")
  bytes=$(find "$mount" -type f -printf '%s\n' | awk '{ sum += $1 } END { print sum + 0 }')
  echo "     $name: $(awk "BEGIN { printf \"%.1f\", $bytes / 1e6 }") MB"
  check "$name is smaller than 25 MB" smaller "$bytes" "$limit_bytes"
  check "$name holds its binary and nothing else" only "$mount" "$name"
  check "$name is static" static "$mount/$name"
  check "$name runs as 65532" is "$(config "$name" User)" 65532:65532
  check "$name starts by itself" is "$(config "$name" 'Entrypoint[0]')" "/$name"
  check "$name serves $port" is "$(config "$name" 'ExposedPorts | keys[0]')" "$port/tcp"
  check "$name says where it comes from" is "$(config "$name" 'Labels["org.opencontainers.image.revision"]')" "$(git rev-parse HEAD)"
  check "$name has no secret in its configuration" secretless "$name"
done
check "the migration runs from the image" migrates
for name in auth backend home; do check "$name runs from the image" answers "$name"; done

psql --quiet "$admin_url" --command 'drop database if exists images_test with (force)' > /dev/null || true
echo "images: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
