#!/usr/bin/env bash
# Bundles what the console takes from npm into site/assets/console/vendor, with its licences.
# Run it after changing a version in package.json, and commit the result.
set -euo pipefail
cd "$(dirname "$0")"
npm ci --ignore-scripts --silent
out=../site/assets/console/vendor
mkdir -p "$out"
printf '%s\n' \
  "export { getPublicKey, signAsync, utils } from '@noble/secp256k1'" \
  "export { keccak_256 } from '@noble/hashes/sha3.js'" |
  node_modules/.bin/esbuild --bundle --format=esm --minify --legal-comments=inline \
    --outfile="$out/secp256k1.js"
for library in secp256k1 hashes; do
  cp "node_modules/@noble/$library/LICENSE" "$out/noble-$library.LICENSE.txt"
done
