#!/bin/sh
# Starts the server, or with `probe` asks the running one for a PONG.
# Users: `auth` for the auth service, without the dangerous commands; `probe` can PING; nobody else.
set -eu

server=valkey-server
client=valkey-cli
command -v "$server" > /dev/null || { server=redis-server; client=redis-cli; }

if [ "${1:-}" = probe ]; then
  # An empty --user would be the default user, who is off.
  answer=$(REDISCLI_AUTH=probe "$client" --no-auth-warning --user probe -p "${REDIS_PORT_NUMBER:-6379}" ping)
  [ "$answer" = PONG ]
  exit
fi

run=${REDIS_RUN_DIR:-/run/redis}
umask 077
# Only the hash is written, and only to memory.
hash=$(printf %s "$REDIS_PASSWORD" | sha256sum | cut -d' ' -f1)
{
  echo "user default off"
  echo "user auth on #$hash ~* &* +@all -@admin -@dangerous +info"
  echo "user probe on nopass -@all +ping"
} > "$run/users.acl"
unset REDIS_PASSWORD
exec "$server" "${REDIS_CONFIG:-/etc/redis/redis.conf}" --dir "${REDIS_DATA_DIR:-/data}" --aclfile "$run/users.acl" "$@"
