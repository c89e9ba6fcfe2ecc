#!/usr/bin/env bash
# Fetches the assets of GraphiQL from npm, at the versions below, into backend/graphiql/vendor, with
# their licences. Run it after changing a version, and commit what it wrote.
set -euo pipefail
cd "$(dirname "$0")/.."

# The last versions that come as plain scripts, without a bundler: name, version, file.
assets=(
  "react 18.3.1 umd/react.production.min.js"
  "react-dom 18.3.1 umd/react-dom.production.min.js"
  "graphiql 3.9.0 graphiql.min.js"
  "graphiql 3.9.0 graphiql.min.css"
)

vendor=$PWD/backend/graphiql/vendor
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
rm -rf "$vendor"
mkdir -p "$vendor"

for asset in "${assets[@]}"; do
  read -r name version file <<<"$asset"
  archive="$work/$name-$version.tgz"
  [ -f "$archive" ] || (cd "$work" && npm pack --silent "$name@$version" >/dev/null)
  tar -xzf "$archive" -C "$work"
  cp "$work/package/$file" "$vendor/"
  licence=$(find "$work/package" -maxdepth 1 -iname 'licen[sc]e*' | head -n 1)
  cp "$licence" "$vendor/$name.LICENSE.txt"
  rm -rf "$work/package"
done
ls -l "$vendor"
