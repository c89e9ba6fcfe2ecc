# shellcheck shell=bash
# Sourced by the scripts that need PostgreSQL and Redis: throwaway ones on free ports of the loopback
# interface, in a folder that is gone afterwards. PostgreSQL refuses to run as root, so as root it
# runs as the system's user `postgres`.
#   start_servers FOLDER   sets DATABASE_URL (a superuser's), PGPORT and REDIS_URL
#   stop_servers

# Debian keeps PostgreSQL's programs out of the path: take the newest that is installed.
for bin in /usr/lib/postgresql/*/bin; do PATH=$bin:$PATH; done
export PATH

free_port() {
  python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# as_postgres COMMAND...: as that user when we are root.
as_postgres() {
  if [ "$(id -u)" = 0 ]; then
    (cd / && setpriv --reuid=postgres --regid=postgres --init-groups -- "$@")
  else
    "$@"
  fi
}

start_servers() {
  local folder=$1
  chmod 755 "$folder"
  mkdir -p "$folder/postgres"
  [ "$(id -u)" != 0 ] || chown postgres "$folder/postgres"
  as_postgres "$(command -v initdb)" -D "$folder/postgres" -U postgres -A trust -E UTF8 --locale=C >"$folder/initdb.log"
  PGPORT=$(free_port)
  as_postgres "$(command -v postgres)" -D "$folder/postgres" -p "$PGPORT" -c listen_addresses=127.0.0.1 \
    -c unix_socket_directories= -c fsync=off -c max_connections=300 \
    -c shared_preload_libraries=pg_stat_statements >"$folder/postgres.log" 2>&1 </dev/null &
  POSTGRES_PID=$!
  local redis_port
  redis_port=$(free_port)
  redis-server --port "$redis_port" --bind 127.0.0.1 --save '' --appendonly no --dir "$folder" \
    >"$folder/redis.log" 2>&1 </dev/null &
  REDIS_PID=$!
  for _ in $(seq 100); do
    if pg_isready -q -h 127.0.0.1 -p "$PGPORT" && redis-cli -p "$redis_port" ping >/dev/null 2>&1; then
      export PGPORT DATABASE_URL="postgres://postgres@127.0.0.1:$PGPORT/platform"
      export REDIS_URL="redis://127.0.0.1:$redis_port/0"
      createdb -h 127.0.0.1 -p "$PGPORT" -U postgres platform
      return 0
    fi
    sleep 0.1
  done
  echo "PostgreSQL or Redis did not start:" >&2
  tail -n 20 "$folder/postgres.log" "$folder/redis.log" >&2
  return 1
}

stop_servers() {
  # SIGINT is PostgreSQL's fast shutdown. As root the job is setpriv's subshell: stop its child, too.
  if [ -n "${POSTGRES_PID:-}" ]; then
    pkill -INT -P "$POSTGRES_PID" 2>/dev/null || kill -INT "$POSTGRES_PID" 2>/dev/null || true
    wait "$POSTGRES_PID" 2>/dev/null || true
  fi
  if [ -n "${REDIS_PID:-}" ]; then
    kill "$REDIS_PID" 2>/dev/null || true
    wait "$REDIS_PID" 2>/dev/null || true
  fi
}
