#!/usr/bin/env bash
# Runs all tests and gates, and ends with counts: "N passed, N failed".
#
# Usage: bash bin/test.sh [--filter PATTERN]
#
#   --filter PATTERN   only the tests whose name matches, and no gates
#
# Installs what tests need (Debian packages), builds for debugging into .build-debug, and runs unit, property, Redis,
# libvirt, ssh and end-to-end tests against real servers that each test starts for itself. End-to-end tests run the programs
# as bin/install.sh builds them, into .build: what is tested is what is used. Then 300 requests by dev/schemathesis, the gates
# of dev/check, and that each gate bites. Needs root or sudo, and Swift 6.2 or newer. A skipped test counts as failed.
# shellcheck disable=SC2154 # folders and lists are set by the pieces in lib/
set -euo pipefail

lib=$(cd "$(dirname "${BASH_SOURCE[0]}")/lib" && pwd)
for piece in say settings root packages swift demo; do
  # shellcheck disable=SC1090 # a file of lib/
  source "$lib/$piece.sh"
done

readonly debug=$root/.build-debug results=$var/log/tests.xml
readonly flags=(
  --package-path "$root" --scratch-path "$debug" --traits TLS --explicit-target-dependency-import-check error
)
passed=0 failed=0

build_tests() {
  own_build_folder "$debug"
  long "build of the tests (the first time takes minutes)" "$log_dir/build-tests.log" \
    as_builder swift build --build-tests "${flags[@]}"
}

# Tests make namespaces and drive libvirt, so they run as root, whoever built them. Most wait for processes that they
# started: more of them at once than cores, yet not all of them, so that no deadline is missed for want of a core.
run_tests() {
  local log=$log_dir/tests.log status=0
  export HVC_TEST_PROGRAMS=$release
  export SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH=$((2 * $(nproc)))
  rm -f "$results"
  (long "tests" "$log" swift test --skip-build --disable-xctest --xunit-output "$results" "${flags[@]}" "$@") || status=$?
  if [[ ! -s $results ]]; then
    failed=$((failed + 1))
    say "the tests left no results: they ended before their time; see $log"
    return
  fi
  count_tests
  if ((failed > 0)); then
    say "tests that failed:"
    grep -aE '^✘ Test ' "$log" | grep -av '^✘ Test run' | cut -c 1-300 | head -n 60 | sed 's/^/        | /'
  elif ((status != 0)); then
    failed=$((failed + 1))
    say "swift test ended with status $status though no test failed; see $log"
  fi
  say "tests: $passed passed, $failed failed; log $log"
}

# One test a <testcase>: with nothing inside it passed; a skipped one is as good as a failed one.
count_tests() {
  read -r passed failed < <(awk '
    /<testcase / { total++; inside = !/\/>/; bad = 0 }
    inside && !bad && /<(failure|error|skipped)/ { failures++; bad = 1 }
    END { print total - failures, failures + 0 }' "$results")
}

# run_gates ARGUMENT…: adds what dev/check counts.
run_gates() {
  local good bad
  # What fails is in its counts; without counts one counts as failed.
  bash "$root/dev/check" "$@" | tee "$log_dir/check.log" || true
  read -r good bad < <(sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed$/\1 \2/p' "$log_dir/check.log" | tail -n 1) || true
  passed=$((passed + ${good:-0})) failed=$((failed + ${bad:-1}))
}

# Requests that /openapi.json describes, and others, to a gateway with simulated PMs: one more that passes or fails.
run_schemathesis() {
  if (long "requests by the OpenAPI document" "$log_dir/schemathesis.log" \
    python3 "$root/dev/schemathesis" --cases 300 --programs "$release"); then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    say "requests by the OpenAPI document fail; see $log_dir/schemathesis.log"
  fi
}

main() {
  case ${1:-} in -h | --help) usage && exit 0 ;; esac
  become_root "testing" "$@"
  install_packages "${packages_run[@]}" "${packages_build[@]}" "${packages_image[@]}" "${packages_test[@]}"
  install_promtool "$var/tools"
  find_swift
  build_tests
  build_release
  build_demo_image
  run_tests "$@"
  if (($# == 0)); then
    run_schemathesis
    say "gates:"
    run_gates
    say "that each gate bites:"
    run_gates --prove
  fi
  say "all done"
  echo "$passed passed, $failed failed"
  ((failed == 0))
}

main "$@"
