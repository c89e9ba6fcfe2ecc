#!/usr/bin/env bash
# Runs one suite of checks on a copy of the repository's tofu/ and k8s/ folders.
# Called by scripts/tofu.sh and, on broken copies, by mutations.py; needs their environment.
#
#   suite.sh COPY SUITE [ONE]   ONE limits it to one run of a test file, or one Python test
set -euo pipefail
cd "$1/tofu"
suite="$2" one="${3:-}"

# Keeps the head of a test file and one of its runs.
keep_run() {
  awk -v name="run \"$one\" {" '/^run / { inside = 1; wanted = ($0 == name); seen += wanted } !inside || wanted; END { exit !seen }' \
    "$1" >"$1.one"
  mv "$1.one" "$1"
}

# The folder of the test files, then further arguments of `tofu test`.
tofu_tests() {
  local folder="$1"
  shift
  tofu init -no-color -input=false -lockfile=readonly -test-directory="$folder" >init.log || { cat init.log && return 1; }
  tofu test -no-color -test-directory="$folder" "$@"
}

render() {
  cp -r bootstrap rendering
  tofu -chdir=rendering init -no-color -input=false >rendering/init.log || { cat rendering/init.log && return 1; }
  tofu -chdir=rendering apply -no-color -input=false -auto-approve -var-file=../tests/inputs.tfvars.json >rendering/apply.log ||
    { cat rendering/apply.log && return 1; }
  tofu -chdir=rendering output -json >rendered.json
  export RENDERED="$PWD/rendered.json"
}

python_tests() {
  cd tests
  python -m unittest -v "$@"
}

case "$suite" in
init)
  tofu init -no-color -input=false -lockfile=readonly && tofu validate -no-color
  ;;
cluster | refused)
  [[ -z $one ]] || keep_run "tests/$suite.tftest.hcl"
  find tests -maxdepth 1 -name '*.tftest.hcl' ! -name "$suite.tftest.hcl" -delete
  tofu_tests tests
  ;;
lifecycle)
  python tests/strip_provisioners.py .
  tofu_tests tests/lifecycle
  ;;
production)
  tofu_tests tests/production -var-file=envs/production.tfvars.example -verbose
  ;;
rendered)
  render
  if [[ -n $one ]]; then python_tests "$one"; else python_tests test_rendered test_install test_tools; fi
  ;;
encryption)
  export CONFIGURATION="$PWD"
  python_tests "${one:-test_encryption}"
  ;;
*)
  echo "suite.sh: no suite $suite" >&2
  exit 2
  ;;
esac
